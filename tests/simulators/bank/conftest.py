"""Banks as real processes, and payers that talk to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulators.bank.payer import TOKEN, Payer, client_of
from tests.simulators.programs import RunningProgram, StartProgram, programs


@dataclass(frozen=True, slots=True)
class RunningBank:
    """A bank process and its only client."""

    program: RunningProgram
    payer: Payer


StartBank = Callable[..., RunningBank]


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Return a file with the token that payers show."""
    return write_token(tmp_path)


@pytest.fixture
def start_bank(
    start_program: StartProgram, tmp_path: Path, token_file: Path
) -> Iterator[StartBank]:
    """Return what starts a bank on this test's state folder, again and again if wished."""
    with ExitStack() as clients:

        def start(*options: str | Path) -> RunningBank:
            program = start_program(
                *("simulators.bank", "--state", tmp_path / "bank"),
                *("--token-file", token_file, *options),
            )
            return RunningBank(program, Payer(clients.enter_context(client_of(program))))

        yield start


@pytest.fixture
def payer(start_bank: StartBank) -> Payer:
    """Return the payer of a bank of this test's own that settles at once."""
    return start_bank("--settle-after", "0").payer


@pytest.fixture(scope="module")
def refused_payer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payer]:
    """Return the payer of a bank that all tests share in which it takes nothing."""
    folder = tmp_path_factory.mktemp("refusing")
    token_file = write_token(folder)
    with programs() as start:
        program = start("simulators.bank", "--state", folder, "--token-file", token_file)
        with client_of(program) as client:
            yield Payer(client)


def write_token(folder: Path) -> Path:
    path = folder / "token"
    path.write_text(TOKEN + "\n")
    return path
