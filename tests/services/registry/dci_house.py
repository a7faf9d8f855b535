"""The registry and a partner on one machine, exchanging messages of the DCI standard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from services.registry.main import create_app
from services.registry.settings import Settings
from services.registry.use_cases.collaborators import DciRules
from services.registry.use_cases.dci_answer_later import answer_next_message
from services.registry.use_cases.dci_deliver_callbacks import CallbackDelivery
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.dci_partner import PartnerMachine, agree, partner_machine

SOCIAL, CIVIL = "social", "crvs"
SCOPES = (
    "registry.social:search",
    "registry.social:subscribe",
    "registry.civil:search",
    "registry.civil:subscribe",
    "registry.dci-keys:read",
)
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class House:
    """The parts, and the steps that most tests take with them."""

    registry: Registry
    client: httpx.AsyncClient
    machine: PartnerMachine
    issuer: Issuer

    async def post(
        self,
        path: str,
        message: dict[str, Any] | None = None,
        /,
        *,
        register: str = SOCIAL,
        **request: Any,  # noqa: ANN401 -- whatever httpx takes
    ) -> httpx.Response:
        """Post a message as the partner does."""
        body = request if message is None else {"json": message, **request}
        return await self.client.post(f"/dci/{register}/v1.0.0/registry/{path}", **body)

    async def call_back(self) -> None:
        """Answer every message that waits, and deliver every callback that is due."""
        while await answer_next_message(using=self.registry.worker):
            pass
        while await self.deliver():
            pass

    async def deliver(self, *, patience: float = PATIENCE_SECONDS) -> bool:
        """Deliver what is due now, waiting so many seconds for an answer."""
        delivery = CallbackDelivery(self.registry.worker, seconds_max=patience)
        return await delivery.deliver_due()

    async def kept(self) -> int:
        """Return how many messages the registry keeps."""
        return int(await self.registry.databases.value("SELECT count(*) FROM dci_message"))


@asynccontextmanager
async def open_house(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[House]:
    """Open the house: the partner's policy is in force, and its machine listens."""
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    transport = httpx.ASGITransport(app=create_app(Settings(sanad_profile="demo"), platform))
    rules = DciRules(plain_callbacks=True)
    registry = replace(registry, worker=replace(registry.worker, dci=rules))
    await agree(registry.api)
    async with (
        partner_machine() as machine,
        httpx.AsyncClient(
            transport=transport,
            base_url="http://registry.test",
            headers=issuer.headers(*SCOPES),
        ) as client,
    ):
        yield House(registry, client, machine, issuer)
