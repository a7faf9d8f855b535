"""The service under test: its real database, its consumer, its loop, and what it told others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.eligibility.consumers.registry import (
    on_households_dissolved,
    on_households_recorded,
)
from services.eligibility.domain.months import read_month
from services.eligibility.domain.vocabulary import HOUSEHOLD_COLUMNS, Programme
from services.eligibility.storage.runs import Run
from services.eligibility.use_cases.advance_runs import advance_runs
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.open_run import open_run
from shared.messaging.consuming import Consumer, Subscription
from shared.messaging.envelope import Envelope, read_envelope
from shared.messaging.in_process import InProcessBroker
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock
from tests.services.eligibility.households import Row

RECORDED = "registry.households-recorded.v1"
DISSOLVED = "registry.households-dissolved.v1"
ASSESSED = "eligibility.households-assessed.v1"
DECIDED = "eligibility.decisions-made.v1"
COMPLETED = "eligibility.runs-completed.v1"
BOTH = ("asd", "amo_tadamon")
STEPS_MAX = 1_000


def an_item(
    household: Row,
    *,
    household_id: UUID | None = None,
    version: int = 1,
    programmes: Sequence[str] = BOTH,
) -> dict[str, Any]:
    """Return an item of the registry's event, as JSON, for a household of the builders."""
    names = [name for name in HOUSEHOLD_COLUMNS if name not in ("household", "milieu")]
    return {
        "household_id": str(household_id or new_id()),
        "version": version,
        "valid_from": "2026-10-02",
        "region_code": household["region_code"],
        "province_code": f"{household['region_code']}.351",
        "commune_code": f"{household['region_code']}.351.01.01",
        "milieu": household["milieu"],
        "members": [_member(member) for member in household["members"]],
        "facts": {name: household[name] for name in names if name != "region_code"},
        "attestations": [],
        "applications": [
            {"programme": programme, "applied_on": "2026-10-02"} for programme in programmes
        ],
    }


def _member(member: Row) -> dict[str, Any]:
    return member | {
        "person_id": str(new_id()),
        "declarant": member["head"],
        "birth_date": member["birth_date"].isoformat(),
    }


def a_dissolution(of: Mapping[str, Any], *, version: int = 2) -> dict[str, Any]:
    """Return the item that says that nobody lives in the household of another item any more."""
    return {
        "household_id": of["household_id"],
        "version": version,
        "region_code": of["region_code"],
        "dissolved_on": "2026-11-19",
        "into": None,
    }


def an_event(*items: Mapping[str, Any], event_type: str = RECORDED) -> Envelope:
    """Return the registry's event with these items."""
    body = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/registry",
        "type": event_type,
        "time": "2026-11-20T09:00:00+00:00",
        "data": {"items": list(items)},
    }
    return read_envelope(json.dumps(body).encode())


@dataclass(frozen=True)
class Eligibility:
    """The service on real parts."""

    databases: ServiceDatabases
    clock: FixedClock
    collaborators: Collaborators
    broker: InProcessBroker

    async def hear(self, *items: Mapping[str, Any]) -> None:
        """Receive one event of the registry."""
        await self.hear_event(an_event(*items))

    async def hear_dissolved(self, *items: Mapping[str, Any]) -> None:
        """Receive one event of the registry about households that are no more."""
        await self.hear_event(an_event(*items, event_type=DISSOLVED))

    async def hear_event(self, envelope: Envelope) -> None:
        """Receive an event, which may have been received before."""
        subscription: Subscription[Any] = (
            on_households_dissolved(self.collaborators)
            if envelope.type == DISSOLVED
            else on_households_recorded(self.collaborators)
        )
        consumer = Consumer(
            service="eligibility",
            database=self.databases.worker,
            broker=self.broker,
            metrics=self.collaborators.metrics,
            subscriptions=[subscription],
        )
        await consumer.apply(subscription, envelope)

    async def open_run(self, month: str, programme: Programme = Programme.ASD) -> Run:
        """Open a run, as an operator does."""
        async with self.databases.api.transaction(RowScope.everything()) as tx:
            return await open_run(
                tx, programme, read_month(month), collaborators=self.collaborators
            )

    async def work(self) -> None:
        """Let the worker do all there is to do."""
        for _ in range(STEPS_MAX):
            if not await advance_runs(self.collaborators):
                return
        message = "The worker does not come to rest."
        raise AssertionError(message)

    async def run(self, month: str, programme: Programme = Programme.ASD) -> dict[str, Any]:
        """Open and finish a run, and return its row."""
        opened = await self.open_run(month, programme)
        await self.work()
        rows = await self.databases.rows(
            "SELECT * FROM run WHERE run_id = %(run_id)s", run_id=opened.run_id
        )
        return rows[0]

    async def told(self, event_type: str) -> list[list[dict[str, Any]]]:
        """Return the items of every event of a type, in the order they were written."""
        rows = await self.databases.rows(
            "SELECT body FROM outbox WHERE type = %(type)s ORDER BY position", type=event_type
        )
        return [read_envelope(bytes(row["body"])).data.items for row in rows]

    async def items(self, event_type: str) -> list[dict[str, Any]]:
        """Return the items told of a type."""
        return [item for items in await self.told(event_type) for item in items]

    async def outcomes(
        self, household_id: str, programme: Programme = Programme.ASD
    ) -> list[dict[str, Any]]:
        """Return the versions of a household's outcome."""
        return await self.databases.rows(
            "SELECT * FROM outcome WHERE household_id = %(household_id)s"
            " AND programme = %(programme)s ORDER BY version",
            household_id=household_id,
            programme=programme.value,
        )


def recount(outcomes: Sequence[Row], month: date) -> tuple[int, int]:
    """Count by hand what stands as eligible for a month: households and centimes."""
    newest: dict[UUID, Row] = {}
    for row in sorted(outcomes, key=lambda row: int(row["version"])):
        if row["effective_month"] <= month:
            newest[row["household_id"]] = row
    standing = [
        int(row["amount_centimes"])
        for row in newest.values()
        if row["standing"] == "decision" and row["outcome"] == "eligible"
    ]
    return len(standing), sum(standing)
