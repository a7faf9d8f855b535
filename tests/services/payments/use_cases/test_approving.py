"""Two people besides the maker, each on the hash of what they saw."""

import pytest

from services.payments.domain.refusals import (
    ApprovalOutOfTurnError,
    ApproverNotDistinctError,
    ContentChangedError,
    CycleUnknownError,
)
from services.payments.use_cases.release_cycle import CONTENT_CHANGED, release_cycles
from shared.runtime.ids import new_id
from tests.services.payments.paying import CHECKER_1, CHECKER_2, MAKER, Payments


async def test_two_approvals_release_a_cycle(payments: Payments) -> None:
    await payments.pay_households(3)
    cycle_id = await payments.frozen()
    assert not await release_cycles(payments.worker)

    first = await payments.approve(cycle_id, level=1, actor=CHECKER_1)
    assert first.cycle.state == "IN_APPROVAL"
    assert not await release_cycles(payments.worker)

    second = await payments.approve(cycle_id, level=2, actor=CHECKER_2)
    assert [approval.level for approval in second.approvals] == [1, 2]
    assert await release_cycles(payments.worker)

    assert (await payments.status(cycle_id)).cycle.state == "RELEASING"
    assert await payments.states("payment_instruction") == {"APPROVED": 3}


@pytest.mark.parametrize("actor", [MAKER, CHECKER_1])
async def test_the_same_person_does_not_appear_twice(payments: Payments, actor: str) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    await payments.approve(cycle_id, level=1, actor=CHECKER_1)

    with pytest.raises(ApproverNotDistinctError):
        await payments.approve(cycle_id, level=2, actor=actor)


async def test_levels_come_in_their_order_and_once(payments: Payments) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    with pytest.raises(ApprovalOutOfTurnError):
        await payments.approve(cycle_id, level=2, actor=CHECKER_2)
    await payments.approve(cycle_id, level=1, actor=CHECKER_1)
    with pytest.raises(ApprovalOutOfTurnError):
        await payments.approve(cycle_id, level=1, actor=CHECKER_2)


async def test_an_approval_of_other_content_is_refused(payments: Payments) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    with pytest.raises(ContentChangedError):
        await payments.approve(cycle_id, level=1, actor=CHECKER_1, content_hash=bytes(32))


async def test_nothing_is_approved_before_it_is_frozen(payments: Payments) -> None:
    cycle_id = await payments.open()
    with pytest.raises(ApprovalOutOfTurnError):
        await payments.approve(cycle_id, level=1, actor=CHECKER_1, content_hash=bytes(32))


async def test_an_unknown_cycle_is_unknown(payments: Payments) -> None:
    with pytest.raises(CycleUnknownError):
        await payments.status(new_id())


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE payment_instruction SET gross_centimes = 1, net_centimes = 1",
        "UPDATE entitlement_line SET amount_centimes = 1",
        "UPDATE payment_batch SET net_centimes = 1",
        "UPDATE payee_account SET account_blind = '\\x00'",
        "DELETE FROM entitlement_line",
    ],
)
async def test_what_changed_after_the_approvals_is_not_released(
    payments: Payments, tampering: str
) -> None:
    await payments.pay_households(2)
    cycle_id = await payments.frozen()
    await payments.approve(cycle_id, level=1, actor=CHECKER_1)
    await payments.approve(cycle_id, level=2, actor=CHECKER_2)
    async with payments.databases.owner.transaction() as tx:
        await tx.execute(tampering.encode())

    assert not await release_cycles(payments.worker)

    cycle = (await payments.status(cycle_id)).cycle
    assert (cycle.state, cycle.waiting_for) == ("APPROVED", CONTENT_CHANGED)
