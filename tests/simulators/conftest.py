"""Simulators as real processes, ended after each test."""

from collections.abc import Iterator

import pytest

from tests.simulators.programs import StartProgram, programs


@pytest.fixture
def start_program() -> Iterator[StartProgram]:
    """Return what starts `python -m MODULE ...`; everything it started is ended afterwards."""
    with programs() as start:
        yield start
