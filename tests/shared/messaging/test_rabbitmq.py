"""The RabbitMQ adapter keeps the contract, on a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.messaging.broker import Broker
from shared.messaging.rabbitmq import RabbitMqBroker
from shared.testing.broker_contract import BrokerContract
from shared.testing.rabbitmq_server import RabbitMQServer


@pytest.fixture
def vhost(rabbitmq: RabbitMQServer) -> str:
    """Return the address of a virtual host of this test's own."""
    return rabbitmq.new_vhost()


@pytest.mark.rabbitmq
class TestRabbitMqBroker(BrokerContract):
    """Runs the contract on a virtual host of each test's own."""

    @pytest.fixture
    async def broker(self, vhost: str) -> AsyncIterator[Broker]:
        """Return a broker on an empty virtual host."""
        broker = await RabbitMqBroker.connect(vhost)
        yield broker
        await broker.close()

    @pytest.fixture
    async def reopen(self, vhost: str) -> AsyncIterator[Callable[[], Awaitable[Broker]]]:
        """Return what connects to the same virtual host again."""
        opened: list[RabbitMqBroker] = []

        async def connect_again() -> Broker:
            opened.append(await RabbitMqBroker.connect(vhost))
            return opened[0]

        yield connect_again
        for broker in opened:
            await broker.close()
