"""From the registry's event to facts, an index, outcomes and events, in one transaction."""

from decimal import Decimal

import pytest

from services.eligibility.domain.vocabulary import Programme
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import ASSESSED, DECIDED, Eligibility, an_event, an_item

POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))
RICH = a_household(a_head(), cows=500)


async def test_a_recorded_household_gets_an_index_and_a_decision_on_both_programmes(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)

    assessed = await eligibility.items(ASSESSED)
    assert [(one["household_id"], one["version"]) for one in assessed] == [
        (item["household_id"], 1)
    ]
    stored = await eligibility.databases.value("SELECT index_points FROM assessment")
    assert assessed[0]["index"] == f"{stored:.10f}"
    events = await eligibility.told(DECIDED)
    assert [[one["programme"] for one in event] for event in events] == [["amo_tadamon", "asd"]]
    asd = events[0][1]
    assert asd["outcome"] == "eligible"
    assert asd["effective_month"] == "2026-11"
    assert asd["decided_on"] == "2026-11-20"
    assert asd["amount_centimes"] == 75_000
    assert asd["run_id"] is None
    assert asd["components"] == [
        {
            "code": "asd.child-in-school",
            "count": 3,
            "unit_centimes": 25_000,
            "amount_centimes": 75_000,
        }
    ]


async def test_a_decision_pins_the_facts_the_index_and_the_threshold_it_rests_on(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, version=7)
    await eligibility.hear(item)
    (outcome,) = await eligibility.outcomes(item["household_id"])
    assert (outcome["fact_version"], outcome["assessment_version"]) == (7, 1)
    assert outcome["threshold_points"] == Decimal("9.7430010000")


async def test_without_an_application_the_outcome_is_stored_and_nobody_is_told(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, programmes=[])
    await eligibility.hear(item)
    assert await eligibility.items(DECIDED) == []
    (outcome,) = await eligibility.outcomes(item["household_id"])
    assert (outcome["standing"], outcome["outcome"]) == ("prospect", "eligible")
    assert len(await eligibility.items(ASSESSED)) == 1


async def test_a_later_application_turns_a_prospect_into_a_decision(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, programmes=[])
    await eligibility.hear(item)
    await eligibility.hear(
        item | {"version": 2, "applications": [{"programme": "asd", "applied_on": "2026-11-20"}]}
    )
    versions = await eligibility.outcomes(item["household_id"])
    assert [row["standing"] for row in versions] == ["prospect", "decision"]
    (decision,) = await eligibility.items(DECIDED)
    assert (decision["programme"], decision["version"]) == ("asd", 2)


async def test_the_same_event_delivered_twice_acts_once(eligibility: Eligibility) -> None:
    event = an_event(an_item(POOR))
    await eligibility.hear_event(event)
    await eligibility.hear_event(event)
    assert await eligibility.databases.value("SELECT count(*) FROM outcome") == 2
    assert len(await eligibility.told(DECIDED)) == 1


async def test_the_same_facts_in_another_event_change_nothing(eligibility: Eligibility) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    await eligibility.hear(item)
    assert await eligibility.databases.value("SELECT count(*) FROM household_fact_version") == 1
    assert len(await eligibility.items(ASSESSED)) == 1
    assert len(await eligibility.items(DECIDED)) == 2


async def test_an_older_version_is_ignored_but_its_application_is_not(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, version=2, programmes=[])
    older = an_item(RICH, version=1, programmes=["asd"])
    await eligibility.hear(item)
    await eligibility.hear(older | {"household_id": item["household_id"]})

    assert await eligibility.databases.value("SELECT fact_version FROM household") == 2
    newest = (await eligibility.outcomes(item["household_id"]))[-1]
    assert (newest["standing"], newest["outcome"]) == ("decision", "eligible")


async def test_of_two_versions_in_one_event_the_newer_counts(eligibility: Eligibility) -> None:
    newer = an_item(RICH, version=2)
    older = an_item(POOR) | {"household_id": newer["household_id"]}
    await eligibility.hear(newer, older)
    (outcome,) = await eligibility.outcomes(newer["household_id"])
    assert outcome["reasons"] == ["asd.index-above-threshold"]


async def test_new_facts_that_change_the_outcome_are_told_as_the_next_version(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    await eligibility.hear(an_item(RICH, version=2) | {"household_id": item["household_id"]})
    told = [one for one in await eligibility.items(DECIDED) if one["programme"] == "asd"]
    assert [(one["version"], one["outcome"]) for one in told] == [(1, "eligible"), (2, "refused")]
    assert told[1]["reasons"] == ["asd.index-above-threshold"]
    assert told[1]["amount_centimes"] == 0


async def test_new_facts_that_change_no_outcome_give_a_new_index_and_no_decision(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    facts = item["facts"] | {"butane_yearly_centimes": 1_000}
    await eligibility.hear(item | {"version": 2, "facts": facts})
    assert [one["version"] for one in await eligibility.items(ASSESSED)] == [1, 2]
    assert len(await eligibility.items(DECIDED)) == 2


GOOD = an_item(POOR)


@pytest.mark.parametrize(
    "fault",
    [
        {"region_code": "13"},
        {"milieu": "suburban"},
        {"members": []},
        {"members": GOOD["members"][1:]},
        {"members": [GOOD["members"][0], *GOOD["members"]]},
        {"facts": GOOD["facts"] | {"cows": 10_001}},
        {"facts": GOOD["facts"] | {"butane_yearly_centimes": -1}},
    ],
    ids=["region", "milieu", "nobody", "no-head", "two-heads", "cows", "negative"],
)
async def test_a_bad_item_is_kept_aside_and_the_rest_of_its_batch_is_decided(
    eligibility: Eligibility, fault: dict[str, object]
) -> None:
    await eligibility.hear(an_item(POOR) | fault, GOOD)
    assert await eligibility.databases.value("SELECT count(*) FROM rejected_item") == 1
    assert {one["household_id"] for one in await eligibility.items(DECIDED)} == {
        GOOD["household_id"]
    }


async def test_events_of_many_households_stay_within_500_items_and_part_no_household(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(*(an_item(POOR) for _ in range(300)))
    events = await eligibility.told(DECIDED)
    assert [len(event) for event in events] == [500, 100]
    for event in events:
        ids = [one["household_id"] for one in event]
        assert all(ids.count(one) == 2 for one in ids)


async def test_attestations_and_unknown_programmes_are_kept_for_those_who_read_them(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, programmes=["asd", "minhaty"])
    attestation = {
        "person_id": item["members"][0]["person_id"],
        "fact": "pension",
        "value": True,
        "source": "cmr",
        "valid_from": "2026-09-01",
    }
    await eligibility.hear(item | {"attestations": [attestation]})
    assert await eligibility.databases.value("SELECT value FROM attestation") is True
    assert await eligibility.databases.value("SELECT count(*) FROM application") == 2
    (amo,) = await eligibility.outcomes(item["household_id"], Programme.AMO_TADAMON)
    assert amo["standing"] == "prospect"
