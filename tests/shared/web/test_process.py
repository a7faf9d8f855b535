"""What a process does before it serves: whose time it lives in."""

from pathlib import Path

import pytest

from shared.runtime.clock import OffsetClock, SystemClock
from shared.runtime.settings import ServiceSettings
from shared.web.process import UsageError, business_clock


def test_production_refuses_to_run_on_moved_time(tmp_path: Path) -> None:
    settings = ServiceSettings(sanad_state_dir=tmp_path)
    assert isinstance(business_clock(settings), SystemClock)
    settings.clock_offset_file.write_text("3600")
    with pytest.raises(UsageError, match="moved time"):
        business_clock(settings)


def test_a_demonstration_may_move_time(tmp_path: Path) -> None:
    settings = ServiceSettings(sanad_profile="demo", sanad_state_dir=tmp_path)
    settings.clock_offset_file.write_text("3600")
    assert isinstance(business_clock(settings), OffsetClock)
