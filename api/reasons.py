"""PURE: the named reasons of timelines for readers of Chinese. What people wrote themselves stays as it is."""

import re

from api.finding_reasons import PATTERNS as FINDINGS
from api.refusals import COMMANDS, REFUSALS, TIER, Say, saying

PATTERNS: tuple[tuple[re.Pattern[str], Say], ...] = tuple(
    (re.compile(f"^{pattern}$"), saying(template))
    for pattern, template in (
        ("owner of the kitchen", "本店经营者"),
        (r"incident (?P<n>\S+)", "救援 {n}"),
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
        (rf"tier {TIER}: (?P<who>[^,:]+), (?P<more>.+)", "第 {tier} 级：{who}，{more}"),
        (rf"tier {TIER}: (?P<who>.+)", "第 {tier} 级：{who}"),
        (r"nobody has arrived within (?P<s>\d+) s", "{s} 秒内无人到场"),
        (r"arrived, but nobody is out within (?P<s>\d+) s", "已到场，但 {s} 秒内未救出"),
        (r"raised by the operator: (?P<why>.+)", "值守员升级：{why}"),
        (r"at once: (?P<hazards>[\w ]+)", "立即呼叫：{hazards}"),
        (r"at once: (?P<why>.+)", "立即呼叫：{why}"),
        (r"trapped for more than (?P<s>\d+) s", "被困超过 {s} 秒"),
        (r"nobody has looked within (?P<s>\d+) s: counts as an entrapment", "{s} 秒内无人核实，按困人处置"),
        (r"confirmed: (?P<why>.+)", "已确认：{why}"),
        ("help is called", "已呼叫救援"),
        (r"(?P<kinds>[a-z_ ]+): nobody can be reached", "{kinds}：无法联系"),
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
        (r"(?P<n>\d+) inside, (?P<more>(?:hazards: |floor ).+)", "车内 {n} 人，{more}"),
        (r"hazards: (?P<hazards>[\w ]+)", "险情：{hazards}"),
        (r"hazards: (?P<hazards>[\w ]+), (?P<more>floor .+)", "险情：{hazards}，{more}"),
        (r"hazards: (?P<hazards>[\w ]+) (?P<why>\(.+\))", "险情：{hazards} {why}"),
        (r"floor (?P<f>.+)", "楼层 {f}"),
        (r"(?P<whom>car|caller|property|maintenance|crew|other): (?P<why>.+)", "{whom}：{why}"),
        (
            r"part of (?P<number>\S+), (?P<place>\d+) of (?P<n>\d+) by need",
            "属于群发事件 {number}，紧急程度第 {place}（共 {n}）",
        ),
        ("120", "呼叫 120"),
        ("at once", "立即呼叫"),
        ("words to the car", "安抚乘客"),
        ("call back", "回访"),
        ("no contact method", "没有联系方式"),
        ("put right", "整改"),
        ("nobody has called back yet", "尚未回访"),
        ("the drill is over", "演练结束"),
        ("a drill: nothing is said in the car", "演练：不向轿厢播报"),
        ("a real alarm ends the drill", "真实报警，演练终止"),
        ("the drill is over", "演练结束"),
        ("a drill: nothing is said in the car", "演练：不向轿厢播报"),
        ("stands outside the door zone", "停在平层区外"),
        ("stopped_outside_zone", "停在平层区外"),
        ("stopped_outside_zone again", "再次停在平层区外"),
        (r"(?P<rule>\w+) while it was looked at", "核实中：{rule}"),
        ("in the door zone, or runs", "已平层或运行"),
        ("the car moved on", "轿厢已移动"),
        ("accepted", "接单"),
        ("on the way", "出发"),
        (r"on the way, (?P<m>\S+) min", "出发，预计 {m} 分钟"),
        (r"arrived \(qr\)", "到场（扫码）"),
        (r"arrived \(position (?P<m>\d+) m\)", "到场（定位 {m} 米）"),
        (r"arrived \(override: (?P<why>.+)\)", "到场（说明：{why}）"),
        ("released", "已解救"),
        (r"people are out: (?P<n>\S+)", "已救出：{n} 人"),
        ("declined: busy", "不能前往：正在处理其他救援"),
        ("declined: too_far", "不能前往：距离太远"),
        ("declined: no_vehicle", "不能前往：没有车辆"),
        ("declined: other", "不能前往：其他原因"),
        ("declined: no contact method", "没有联系方式"),
        (r"declined: (?P<why>.+)", "不能前往：{why}"),
        ("qr", "扫码"),
        (r"position (?P<m>\d+) m", "定位 {m} 米"),
        (r"override: (?P<why>.+)", "值守员确认：{why}"),
        (f"tier {TIER}", "呼叫第 {tier} 级"),
        (f"tier {TIER} again", "再次呼叫第 {tier} 级"),
        ("record cause and method", "记录原因与方式"),
        ("false alarm", "误报"),
        ("confirmed by the operator", "值守员确认"),
        ("confirmed by a person", "人工确认"),
        ("cause and rescue method are not recorded", "原因与救援方式尚未记录"),
        (r"cause (?P<cause>\w+), method (?P<method>\w+)", "原因：{cause}，方式：{method}"),
        (r"cause (?P<cause>\w+), method (?P<method>\w+); sensors agree", "原因：{cause}，方式：{method}；传感器一致"),
        (
            r"cause (?P<cause>\w+), method (?P<method>\w+); override: (?P<why>.+)",
            "原因：{cause}，方式：{method}；说明：{why}",
        ),
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


WAYS: tuple[tuple[re.Pattern[str], Say], ...] = tuple(
    (re.compile(f"^{pattern}$"), saying(template))
    for pattern, template in (
        (
            r"(?P<more>(?:busy|asked elsewhere|off duty|no contact method|nobody is on duty|already asked)[^;]*);"
            r" (?P<rest>.+)",
            "{more}；{rest}",
        ),
        (r"(?P<m>\d+) min, (?P<km>[\d.]+) km by road", "{m} 分钟，{km} 公里（按路线）"),
        (r"(?P<m>\d+) min, (?P<km>[\d.]+) km estimated", "{m} 分钟，{km} 公里（估算）"),
        ("position not known", "位置不详"),
        (r"busy: (?P<n>\d+) of (?P<all>\d+) crews? under way", "忙：{all} 组中 {n} 组执行中"),
        (
            r"asked elsewhere: (?P<n>\d+) under way and (?P<open>\d+) unanswered for (?P<all>\d+) crews?",
            "另有呼叫：{n} 起执行中，{open} 起未答复，共 {all} 组",
        ),
        ("off duty: nobody is on its roster now", "当前无人值班"),
        (r"no contact method, telephone (?P<phone>.+)", "没有联系方式，电话 {phone}"),
        ("already asked", "已呼叫过"),
        (r"no contact method: (?P<who>.+)", "{who} 没有联系方式"),
        ("nobody is on duty by the roster", "值班表上无人值班"),
        ("the organisation's own contact methods are used", "改用单位的联系方式"),
        ("it has none of its own either", "单位也没有联系方式"),
        (r"(?P<who>[^:]+): (?P<more>(?:no contact method|nobody is on duty by the roster).*)", "{who}：{more}"),
    )
)
"""why somebody nearer is passed over, how far others have to come, what is missing on a roster"""
REFUSED = re.compile(r"^(?P<command>[a-z_]+): (?P<why>.+)$")


def reason(language: str, text: str) -> str:
    """A reason, or why a command was refused, in the language of its reader."""
    if language != "zh":
        return text
    for pattern, tell in FINDINGS:
        if found := pattern.match(text):
            return tell(found)
    for pattern, say in (*WAYS, *REFUSALS, *PATTERNS):
        found = pattern.match(text)
        if found:
            return say(found, reason)
    # The timeline names the command that was refused before it says why.
    refused = REFUSED.match(text)
    if refused and refused["command"] in COMMANDS:
        why = reason(language, refused["why"])
        if why != refused["why"]:
            return f"{COMMANDS[refused['command']]}：{why}"
    return text
