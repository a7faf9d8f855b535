"""A bounded load: so many connections, each asking again as soon as it is answered.

Runs as a process of its own (`python -m tests.benchmarks.registry.load`): a line of JSON in, a line
of JSON out. It does as little as it can, since it shares the machine with what it measures.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop
from typing_extensions import override

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
GRACE_SECONDS = 10.0


@dataclass
class Tally:
    """What was answered after the warm-up."""

    begins_at: float
    ends_at: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    wrong: int = 0


class Asker(asyncio.Protocol):
    """One connection."""

    def __init__(
        self, requests: Iterator[bytes], tally: Tally, *, expected: bytes, done: asyncio.Event
    ) -> None:
        """Take what to ask, and what every answer must hold."""
        self._requests = requests
        self._tally = tally
        self._expected = expected
        self._done = done
        self._received = b""
        self._asked_at = 0.0
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        # The loop's own class is no subclass of the one that the annotation could name.
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    @override
    def data_received(self, data: bytes) -> None:
        """Ask the next question once this one is answered."""
        self._received += data
        head, found, body = self._received.partition(_END_OF_HEAD)
        if not found:
            return
        length = head.lower().partition(_LENGTH)[2].partition(b"\r")[0]
        if len(body) < int(length):
            return
        self._count(head, body)
        self._received = b""
        self._ask()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone."""
        if exc is not None or time.perf_counter() < self._tally.ends_at:
            self._tally.refused += 1
        self._done.set()

    def _count(self, head: bytes, body: bytes) -> None:
        now, tally = time.perf_counter(), self._tally
        if tally.begins_at <= now < tally.ends_at:
            tally.latencies.append(now - self._asked_at)
        if b" 200 " not in head[:16]:
            tally.refused += 1
        elif self._expected not in body:
            tally.wrong += 1

    def _ask(self) -> None:
        if self._transport is None:
            return
        self._asked_at = time.perf_counter()
        if self._asked_at >= self._tally.ends_at:
            self._transport.close()
            self._done.set()
            return
        self._transport.write(next(self._requests))


async def load(terms: dict[str, Any], bodies: Sequence[bytes]) -> dict[str, Any]:
    """Ask for so long, and return what came of it."""
    requests = itertools.cycle([_request(terms, body) for body in bodies])
    now = time.perf_counter()
    begins_at = now + terms["warm_up_seconds"]
    tally = Tally(begins_at, begins_at + terms["seconds"])
    done = [asyncio.Event() for _ in range(terms["connections"])]
    expected = terms["expected"].encode()
    loop = asyncio.get_running_loop()
    for event in done:
        asker = Asker(requests, tally, expected=expected, done=event)
        await loop.create_connection(lambda asker=asker: asker, "127.0.0.1", terms["port"])  # type: ignore[misc] # bound now
    async with asyncio.timeout(terms["warm_up_seconds"] + terms["seconds"] + GRACE_SECONDS):
        for event in done:
            await event.wait()
    latencies = sorted(tally.latencies)
    return {
        "per_second": len(latencies) / terms["seconds"],
        "p50_ms": _percentile(latencies, 50) * 1000,
        "p99_ms": _percentile(latencies, 99) * 1000,
        "refused": tally.refused,
        "wrong": tally.wrong,
    }


def _request(terms: dict[str, Any], body: bytes) -> bytes:
    head = [
        f"POST {terms['path']} HTTP/1.1",
        "host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in terms["headers"].items()),
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    return "\r\n".join(head).encode() + _END_OF_HEAD + body


def _percentile(latencies: list[float], percent: int) -> float:
    if not latencies:
        return 0.0
    return latencies[min(len(latencies) - 1, len(latencies) * percent // 100)]


if __name__ == "__main__":
    stated = json.loads(sys.stdin.readline())
    lines = Path(stated["bodies"]).read_bytes().splitlines()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answer = runner.run(load(stated, lines))
    sys.stdout.write(json.dumps(answer) + "\n")
