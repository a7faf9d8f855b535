"""Faults that a test arms beforehand and that strike the next so many times, in order."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from simulators.standalone.http import json_object, refusal

FAULT_TIMES_MAX = 1_000_000
DELAY_SECONDS_MAX = 600.0

AtOnce = Callable[[Mapping[str, Any]], Awaitable[None]]


class ArmedFaults:
    """How often each fault will still strike; a restart of the simulator disarms them all."""

    def __init__(self, names: Iterable[str]) -> None:
        """Know the faults in `names`, none of them armed."""
        self.names = frozenset(names)
        self.delay_seconds = 0.0
        self._left: Counter[str] = Counter()

    def arm(self, name: str, *, times: int) -> None:
        """Let a known fault strike the next `times` times; 0 disarms it."""
        self._left[name] = times

    def disarm_all(self) -> None:
        """Behave well from now on."""
        self._left.clear()

    def strikes(self, name: str) -> bool:
        """Tell whether the fault strikes now, and count that it did."""
        if not self._left[name]:
            return False
        self._left[name] -= 1
        return True

    def left(self) -> Mapping[str, int]:
        """Return the armed faults with the times they will still strike."""
        return {name: times for name, times in sorted(self._left.items()) if times}


def add_fault_routes(
    app: web.Application, faults: ArmedFaults, *, at_once: Mapping[str, AtOnce]
) -> None:
    """Add GET, POST and DELETE of `/v1/faults`; each answers with what is armed.

    POST takes `{"fault": NAME, "times": N}`, for delays with `seconds`; the faults in `at_once`
    happen immediately and get the whole object.
    """

    async def show(_: web.Request) -> web.Response:
        return web.json_response(dict(faults.left()))

    async def arm(request: web.Request) -> web.Response:
        wish = await json_object(request)
        name = wish.get("fault")
        if isinstance(name, str) and name in at_once:
            await at_once[name](wish)
        else:
            _arm(faults, wish)
        return await show(request)

    async def disarm(request: web.Request) -> web.Response:
        faults.disarm_all()
        return await show(request)

    app.router.add_get("/v1/faults", show)
    app.router.add_post("/v1/faults", arm)
    app.router.add_delete("/v1/faults", disarm)


def _arm(faults: ArmedFaults, wish: Mapping[str, Any]) -> None:
    name, times, seconds = wish.get("fault"), wish.get("times", 1), wish.get("seconds", 0)
    complaint = ""
    if not isinstance(name, str) or name not in faults.names:
        complaint = "There is no such fault."
    elif not isinstance(times, int) or not 0 <= times <= FAULT_TIMES_MAX:
        complaint = f"times must be a whole number from 0 to {FAULT_TIMES_MAX}."
    elif not isinstance(seconds, int | float) or not 0 <= seconds <= DELAY_SECONDS_MAX:
        complaint = f"seconds must be a number from 0 to {DELAY_SECONDS_MAX}."
    if complaint:
        raise refusal(web.HTTPBadRequest, "malformed", complaint)
    faults.delay_seconds = float(seconds)
    faults.arm(str(name), times=times)
