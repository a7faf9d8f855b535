"""The business clock of a simulator: the machine's clock, moved by an offset file.

Everything in a demonstration follows the same file, so that the dates on a bank's reports agree
with those of the payer.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import time_ns
from zoneinfo import ZoneInfo

from simulators.standalone.errors import StartError

CASABLANCA = ZoneInfo("Africa/Casablanca")


class BusinessClock:
    """The machine's clock plus the seconds in a file; a missing file moves nothing."""

    def __init__(self, offset_file: Path | None) -> None:
        """Follow the offset in `offset_file` (one integer, in seconds)."""
        self._offset_file = offset_file

    def now(self) -> datetime:
        """Return the business instant, in UTC, to the second.

        Raises:
            StartError: The file holds something else than an integer.
        """
        now = datetime.now(UTC)  # noqa: TID251 -- this is a clock, and knows nothing of shared/
        return now.replace(microsecond=0) + self._offset()

    def today(self) -> date:
        """Return the business date in Casablanca."""
        return self.now().astimezone(CASABLANCA).date()

    def _offset(self) -> timedelta:
        if self._offset_file is None:
            return timedelta()
        try:
            return timedelta(seconds=int(self._offset_file.read_text().strip() or "0"))
        except FileNotFoundError:
            return timedelta()
        except ValueError as error:
            message = "The clock offset file does not hold one integer."
            raise StartError(message) from error


def machine_milliseconds() -> int:
    """Return the machine's own time since 1970, in milliseconds; waits are measured with it."""
    return time_ns() // 1_000_000
