"""Callbacks: delivered once, tried again while that may help, given up in the end."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.registry.domain.dci_contract import Notification, Register
from services.registry.domain.dci_delivery import ATTEMPTS_MAX
from services.registry.use_cases.dci_forget_messages import forget_old_messages
from services.registry.use_cases.dci_queue_notifications import queue_notifications
from shared.runtime.ids import new_id
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.dci_house import House, open_house
from tests.services.registry.dci_partner import CLIENT, SENDER, agree, partner_machine
from tests.services.registry.declaring import an_idcs


@pytest.fixture
async def house(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[House]:
    """Return the registry and a partner."""
    async with open_house(registry, keys, issuer) as house:
        yield house


async def notify(house: House, uri: str, *, client: str = CLIENT, count: int = 1) -> None:
    """Queue notifications to an address."""
    notifications = [
        Notification(
            notification_id=new_id(),
            register=Register.SOCIAL,
            client=client,
            sender_id=SENDER,
            notify_uri=uri,
            event_type="REGISTER",
            reg_record_type="Member",
            record={"member_identifier": [{"identifier_value": an_idcs(1)}]},
        )
        for _ in range(count)
    ]
    async with house.registry.databases.worker.transaction() as tx:
        await queue_notifications(tx, notifications, using=house.registry.worker)


async def told(house: House) -> list[tuple[str, str | None]]:
    """Return state and error of every callback, the oldest first."""
    rows = await house.registry.databases.rows(
        "SELECT state, last_error FROM dci_callback ORDER BY callback_id"
    )
    return [(row["state"], row["last_error"]) for row in rows]


async def due_in(house: House, *, hours: int = 0) -> None:
    """Let the next attempt of every callback be so far away."""
    await house.registry.databases.rows(
        "UPDATE dci_callback SET next_attempt_at = now() + make_interval(hours => %(hours)s)"
        " WHERE state = 'due' RETURNING callback_id",
        hours=hours,
    )


async def test_a_callback_is_tried_again_until_it_is_taken_and_stays_the_same_message(
    house: House,
) -> None:
    await notify(house, house.machine.uri("notify"))
    house.machine.status = 503
    assert await house.deliver()
    assert await told(house) == [("due", "http-503")]
    await due_in(house, hours=1)
    assert not await house.deliver()
    await due_in(house)
    house.machine.silent = True
    assert await house.deliver(patience=0.1)
    assert await told(house) == [("due", "timeout")]
    await due_in(house)
    house.machine.silent, house.machine.status = False, 200
    assert await house.deliver()
    assert await told(house) == [("delivered", None)]
    assert not await house.deliver()
    ids = {received.json["header"]["message_id"] for received in house.machine.received}
    assert (len(house.machine.received), len(ids)) == (3, 1)


async def test_what_an_answer_means(house: House) -> None:
    error = {"ack_status": "ERR", "error": {"code": "err.signature.invalid"}}
    busy = {"ack_status": "ERR", "error": {"code": "err.service.unavailable"}}
    answers: list[tuple[int, dict[str, Any], tuple[str, str | None]]] = [
        (200, {"message": {"ack_status": "NACK"}}, ("delivered", None)),
        (202, {"anything": "else"}, ("delivered", None)),
        (200, {"message": error}, ("refused", "ack-err")),
        (200, {"message": busy}, ("due", "ack-err-passing")),
        (400, {}, ("refused", "http-400")),
        (401, {}, ("due", "http-401")),
        (302, {}, ("refused", "http-302")),
    ]
    house.machine.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    for status, answer, _ in answers:
        house.machine.status, house.machine.answer = status, answer
        await notify(house, house.machine.uri("notify"))
        await house.deliver()
        await due_in(house, hours=1)
    assert await told(house) == [outcome for _, _, outcome in answers]


async def test_a_callback_is_given_up_after_enough_attempts(house: House) -> None:
    await notify(house, house.machine.uri("notify"))
    await house.registry.databases.rows(
        "UPDATE dci_callback SET attempts = %(attempts)s RETURNING callback_id",
        attempts=ATTEMPTS_MAX - 1,
    )
    house.machine.status = 503
    await house.deliver()
    assert await told(house) == [("given-up", "http-503")]


async def test_a_callback_goes_nowhere_once_its_host_is_no_longer_agreed(house: House) -> None:
    await notify(house, house.machine.uri("notify"))
    await agree(house.registry.worker, hosts=("asd.example.ma",), version=1)
    await house.deliver()
    assert await told(house) == [("refused", "no-longer-agreed")]
    await notify(house, house.machine.uri("notify"), client="without-a-policy")
    await house.deliver()
    assert (await told(house))[1] == ("refused", "no-longer-agreed")
    assert house.machine.received == []


async def test_a_partner_that_does_not_answer_holds_up_no_other(house: House) -> None:
    await notify(house, house.machine.uri("notify"))
    house.machine.silent = True
    async with partner_machine() as other, asyncio.TaskGroup() as group:
        group.create_task(house.deliver())
        await house.machine.reached.wait()
        # More for the silent one, and something for another.
        await notify(house, house.machine.uri("notify"))
        await agree(house.registry.worker, client="another-client")
        await notify(house, other.uri("notify"), client="another-client")
        assert await house.deliver()
        assert len(other.received) == 1
        assert len(house.machine.received) == 1
        house.machine.released.set()


async def test_notifications_of_one_address_travel_together_and_say_nothing_in_clear(
    house: House,
) -> None:
    await notify(house, house.machine.uri("notify"), count=150)
    rows = await house.registry.databases.rows("SELECT dci_callback::text AS row FROM dci_callback")
    assert len(rows) == 2
    assert not any(an_idcs(1).encode().hex() in row["row"] for row in rows)
    while await house.deliver():
        pass
    counts = [
        len(json.loads(got.body)["message"]["notify_event"]) for got in house.machine.received
    ]
    assert sorted(counts) == [50, 100]


async def test_settled_callbacks_are_forgotten_after_a_month_and_no_others(house: House) -> None:
    await notify(house, house.machine.uri("notify"))
    await house.deliver()
    await notify(house, house.machine.uri("notify"))
    house.registry.clock.move(timedelta(days=31))
    assert not await forget_old_messages(house.registry.worker)
    assert await told(house) == [("due", None)]
