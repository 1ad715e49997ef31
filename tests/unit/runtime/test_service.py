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


def test_a_duty_that_was_well_for_a_while_is_said_and_started_again_as_at_first(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(service, "WELL_S", 0.05)
    stop, runs = threading.Event(), []

    def duty(stopping: threading.Event) -> None:
        runs.append(1)
        if len(runs) == 3:
            stopping.set()
            return
        stopping.wait(0.1)
        raise ConnectionError("the lift does not answer")

    with caplog.at_level(logging.ERROR):
        service.keep("edge.lift-1", duty, stop)
    assert [record.getMessage() for record in caplog.records] == [
        "edge.lift-1: ConnectionError: the lift does not answer; starting it again"
    ] * 2
