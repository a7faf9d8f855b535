"""`python -m simulators.bank`: the bank as a program."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.bank.accounts import PER_MILLE, UncreditableShares
from simulators.bank.api import Bank, bank_application
from simulators.bank.books import Books
from simulators.bank.faults import RequestFault
from simulators.bank.payment_file import PaymentFileReader
from simulators.bank.settlement import NewsFault, Settlement
from simulators.standalone.clock import BusinessClock, machine_milliseconds
from simulators.standalone.faults import ArmedFaults
from simulators.standalone.http import listen, port_of, serving
from simulators.standalone.lifetime import announce_ready, run_program
from simulators.standalone.state import StateFolder, read_secret

IDLE_SECONDS = 0.05
REJECTABLE = frozenset({"AC01", "AC04", "AC06", "BE04", "MD07", "MS03", "RR04"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bank until it is told to stop, and return the exit code."""
    options = _options().parse_args(arguments)
    return run_program("bank simulator", lambda stop: _serve(options, stop))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.bank",
        description="A bank that takes pain.001 files, credits accounts, and reports it.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--state", type=Path, required=True, help="folder of the bank's truth")
    parser.add_argument("--token-file", type=Path, required=True, help="holds the bearer token")
    parser.add_argument("--clock-offset", type=Path, help="file with seconds added to the clock")
    parser.add_argument(
        "--settle-after", type=float, default=0.2, help="seconds from receipt to execution"
    )
    parser.add_argument(
        "--reject",
        type=_share,
        action="append",
        default=[],
        metavar="CODE=PER_MILLE",
        help="accounts in a thousand that are rejected for an ISO reason, such as AC04=20",
    )
    return parser


def _share(text: str) -> tuple[str, int]:
    code, _, share = text.partition("=")
    if code not in REJECTABLE or not share.isdigit() or int(share) > PER_MILLE:
        message = f"must be one of {', '.join(sorted(REJECTABLE))}, then = and 0 to {PER_MILLE}"
        raise argparse.ArgumentTypeError(message)
    return code, int(share)


async def _serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    token = read_secret(options.token_file)
    clock = BusinessClock(options.clock_offset)
    clock.now()
    with contextlib.ExitStack() as kept:
        state = StateFolder(options.state)
        kept.callback(state.close)
        spool = state.path / "spool"
        spool.mkdir(exist_ok=True)
        for left_by_a_kill in spool.iterdir():
            left_by_a_kill.unlink()
        books = Books(state)
        kept.callback(books.close)
        faults = ArmedFaults([*RequestFault, *NewsFault])
        bank = Bank(
            books=books,
            reader=PaymentFileReader(UncreditableShares(dict(options.reject))),
            settlement=Settlement(books, clock, faults),
            faults=faults,
            clock=clock,
            spool=spool,
            settle_after_ms=round(options.settle_after * 1000),
            token=token,
        )
        listener = listen(options.host, options.port)
        async with serving(bank_application(bank), listener):
            announce_ready(port=port_of(listener))
            await _settle_until(stop, bank.settlement)


async def _settle_until(stop: asyncio.Event, settlement: Settlement) -> None:
    while not stop.is_set():
        if await asyncio.to_thread(settlement.settle_next, now_ms=machine_milliseconds()):
            continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), IDLE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
