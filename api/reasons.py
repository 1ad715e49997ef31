"""PURE: the named reasons of timelines for readers of Chinese. What people wrote themselves stays as it is."""

import re
from collections.abc import Callable

from api.finding_reasons import PATTERNS as FINDINGS

TIER = r"(?P<tier>\d)"
Say = Callable[[re.Match[str]], str]


def _say(template: str) -> Say:
    return lambda found: template.format(**found.groupdict())


PATTERNS: tuple[tuple[re.Pattern[str], Say], ...] = tuple(
    (re.compile(f"^{pattern}$"), _say(template))
    for pattern, template in (
        ("alarm received", "收到报警"),
        ("alarm button pressed", "报警按钮被按下"),
        ("alarm_button", "报警按钮"),
        ("alarm_button again", "再次按下报警按钮"),
        (r"trapped_\w+ again", "再次判定困人"),
        ("still, doors closed, person inside, between landings", "停止、门关闭、有人、不在平层位置"),
        ("still, doors closed, person unknown, between landings", "停止、门关闭、是否有人不详、不在平层位置"),
        ("still, doors closed, person inside, at a landing, door does not open", "停止、门关闭、有人、平层但门打不开"),
        ("still, doors closed, person inside, at a landing, somebody moves about", "停止、门关闭、平层且有人活动"),
        ("door opened in the door zone", "门在平层打开"),
        ("the car runs again", "轿厢恢复运行"),
        ("sensors clear", "传感器解除"),
        (rf"tier {TIER}: nobody can come", "第 {tier} 级无人能前往"),
        (rf"tier {TIER}: nobody can be reached", "第 {tier} 级无法联系"),
        (rf"tier {TIER} has not accepted within (?P<s>\d+) s", "第 {tier} 级 {s} 秒内未接单"),
        (rf"tier {TIER} accepted but has not arrived within (?P<s>\d+) s", "第 {tier} 级已接单，但 {s} 秒内未到场"),
        (rf"tier {TIER} expects to arrive too late", "第 {tier} 级预计到达过晚"),
        (rf"tier {TIER} has arrived", "第 {tier} 级已到场"),
        (rf"tier {TIER}: (?P<who>.+) has no contact method", "第 {tier} 级：{who} 没有联系方式"),
        (rf"tier {TIER}: (?P<who>.+)", "第 {tier} 级：{who}"),
        (r"nobody has arrived within (?P<s>\d+) s", "{s} 秒内无人到场"),
        (r"arrived, but nobody is out within (?P<s>\d+) s", "已到场，但 {s} 秒内未救出"),
        (r"raised by the operator: (?P<why>.+)", "值守员升级：{why}"),
        (r"at once: (?P<why>.+)", "立即呼叫：{why}"),
        (r"trapped for more than (?P<s>\d+) s", "被困超过 {s} 秒"),
        (r"nobody has looked within (?P<s>\d+) s: counts as an entrapment", "{s} 秒内无人核实，按困人处置"),
        (r"confirmed: (?P<why>.+)", "已确认：{why}"),
        ("help is called", "已呼叫救援"),
        (r"(?P<kinds>[\w ]+): nobody can be reached", "{kinds}：无法联系"),
        ("first words to the car", "首次安抚"),
        (r"every (?P<s>\d+) s", "每 {s} 秒"),
        ("by the operator", "值守员"),
        ("119/120 now, by the operator", "值守员立即呼叫 119/120"),
        (r"handed over: (?P<why>.+)", "移交：{why}"),
        ("handed over to another crew", "已移交其他队伍"),
        ("people are out", "人员已救出"),
        (r"(?P<n>\S+) of (?P<all>\d+) people are out", "{all} 人中已救出 {n} 人"),
        (r"asks to vouch for the arrival: (?P<why>.+)", "请求值守员确认到场：{why}"),
        ("people freed themselves", "人员自行脱困"),
        ("a fault, nobody is inside", "故障，无人被困"),
        (r"split: (?P<why>.+)", "拆分：{why}"),
        (r"opened again: (?P<why>.+)", "重新开启：{why}"),
        (r"into (?P<n>R[\d-]+): (?P<why>.+)", "并入 {n}：{why}"),
        (r"goes on as (?P<n>R[\d-]+)", "并入 {n}"),
        (r"(?P<n>R[\d-]+): (?P<why>.+)", "{n}：{why}"),
        (r"(?P<n>\d+) inside", "车内 {n} 人"),
        (r"(?P<n>\d+) inside, (?P<more>.+)", "车内 {n} 人，{more}"),
        (r"hazards: (?P<what>.+)", "险情：{what}"),
        (r"floor (?P<f>.+)", "楼层 {f}"),
        ("nobody has called back yet", "尚未回访"),
        ("a real alarm ends the drill", "真实报警，演练终止"),
        ("stands outside the door zone", "停在平层区外"),
        ("stopped_outside_zone", "停在平层区外"),
        ("stopped_outside_zone again", "再次停在平层区外"),
        ("stopped_outside_zone while it was looked at", "核实中再次停在平层区外"),
        (r"trapped_\w+ while it was looked at", "核实中判定困人"),
        ("alarm_button while it was looked at", "核实中报警按钮被按下"),
        ("in the door zone, or runs", "已平层或运行"),
        ("the car moved on", "轿厢已移动"),
        ("accepted", "接单"),
        ("on the way", "出发"),
        (r"on the way, (?P<m>\S+) min", "出发，预计 {m} 分钟"),
        (r"arrived \(qr\)", "到场（扫码）"),
        (r"arrived \(position (?P<m>\d+) m\)", "到场（定位 {m} 米）"),
        (r"arrived \(override: (?P<why>.+)\)", "到场（说明：{why}）"),
        ("released", "已解救"),
        (r"people are out: (?P<n>.+)", "已救出：{n} 人"),
        (r"declined: (?P<why>.+)", "不能前往：{why}"),
        ("false alarm", "误报"),
        ("confirmed by the operator", "值守员确认"),
        ("confirmed by a person", "人工确认"),
        ("cause and rescue method are not recorded", "原因与救援方式尚未记录"),
        (r"cause (?P<c>\w+), method (?P<m>\w+); sensors agree", "原因 {c}，方式 {m}；传感器一致"),
        (r"cause (?P<c>\w+), method (?P<m>\w+); override: (?P<why>.+)", "原因 {c}，方式 {m}；说明：{why}"),
        (r"confidence (?P<p>[\d.]+): kept, nobody is told", "置信度 {p}：仅保存"),
        ("overdue, yellow", "逾期（黄）"),
        ("overdue, red", "逾期（红）"),
        ("not put right in time", "未按时整改"),
        ("review is late", "核实逾期"),
        (r"not put right: (?P<why>.+)", "整改未通过：{why}"),
        ("verified", "核实通过"),
        ("phone call", "电话报警"),
        (r"(?P<stage>\w+) by (?P<channel>\w+) to (?P<who>[^:]+): (?P<why>.+)", "{who}（{channel}）未收到：{why}"),
    )
)


def reason(language: str, text: str) -> str:
    """A reason in the language of its reader."""
    if language != "zh":
        return text
    for pattern, say in (*FINDINGS, *PATTERNS):
        found = pattern.match(text)
        if found:
            return say(found)
    return text
