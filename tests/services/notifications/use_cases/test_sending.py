"""Messages reach the handset over a real link, whatever the SMS centre does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import smpp34

from services.notifications.domain.gsm_alphabet import decode_septets
from services.notifications.use_cases.hold_bind import SmsCentreUnavailableError, hold_bind
from tests.services.notifications.conftest import Notifications, at
from tests.services.notifications.scripted_centre import (
    BAD_NUMBER,
    BIND_FAILED,
    OK,
    SYSTEM_ERROR,
    THROTTLED,
    Reply,
    ScriptedCentre,
    running,
    until,
)

HEADER_OCTETS = 6
PARTS = 2
"""Of a message in Arabic."""


@asynccontextmanager
async def sending(
    notifications: Notifications, centre: ScriptedCentre, *, answer_seconds: float = 60.0
) -> AsyncIterator[None]:
    """Hold the bind in the background, and let go of it at the end."""
    known = notifications.centre(centre.port, answer_seconds=answer_seconds)
    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(hold_bind(notifications.collaborators, known))
        yield
        holding.cancel()


async def until_states(notifications: Notifications, *states: str) -> None:
    async with asyncio.timeout(60):
        while sorted(await notifications.states()) != sorted(states):  # noqa: ASYNC110 -- rows have no event
            await asyncio.sleep(0.02)


def scripted(*replies: Reply) -> Callable[[smpp34.SubmitSm], Reply]:
    """Answer the first submits as told, and accept all later ones."""
    script: Iterator[Reply] = iter(replies)
    return lambda _: next(script, Reply())


def text_at_handset(submits: list[smpp34.SubmitSm]) -> str:
    """Put parts together as a handset does: by their headers, whatever their order."""
    parts = {}
    for submit in submits:
        octets = submit.short_message
        number = 1
        if submit.esm_class & 0x40:
            number, octets = octets[HEADER_OCTETS - 1], octets[HEADER_OCTETS:]
        parts[number] = octets
    joined = b"".join(parts[number] for number in sorted(parts))
    is_ucs2 = submits[0].data_coding == 8
    return joined.decode("utf-16-be") if is_ucs2 else decode_septets(joined)


@pytest.mark.parametrize(("language", "parts"), [("ar", 2), ("fr", 1)])
async def test_a_message_reaches_the_handset_and_its_receipts_prove_it(
    notifications: Notifications, language: str, parts: int
) -> None:
    await notifications.queue(language=language)
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until_states(notifications, "DELIVERED")
        await until(lambda: not centre.outstanding)
    (message,) = await notifications.messages()
    assert len(centre.submits) == parts
    assert text_at_handset(centre.submits) == message["text"]
    assert {submit.destination_addr for submit in centre.submits} == {"212612345678"}
    assert (await notifications.published())[-1]["outcome"] == "delivered"
    assert await notifications.databases.value("SELECT count(*) FROM receipt") == parts
    assert centre.unbinds == 1


async def test_a_message_is_committed_as_submitting_before_it_is_answered(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    silent = ScriptedCentre(reply=lambda _: Reply(is_silent=True))
    async with running(silent) as centre, sending(notifications, centre):
        await until(lambda: len(centre.submits) == 1)
        assert await notifications.states() == ["SUBMITTING"]


async def test_a_receipt_before_its_answer_is_matched_later(notifications: Notifications) -> None:
    await notifications.queue(messages=20)
    early = ScriptedCentre(reply=lambda _: Reply(receipt_first=True))
    async with running(early) as centre, sending(notifications, centre):
        await until_states(notifications, *["DELIVERED"] * 20)
    unmatched = "SELECT count(*) FROM receipt WHERE message_id IS NULL"
    assert await notifications.databases.value(unmatched) == 0


async def test_a_receipt_of_nothing_we_sent_is_kept_and_acknowledged(
    notifications: Notifications,
) -> None:
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until(lambda: centre.binds == 1)
        centre.deliver_receipt("ffff", "DELIVRD")
        centre.deliver(b"\xff\xff")
        await until(lambda: len(centre.acknowledged) == 2)
    rows = await notifications.databases.rows("SELECT provider_message_id, message_id FROM receipt")
    assert sorted(str(row["provider_message_id"]) for row in rows) == ["None", "ffff"]
    assert {row["message_id"] for row in rows} == {None}


async def test_duplicated_and_late_receipts_change_nothing(notifications: Notifications) -> None:
    await notifications.queue(language="fr")
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until_states(notifications, "DELIVERED")
        for word in ("DELIVRD", "ENROUTE", "UNDELIV", "EXPIRED", "NEWWORD"):
            centre.deliver_receipt("00000001", word)
        await until(lambda: len(centre.acknowledged) == 6)
    assert await notifications.states() == ["DELIVERED"]
    assert len(await notifications.published()) == 1


async def test_a_delivery_after_a_failure_is_believed_and_announced_again(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    failing = ScriptedCentre(receipt_word="UNDELIV")
    async with running(failing) as centre, sending(notifications, centre):
        await until_states(notifications, "UNDELIVERED")
        centre.deliver_receipt("00000001", "DELIVRD")
        await until_states(notifications, "DELIVERED")
    published = await notifications.published()
    assert [item["outcome"] for item in published] == ["undeliverable", "delivered"]
    assert published[0]["version"] < published[1]["version"]


async def test_a_throttled_message_waits_in_the_queue_and_then_goes(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    throttling = ScriptedCentre(reply=scripted(Reply(status=THROTTLED)))
    async with running(throttling) as centre, sending(notifications, centre):
        await until(lambda: len(centre.submits) == 1)
        await until_states(notifications, "QUEUED")
        notifications.clock.move(timedelta(seconds=6))
        await until_states(notifications, "DELIVERED")
    assert len(centre.submits) == 2


async def test_only_the_part_that_was_not_taken_is_submitted_again(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="ar")
    throttling = ScriptedCentre(reply=scripted(Reply(), Reply(status=THROTTLED)))
    async with running(throttling) as centre, sending(notifications, centre):
        await until(lambda: len(centre.submits) == 2)
        await until_states(notifications, "QUEUED")
        notifications.clock.move(timedelta(seconds=6))
        await until_states(notifications, "DELIVERED")
    numbers = [submit.short_message[HEADER_OCTETS - 1] for submit in centre.submits]
    assert numbers == [1, 2, 2]


async def test_a_centre_in_trouble_is_asked_again_after_a_growing_wait(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    failing = ScriptedCentre(reply=scripted(Reply(status=SYSTEM_ERROR)))
    async with running(failing) as centre, sending(notifications, centre):
        await until(lambda: len(centre.submits) == 1)
        await until_states(notifications, "QUEUED")
        notifications.clock.move(timedelta(seconds=61))
        await until_states(notifications, "DELIVERED")
    (message,) = await notifications.messages()
    assert message["deferrals"] == 1


async def test_a_refused_number_is_announced_and_never_tried_again(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    refusing = ScriptedCentre(reply=lambda _: Reply(status=BAD_NUMBER))
    async with running(refusing) as centre, sending(notifications, centre):
        await until_states(notifications, "REJECTED")
        await asyncio.sleep(0.5)
    assert len(centre.submits) == 1
    (settled,) = await notifications.published()
    assert settled["outcome"] == "undeliverable"


async def test_a_lost_answer_is_submitted_once_more_and_never_a_third_time(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    silent = ScriptedCentre(reply=lambda _: Reply(is_silent=True))
    async with (
        running(silent) as centre,
        sending(notifications, centre, answer_seconds=1.0),
    ):
        await until(lambda: len(centre.submits) == 2)
        await until_states(notifications, "SUBMIT_UNKNOWN")
        first = centre.submits[0].short_message
        # Another one is submitted twice meanwhile: this one would be due before it each time.
        await notifications.queue(language="ar")
        await until(lambda: sum(one.short_message != first for one in centre.submits) > PARTS)
        await until_states(notifications, "SUBMIT_UNKNOWN", "SUBMIT_UNKNOWN")
    assert sum(one.short_message == first for one in centre.submits) == 2


async def test_a_link_lost_in_flight_loses_no_message_and_repeats_none_twice(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr", messages=30)
    dying = ScriptedCentre(reply=scripted(*[Reply()] * 10, Reply(hangs_up=True)))
    async with running(dying) as centre:
        with pytest.raises(SmsCentreUnavailableError):
            await hold_bind(notifications.collaborators, notifications.centre(centre.port))
        assert await notifications.databases.value("SELECT state FROM provider_state") == "down"
        notifications.clock.move(timedelta(seconds=6))
        async with sending(notifications, centre):
            await until_states(notifications, *["DELIVERED"] * 30)
    assert await notifications.databases.value("SELECT state FROM provider_state") == "bound"
    assert len(centre.submits) <= 60


async def test_a_refused_bind_is_noted_and_raised(notifications: Notifications) -> None:
    async with running(ScriptedCentre(bind_status=BIND_FAILED)) as centre:
        with pytest.raises(SmsCentreUnavailableError):
            await hold_bind(notifications.collaborators, notifications.centre(centre.port))
    rows = await notifications.databases.rows("SELECT state, detail FROM provider_state")
    assert rows == [{"state": "down", "detail": "BindRefusedError"}]


async def test_only_one_process_holds_the_bind(notifications: Notifications) -> None:
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until(lambda: centre.binds == 1)
        known = notifications.centre(centre.port)
        assert await hold_bind(notifications.collaborators, known) is False
        assert centre.binds == 1


async def test_what_a_dead_owner_left_half_submitted_is_submitted_once_more(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    async with notifications.databases.worker.transaction() as tx:
        await tx.execute("UPDATE message SET state = 'SUBMITTING', fence = 0, leased_until = now()")
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until_states(notifications, "DELIVERED")
    assert len(centre.submits) == 1
    (message,) = await notifications.messages()
    assert message["is_resent"]


async def test_a_stop_waits_for_answers_under_way(notifications: Notifications) -> None:
    await notifications.queue(language="fr", messages=40)
    slow = ScriptedCentre(receipt_word=None)
    async with running(slow) as centre, sending(notifications, centre):
        await until(lambda: len(centre.submits) > 0)
    states = set(await notifications.states())
    assert states <= {"SUBMITTED", "QUEUED"}


async def test_nothing_is_submitted_outside_decent_hours(notifications: Notifications) -> None:
    await notifications.queue(language="fr")
    notifications.clock.move(at(21) - notifications.clock.now())
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until(lambda: centre.binds == 1)
        await asyncio.sleep(0.6)
        assert centre.submits == []
        notifications.clock.move(at(8, day=21) - notifications.clock.now())
        await until_states(notifications, "DELIVERED")


async def test_the_centre_may_not_keep_a_message_beyond_decent_hours(
    notifications: Notifications,
) -> None:
    await notifications.queue(language="fr")
    notifications.clock.move(at(19, 15) - notifications.clock.now())
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until(lambda: len(centre.submits) == 1)
    assert centre.submits[0].validity_period == "000000011500000R"


async def test_a_household_that_lost_its_phone_is_announced(notifications: Notifications) -> None:
    (household_id,) = await notifications.queue(language="fr")
    without = notifications.contact(household_id, version=2, phone=None)
    await notifications.consume("registry.contacts-recorded.v1", without)
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        await until_states(notifications, "UNDELIVERED")
    assert centre.submits == []


async def test_an_acknowledged_receipt_is_durable(notifications: Notifications) -> None:
    await notifications.queue(messages=100)
    async with running(ScriptedCentre()) as centre, sending(notifications, centre):
        async with asyncio.timeout(60):
            while len(centre.acknowledged) < 200:
                acknowledged = sum(status == OK for status in centre.acknowledged.values())
                kept = await notifications.databases.value("SELECT count(*) FROM receipt")
                assert kept >= acknowledged
                await asyncio.sleep(0.005)
