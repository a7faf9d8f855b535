"""A household that is no more: its rights end like any decision, whenever the news arrives."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.eligibility.domain.vocabulary import Programme
from services.eligibility.use_cases.explain_household import explain_household
from services.eligibility.use_cases.read_statistics import read_statistics
from shared.storage.database import RowScope
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import (
    ASSESSED,
    COMPLETED,
    DECIDED,
    DISSOLVED,
    Eligibility,
    a_dissolution,
    an_event,
    an_item,
    recount,
)

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))


async def newest(
    eligibility: Eligibility, item: dict[str, Any], programme: Programme = Programme.ASD
) -> dict[str, Any]:
    return (await eligibility.outcomes(item["household_id"], programme))[-1]


async def test_what_was_decided_ends_for_every_programme_and_others_are_told(
    eligibility: Eligibility,
) -> None:
    item, other = an_item(POOR), an_item(POOR)
    await eligibility.hear(item, other)
    await eligibility.hear_dissolved(a_dissolution(item))

    first, told = await eligibility.told(DECIDED)
    assert len(first) == 4
    assert [(one["household_id"], one["programme"], one["version"]) for one in told] == [
        (item["household_id"], "amo_tadamon", 2),
        (item["household_id"], "asd", 2),
    ]
    assert told[1] == told[1] | {
        "outcome": "refused",
        "reasons": ["asd.household-dissolved"],
        "components": [],
        "amount_centimes": 0,
        "effective_month": "2026-11",
        "decided_on": "2026-11-20",
        "run_id": None,
    }
    assert told[0]["reasons"] == ["amo_tadamon.household-dissolved"]
    assert (await newest(eligibility, other))["outcome"] == "eligible"


async def test_the_decision_pins_the_version_that_ended_the_household_and_its_last_index(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, version=4)
    await eligibility.hear(item)
    await eligibility.hear_dissolved(a_dissolution(item, version=5))

    outcome = await newest(eligibility, item)
    assert (outcome["fact_version"], outcome["assessment_version"]) == (5, 1)
    assert len(await eligibility.items(ASSESSED)) == 1
    assert await eligibility.databases.rows(
        "SELECT version, region_code, dissolved_on FROM dissolution"
    ) == [{"version": 5, "region_code": "07", "dissolved_on": date(2026, 11, 19)}]


async def test_a_prospect_ends_and_nobody_is_told(eligibility: Eligibility) -> None:
    item = an_item(POOR, programmes=["asd"])
    await eligibility.hear(item)
    await eligibility.hear_dissolved(a_dissolution(item))

    prospect = await newest(eligibility, item, Programme.AMO_TADAMON)
    assert (prospect["standing"], prospect["outcome"]) == ("prospect", "refused")
    (told,) = (await eligibility.told(DECIDED))[1:]
    assert [one["programme"] for one in told] == ["asd"]


async def test_the_same_news_twice_acts_once(eligibility: Eligibility) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    event = an_event(a_dissolution(item), event_type=DISSOLVED)
    await eligibility.hear_event(event)
    await eligibility.hear_event(event)
    await eligibility.hear_dissolved(a_dissolution(item), a_dissolution(item))

    assert len(await eligibility.told(DECIDED)) == 2
    assert await eligibility.databases.value("SELECT count(*) FROM dissolution") == 1


async def test_older_facts_that_arrive_late_do_not_revive_it_and_what_they_asked_is_refused(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR, programmes=["asd"])
    await eligibility.hear_dissolved(a_dissolution(item))
    assert await eligibility.items(DECIDED) == []
    await eligibility.hear(item)

    (told,) = await eligibility.items(DECIDED)
    assert (told["programme"], told["outcome"]) == ("asd", "refused")
    assert told["reasons"] == ["asd.household-dissolved"]
    assert await eligibility.items(ASSESSED) == []
    run = await eligibility.run("2026-11")
    assert (run["households_total"], run["households_eligible"]) == (0, 0)


@pytest.mark.parametrize("is_late", [False, True], ids=["in-order", "dissolution-late"])
async def test_a_later_version_stands_whatever_order_the_news_arrives_in(
    eligibility: Eligibility,
    is_late: bool,  # noqa: FBT001 -- a parameter of the claim
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    later = item | {"version": 3}
    if is_late:
        await eligibility.hear(later)
    await eligibility.hear_dissolved(a_dissolution(item))
    if not is_late:
        assert (await newest(eligibility, item))["outcome"] == "refused"
        await eligibility.hear(later)

    outcome = await newest(eligibility, item)
    assert (outcome["outcome"], outcome["amount_centimes"]) == ("eligible", 75_000)
    assert await eligibility.databases.value("SELECT fact_version FROM household") == 3
    run = await eligibility.run("2026-11")
    assert (run["households_total"], run["households_eligible"]) == (1, 1)


async def test_a_run_counts_it_no_more_and_tells_nothing_new_about_it(
    eligibility: Eligibility,
) -> None:
    # Ids count up: whoever is first and last on file, the dissolved one lies in between.
    items = [an_item(POOR) for _ in range(3)]
    await eligibility.hear(*items)
    middle = sorted(items, key=lambda item: UUID(item["household_id"]))[1]
    await eligibility.hear_dissolved(a_dissolution(middle))
    told = len(await eligibility.items(DECIDED))

    run = await eligibility.run("2026-11")

    assert (run["households_total"], run["households_eligible"]) == (2, 2)
    assert run["amount_centimes"] == 2 * 75_000
    assert len(await eligibility.items(DECIDED)) == told
    outcomes = await eligibility.databases.rows("SELECT * FROM outcome WHERE programme = 'asd'")
    assert (run["households_eligible"], run["amount_centimes"]) == recount(outcomes, NOVEMBER)


async def test_after_the_cutoff_the_right_ends_with_the_next_month(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    await eligibility.open_run("2026-11")
    await eligibility.hear_dissolved(a_dissolution(item))
    await eligibility.work()

    (completed,) = await eligibility.items(COMPLETED)
    assert (completed["households"], completed["amount_centimes"]) == (1, 75_000)
    assert (await newest(eligibility, item))["effective_month"] == DECEMBER
    eligibility.clock.move(timedelta(days=14))
    run = await eligibility.run("2026-12")
    assert (run["households_eligible"], run["amount_centimes"]) == (0, 0)


async def test_it_is_still_explained_on_its_last_facts_and_the_replay_agrees(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    attestation = {
        "person_id": item["members"][1]["person_id"],
        "fact": "pension",
        "value": True,
        "source": "cmr",
        "valid_from": "2026-09-01",
        "valid_to": "2026-11-20",
    }
    await eligibility.hear(item | {"attestations": [attestation]})
    eligibility.clock.move(timedelta(days=1))
    await eligibility.hear_dissolved(a_dissolution(item))

    explanation = await explain_household(
        UUID(item["household_id"]),
        scope=RowScope.everything(),
        collaborators=eligibility.collaborators,
    )

    assert explanation.replay_agrees
    assert len(explanation.attested) == 1
    assert {reason.code for one in explanation.outcomes for reason in one.reasons} == {
        "asd.household-dissolved",
        "amo_tadamon.household-dissolved",
    }


async def test_statistics_count_the_households_that_stand(eligibility: Eligibility) -> None:
    item = an_item(POOR)
    await eligibility.hear(item, an_item(POOR))
    await eligibility.hear_dissolved(a_dissolution(item))

    statistics = await read_statistics(
        scope=RowScope.everything(), collaborators=eligibility.collaborators
    )

    shown = statistics.shown
    assert (shown.households, shown.indexes) == (1, 1)
    assert [(one.kind.outcome, one.households) for one in shown.outcomes] == [
        ("eligible", 1),
        ("eligible", 1),
    ]


@pytest.mark.parametrize("fault", [{"region_code": "13"}, {"version": 0}, {"dissolved_on": "soon"}])
async def test_a_bad_item_is_kept_aside_and_the_rest_of_its_batch_takes_effect(
    eligibility: Eligibility, fault: dict[str, object]
) -> None:
    item, other = an_item(POOR), an_item(POOR)
    await eligibility.hear(item, other)
    await eligibility.hear_dissolved(a_dissolution(other) | fault, a_dissolution(item))

    assert await eligibility.databases.value("SELECT count(*) FROM rejected_item") == 1
    assert (await newest(eligibility, item))["outcome"] == "refused"
    assert (await newest(eligibility, other))["outcome"] == "eligible"
