"""`python -m simulators.sms_centre`: the SMS centre as a program."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.sms_centre.api import CentreDoor, centre_application
from simulators.sms_centre.centre import Centre
from simulators.sms_centre.faults import SmsFault
from simulators.sms_centre.pdu import Bind
from simulators.sms_centre.session import Session
from simulators.sms_centre.truth import HandsetTruth
from simulators.standalone.clock import BusinessClock
from simulators.standalone.errors import StartError
from simulators.standalone.faults import ArmedFaults
from simulators.standalone.http import listen, port_of, serving
from simulators.standalone.lifetime import announce_ready, run_program
from simulators.standalone.state import StateFolder, read_secret

# SMPP 3.4, 5.2.1 and 5.2.2: 16 and 9 octets with the closing NUL.
SYSTEM_ID_CHARACTERS_MAX = 15
PASSWORD_CHARACTERS_MAX = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the centre until it is told to stop, and return the exit code."""
    options = _options().parse_args(arguments)
    return run_program("SMS centre simulator", lambda stop: _serve(options, stop))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.sms_centre",
        description="An SMS centre that speaks SMPP 3.4 and keeps what handsets received.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="SMPP; 0 lets the system choose")
    parser.add_argument("--http-port", type=int, default=0, help="truth and fault switches")
    parser.add_argument("--state", type=Path, required=True, help="folder of the centre's truth")
    parser.add_argument("--system-id", required=True, help="who may bind")
    parser.add_argument("--password-file", type=Path, required=True, help="with which password")
    parser.add_argument("--clock-offset", type=Path, help="file with seconds added to the clock")
    parser.add_argument(
        "--receipt-delay", type=float, default=0.2, help="seconds from submission to receipt"
    )
    return parser


def _credentials(options: argparse.Namespace) -> Bind:
    bind = Bind(options.system_id, read_secret(options.password_file))
    if not 0 < len(bind.system_id) <= SYSTEM_ID_CHARACTERS_MAX or not bind.system_id.isascii():
        message = f"An SMPP system id has 1 to {SYSTEM_ID_CHARACTERS_MAX} ASCII characters."
        raise StartError(message)
    if len(bind.password) > PASSWORD_CHARACTERS_MAX:
        message = f"An SMPP password has at most {PASSWORD_CHARACTERS_MAX} characters."
        raise StartError(message)
    return bind


async def _serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    credentials = _credentials(options)
    clock = BusinessClock(options.clock_offset)
    clock.now()
    faults = ArmedFaults(SmsFault)
    with contextlib.ExitStack() as kept:
        state = StateFolder(options.state)
        kept.callback(state.close)
        truth = HandsetTruth(state)
        kept.callback(truth.close)
        centre = Centre(
            truth,
            clock,
            faults,
            credentials=credentials,
            receipt_delay_ms=round(options.receipt_delay * 1000),
        )
        listener = listen(options.host, options.port)
        http_listener = listen(options.host, options.http_port)
        sessions: set[Session] = set()
        loop = asyncio.get_running_loop()
        smpp = await loop.create_server(lambda: Session(centre, sessions), sock=listener)
        app = centre_application(CentreDoor(truth, faults, credentials.password))
        async with serving(app, http_listener), asyncio.TaskGroup() as tasks:
            announce_ready(port=port_of(listener), http_port=port_of(http_listener))
            tasks.create_task(centre.keep_books(stop))
            await stop.wait()
            centre.wake()
        smpp.close()
        for session in list(sessions):
            session.cut()


if __name__ == "__main__":
    sys.exit(main())
