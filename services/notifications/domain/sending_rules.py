"""When people may be told, and how long we try: dated data in Casablanca's time."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Window:
    """The local hours, from `opens` until before `closes`, in force from a day on."""

    valid_from: date
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class SendingRules:
    """Hours, lifetimes and appeal delays."""

    zone: ZoneInfo
    windows: tuple[Window, ...]
    unsent_max: timedelta
    receipt_max: timedelta
    appeal_days: Mapping[str, int]

    def is_open(self, now: datetime) -> bool:
        """Say whether a message that can wait may be submitted at `now` (aware)."""
        local = now.astimezone(self.zone)
        window = self._window(local.date())
        return window.opens <= local.time() < window.closes

    def time_left(self, now: datetime) -> timedelta:
        """Return how long the hours stay open after `now`; nothing when they are closed.

        Why: the SMS centre may keep a message for an unreachable handset until then, and must
        not ring people at three in the morning.
        """
        if not self.is_open(now):
            return timedelta()
        local = now.astimezone(self.zone)
        closes = datetime.combine(local.date(), self._window(local.date()).closes, tzinfo=self.zone)
        return closes.astimezone(UTC) - now

    def _window(self, day: date) -> Window:
        in_force = [window for window in self.windows if window.valid_from <= day]
        if not in_force:
            message = "No sending hours are in force on this day."
            raise ValueError(message)
        return max(in_force, key=lambda window: window.valid_from)


@cache
def sending_rules() -> SendingRules:
    """Return the rules this release ships."""
    text = files(__package__).joinpath("sending.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    appeal_days = {name: entry["days"] for name, entry in document["appeal"].items()}
    return SendingRules(
        zone=ZoneInfo(document["time_zone"]),
        windows=tuple(
            Window(entry["valid_from"], entry["opens"], entry["closes"])
            for entry in document["window"]
        ),
        unsent_max=timedelta(days=document["lifetime"]["unsent_days"]),
        receipt_max=timedelta(hours=document["lifetime"]["receipt_hours"]),
        appeal_days=MappingProxyType(appeal_days),
    )
