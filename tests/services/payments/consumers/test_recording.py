"""Events recorded: whatever order, however often, and what can never be applied."""

import pytest

from services.payments.consumers.decisions import on_decisions_made
from services.payments.events.consumed import Component, DecisionMade
from shared.messaging.consuming import Consumer
from shared.messaging.envelope import Envelope, EventData
from shared.messaging.in_process import InProcessBroker
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from tests.services.payments.paying import MONTH, Payments, a_decision, a_rib


async def test_the_highest_version_stands_whatever_order_versions_arrive_in(
    payments: Payments,
) -> None:
    household_id = new_id()
    await payments.decide(a_decision(household_id=household_id, version=2, amount_centimes=60_000))
    await payments.decide(a_decision(household_id=household_id, version=1, amount_centimes=50_000))

    rows = await payments.databases.rows(
        "SELECT version, amount_centimes FROM standing_entitlements('asd', %(month)s)", month=MONTH
    )

    assert rows == [{"version": 2, "amount_centimes": 60_000}]


async def test_a_decision_for_a_later_month_does_not_stand_yet(payments: Payments) -> None:
    household_id = new_id()
    later = a_decision(
        household_id=household_id, version=2, outcome="refused", amount_centimes=0,
        effective_month="2026-12",
    )  # fmt: skip
    await payments.decide(a_decision(household_id=household_id), later)

    rows = await payments.databases.rows(
        "SELECT version FROM standing_entitlements('asd', %(month)s)", month=MONTH
    )

    assert rows == [{"version": 1}]


async def test_health_cover_is_received_but_not_owed(payments: Payments) -> None:
    cover = a_decision(programme="amo_tadamon", amount_centimes=0, run_id=payments.run_id)
    await payments.decide(cover)
    await payments.decide(cover)

    assert await payments.databases.value("SELECT count(*) FROM run_receipt") == 1
    assert await payments.databases.value("SELECT count(*) FROM entitlement") == 0


async def test_a_decision_whose_components_do_not_add_up_is_refused_alone(
    payments: Payments,
) -> None:
    wrong = a_decision(
        components=(Component(code="asd.child", count=1, unit_centimes=1, amount_centimes=1),)
    )
    batch = await payments.decide(a_decision(), wrong)

    assert batch.refused == [(wrong, "payments.components-disagree")]
    assert await payments.databases.value("SELECT count(*) FROM entitlement") == 1


async def test_an_event_delivered_twice_acts_once(
    payments: Payments, broker: InProcessBroker
) -> None:
    consumer = Consumer(
        service="payments",
        database=payments.databases.worker,
        broker=broker,
        metrics=Metrics(),
        subscriptions=[on_decisions_made(payments.worker)],
    )
    item = a_decision(run_id=payments.run_id).model_dump(mode="json")
    envelope = Envelope(
        specversion="1.0",
        id=new_id(),
        source="/eligibility",
        type=DecisionMade.TYPE,
        time=payments.clock.now(),
        data=EventData(items=[item]),
    )
    for _ in range(2):
        await consumer.apply(consumer.subscriptions[0], envelope)

    assert await payments.databases.value("SELECT count(*) FROM entitlement") == 1


@pytest.mark.parametrize(
    ("account", "name", "kind", "fault"),
    [
        (a_rib(1), "EL IDRISSI Salma", "rib", None),
        (a_rib(1)[:-1] + str((int(a_rib(1)[-1]) + 1) % 10), "EL IDRISSI", "rib",
         "payments.account-invalid"),
        ("123", "EL IDRISSI", "rib", "payments.account-invalid"),
        (a_rib(1), "سلمى", "rib", "payments.account-name-unwritable"),
        (a_rib(1), "EL IDRISSI", "wallet", "payments.account-kind-unsupported"),
    ],
    ids=["good", "wrong-key", "short", "arabic-name", "wallet"],
)  # fmt: skip
async def test_an_account_is_kept_with_why_it_cannot_be_paid_to(
    payments: Payments, account: str, name: str, kind: str, fault: str | None
) -> None:
    await payments.record(payments.a_payee(new_id(), account, name=name, kind=kind))

    rows = await payments.databases.rows("SELECT fault, bank_code FROM payee_account")

    assert rows == [{"fault": fault, "bank_code": None if fault else "007"}]


async def test_an_account_sealed_for_another_household_is_refused_alone(
    payments: Payments,
) -> None:
    good = payments.a_payee(new_id(), a_rib(1))
    moved = good.model_copy(update={"household_id": new_id()})
    batch = await payments.record(good, moved)

    assert batch.refused == [(moved, "payments.sealed-field-unreadable")]
    assert await payments.databases.value("SELECT count(*) FROM payee_account") == 1


async def test_the_same_account_is_found_by_its_blind_index_alone(payments: Payments) -> None:
    await payments.record(*(payments.a_payee(new_id(), a_rib(5)) for _ in range(2)))

    rows = await payments.databases.rows("SELECT account_blind, account FROM payee_account")

    assert len({row["account_blind"] for row in rows}) == 1
    assert len({row["account"] for row in rows}) == 2
