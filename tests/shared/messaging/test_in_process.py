"""The in-process broker keeps the contract."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from shared.messaging.broker import Broker
from shared.messaging.in_process import InProcessBroker
from shared.testing.broker_contract import BrokerContract


class TestInProcessBroker(BrokerContract):
    """Runs the contract on a journal of each test's own."""

    @pytest.fixture
    async def broker(self, tmp_path: Path) -> AsyncIterator[Broker]:
        """Return a broker on a fresh journal."""
        broker = InProcessBroker(tmp_path / "journal.sqlite3")
        yield broker
        await broker.close()

    @pytest.fixture
    async def reopen(self, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Broker]]]:
        """Return what opens the same journal again."""
        opened: list[InProcessBroker] = []

        async def open_again() -> Broker:
            opened.append(InProcessBroker(tmp_path / "journal.sqlite3"))
            return opened[0]

        yield open_again
        for broker in opened:
            await broker.close()
