"""PURE: why a command was not carried out, for readers of Chinese."""

import re
from collections.abc import Callable, Mapping

TIER = r"(?P<tier>\d)"
Say = Callable[[re.Match[str]], str]
COMMANDS: Mapping[str, str] = {
    "accept": "接单",
    "decline": "不能前往",
    "en_route": "出发",
    "arrived": "到场",
    "released": "解救",
    "hand_over": "转交",
    "record": "记录",
    "confirm": "确认",
    "false_alarm": "误报",
    "self_released": "自行脱困",
    "not_trapped": "无人被困",
    "raise": "升级",
    "emergency": "119 报警",
    "facts": "情况",
    "reassign": "改派",
    "merge": "并入",
    "split": "拆出",
    "reopen": "重新开启",
    "call_log": "通话",
    "comfort": "安抚",
    "note": "备注",
    "follow_up": "回访",
    "close": "结束",
}


def saying(template: str) -> Say:
    """A text that is filled in with what a pattern found."""
    return lambda found: template.format(**found.groupdict())


REFUSALS: tuple[tuple[re.Pattern[str], Say], ...] = tuple(
    (re.compile(f"^{pattern}$"), saying(template))
    for pattern, template in (
        (r"incident (?P<number>\S+) is closed", "{number} 已结束"),
        ("this crew was not asked for this incident", "本起救援没有呼叫该单位"),
        ("stood down: another crew is there", "已撤回：其他力量已到场"),
        ("this crew has declined", "该单位已表示不能前往"),
        ("this crew has arrived", "该单位已到场"),
        ("already offered", "已呼叫"),
        ("already accepted", "已接单"),
        ("already en_route", "已在途中"),
        ("already arrived", "已到场"),
        ("already released", "已解救"),
        ("already declined", "已表示不能前往"),
        ("already stood_down", "已撤回"),
        (f"already at tier {TIER}", "已是第 {tier} 级"),
        (r"already open: (?P<number>\S+)", "已有进行中的救援：{number}"),
        ("reason: '', expected .+", "请填写理由"),
        ("note: '', expected words", "请填写备注"),
        (r"eta_minutes: (?P<n>\S+), expected 0 to 600", "预计时间 {n} 分钟不对，应为 0 至 600"),
        (r"code: '(?P<code>.*)', expected (?P<right>\d+)", "编号 {code} 不对，本梯编号应为 {right}"),
        ("position: unknown, expected latitude and longitude", "没有定位"),
        (
            r"position: (?P<m>\d+) m from the lift, expected at most (?P<most>\d+) m",
            "定位距电梯 {m} 米，应在 {most} 米内",
        ),
        (r"proof: .+, expected position, qr, or override with a reason", "请用定位或电梯编号证明到场"),
        (r"\w+: people can be out only after the crew has arrived", "先到场，才能登记救出"),
        (r"cause .+, method .+: expected both before an incident can be closed", "请选择原因与救援方式"),
        (
            "nobody is out yet: expected the release first, or a false alarm with its reason",
            "尚无人救出：请先登记解救，或填写理由记为误报",
        ),
        ("the sensors still see a trapped car: expected an override reason", "传感器仍显示有人被困：请说明理由"),
        (r"\w+ is not an operator's command", "值守员不能执行此操作"),
        (r"\w+ is not a crew's command", "救援单位不能执行此操作"),
        ("this link has expired; the newest message has one that works", "链接已过期，请用最新消息中的链接"),
        (r"photo: expected a JPEG picture of at most (?P<mb>\d+) MB.*", "照片应为不超过 {mb} MB 的 JPEG"),
        ("photo: expected after the arrival", "到场之后才能发送照片"),
        ("photo: '', expected a picture", "请选择照片"),
        (r"photo: this rescue has (?P<n>\d+) already", "本起救援已有 {n} 张照片"),
    )
)
