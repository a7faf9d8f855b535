"""Takes the gateway's pulse while a month is walked: how long does /healthz take meanwhile?"""

import threading
import time
from types import TracebackType
from typing import Self

import httpx

EVERY_SECONDS = 0.1
ANSWER_SECONDS_MAX = 10.0


class Pulse:
    """Asks for /healthz in a thread of its own for as long as the context lasts."""

    def __init__(self, gateway: str) -> None:
        """Prepare to ask `gateway`."""
        self._address = f"{gateway}/healthz"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._milliseconds: list[float] = []

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop asking."""
        self._ended.set()
        self._thread.join()

    def summary(self) -> dict[str, float]:
        """Return the 99th percentile and the largest duration so far, in milliseconds."""
        ordered = sorted(self._milliseconds) or [0.0]
        return {
            "p99": round(ordered[(len(ordered) - 1) * 99 // 100], 1),
            "max": round(ordered[-1], 1),
        }

    def _take(self) -> None:
        with httpx.Client(timeout=ANSWER_SECONDS_MAX) as http:
            while not self._ended.wait(EVERY_SECONDS):
                started = time.perf_counter()
                try:
                    http.get(self._address)
                except httpx.TransportError:
                    # No answer is as slow as the longest we would have waited.
                    self._milliseconds.append(ANSWER_SECONDS_MAX * 1000)
                else:
                    self._milliseconds.append((time.perf_counter() - started) * 1000)
