"""Logs hold no personal numbers, even when somebody passes one."""

import asyncio
import io
import json
import logging
import subprocess
import sys

import pytest
import structlog

from shared.runtime.logging import GATHER_SECONDS, configure_logging


@pytest.mark.parametrize(
    "planted",
    ["4820193756", "+212612345678", "007780000123456789012304", "AB123456", "idcs 4820193756!"],
)
def test_what_looks_like_a_personal_number_is_masked(planted: str) -> None:
    output = io.StringIO()
    configure_logging("tests", output=output)
    structlog.get_logger("tests").warning("a-test", value=planted)
    line = json.loads(output.getvalue())
    assert "[masked]" in line["value"]
    assert planted not in output.getvalue()


def test_ids_and_counts_stay_readable() -> None:
    output = io.StringIO()
    configure_logging("tests", output=output)
    event_id = "0198c8f2-7a31-7c4e-9a52-123456789012"
    structlog.get_logger("tests").warning("a-test", event_id=event_id, items=500)
    line = json.loads(output.getvalue())
    assert (line["event_id"], line["items"], line["service"]) == (event_id, 500, "tests")


async def test_lines_of_a_moment_are_written_together_and_none_is_lost() -> None:
    output = io.StringIO()
    configure_logging("tests", output=output)
    log = structlog.get_logger("tests")
    log.info("one")
    log.info("two")
    assert output.getvalue() == ""
    await asyncio.sleep(3 * GATHER_SECONDS)
    assert [json.loads(line)["event"] for line in output.getvalue().splitlines()] == ["one", "two"]


async def test_a_warning_is_written_at_once_after_what_came_before() -> None:
    output = io.StringIO()
    configure_logging("tests", output=output)
    log = structlog.get_logger("tests")
    log.info("before")
    log.warning("now")
    assert [json.loads(line)["event"] for line in output.getvalue().splitlines()] == [
        "before",
        "now",
    ]


def test_the_last_lines_of_a_process_are_written() -> None:
    program = """
import asyncio, structlog
from shared.runtime.logging import configure_logging

async def main():
    structlog.get_logger("tests").info("last")

configure_logging("tests")
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr)["event"] == "last"


def test_lines_of_libraries_are_json_too() -> None:
    output = io.StringIO()
    configure_logging("tests", output=output)
    logging.getLogger("a-library").warning("%s of %s", 1, 2)  # noqa: TID251 -- as libraries do
    assert json.loads(output.getvalue())["event"] == "1 of 2"
