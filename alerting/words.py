"""PURE: short words for letters, in Chinese and English. A letter never mixes both."""

from collections.abc import Mapping

NOT_NEEDED: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "arrived": "其他队伍已到场",
        "out": "人员已救出",
        "false_alarm": "误报",
        "self_released": "人员已自行脱困",
        "not_trapped": "故障，无人被困",
        "moved_on": "轿厢已恢复移动",
        "merged": "已并入另一事件",
        "closed": "事件已关闭",
        "drill_over": "演练结束",
    },
    "en": {
        "arrived": "another crew is there",
        "out": "people are out",
        "false_alarm": "false alarm",
        "self_released": "people freed themselves",
        "not_trapped": "a fault, nobody is inside",
        "moved_on": "the car moved on",
        "merged": "part of another incident",
        "closed": "the incident is closed",
        "drill_over": "the drill is over",
    },
}
"""why a crew need not come"""

MASS_CAUSES: Mapping[str, Mapping[str, str]] = {
    "zh": {"power": "停电", "cluster": "多梯同时报警"},
    "en": {"power": "power cut", "cluster": "several alarms"},
}
