"""One SMS per household and business event, in its language, and only while it is true."""

from typing import Any

import pytest

from services.notifications.events.consumed import (
    ContactRecorded,
    DecisionMade,
    HouseholdAssessed,
    InstructionChanged,
)
from shared.runtime.ids import new_id
from tests.services.notifications.conftest import (
    PHONE,
    REGION,
    Notifications,
    a_decision,
    an_assessment,
    an_instruction,
)

CONTACTS, ASSESSED = ContactRecorded.TYPE, HouseholdAssessed.TYPE
DECIDED, PAID = DecisionMade.TYPE, InstructionChanged.TYPE


async def texts(notifications: Notifications) -> list[str]:
    return [row["text"] for row in await notifications.messages()]


async def test_an_index_is_told_exactly_in_the_language_of_the_household(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id, language="fr"))
    await notifications.consume(ASSESSED, an_assessment(household_id))
    (message,) = await notifications.messages()
    assert "9,3264284623" in message["text"]
    assert (message["stage"], message["state"]) == ("assessment", "QUEUED")
    assert (message["language"], message["parts_count"]) == ("fr", 1)
    assert message["region_code"] == REGION


@pytest.mark.parametrize("contact_first", [True, False])
async def test_contact_and_cause_may_come_in_either_order(
    notifications: Notifications,
    contact_first: bool,  # noqa: FBT001
) -> None:
    household_id = new_id()
    events: list[tuple[str, dict[str, Any]]] = [
        (CONTACTS, notifications.contact(household_id)),
        (ASSESSED, an_assessment(household_id)),
    ]
    for event_type, item in events if contact_first else reversed(events):
        await notifications.consume(event_type, item)
    (message,) = await notifications.messages()
    assert message["state"] == "QUEUED"
    assert message["text"].startswith("تم احتساب مؤشر أسرتكم: 9,3264284623")
    assert message["parts_count"] == 2


async def test_a_message_waits_without_language_or_text_until_its_contact_comes(
    notifications: Notifications,
) -> None:
    await notifications.consume(ASSESSED, an_assessment(new_id()))
    (message,) = await notifications.messages()
    assert message["state"] == "AWAITING_CONTACT"
    assert (message["language"], message["text_sealed"]) == (None, None)


async def test_programmes_decided_together_are_told_in_one_message(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id, language="fr"))
    await notifications.consume(
        DECIDED,
        a_decision(household_id),
        a_decision(
            household_id,
            programme="amo_tadamon",
            outcome="refused",
            amount_centimes=0,
            reasons=["amo_tadamon.index-above-threshold"],
        ),
    )
    (message,) = await notifications.messages()
    assert "Montant mensuel: 750 DH dès novembre 2026" in message["text"]
    assert "AMO-Tadamon n'est pas acceptée: indice du ménage au-dessus du seuil" in message["text"]
    assert "15 jours" in message["text"]
    assert message["topics"] == ["amo_tadamon", "asd"]


async def test_the_same_event_twice_tells_once(notifications: Notifications) -> None:
    household_id, event_id = new_id(), new_id()
    for _ in range(2):
        await notifications.deliver(event_id, DECIDED, a_decision(household_id))
    assert len(await notifications.messages()) == 1


async def test_the_same_news_in_other_events_tells_once(notifications: Notifications) -> None:
    household_id = new_id()
    instruction = an_instruction(household_id)
    for _ in range(3):
        await notifications.consume(ASSESSED, an_assessment(household_id))
        await notifications.consume(DECIDED, a_decision(household_id))
        await notifications.consume(PAID, instruction)
    stages = [message["stage"] for message in await notifications.messages()]
    assert stages == ["assessment", "decision", "payment"]


async def test_an_older_version_is_not_told(notifications: Notifications) -> None:
    household_id = new_id()
    await notifications.consume(ASSESSED, an_assessment(household_id, version=3))
    await notifications.consume(ASSESSED, an_assessment(household_id, version=2, index="1.0"))
    assert len(await notifications.messages()) == 1


async def test_of_two_versions_in_one_event_the_newest_is_told(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id))
    await notifications.consume(
        ASSESSED,
        an_assessment(household_id, version=2, index="8.0000000000"),
        an_assessment(household_id, version=1),
    )
    (message,) = await notifications.messages()
    assert "مؤشر أسرتكم: 8 " in message["text"]


async def test_a_later_version_that_says_the_same_is_no_news(notifications: Notifications) -> None:
    household_id = new_id()
    for version in (1, 2):
        await notifications.consume(ASSESSED, an_assessment(household_id, version=version))
        await notifications.consume(DECIDED, a_decision(household_id, version=version))
    assert len(await notifications.messages()) == 2


async def test_a_run_that_ends_a_right_tells_its_end(notifications: Notifications) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id, language="fr"))
    await notifications.consume(DECIDED, a_decision(household_id))
    await notifications.consume(
        DECIDED,
        a_decision(
            household_id,
            version=2,
            run_id=str(new_id()),
            outcome="refused",
            effective_month="2026-12",
            amount_centimes=0,
            reasons=["asd.index-above-threshold"],
        ),
    )
    assert "s'arrete à partir de décembre 2026" in (await texts(notifications))[-1]


async def test_news_that_overtakes_an_unsent_message_withdraws_it(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id))
    await notifications.consume(ASSESSED, an_assessment(household_id))
    await notifications.consume(
        ASSESSED, an_assessment(household_id, version=2, index="8.0000000000")
    )
    assert await notifications.states() == ["SUPPRESSED", "QUEUED"]
    (settled,) = await notifications.published()
    assert settled["outcome"] == "undeliverable"


async def test_news_of_one_programme_leaves_a_message_about_two(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id))
    await notifications.consume(
        DECIDED, a_decision(household_id), a_decision(household_id, programme="amo_tadamon")
    )
    await notifications.consume(
        DECIDED, a_decision(household_id, version=2, amount_centimes=50_000)
    )
    assert await notifications.states() == ["QUEUED", "QUEUED"]


@pytest.mark.parametrize("state", ["APPROVED", "IN_FLIGHT", "ACTION_NEEDED", "HELD"])
async def test_money_that_was_not_paid_is_not_told(
    notifications: Notifications, state: str
) -> None:
    await notifications.consume(PAID, an_instruction(new_id(), state=state))
    assert await notifications.messages() == []


async def test_a_payment_that_came_back_before_it_was_told_is_not_told(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id))
    paid = an_instruction(household_id)
    await notifications.consume(PAID, paid)
    await notifications.consume(PAID, paid | {"version": 3, "state": "ACTION_NEEDED"})
    assert await notifications.states() == ["SUPPRESSED"]


async def test_a_late_paid_after_a_newer_return_is_not_told(notifications: Notifications) -> None:
    paid = an_instruction(new_id())
    await notifications.consume(PAID, paid | {"version": 3, "state": "ACTION_NEEDED"})
    await notifications.consume(PAID, paid)
    assert await notifications.messages() == []


async def test_a_payment_tells_amount_month_and_fee_cap(notifications: Notifications) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id))
    await notifications.consume(PAID, an_instruction(household_id))
    assert await texts(notifications) == [
        "تم تحويل 750 درهم برسم نونبر 2026. الاقتطاع الأقصى عند السحب 16 درهم"
    ]


async def test_a_household_without_a_phone_is_announced_as_undeliverable(
    notifications: Notifications,
) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id, phone=None))
    await notifications.consume(DECIDED, a_decision(household_id))
    assert await notifications.states() == ["SUPPRESSED"]
    (settled,) = await notifications.published()
    assert (settled["stage"], settled["outcome"]) == ("decision", "undeliverable")


async def test_an_unknown_programme_is_rejected_and_the_rest_is_told(
    notifications: Notifications,
) -> None:
    known, unknown = new_id(), new_id()
    await notifications.consume(
        DECIDED, a_decision(unknown, programme="minhaty"), a_decision(known)
    )
    assert [row["household_id"] for row in await notifications.messages()] == [known]
    rejected = await notifications.databases.rows("SELECT * FROM rejected_item")
    assert [(row["subject_id"], row["code"]) for row in rejected] == [
        (unknown, "notifications.programme-unknown")
    ]


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("+33612345678", "notifications.phone-malformed"),
        ("v1.k1.AAAA", "notifications.phone-unreadable"),
    ],
)
async def test_a_bad_phone_is_rejected_and_the_rest_is_recorded(
    notifications: Notifications, phone: str, code: str
) -> None:
    good, bad = new_id(), new_id()
    item = notifications.contact(bad, phone=phone)
    if phone.startswith("v1."):
        item["phone"] = phone
    await notifications.consume(CONTACTS, item, notifications.contact(good))
    contacts = await notifications.databases.rows("SELECT household_id FROM contact")
    assert [row["household_id"] for row in contacts] == [good]
    assert await notifications.databases.value("SELECT code FROM rejected_item") == code


async def test_a_phone_sealed_for_another_household_is_rejected(
    notifications: Notifications,
) -> None:
    stolen = notifications.contact(new_id())["phone"]
    await notifications.consume(CONTACTS, notifications.contact(new_id()) | {"phone": stolen})
    assert await notifications.databases.rows("SELECT 1 FROM contact") == []


async def test_the_newest_contact_wins_in_any_order(notifications: Notifications) -> None:
    household_id = new_id()
    newer = notifications.contact(household_id, version=2, language="fr")
    for item in (newer, notifications.contact(household_id, version=1)):
        await notifications.consume(CONTACTS, item)
    assert await notifications.databases.value("SELECT language FROM contact") == "fr"


async def test_big_batches_are_told_as_small_ones_are(notifications: Notifications) -> None:
    households = [new_id() for _ in range(500)]
    await notifications.consume(
        CONTACTS, *(notifications.contact(household_id) for household_id in households[:300])
    )
    await notifications.consume(ASSESSED, *map(an_assessment, households))
    await notifications.consume(
        CONTACTS, *(notifications.contact(household_id) for household_id in households[300:])
    )
    messages = await notifications.messages()
    assert {message["household_id"] for message in messages} == set(households)
    assert {message["state"] for message in messages} == {"QUEUED"}
    assert len({message["text"] for message in messages}) == 1


async def test_phones_and_texts_are_nowhere_in_clear(notifications: Notifications) -> None:
    household_id = new_id()
    await notifications.consume(CONTACTS, notifications.contact(household_id))
    await notifications.consume(ASSESSED, an_assessment(household_id))
    for table in ("contact", "message", "outbox", "inbox", "rejected_item"):
        dump = str(await notifications.databases.rows(f"SELECT t::text FROM {table} t"))  # noqa: S608
        assert PHONE.removeprefix("+") not in dump
        assert PHONE.encode().hex() not in dump
        assert "مؤشر أسرتكم" not in dump
