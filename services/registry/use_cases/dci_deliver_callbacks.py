"""Deliver callbacks to partners: claimed, said outside of any transaction, then recorded."""

import asyncio
import random
from collections.abc import Sequence

import structlog
from prometheus_client import Counter

from services.registry.domain.dci_contract import JsonObject, JsonValue
from services.registry.domain.dci_delivery import (
    Delivery,
    Verdict,
    after,
    delivery_of,
    wait_seconds,
)
from services.registry.domain.dci_errors import DciFault
from services.registry.domain.dci_json import UnreadableJsonError, read_json
from services.registry.domain.dci_reading import an_object
from services.registry.domain.policies import PolicyMissingError
from services.registry.integrations.dci_callbacks import (
    SECONDS_MAX,
    CallbackChannel,
    CallbackUnreachableError,
    open_channel,
)
from services.registry.storage.dci_callbacks import (
    Attempt,
    DueCallback,
    claim_callbacks,
    record_attempts,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_compose import signed
from services.registry.use_cases.dci_sealing import open_callback
from services.registry.use_cases.dci_signing import bearer_for
from services.registry.use_cases.dci_take_message import check_callback_uri
from services.registry.use_cases.policies import policy_of
from shared.runtime.metrics import Metrics
from shared.storage.sealed import UnsealError

log = structlog.get_logger(__name__)


class CallbackDelivery:
    """Delivers callbacks for one process; several loops of it keep a slow partner to itself."""

    def __init__(self, using: Collaborators, *, seconds_max: float = SECONDS_MAX) -> None:
        """Take the registry's means, and how long a partner may take to answer."""
        self._using = using
        self._seconds_max = seconds_max
        self._attempts = _count_of_attempts(using.metrics)

    async def deliver_due(self) -> bool:
        """Try the callbacks that are due; False if none is."""
        using = self._using
        async with using.database.transaction() as tx:
            due = await claim_callbacks(tx)
        if not due:
            return False
        deliveries = await self._deliver(due)
        attempts = [
            _attempt(callback, after(delivery, callback.attempts))
            for callback, delivery in zip(due, deliveries, strict=True)
        ]
        async with using.database.transaction() as tx:
            await record_attempts(tx, attempts, at=using.clock.now())
        for callback, attempt in zip(due, attempts, strict=True):
            self._attempts.labels(callback.action, attempt.state).inc()
            if attempt.state in (Verdict.REFUSED, Verdict.GIVEN_UP):
                log.warning(
                    "dci-callback-not-delivered",
                    callback_id=str(callback.callback_id),
                    state=attempt.state,
                    reason=attempt.error,
                )
        return True

    async def _deliver(self, due: Sequence[DueCallback]) -> list[Delivery]:
        async with open_channel(seconds_max=self._seconds_max) as channel:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._try(callback, channel)) for callback in due]
            return [task.result() for task in tasks]

    async def _try(self, callback: DueCallback, channel: CallbackChannel) -> Delivery:
        using = self._using
        try:
            unsigned, uri = open_callback(
                callback.body_sealed,
                callback.uri_sealed,
                callback_id=callback.callback_id,
                using=using,
            )
        except UnsealError:
            return Delivery(Verdict.GIVEN_UP, "unreadable")
        if not await self._still_agreed(callback.client, uri):
            return Delivery(Verdict.REFUSED, "no-longer-agreed")
        message = signed(unsigned, using=using)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {bearer_for(_receiver(unsigned), using=using)}",
            "Signature": message.signature_header,
        }
        try:
            answer = await channel.post(uri, message.body, headers)
        except CallbackUnreachableError as error:
            return Delivery(Verdict.AGAIN, error.word)
        return delivery_of(answer.status, _json(answer.body))

    async def _still_agreed(self, client: str, uri: str) -> bool:
        """Tell whether the partner's policy, as it is now, allows this address."""
        try:
            policy = await policy_of(client, using=self._using)
            if policy.dci is None:
                return False
            check_callback_uri(uri, policy=policy.dci, using=self._using)
        except (PolicyMissingError, DciFault):
            return False
        return True


def _count_of_attempts(metrics: Metrics) -> Counter:
    return metrics.counter(
        "sanad_registry_dci_callbacks",
        "Attempts to deliver a callback, by its action and what came of it.",
        ("action", "outcome"),
    )


def _attempt(callback: DueCallback, delivery: Delivery) -> Attempt:
    wait = 0.0
    if delivery.verdict is Verdict.AGAIN:
        wait = wait_seconds(callback.attempts) * random.uniform(0.8, 1.2)  # noqa: S311 -- jitter
    return Attempt(
        callback_id=callback.callback_id,
        attempts=callback.attempts,
        state=delivery.verdict,
        error=delivery.error,
        wait_seconds=wait,
    )


def _receiver(unsigned: JsonObject) -> str:
    return str(an_object(unsigned["header"], "header")["receiver_id"])


def _json(body: bytes) -> JsonValue:
    try:
        return read_json(body)
    except UnreadableJsonError:
        return None
