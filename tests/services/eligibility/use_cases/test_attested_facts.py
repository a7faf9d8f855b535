"""From an attestation in the registry's event to another outcome, and back to its explanation."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.eligibility.domain.vocabulary import Programme
from services.eligibility.use_cases.explain_household import Explanation, explain_household
from shared.storage.database import RowScope
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import DECIDED, Eligibility, an_item

POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))


def with_attestation(item: dict[str, Any], member: int, **stated: object) -> dict[str, Any]:
    """Return an item whose member the pension fund attests a pension of, unless stated."""
    attestation = {
        "person_id": item["members"][member]["person_id"],
        "fact": "pension",
        "value": True,
        "source": "cmr",
        "valid_from": "2026-09-01",
        "valid_to": None,
    } | stated
    return item | {"attestations": [*item["attestations"], attestation]}


async def explained(eligibility: Eligibility, item: dict[str, Any]) -> Explanation:
    return await explain_household(
        UUID(item["household_id"]),
        scope=RowScope.everything(),
        collaborators=eligibility.collaborators,
    )


async def test_an_attested_pension_refuses_the_aid_and_is_explained(
    eligibility: Eligibility,
) -> None:
    item = with_attestation(an_item(POOR), 1)
    await eligibility.hear(item)
    (outcome,) = await eligibility.outcomes(item["household_id"])
    assert (outcome["outcome"], outcome["reasons"]) == ("refused", ["asd.pension"])
    explanation = await explained(eligibility, item)
    (attested,) = explanation.attested
    assert str(attested.person_id) == item["members"][1]["person_id"]
    assert (attested.declared, attested.value, attested.source) == ("false", "true", "cmr")
    assert explanation.replay_agrees


async def test_an_attested_fact_moves_the_index_and_the_replay_follows(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    covered = with_attestation(
        item | {"version": 2}, 0, fact="health_cover", value="other_scheme", source="cnops"
    )
    await eligibility.hear(covered)
    first, second = await eligibility.databases.rows(
        "SELECT index_points FROM assessment ORDER BY version"
    )
    assert second["index_points"] - first["index_points"] == Decimal("0.193")
    explanation = await explained(eligibility, item)
    assert explanation.replay_agrees
    (refused,) = [one for one in await eligibility.items(DECIDED) if one["version"] == 2]
    assert refused["programme"] == Programme.AMO_TADAMON
    assert refused["reasons"] == ["amo_tadamon.other-health-cover"]


async def test_words_that_no_rule_knows_are_kept_and_change_nothing(
    eligibility: Eligibility,
) -> None:
    item = an_item(POOR)
    for stated in (
        {"source": 'a,"source\nof its own'},
        {"fact": "height", "value": 170},
        {"value": "a,b"},
        {"value": False},
    ):
        item = with_attestation(item, 0, **stated)
    await eligibility.hear(item)
    assert await eligibility.databases.value("SELECT count(*) FROM attestation") == 4
    (outcome,) = await eligibility.outcomes(item["household_id"])
    assert outcome["outcome"] == "eligible"
    explanation = await explained(eligibility, item)
    assert (explanation.attested, explanation.replay_agrees) == ((), True)


async def test_an_attestation_that_ends_gives_the_declared_fact_back_at_the_next_run(
    eligibility: Eligibility,
) -> None:
    last = eligibility.clock.today().isoformat()
    item = with_attestation(an_item(POOR), 0, valid_to=last)
    other = an_item(POOR)
    await eligibility.hear(item, other)
    assert (await eligibility.outcomes(item["household_id"]))[-1]["outcome"] == "refused"
    eligibility.clock.move(timedelta(days=1))
    await eligibility.run("2026-11")
    newest = (await eligibility.outcomes(item["household_id"]))[-1]
    assert (newest["version"], newest["outcome"]) == (2, "eligible")
    assert len(await eligibility.outcomes(other["household_id"])) == 1
    explanation = await explained(eligibility, item)
    assert (explanation.attested, explanation.replay_agrees) == ((), True)
