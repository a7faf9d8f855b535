"""Payments on real PostgreSQL, as its api and its worker run it, and a bank in a process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.payments.use_cases.collaborators import Collaborators
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.children import start_child
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import load_sealed_columns
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from tests.services.payments.paying import Payments, SimulatedBank, bank_at

TOKEN = "only-for-tests"


@pytest.fixture
async def payments(databases: DatabaseFactory, clock: FixedClock, keys: Path) -> Payments:
    """Return a service that owes nobody anything yet."""
    made = await databases.make("payments")

    def using(database: Database) -> Collaborators:
        return Collaborators(
            database=database,
            clock=clock,
            sealed=load_sealed_columns(keys / "payments"),
            sealed_fields=SealedFields("payments", keys),
            metrics=Metrics(),
        )

    return Payments(
        databases=made,
        clock=clock,
        worker=using(made.worker),
        api=using(made.api),
        registry_seals=SealedFields("registry", keys),
    )


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Return a file with the token that the bank wants."""
    path = tmp_path / "bank-token"
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture
async def simulated(tmp_path: Path, token_file: Path) -> AsyncIterator[SimulatedBank]:
    """Return a bank that rejects closed accounts, one in ten, and settles at once."""
    child = start_child(
        "simulators.bank",
        [
            *("--port", "0", "--state", str(tmp_path / "bank")),
            *("--token-file", str(token_file), "--settle-after", "0"),
            *("--reject", "AC04=100"),
        ],
        log=tmp_path / "bank.log",
    )
    url = f"http://127.0.0.1:{child.ready['port']}"
    bank = bank_at(url, token_file=token_file)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        yield SimulatedBank(child, client, bank)
    await bank.channel.close()
    child.stop()
