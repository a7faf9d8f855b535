"""What is said of a month while it is walked: bars on a terminal, plain lines in a log."""

import re
from io import StringIO

import pytest
from rich.console import Console

from simulators.month.stages import Stages

TITLE = "Registering households"


def walked(*, on_a_terminal: bool) -> str:
    """Walk one stage of seven households; return what was said, as it was written."""
    written = StringIO()
    console = Console(file=written, force_terminal=on_a_terminal, width=20, _environ={})
    with Stages(console) as stages, stages.stage("register", TITLE) as bar:
        for done in range(8):
            stages.show(bar, done=done, total=7)
    assert list(stages.seconds) == ["register"]
    return written.getvalue()


def test_a_log_has_a_line_for_the_beginning_and_one_for_the_end_of_a_stage() -> None:
    begun, ended = walked(on_a_terminal=False).splitlines()
    assert begun == f"{TITLE} …"
    assert re.fullmatch(rf"{TITLE}: 7/7 in \d+\.\d s", ended)


def test_a_terminal_has_a_bar_and_no_lines() -> None:
    drawn = walked(on_a_terminal=True)
    assert "\x1b[" in drawn
    assert f"{TITLE} …\n" not in drawn


def test_a_stage_that_breaks_off_is_not_said_to_be_over() -> None:
    written = StringIO()
    stages, broken = Stages(Console(file=written, force_terminal=False)), OSError("away")
    with pytest.raises(OSError, match="away"), stages, stages.stage("pay", TITLE):
        raise broken
    assert written.getvalue().splitlines() == [f"{TITLE} …"]
    assert stages.seconds == {}
