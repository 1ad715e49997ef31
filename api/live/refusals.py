"""PURE: why a site sends no video, for readers of Chinese; what the edge says is English."""

import re
from datetime import datetime

from api.i18n import moment

WHEN = r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+\d\d:\d\d|Z)"
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(f"^{pattern}$"), words)
    for pattern, words in (
        (r"device: '(?P<d>.*)' keeps no recording, expected .+", "摄像头 {d} 没有录像，无法查看"),
        (r"upload\.url: '', expected .+", "现场设备没有配置上传地址"),
        (r"(?P<n>\d+) views run already, expected at most (?P<most>\d+)", "现场已有 {n} 路画面在上传，最多 {most} 路"),
        (r"(?P<n>\d+) commands run already, expected fewer; ask again later", "现场正在执行 {n} 条指令，请稍后再试"),
        (rf"nothing is kept from (?P<a>{WHEN}) to (?P<b>{WHEN})", "现场没有 {a} 至 {b} 的录像"),
        (rf"clip: nothing was recorded from (?P<a>{WHEN}) to (?P<b>{WHEN})", "现场没有 {a} 至 {b} 的录像"),
        (rf"clip: no key frame was recorded before (?P<b>{WHEN})", "{b} 之前没有可用的录像"),
        (r"clip: cannot be made from the recording \(.+\)", "录像无法导出为文件"),
        (r"clip: cannot be written \(.+\)", "现场设备无法写入文件"),
        (r"clip: (?P<n>\d+) MB, expected at most (?P<most>\d+); .+", "文件有 {n} MB，最多 {most} MB，请缩短时长"),
        (r"clip: the lease was over before it was sent", "文件传完之前本次查看已结束"),
        (r"the lease was over after .+", "录像传完之前本次查看已结束"),
        (rf"end: {WHEN}, expected at most (?P<s>\d+) s after {WHEN}", "时长超过现场允许的 {s} 秒"),
        (rf"expires: (?P<a>{WHEN}) is over at .+", "请求到达现场时已过期，请重试"),
        (rf"expires: {WHEN}, expected within a day", "请求的有效期过长"),
        (r"kind: \w+ is not known to this agent", "现场设备的软件版本不支持该操作"),
        (r"interrupted: .+", "现场设备重新启动，请重试"),
        (r"failed: .+", "现场设备执行失败，详见其日志"),
        (r"the audit cannot be written \(.+\); nothing was done", "现场设备无法写入操作记录，未执行"),
        (r"the centre answers (?P<n>\d+).*", "上传被中心拒绝（{n}）"),
        (r"(?:by|why|lease|start|end|seconds): .+", "现场设备不接受该请求"),
    )
)
COUNTED = re.compile(r"; \d+ segments, \d+ kB(?:, \d+ left out to stay with the present)?$")
"""what the edge adds about what it has sent"""


def told(language: str, reason: str) -> str:
    """An edge's refusal in the reader's language; what nobody has translated yet stays English."""
    said = COUNTED.sub("", reason)
    if language != "zh" or not said:
        return said
    for pattern, words in PATTERNS:
        if (found := pattern.match(said)) is not None:
            return words.format(**{name: _shown(value) for name, value in found.groupdict().items()})
    return f"现场设备未能执行（原文：{said}）"


def _shown(value: str) -> str:
    try:
        return moment("zh", datetime.fromisoformat(value)) if re.fullmatch(WHEN, value) else value
    except ValueError:
        return value
