"""A duty that fails is started again, and said once."""

import logging
import threading

import pytest

from runtime import service


def test_a_failing_duty_is_started_again_and_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(service, "LONGEST_PAUSE_S", 0.002)
    stop, runs = threading.Event(), []

    def duty(stopping: threading.Event) -> None:
        runs.append(1)
        if len(runs) == 4:
            stopping.set()
            return
        raise ConnectionError("database is away\nand more")

    with caplog.at_level(logging.ERROR):
        service.keep("ingest.writer", duty, stop)
    assert len(runs) == 4
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["ingest.writer: ConnectionError: database is away and more; starting it again"]


def test_a_duty_that_ends_by_itself_runs_again_until_stop() -> None:
    stop, runs = threading.Event(), []

    def duty(stopping: threading.Event) -> None:
        runs.append(1)
        if len(runs) == 3:
            stopping.set()

    service.keep("x", duty, stop)
    assert len(runs) == 3
