"""Subscriptions to events of the registers, driven by the registry's own events."""

import json
from datetime import timedelta
from typing import Any

import pytest
from psycopg.errors import UniqueViolation

from services.registry.domain.dci_contract import (
    Asker,
    JsonObject,
    Reason,
    Refusal,
    Register,
    Subscribed,
    Unsubscribed,
)
from services.registry.domain.policies import Attribute
from services.registry.use_cases import keep_subscriptions
from services.registry.use_cases.queue_due_notifications import NotificationQueue
from shared.runtime.ids import new_id
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import (
    RABAT,
    a_file,
    a_household,
    a_person,
    an_idcs,
)
from tests.services.registry.following import (
    DCI,
    RABAT_ASKER,
    Following,
    add_newborn,
    wanted,
    who,
)
from tests.services.registry.partners import HOSPITAL, PURPOSE, agree_on


@pytest.fixture
async def following(registry: Registry) -> Following:
    """Return a registry with a family in Tangier and a partner who may be told everything."""
    await registry.load(
        a_file(
            a_person(1),
            a_person(2, sex="M"),
            a_person(3, commune=RABAT),
            a_household(1, [1, 2]),
        ),
        key="before",
    )
    await agree_on(registry, told=frozenset(Attribute), dci=DCI)
    following = Following(registry)
    await following.consume()
    registry.clock.move(timedelta(minutes=1))
    return following


def idcs_of(record: Any) -> str:  # noqa: ANN401 -- any JSON
    """Return the IDCS in a record of a person."""
    identifier = record.get("identifier") or record["member_identifier"]
    single = identifier[0] if isinstance(identifier, list) else identifier
    value: str = single["identifier_value"]
    return value


async def test_a_birth_is_told_to_those_who_follow_the_mother_or_the_territory(
    following: Following,
) -> None:
    await following.code(wanted("LiveBirth", who(an_idcs(1))), Register.CIVIL)
    await following.code(
        wanted("spdci-common:RegistryEventType:LiveBirth", {"location": "01"}), Register.CIVIL
    )
    await following.code(wanted("LiveBirth", who(an_idcs(3))), Register.CIVIL)
    await following.code(wanted("LiveBirth", {"location": "04"}), Register.CIVIL)
    await add_newborn(following)
    told = await following.told()
    assert [(event, kind) for event, kind, _ in told] == [
        ("spdci-common:RegistryEventType:LiveBirth", "CRVSPerson")
    ] * 2
    assert {idcs_of(record) for _, _, record in told} == {an_idcs(9)}


async def test_a_new_member_is_told_as_a_member_and_the_household_as_a_group(
    following: Following,
) -> None:
    await following.code(wanted("NewHouseHoldMember", who("RSU-00000001", "RSU_HOUSEHOLD_ID")))
    await following.code(wanted("REGISTER", who(an_idcs(2)), notify_record_type="Group"))
    await add_newborn(following)
    told = {event: record for event, _, record in await following.told()}
    assert idcs_of(told["NewHouseHoldMember"]) == an_idcs(9)
    assert told["REGISTER"]["group_size"] == 3


async def test_a_first_registration_is_told_by_what_the_household_is(
    following: Following,
) -> None:
    await following.code(wanted("REGISTER", {"location": RABAT, "group_size": {"$lt": 3}}))
    await following.code(wanted("REGISTER", {"location": RABAT, "group_size": {"$gt": 3}}))
    following.registry.clock.move(timedelta(minutes=1))
    await following.registry.load(a_file(a_household(2, [3], commune=RABAT)), key="rabat")
    ((event, kind, record),) = await following.told()
    assert (event, kind) == ("REGISTER", "Group")
    assert record["group_identifier"][0]["identifier_value"] == "RSU-00000002"


async def test_a_death_is_told_once_however_often_it_is_announced(following: Following) -> None:
    await following.code(wanted("Death", who(an_idcs(3))), Register.CIVIL)
    following.registry.clock.move(timedelta(minutes=1))
    await following.registry.load(a_file(a_person(3, commune=RABAT, status="deceased")), key="d")
    ((event, _, record),) = await following.told()
    assert event == "spdci-common:RegistryEventType:Death"
    assert record["death_date"] == following.registry.clock.today().isoformat()
    following.position = 0
    assert await following.told() == []


async def test_an_event_that_comes_again_is_told_once(following: Following) -> None:
    await following.code(wanted("NewHouseHoldMember"))
    await add_newborn(following)
    assert len(await following.told()) == 1
    following.position = 0
    assert await following.told() == []


async def test_a_subscriber_with_a_schedule_is_told_when_it_says(following: Following) -> None:
    await following.code(wanted("NewHouseHoldMember", frequency="0 0 6 * * ? *"))
    await add_newborn(following)
    assert await following.told() == []
    following.registry.clock.move(timedelta(days=1))
    ((event, _, _),) = await following.told()
    assert event == "NewHouseHoldMember"


async def test_what_happened_before_the_subscription_is_not_told(following: Following) -> None:
    await add_newborn(following)
    following.registry.clock.move(timedelta(minutes=1))
    await following.code(wanted("NewHouseHoldMember"))
    assert await following.told() == []


async def test_everybody_told_of_is_logged_and_nobody_else(following: Following) -> None:
    await following.code(wanted("LiveBirth", {"location": "01"}), Register.CIVIL)
    await add_newborn(following)
    assert len(await following.told()) == 1
    rows = await following.registry.databases.rows(
        "SELECT client, purpose, action, result, attributes FROM access_log"
    )
    assert [(row["client"], row["purpose"], row["action"], row["result"]) for row in rows] == [
        (HOSPITAL, PURPOSE, "dci-crvs-notify", "disclosed")
    ]
    assert "name_latin" in rows[0]["attributes"]


async def test_whoever_is_followed_sees_it_in_the_access_log(following: Following) -> None:
    await following.code(wanted("Death", who(an_idcs(1))), Register.CIVIL)
    rows = await following.registry.databases.rows(
        "SELECT action, result, person_id IS NOT NULL AS of_person FROM access_log"
    )
    assert [(row["action"], row["result"], row["of_person"]) for row in rows] == [
        ("dci-crvs-subscribe", "subscribed", True)
    ]


async def test_whoever_is_named_beside_a_condition_sees_it_too(following: Following) -> None:
    narrowed = {"$and": [{"UIN": an_idcs(1)}, {"sex": "f"}]}
    await following.code(wanted("Death", narrowed), Register.CIVIL)
    # That somebody is on file is told again by the refusal of the same wish.
    assert await following.reason(wanted("Death", narrowed), register=Register.CIVIL) is (
        Reason.ALREADY_SUBSCRIBED
    )
    rows = await following.registry.databases.rows(
        "SELECT result, attributes, person_id IS NOT NULL AS of_person FROM access_log"
        " ORDER BY access_id"
    )
    assert [(row["result"], row["attributes"], row["of_person"]) for row in rows] == [
        ("subscribed", ["registered"], True),
        ("disclosed", ["registered"], True),
    ]


async def test_everybody_in_a_household_that_is_followed_sees_it(following: Following) -> None:
    await following.code(wanted("REGISTER", who("RSU-00000001", "RSU_HOUSEHOLD_ID")))
    rows = await following.registry.databases.rows(
        "SELECT person_id, household_id FROM access_log WHERE result = 'subscribed'"
    )
    people = await following.registry.databases.rows("SELECT person_id FROM residence")
    assert {row["person_id"] for row in rows} == {None, *(row["person_id"] for row in people)}
    assert len({row["household_id"] for row in rows}) == 1


async def test_a_notification_tells_what_the_policy_lets_it_tell(following: Following) -> None:
    await following.code(wanted("NewHouseHoldMember"))
    await agree_on(following.registry, told=frozenset({Attribute.SEX}), dci=DCI)
    following.registry.worker.policies.forget(HOSPITAL)
    await add_newborn(following)
    ((_, _, record),) = await following.told()
    assert record["demographic_info"]["sex"] == "female"
    assert "name" not in record["demographic_info"]


async def test_a_partner_whose_policy_was_narrowed_is_told_nothing_beyond_it(
    following: Following,
) -> None:
    await following.code(wanted("NewHouseHoldMember"))
    await agree_on(following.registry, regions=("04",), told=frozenset(Attribute), dci=DCI)
    following.registry.worker.policies.forget(HOSPITAL)
    await add_newborn(following)
    assert await following.told() == []
    assert await following.registry.databases.value("SELECT count(*) FROM access_log") == 0


async def test_a_subscriber_of_another_region_is_told_nothing(following: Following) -> None:
    (answer,) = await following.subscribe(wanted("NewHouseHoldMember"), asker=RABAT_ASKER)
    assert isinstance(answer, Subscribed)
    tangier = wanted("NewHouseHoldMember", who(an_idcs(1)))
    assert await following.reason(tangier, asker=RABAT_ASKER) is Reason.PERSON_INVALID
    await add_newborn(following)
    assert await following.told() == []


async def test_a_subscription_ends_when_asked_and_when_its_time_is_over(
    following: Following,
) -> None:
    code = await following.code(wanted("NewHouseHoldMember", who(an_idcs(1))))
    ends_at = following.registry.clock.now() + timedelta(hours=1)
    await following.code(wanted("NewHouseHoldMember", who(an_idcs(2)), ends_at=ends_at))
    assert list(await following.unsubscribe(code)) == [Unsubscribed(code)]
    following.registry.clock.move(timedelta(hours=2))
    await add_newborn(following)
    assert await following.told() == []
    assert await NotificationQueue(following.registry.worker).forget() is True
    standing = "SELECT count(*) FROM dci_subscription WHERE ended_at IS NULL"
    assert await following.registry.databases.value(standing) == 0
    subjects = "SELECT count(*) FROM dci_subscription_subject"
    assert await following.registry.databases.value(subjects) == 0


async def test_nobody_ends_what_is_not_theirs_or_not_standing(following: Following) -> None:
    code = await following.code(wanted("REGISTER"))
    other = Asker("another", "another.example.ma", PURPOSE, ("*",), ("*",))

    async def reasons(*codes: str, **asked: Any) -> list[Reason]:  # noqa: ANN401 -- register or asker
        answers = await following.unsubscribe(*codes, **asked)
        return [answer.reason for answer in answers if isinstance(answer, Refusal)]

    assert await reasons("SUB-unknown") == [Reason.SUBSCRIPTION_CODE_INVALID]
    assert await reasons(code, asker=other) == [Reason.REQUESTER_INVALID]
    assert await reasons(code, code) == [Reason.ALREADY_UNSUBSCRIBED]
    assert await reasons(code) == [Reason.ALREADY_UNSUBSCRIBED]


async def test_the_same_is_subscribed_to_once_and_again_after_it_ended(
    following: Following,
) -> None:
    item = wanted("REGISTER", {"location": "04"})
    first, second = await following.subscribe(item, item)
    assert isinstance(first, Subscribed)
    assert second == Refusal(Reason.ALREADY_SUBSCRIBED, "You are subscribed to exactly this.")
    assert await following.reason(item) is Reason.ALREADY_SUBSCRIBED
    await following.unsubscribe(first.code)
    assert await following.code(item) != first.code
    following.registry.clock.move(timedelta(days=400))
    await following.code(item)


async def test_wishes_that_cannot_be_met_are_refused(following: Following) -> None:
    now = following.registry.clock.now()
    refusals = [
        (wanted("Earthquake"), Reason.NOTIFY_TYPES_INVALID),
        (wanted("Death"), Reason.NOTIFY_TYPES_INVALID),
        (wanted("REGISTER", notify_record_type="Car"), Reason.NOTIFY_TYPES_INVALID),
        (wanted("REGISTER", reg_type="ns:org:RegistryType:Civil"), Reason.NOTIFY_DETAILS_INVALID),
        (wanted("REGISTER", {"religion": "x"}), Reason.NOTIFY_DETAILS_INVALID),
        (wanted("REGISTER", {"age": {"$regex": "."}}), Reason.NOTIFY_DETAILS_INVALID),
        (wanted("REGISTER", frequency="now and then"), Reason.NOTIFY_DETAILS_INVALID),
        (wanted("REGISTER", who(an_idcs(77))), Reason.PERSON_INVALID),
        (wanted("REGISTER", who("1234567890")), Reason.PERSON_INVALID),
        (wanted("REGISTER", ends_at=now), Reason.NOTIFY_DETAILS_INVALID),
        (wanted("REGISTER", starts_at=now + timedelta(days=400)), Reason.NOTIFY_DETAILS_INVALID),
    ]
    answers = await following.subscribe(*(item for item, _ in refusals))
    reasons = [answer.reason for answer in answers if isinstance(answer, Refusal)]
    assert reasons == [reason for _, reason in refusals]
    assert await following.registry.databases.value("SELECT count(*) FROM dci_subscription") == 0


async def test_filters_by_attributes_are_few_and_persons_are_many(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_subscriptions, "FILTERS_PER_CLIENT_MAX", 1)
    answers = await following.subscribe(
        wanted("REGISTER", {"location": "04"}),
        wanted("REGISTER", {"location": "01"}),
        wanted("REGISTER", who(an_idcs(1))),
    )
    assert [isinstance(answer, Subscribed) for answer in answers] == [True, False, True]
    assert await following.reason(wanted("REGISTER")) is Reason.NOTIFY_DETAILS_INVALID


async def test_no_identifier_is_kept_with_a_subscription(following: Following) -> None:
    mixed: JsonObject = {"$and": [{"UIN": an_idcs(1)}, {"age": {"$gt": 18}}]}
    await following.code(wanted("REGISTER", mixed, notify_record_type="Member"))
    await following.code(wanted("REGISTER", who(an_idcs(1))))
    rows = await following.registry.databases.rows(
        "SELECT row_to_json(s) AS kept FROM dci_subscription s"
    )
    assert an_idcs(1) not in json.dumps([row["kept"] for row in rows])
    await add_newborn(following)
    told = await following.told()
    assert sorted(kind for _, kind, _ in told) == ["Group", "Member"]


async def test_the_database_itself_forbids_telling_twice(following: Following) -> None:
    insert = (
        "INSERT INTO dci_notification (notification_id, code, event_type, subject_id, region_code,"
        " cause_id, cause_version, occurred_at, due_at)"
        " VALUES (%(id)s, 'SUB', 'Death', %(who)s, '01', %(who)s, 1, '2026-01-01', '2026-01-01')"
    )
    who_died = new_id()
    with pytest.raises(UniqueViolation):
        async with following.registry.worker.database.transaction() as tx:
            await tx.execute(insert, {"id": new_id(), "who": who_died})
            await tx.execute(insert, {"id": new_id(), "who": who_died})
