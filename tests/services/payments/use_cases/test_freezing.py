"""A cycle freezes whole, on the totals of its run, or not at all."""

from uuid import UUID

import pytest

from services.payments.domain.content_hash import (
    FrozenBatch,
    FrozenInstruction,
    FrozenLine,
    batch_hash,
    cycle_hash,
)
from services.payments.domain.refusals import (
    CycleExistsError,
    ProgrammeNotPaidError,
    ScopeTooNarrowError,
)
from services.payments.events.consumed import Component
from services.payments.use_cases.open_cycle import WantedCycle, open_cycle
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from tests.services.payments.paying import AMOUNT, MONTH, Payments, a_decision, a_rib


async def refused_for(payments: Payments) -> str | None:
    """Try to freeze, and return what the cycle says it waits for."""
    cycle_id = await payments.open()
    assert not await payments.freeze()
    status = await payments.status(cycle_id)
    assert status.cycle.state == "PLANNED"
    assert status.cycle.content_hash is None
    assert await payments.databases.value("SELECT count(*) FROM payment_instruction") == 0
    return status.cycle.waiting_for


async def test_a_cycle_waits_for_its_run(payments: Payments) -> None:
    assert await refused_for(payments) == "The totals of the run have not arrived."


async def test_a_cycle_waits_for_the_last_decision_of_its_run(payments: Payments) -> None:
    await payments.decide(a_decision(run_id=payments.run_id))
    await payments.complete_run(items=2, households=1, amount_centimes=AMOUNT)

    assert await refused_for(payments) == "1 of the run's 2 decisions have arrived."


@pytest.mark.parametrize(
    "totals",
    [
        {"households": 3, "amount_centimes": 3 * AMOUNT},
        {"households": 2, "amount_centimes": 2 * AMOUNT - 1},
    ],
    ids=["a-household-more", "a-centime-less"],
)
async def test_a_cycle_does_not_freeze_when_totals_disagree(
    payments: Payments, totals: dict[str, int]
) -> None:
    await payments.decide(a_decision(), a_decision())
    await payments.complete_run(**totals)

    waiting_for = await refused_for(payments)

    assert waiting_for is not None
    assert "2 entitlements of 1500.00 MAD stand here" in waiting_for


async def test_what_was_missing_arrives_and_the_cycle_freezes(payments: Payments) -> None:
    await payments.complete_run(items=1, households=1, amount_centimes=AMOUNT)
    cycle_id = await payments.open()
    assert not await payments.freeze()

    await payments.decide(a_decision(run_id=payments.run_id))
    assert await payments.freeze()

    status = await payments.status(cycle_id)
    assert (status.cycle.state, status.cycle.waiting_for) == ("FROZEN", None)


async def test_one_waiting_cycle_does_not_hold_another_back(payments: Payments) -> None:
    await payments.pay_households(1)
    waiting = await payments.open(run_id=new_id(), month="2026-10")
    ready = await payments.open()

    assert await payments.freeze()

    assert (await payments.status(waiting)).cycle.state == "PLANNED"
    assert (await payments.status(ready)).cycle.state == "FROZEN"


async def test_figures_batches_and_lines_come_to_what_is_owed(payments: Payments) -> None:
    await payments.pay_households(12)
    cycle_id = await payments.frozen()
    figures = (await payments.status(cycle_id)).figures

    assert (figures.instructions, figures.net_centimes) == (12, 12 * AMOUNT)
    assert figures.batches == 4
    assert await payments.databases.value("SELECT sum(amount_centimes) FROM entitlement_line") == (
        figures.net_centimes
    )
    assert await payments.databases.value("SELECT sum(attempts) FROM transmission") == 12
    assert await payments.databases.rows(
        "SELECT DISTINCT b.institution = p.bank_code AND b.region_code = i.region_code AS placed"
        " FROM payment_instruction i JOIN payment_batch b USING (batch_id)"
        " JOIN payee_account p USING (account_id)"
    ) == [{"placed": True}]


async def test_every_net_is_the_sum_of_lines_that_name_their_decision(payments: Payments) -> None:
    components = (
        Component(code="asd.child", count=2, unit_centimes=25_000, amount_centimes=50_000),
        Component(code="asd.minimum", count=1, unit_centimes=10_000, amount_centimes=10_000),
    )
    decision = a_decision(components=components, amount_centimes=60_000)
    await payments.decide(decision)
    await payments.record(payments.a_payee(decision.household_id, a_rib(1)))
    await payments.complete_run(households=1, amount_centimes=60_000)
    await payments.frozen()

    lines = await payments.databases.rows(
        "SELECT line_no, code, amount_centimes, decision_id FROM entitlement_line ORDER BY line_no"
    )

    assert [(line["line_no"], line["code"], line["amount_centimes"]) for line in lines] == [
        (1, "asd.child", 50_000),
        (2, "asd.minimum", 10_000),
    ]
    assert {line["decision_id"] for line in lines} == {decision.decision_id}


async def test_who_cannot_be_paid_is_held_with_a_reason_and_still_owed(payments: Payments) -> None:
    rich = a_decision(amount_centimes=200_001)
    keyless, accountless = a_decision(), a_decision()
    await payments.decide(rich, keyless, accountless)
    await payments.record(
        payments.a_payee(rich.household_id, a_rib(1)),
        payments.a_payee(keyless.household_id, "0" * 23 + "1"),
    )
    await payments.complete_run(households=3, amount_centimes=200_001 + 2 * AMOUNT)
    cycle_id = await payments.frozen()
    rows = await payments.databases.rows(
        "SELECT household_id, state, public_reason FROM payment_instruction"
    )
    figures = (await payments.status(cycle_id)).figures

    assert {row["household_id"]: (row["state"], row["public_reason"]) for row in rows} == {
        rich.household_id: ("HELD", "payments.amount-above-ceiling"),
        keyless.household_id: ("HELD", "payments.account-invalid"),
        accountless.household_id: ("HELD", "payments.account-missing"),
    }
    assert (figures.instructions, figures.held) == (0, 3)
    assert (await payments.balances())["payable"] == -figures.held_centimes


async def test_the_latest_account_is_paid_and_snapshot(payments: Payments) -> None:
    (household_id,) = await payments.pay_households(1)
    await payments.record(payments.a_payee(household_id, a_rib(9, bank="350"), version=2))
    await payments.frozen()
    await payments.record(payments.a_payee(household_id, a_rib(8, bank="127"), version=3))

    assert await payments.databases.rows(
        "SELECT version, bank_code FROM payment_attempt JOIN payee_account USING (account_id)"
    ) == [{"version": 2, "bank_code": "350"}]


@pytest.mark.parametrize(
    ("effective_month", "paid"),
    [(MONTH, 1), ("2026-12", 2)],
    ids=["this-month", "after-the-cutoff"],
)
async def test_a_right_that_ends_is_paid_no_more_from_its_month_on(
    payments: Payments, effective_month: str, paid: int
) -> None:
    ended, _ = await payments.pay_households(2)
    refusal = a_decision(
        household_id=ended, version=2, outcome="refused", amount_centimes=0,
        effective_month=effective_month,
    )  # fmt: skip
    await payments.decide(refusal)
    for month, households in ((MONTH, paid), ("2026-12", 1)):
        run_id = new_id()
        await payments.complete_run(
            run_id=run_id, month=month, households=households, amount_centimes=households * AMOUNT
        )
        await payments.open(run_id=run_id, month=month)
        assert await payments.freeze()

    assert await payments.databases.rows(
        "SELECT month, count(*) AS all_paid, count(*) FILTER (WHERE household_id = %(ended)s)"
        " AS ended_paid FROM payment_instruction GROUP BY month ORDER BY month",
        ended=ended,
    ) == [
        {"month": MONTH, "all_paid": paid, "ended_paid": paid - 1},
        {"month": "2026-12", "all_paid": 1, "ended_paid": 0},
    ]


async def test_a_file_holds_no_more_than_its_most(payments: Payments) -> None:
    await payments.pay_households(5, regions=("01",), banks=("007",))
    await payments.frozen(per_file=2)

    rows = await payments.databases.rows(
        "SELECT part_no, attempts, amount_centimes FROM transmission ORDER BY part_no"
    )

    assert [tuple(row.values()) for row in rows] == [
        (0, 2, 2 * AMOUNT),
        (1, 2, 2 * AMOUNT),
        (2, 1, AMOUNT),
    ]


async def test_the_hash_is_the_one_the_rules_define(payments: Payments) -> None:
    await payments.pay_households(6)
    cycle_id = await payments.frozen()
    rows = await payments.databases.rows(
        "SELECT i.instruction_id, i.household_id, i.kind, i.net_centimes, i.rail, i.batch_id,"
        " p.account_blind, l.line_no, l.code, l.month, l.count, l.unit_centimes,"
        " l.amount_centimes, l.decision_id FROM payment_instruction i"
        " JOIN payee_account p USING (account_id)"
        " JOIN entitlement_line l ON l.cycle_id = i.cycle_id AND l.household_id = i.household_id"
    )
    by_batch: dict[UUID, list[FrozenInstruction]] = {}
    for row in rows:
        line = FrozenLine(
            *(row[name] for name in ("line_no", "code", "month", "count", "unit_centimes")),
            *(row[name] for name in ("amount_centimes", "decision_id")),
        )
        names = ("instruction_id", "household_id", "kind", "net_centimes", "rail", "account_blind")
        frozen = FrozenInstruction(**{name: row[name] for name in names}, lines=(line,))
        by_batch.setdefault(row["batch_id"], []).append(frozen)
    batches = [
        FrozenBatch(name, len(held), len(held) * AMOUNT, batch_hash(held))
        for name, held in by_batch.items()
    ]

    assert (await payments.status(cycle_id)).cycle.content_hash == cycle_hash(
        programme="asd", month=MONTH, run_no=1, batches=batches, held=None
    )


async def test_a_month_has_one_cycle(payments: Payments) -> None:
    await payments.open()
    with pytest.raises(CycleExistsError):
        await payments.open()


async def test_health_cover_has_no_cycle(payments: Payments) -> None:
    with pytest.raises(ProgrammeNotPaidError):
        await payments.open(programme="amo_tadamon")


@pytest.mark.parametrize(
    "scope",
    [RowScope(("01",), ("*",)), RowScope(("*",), ("amo_tadamon",))],
    ids=["region", "other"],
)
async def test_who_sees_a_part_opens_no_cycle_of_the_whole(
    payments: Payments, scope: RowScope
) -> None:
    wanted = WantedCycle(programme="asd", month=MONTH, run_id=payments.run_id, maker="maker")
    with pytest.raises(ScopeTooNarrowError):
        async with payments.databases.api.transaction(scope) as tx:
            await open_cycle(payments.api, tx, wanted, scope=scope)
