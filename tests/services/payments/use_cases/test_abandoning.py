"""A cycle opened by mistake does not keep its month from being paid."""

from uuid import UUID

import pytest

from services.payments.domain.freezing import RUN_OF_ANOTHER_MONTH
from services.payments.domain.refusals import (
    CycleNotAbandonableError,
    CycleUnknownError,
    MonthOutOfRangeError,
    RunOfAnotherMonthError,
    ScopeTooNarrowError,
)
from services.payments.use_cases.abandon_cycle import abandon_cycle
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from tests.services.payments.paying import EVERYTHING, MONTH, Payments

OTHERS = pytest.mark.parametrize(
    "other", [{"month": "2026-12"}, {"programme": "amo_tadamon"}], ids=["month", "programme"]
)


async def abandon(payments: Payments, cycle_id: UUID, *, scope: RowScope = EVERYTHING) -> str:
    """Abandon a cycle as its maker does, and return the state it is in then."""
    async with payments.databases.api.transaction(scope) as tx:
        return (await abandon_cycle(tx, cycle_id, scope=scope)).cycle.state


@pytest.mark.parametrize("month", ["2026-09", "2027-01", "9999-12", "0000-01"])
async def test_a_month_far_from_the_business_month_has_no_cycle(
    payments: Payments, month: str
) -> None:
    with pytest.raises(MonthOutOfRangeError):
        await payments.open(month=month)

    assert await payments.states("payment_cycle") == {}


@OTHERS
async def test_a_run_known_to_be_of_another_month_opens_no_cycle(
    payments: Payments, other: dict[str, str]
) -> None:
    await payments.complete_run(**other)
    with pytest.raises(RunOfAnotherMonthError):
        await payments.open()

    assert await payments.states("payment_cycle") == {}


@OTHERS
async def test_a_run_that_turns_out_to_be_of_another_month_leaves_the_month_free(
    payments: Payments, other: dict[str, str]
) -> None:
    wrong_run = new_id()
    wrong = await payments.open(run_id=wrong_run)
    await payments.complete_run(run_id=wrong_run, **other)
    assert not await payments.freeze()
    aborted = (await payments.status(wrong)).cycle
    assert (aborted.state, aborted.waiting_for) == ("ABORTED", RUN_OF_ANOTHER_MONTH)

    await payments.pay_households(2)
    right = (await payments.status(await payments.frozen())).cycle

    assert (right.state, right.month, right.run_no) == ("FROZEN", MONTH, 2)
    assert await payments.states("payment_instruction") == {"PLANNED": 2}


async def test_a_hopeless_cycle_does_not_hold_another_back(payments: Payments) -> None:
    wrong_run = new_id()
    await payments.open(run_id=wrong_run, month="2026-10")
    await payments.complete_run(run_id=wrong_run, month="2026-12")
    await payments.pay_households(1)
    await payments.open()

    assert await payments.freeze()

    assert await payments.states("payment_cycle") == {"ABORTED": 1, "FROZEN": 1}


async def test_after_an_abandonment_the_month_is_paid_by_another_cycle(
    payments: Payments,
) -> None:
    wrong = await payments.open(run_id=new_id())
    assert not await payments.freeze()
    assert await abandon(payments, wrong) == "ABORTED"

    await payments.pay_households(2)
    right = await payments.released()

    assert (await payments.status(right)).cycle.run_no == 2
    assert (await payments.status(wrong)).cycle.state == "ABORTED"
    assert await payments.states("payment_instruction") == {"APPROVED": 2}


async def test_only_a_planned_cycle_is_abandoned(payments: Payments) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    with pytest.raises(CycleNotAbandonableError):
        await abandon(payments, cycle_id)

    assert (await payments.status(cycle_id)).cycle.state == "FROZEN"


async def test_a_cycle_is_abandoned_once(payments: Payments) -> None:
    cycle_id = await payments.open()
    await abandon(payments, cycle_id)
    with pytest.raises(CycleNotAbandonableError):
        await abandon(payments, cycle_id)


@pytest.mark.parametrize(
    ("scope", "refusal"),
    [
        (RowScope(("01",), ("*",)), ScopeTooNarrowError),
        (RowScope(("*",), ("amo_tadamon",)), CycleUnknownError),
    ],
    ids=["region", "other-programme"],
)
async def test_who_sees_a_part_abandons_nothing(
    payments: Payments, scope: RowScope, refusal: type[Exception]
) -> None:
    cycle_id = await payments.open()
    with pytest.raises(refusal):
        await abandon(payments, cycle_id, scope=scope)

    assert (await payments.status(cycle_id)).cycle.state == "PLANNED"
