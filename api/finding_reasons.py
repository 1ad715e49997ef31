"""PURE: the named reasons of findings and mutings for readers of Chinese."""

import re
from collections.abc import Callable

PARTIES = {"owner": "经营者", "maintenance": "维保单位", "property": "物业", "grid": "网格监管人员", "bureau": "监管局"}
ENDS = {
    "no longer": "情况消失",
    "heard again": "已重新上线",
    "sees again": "画面恢复",
    "mains is back": "主电源恢复",
    "door is closed": "门已关闭",
    "door is open, or it runs": "门已打开或已运行",
    "within the rated speed": "速度恢复正常",
    "between the last landings again": "回到端站之间",
    "stands in the door zone": "停在平层区",
    "readings are fresh again": "数据恢复",
    "self-test passed": "自检通过",
}
TOLD = {
    "sent to the owner": "已通知经营者",
    "sent to the maintenance unit": "已通知维保单位",
    "a person looks first": "先由人工复核",
    "advice, kept for the digest": "提示，计入汇总",
}
OPENED = {"it lasts": "情况持续", "still there after the muting": "静默结束后仍存在"}
THEN = f"(?P<then>{'|'.join(TOLD)})"

Say = Callable[[re.Match[str]], str]
SAYINGS: tuple[tuple[str, Say], ...] = (
    (rf"confidence (?P<p>[\d.]+): {THEN}", lambda m: f"置信度 {m['p']}：{TOLD[m['then']]}"),
    (
        rf"confidence (?P<p>[\d.]+), number (?P<n>\d+) of its kind: {THEN}",
        lambda m: f"置信度 {m['p']}，同类第 {m['n']} 次：{TOLD[m['then']]}",
    ),
    (r"confidence (?P<p>[\d.]+): told if it lasts (?P<s>\d+) s", lambda m: f"置信度 {m['p']}：持续 {m['s']} 秒才通知"),
    (rf"(?P<said>{'|'.join(OPENED)}): {THEN}", lambda m: f"{OPENED[m['said']]}：{TOLD[m['then']]}"),
    (r"muted by (?P<who>.+?): the lift is in inspection mode", lambda m: f"静默，负责人 {m['who']}：电梯处于检修模式"),
    (r"muted by (?P<who>.+?): (?P<why>.+)", lambda m: f"静默，负责人 {m['who']}：{m['why']}"),
    ("the lift is in inspection mode", lambda _: "电梯处于检修模式"),
    ("ended while it was muted", lambda _: "静默期间已恢复"),
    ("ended by itself before anybody was told", lambda _: "通知之前已自行恢复"),
    ("ended by itself: (?P<why>.+)", lambda m: f"已自行恢复：{ENDS.get(m['why'], m['why'])}"),
    ("nobody made more of it", lambda _: "无人确认，关闭"),
    ("in the daily letter", lambda _: "已列入每日提示"),
    ("it is back", lambda _: "再次出现"),
    ("still not put right in time", lambda _: "仍未按时整改"),
    ("still overdue, yellow", lambda _: "仍逾期（黄）"),
    ("still overdue, red", lambda _: "仍逾期（红）"),
    ("nobody has looked", lambda _: "尚无人核查"),
    ("the case is open", lambda _: "案件尚未办结"),
    ("the finding stands: (?P<why>.+)", lambda m: f"异议不成立：{m['why']}"),
    (rf"(?P<who>{'|'.join(PARTIES)}) has no contact method", lambda m: f"{PARTIES[m['who']]}没有联系方式"),
    (
        r"(?P<n>\d+) devices behind it, (?P<l>\d+) of them lifts",
        lambda m: f"所带设备 {m['n']} 台，其中电梯 {m['l']} 台",
    ),
)
PATTERNS: tuple[tuple[re.Pattern[str], Say], ...] = tuple((re.compile(f"^{text}$"), say) for text, say in SAYINGS)
