"""PURE: why a command was not carried out, for readers of Chinese."""

import re
from collections.abc import Callable, Mapping

from api.i18n import catalogue

TIER = r"(?P<tier>\d)"
Reason = Callable[[str, str], str]
Say = Callable[[re.Match[str], Reason], str]
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


WHOM: Mapping[str, str] = {
    "car": "轿厢内乘客",
    "caller": "报警人",
    "property": "物业",
    "maintenance": "维保单位",
    "crew": "救援人员",
    "other": "其他",
}
KINDS: Mapping[str, str] = {
    "maintenance": "维保单位",
    "rescue_station": "救援站",
    "city_rescue": "全市应急救援",
    "ambulance": "120",
    "property": "物业",
}
OTHERS: Mapping[str, str] = {"none": "无", "hazard": "险情", "mass": "群发", "remote": "偏远"}


def saying(template: str) -> Say:
    """A text that is filled in with what a pattern found, words of the house's vocabularies in Chinese."""

    def say(found: re.Match[str], reason: Reason) -> str:
        values = {name: _word(name, value or "", reason) for name, value in found.groupdict().items()}
        return template.format(**values)

    return say


def _word(name: str, value: str, reason: Reason) -> str:
    if name in ("more", "rest"):
        return reason("zh", value)
    if name in ("hazards", "kinds", "whom"):
        known = {**OTHERS, **KINDS, **WHOM} if name != "hazards" else OTHERS
        return "、".join(known.get(word) or _text("hazard", word) for word in value.split())
    return _text(name, value) if name in ("cause", "method", "rule", "state") else value


def _text(table: str, word: str) -> str:
    return catalogue("zh").get(f"{table}.{word}", word)


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
        (r"proof: .+, expected position, qr, or an operator's override with a reason", "请用定位或电梯编号证明到场"),
        (
            "override: expected an operator's word; ask for it, or call the board",
            "须由值守员确认：请在页面请求或致电值守台",
        ),
        (r"organisation: .+, expected the code of an active organisation", "没有这个单位代码，或该单位已停用"),
        (r"organisation: .+, expected another one than the crew's own", "不能转交给本单位"),
        (r"organisation: (?P<who>.+) is called already", "已呼叫 {who}"),
        ("people are out: nothing to hand over", "人已救出，不必转交"),
        ("people are out: nobody is left in the car", "人已救出，轿厢内无人"),
        ("people are out: expected closing with cause and method", "人已救出：请记录原因与方式后结束"),
        (r"people: .+, expected a whole number from 0 to (?P<most>\d+)", "人数应为 0 至 {most} 的整数"),
        (r"119 is called already(, 120 too)?", "已呼叫 119（或 120）"),
        (r"whom .*, reason .*: expected who was called and what was said", "请填写通话对象与内容"),
        (r"text: (?P<n>\d+) characters, expected 1 to (?P<most>\d+)", "用语 {n} 字，应为 1 至 {most} 字"),
        (r"hazards: .+, expected .+", "没有这种险情"),
        ("people, hazards, floor: all empty, expected at least one", "人数、险情、楼层至少填写一项"),
        (r"into: .+, expected the number of another open incident", "请选择另一起进行中的救援"),
        (r"into: (?P<number>\S+): one of them is a drill", "{number}：其中一起是演练"),
        (r"into: (?P<number>\S+): there people are out, here they are not", "{number} 的人已救出，本起尚未"),
        (r"dispatch: .*, expected a crew of this incident", "请选择本起的救援力量"),
        (r"cause .*, method .*: expected both", "请选择原因与救援方式"),
        ("nobody is out yet: expected the release first", "尚无人救出：请先登记解救"),
        ("called back already", "已回访"),
        (r"(?P<state>\w+): expected [\w ]+", "当前状态（{state}）不能这样操作"),
        (r"\w+: expected an incident, a finding or a lift", "缺少救援、问题或电梯"),
        ("lift: '', expected a lift code", "请填写电梯编号"),
        (r"finding (?P<number>\S+) is \w+", "{number} 已处理"),
        (r"\w+: only what the owner has put right can be verified", "经营者整改后才能核实"),
        (r"\w+ is not possible while the finding is \w+", "当前状态不能这样操作"),
        ("already put right, waiting for the review", "已提交整改，等待核实"),
        (r"\w+: nothing to put right yet", "目前无需整改"),
        ("note: '', expected what was done", "请填写整改情况"),
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
        (r"body: too long, expected at most (?P<most>[\d KMB]+)", "内容过大，最多 {most}"),
        ("photo: expected after the arrival", "到场之后才能发送照片"),
        ("photo: '', expected a picture", "请选择照片"),
        (r"photo: this rescue has (?P<n>\d+) already", "本起救援已有 {n} 张照片"),
        (r"photo: this finding has (?P<n>\d+) already", "本问题已有 {n} 张照片"),
    )
)
