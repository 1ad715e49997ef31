import logging

import pytest

from runtime.log import quiet


def test_a_logger_is_silent_for_a_while_and_speaks_again_also_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("edge.somewhere")
    with pytest.raises(ValueError, match="broken"), quiet("edge", logging.ERROR):
        log.warning("hidden")
        log.error("shown")
        raise ValueError("broken")
    log.warning("shown again")
    assert [record.message for record in caplog.records] == ["shown", "shown again"]
