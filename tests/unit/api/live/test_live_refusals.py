"""Every answer of an edge that sends no video has Chinese words."""

import re

import pytest

from api.live.refusals import PATTERNS, told

SAID = {
    "device: 'cam-1' keeps no recording, expected a camera of this agent that does": "摄像头 cam-1 没有录像，无法查看",
    "upload.url: '', expected the centre's address": "现场设备没有配置上传地址",
    "4 views run already, expected at most 4": "现场已有 4 路画面在上传，最多 4 路",
    "nothing is kept from 2026-11-26T03:00:00+00:00 to 2026-11-26T03:01:00+00:00; 0 segments, 0 kB":
        "现场没有 2026年11月26日 11:00:00 至 2026年11月26日 11:01:00 的录像",
    "clip: nothing was recorded from 2026-11-26T03:00:00Z to 2026-11-26T03:01:00Z; 0 segments, 0 kB":
        "现场没有 2026年11月26日 11:00:00 至 2026年11月26日 11:01:00 的录像",
    "clip: 300 MB, expected at most 128; ask for less time; 0 segments, 0 kB": "文件有 300 MB，最多 128 MB，请缩短时长",
    "expires: 2026-11-26T03:00:00+00:00 is over at 2026-11-26T03:00:09+00:00": "请求到达现场时已过期，请重试",
    "interrupted: the agent ended before it had an answer": "现场设备重新启动，请重试",
    "the lease was over after 4 segments, 20 kB; 4 segments, 20 kB": "录像传完之前本次查看已结束",
    "the centre answers 410 x; 1 segments, 2 kB, 3 left out to stay with the present": "上传被中心拒绝（410）",
    "end: 2026-11-26T03:30:00+00:00, expected at most 600 s after 2026-11-26T03:00:00Z": "时长超过现场允许的 600 秒",
}  # fmt: skip


@pytest.mark.parametrize(("english", "chinese"), SAID.items())
def test_words(english: str, chinese: str) -> None:
    assert told("zh", english) == chinese
    assert told("en", english) == re.sub(r"; \d+ segments, .*", "", english)


def test_what_is_new_stays_readable_and_nothing_is_nothing() -> None:
    assert told("zh", "a new reason") == "现场设备未能执行（原文：a new reason）"
    assert told("zh", "") == told("en", "") == ""


def test_no_line_is_mixed() -> None:
    assert [words for _, words in PATTERNS if re.search(r"[a-z]{3,}", re.sub(r"\{\w+\}", "", words))] == []
