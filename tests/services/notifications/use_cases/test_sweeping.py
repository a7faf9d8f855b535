"""Whatever fell between two chairs is picked up, and every message ends."""

from datetime import timedelta

import pytest

from services.notifications.events.consumed import HouseholdAssessed
from services.notifications.use_cases.record_templates import (
    EditedTemplateError,
    record_templates,
)
from services.notifications.use_cases.sweep_messages import sweep_messages
from shared.runtime.ids import new_id
from tests.services.notifications.conftest import PROVIDER, Notifications, an_assessment


async def sweep(notifications: Notifications, *, owner: str = "one") -> None:
    await sweep_messages(notifications.collaborators, provider=PROVIDER, owner=owner)


async def change(notifications: Notifications, statement: str, **parameters: object) -> None:
    async with notifications.databases.worker.transaction() as tx:
        await tx.execute(statement.encode(), parameters)


async def test_a_message_that_crossed_its_contact_is_addressed(
    notifications: Notifications,
) -> None:
    (household_id,) = await notifications.queue()
    await change(
        notifications,
        "UPDATE message SET state = 'AWAITING_CONTACT', language = NULL, text_sealed = NULL,"
        " parts_count = NULL WHERE household_id = %(household_id)s",
        household_id=household_id,
    )
    await sweep(notifications)
    (message,) = await notifications.messages()
    assert (message["state"], message["parts_count"]) == ("QUEUED", 2)


async def test_a_submission_stuck_too_long_is_of_unknown_outcome(
    notifications: Notifications,
) -> None:
    await notifications.queue(messages=2)
    fresh, stuck = await notifications.messages()
    for row, lease in ((fresh, timedelta(seconds=60)), (stuck, timedelta(seconds=-1))):
        await change(
            notifications,
            "UPDATE message SET state = 'SUBMITTING', fence = 1, leased_until = now() + %(lease)s"
            " WHERE message_id = %(id)s",
            lease=lease,
            id=row["message_id"],
        )
    await sweep(notifications)
    assert await notifications.states() == ["SUBMITTING", "SUBMIT_UNKNOWN"]


async def test_a_message_that_found_no_contact_in_time_expires_and_is_announced(
    notifications: Notifications,
) -> None:
    await notifications.consume(HouseholdAssessed.TYPE, an_assessment(new_id()))
    notifications.clock.move(timedelta(days=29))
    await sweep(notifications)
    assert await notifications.states() == ["AWAITING_CONTACT"]
    notifications.clock.move(timedelta(days=1))
    await sweep(notifications)
    assert await notifications.states() == ["EXPIRED"]
    (settled,) = await notifications.published()
    assert settled["outcome"] == "undeliverable"


@pytest.mark.parametrize("state", ["SUBMITTED", "SUBMIT_UNKNOWN"])
async def test_a_message_without_a_final_receipt_times_out_after_72_hours(
    notifications: Notifications, state: str
) -> None:
    await notifications.queue()
    await change(
        notifications,
        "UPDATE message SET state = %(state)s, submitted_at = %(at)s, is_resent = true",
        state=state,
        at=notifications.clock.now(),
    )
    notifications.clock.move(timedelta(hours=72))
    await sweep(notifications)
    assert await notifications.states() == [state]
    notifications.clock.move(timedelta(seconds=1))
    await sweep(notifications)
    assert await notifications.states() == ["RECEIPT_TIMEOUT"]


async def test_a_receipt_that_crossed_its_part_is_matched(notifications: Notifications) -> None:
    await notifications.queue(language="fr")
    (message,) = await notifications.messages()
    known = {"at": notifications.clock.now(), "id": message["message_id"]}
    await change(
        notifications, "UPDATE message SET state = 'SUBMITTED', submitted_at = %(at)s", **known
    )
    await change(
        notifications,
        "INSERT INTO message_part VALUES"
        " (%(id)s, 1, %(at)s, '04', 'sms-centre', '77', 'SUBMITTED', 0, 0, %(at)s)",
        **known,
    )
    await change(
        notifications,
        "INSERT INTO receipt VALUES"
        " (%(at)s, %(id)s, 'sms-centre', '77', 'DELIVRD', 'DELIVERED', '', NULL, NULL)",
        **known,
    )
    await sweep(notifications)
    assert await notifications.states() == ["DELIVERED"]
    assert await notifications.databases.value("SELECT message_id FROM receipt") == known["id"]


async def test_only_one_process_sweeps_at_a_time(notifications: Notifications) -> None:
    await notifications.consume(HouseholdAssessed.TYPE, an_assessment(new_id()))
    await sweep(notifications, owner="one")
    notifications.clock.move(timedelta(days=31))
    await sweep(notifications, owner="two")
    assert await notifications.states() == ["AWAITING_CONTACT"]


async def test_every_shipped_wording_is_kept_once(notifications: Notifications) -> None:
    for _ in range(2):
        await record_templates(notifications.collaborators)
    kept = await notifications.databases.rows("SELECT key, version, language FROM template_version")
    assert len(kept) == len({tuple(row.values()) for row in kept}) > 0


async def test_an_edited_wording_is_refused(notifications: Notifications) -> None:
    await record_templates(notifications.collaborators)
    async with notifications.databases.owner.transaction() as tx:
        await tx.execute("UPDATE template_version SET body = body || '!' WHERE language = 'fr'")
    with pytest.raises(EditedTemplateError):
        await record_templates(notifications.collaborators)
