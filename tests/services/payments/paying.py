"""A payments service on real parts, and the steps that most tests take with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from services.payments.consumers.payees import on_contacts_recorded
from services.payments.domain.rib import Rib, rib_key
from services.payments.events.consumed import (
    Component,
    ContactRecorded,
    DecisionMade,
    PayeeRecorded,
    RunCompleted,
)
from services.payments.integrations.bank_channel import open_channel
from services.payments.integrations.pain001 import Debtor
from services.payments.use_cases.approve_cycle import WantedApproval, approve_cycle
from services.payments.use_cases.book_reports import book_next_reports
from services.payments.use_cases.close_cycles import close_cycles
from services.payments.use_cases.collaborators import Bank, Collaborators
from services.payments.use_cases.freeze_cycle import freeze_cycles
from services.payments.use_cases.open_cycle import WantedCycle, open_cycle
from services.payments.use_cases.read_cycle import CycleStatus, read_cycle
from services.payments.use_cases.record_decisions import record_decisions, record_run_totals
from services.payments.use_cases.record_payees import record_payees
from services.payments.use_cases.release_cycle import release_cycles
from services.payments.use_cases.send_file import send_next_file
from shared.messaging.consuming import Batch
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.children import Child
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock

MONTH = "2026-11"
ASD = "asd"
MAKER, CHECKER_1, CHECKER_2 = "maker", "checker-1", "checker-2"
EVERYTHING = RowScope.everything()
AMOUNT = 75_000
PATIENCE_STEPS_MAX = 2_000


SECOND_ATTEMPT = (
    "INSERT INTO payment_attempt (instruction_id, attempt_no, end_to_end_id, region_code,"
    " transmission_id, position, account_id, amount_centimes, state, changed_at)"
    " SELECT instruction_id, 2, end_to_end_id || %(suffix)s, region_code, transmission_id, 1,"
    " account_id, amount_centimes, 'SEALED', changed_at FROM payment_attempt"
)


def a_rib(number: int, *, bank: str = "007") -> str:
    """Return the number-th valid account number of a bank."""
    stem = f"{bank}780{number:016d}"
    return stem + rib_key(stem)


DEBTOR = Debtor(name="AGENCE NATIONALE DU SOUTIEN SOCIAL", rib=Rib(a_rib(1, bank="310")))


def a_decision(**changes: Any) -> DecisionMade:  # noqa: ANN401 -- any field
    """Return an eligible decision of 750 MAD in one component, unless changed."""
    amount = changes.get("amount_centimes", AMOUNT)
    given: dict[str, Any] = {
        "household_id": new_id(),
        "version": 1,
        "region_code": "01",
        "programme": ASD,
        "decision_id": new_id(),
        "run_id": None,
        "outcome": "eligible",
        "effective_month": MONTH,
        "components": (
            (Component(code="asd.child", count=1, unit_centimes=amount, amount_centimes=amount),)
            if amount
            else ()
        ),
        "amount_centimes": amount,
        "decided_on": date(2026, 11, 2),
    }
    return DecisionMade(**{**given, **changes})


@dataclass
class Payments:
    """The service's parts."""

    databases: ServiceDatabases
    clock: FixedClock
    worker: Collaborators
    api: Collaborators
    registry_seals: SealedFields
    run_id: UUID = field(default_factory=new_id)

    async def decide(self, *decisions: DecisionMade) -> Batch[DecisionMade]:
        """Receive decisions in one event."""
        batch = Batch(new_id(), self.clock.now(), list(decisions))
        async with self.databases.worker.transaction() as tx:
            await record_decisions(self.worker, tx, batch)
        return batch

    def a_payee(
        self,
        household_id: UUID,
        account: str,
        *,
        name: str = "EL IDRISSI Salma",
        version: int = 1,
        kind: str = "rib",
        region_code: str = "01",
    ) -> PayeeRecorded:
        """Return a payee as the registry seals one for this service."""

        def seal(value: str, name_of_field: str) -> str:
            return self.registry_seals.seal(
                value,
                to="payments",
                event_type=PayeeRecorded.TYPE,
                subject=household_id,
                field=name_of_field,
            )

        return PayeeRecorded(
            household_id=household_id,
            version=version,
            region_code=region_code,
            collector_id=new_id(),
            kind=kind,
            name=seal(name, "name"),
            account=seal(account, "account"),
        )

    async def record(self, *payees: PayeeRecorded) -> Batch[PayeeRecorded]:
        """Receive payees in one event."""
        batch = Batch(new_id(), self.clock.now(), list(payees))
        async with self.databases.worker.transaction() as tx:
            await record_payees(self.worker, tx, batch)
        return batch

    async def place(self, *placed: tuple[UUID, str, int]) -> None:
        """Receive where households live, each with its version, in one event."""
        contacts = [
            ContactRecorded(household_id=household_id, region_code=region, version=version)
            for household_id, region, version in placed
        ]
        batch = Batch(new_id(), self.clock.now(), contacts)
        async with self.databases.worker.transaction() as tx:
            await on_contacts_recorded().handle(tx, batch)

    async def complete_run(self, **changes: Any) -> None:  # noqa: ANN401 -- any field
        """Receive the totals of this service's run; they fit what `pay_households` decided."""
        total = RunCompleted(
            **{
                "run_id": self.run_id,
                "month": MONTH,
                "programme": ASD,
                "events": 0,
                "items": 0,
                "households": 0,
                "amount_centimes": 0,
                **changes,
            }
        )
        batch = Batch(new_id(), self.clock.now(), [total])
        async with self.databases.worker.transaction() as tx:
            await record_run_totals(self.worker, tx, batch)

    async def pay_households(
        self,
        count: int,
        *,
        banks: Sequence[str] = ("007", "230"),
        regions: Sequence[str] = ("01", "06"),
    ) -> list[UUID]:
        """Make so many households eligible, with an account each, and complete the run."""
        households = [new_id() for _ in range(count)]
        decisions, payees, placed = [], [], []
        for number, household_id in enumerate(households):
            region = regions[number % len(regions)]
            decisions.append(a_decision(household_id=household_id, region_code=region))
            account = a_rib(number, bank=banks[number // 2 % len(banks)])
            payees.append(self.a_payee(household_id, account, region_code=region))
            placed.append((household_id, region, 1))
        await self.decide(*decisions)
        await self.record(*payees)
        await self.place(*placed)
        await self.complete_run(households=count, amount_centimes=count * AMOUNT)
        return households

    async def open(self, **changes: Any) -> UUID:  # noqa: ANN401 -- any field
        """Open the month's cycle and return its id."""
        wanted = WantedCycle(
            **{
                "programme": ASD,
                "month": MONTH,
                "run_id": self.run_id,
                "maker": MAKER,
                **changes,
            }
        )
        async with self.databases.api.transaction(EVERYTHING) as tx:
            status = await open_cycle(self.api, tx, wanted, scope=EVERYTHING)
        return status.cycle.cycle_id

    async def freeze(self, *, per_file: int = 1000) -> bool:
        """Take the worker's freezing step."""
        return await freeze_cycles(self.worker, file_transactions_max=per_file)

    async def frozen(self, *, per_file: int = 1000) -> UUID:
        """Open the month's cycle and freeze it."""
        cycle_id = await self.open()
        assert await self.freeze(per_file=per_file)
        return cycle_id

    async def status(self, cycle_id: UUID) -> CycleStatus:
        """Read a cycle as its maker does."""
        return await read_cycle(self.api, cycle_id, scope=EVERYTHING)

    async def approve(
        self, cycle_id: UUID, *, level: int, actor: str, content_hash: bytes | None = None
    ) -> CycleStatus:
        """Approve a cycle's present content, unless another is named."""
        present = (await self.status(cycle_id)).cycle.content_hash or b""
        wanted = WantedApproval(cycle_id, level, content_hash or present, actor)
        async with self.databases.api.transaction(EVERYTHING) as tx:
            return await approve_cycle(self.api, tx, wanted, scope=EVERYTHING)

    async def released(self, *, per_file: int = 1000) -> UUID:
        """Freeze, approve twice and release the month's cycle."""
        cycle_id = await self.frozen(per_file=per_file)
        await self.approve(cycle_id, level=1, actor=CHECKER_1)
        await self.approve(cycle_id, level=2, actor=CHECKER_2)
        assert await release_cycles(self.worker)
        return cycle_id

    async def settle(self, bank: Bank, cycle_id: UUID) -> CycleStatus:
        """Take the worker's steps until the cycle is closed."""
        status = await self.status(cycle_id)
        for _ in range(PATIENCE_STEPS_MAX):
            await send_next_file(self.worker, bank)
            await book_next_reports(self.worker, bank)
            await close_cycles(self.worker)
            status = await self.status(cycle_id)
            if status.cycle.state == "CLOSED":
                return status
        message = f"The cycle is still {status.cycle.state}."
        raise AssertionError(message)

    async def states(self, table: str) -> dict[str, int]:
        """Return how many rows of a table stand in each state."""
        rows = await self.databases.rows(
            f"SELECT state, count(*) AS rows FROM {table} GROUP BY state"  # noqa: S608 -- ours
        )
        return {row["state"]: row["rows"] for row in rows}

    async def exceptions(self) -> list[str]:
        """Return the kinds of the open exceptions."""
        rows = await self.databases.rows(
            "SELECT kind FROM recon_exception WHERE closed_at IS NULL ORDER BY kind"
        )
        return [row["kind"] for row in rows]

    async def balances(self) -> dict[str, int]:
        """Return debit less credit of every kind of account, in centimes."""
        rows = await self.databases.rows(
            "SELECT split_part(account, ':', 1) AS kind,"
            " sum(debit_centimes - credit_centimes)::bigint AS balance"
            " FROM ledger_entry GROUP BY 1"
        )
        return {row["kind"]: row["balance"] for row in rows}


@dataclass
class SimulatedBank:
    """The bank simulator as a process, what it says is true, and how to upset it."""

    child: Child
    client: httpx.Client
    bank: Bank

    def arm(self, fault: str, **wish: object) -> None:
        """Let a fault strike."""
        response = self.client.post("/v1/faults", json={"fault": fault, "times": 1, **wish})
        assert response.is_success, response.text

    def totals(self) -> dict[str, int]:
        """Return what was really credited."""
        totals: dict[str, int] = self.client.get("/v1/truth").json()["totals"]
        return totals

    def orders(self) -> list[dict[str, Any]]:
        """Return what became of each end-to-end id."""
        orders: list[dict[str, Any]] = self.client.get("/v1/truth").json()["orders"]
        return orders


def bank_at(url: str, *, token_file: Any) -> Bank:  # noqa: ANN401 -- a path
    """Return the service's side of a bank at an address."""
    channel = open_channel(
        url,
        token_file=token_file,
        timeout_seconds=60,
        report_bytes_max=10_000_000,
    )
    return Bank(channel=channel, debtor=DEBTOR, worker_id="worker-under-test", claim_seconds=60)
