"""Attestations: reported in bulk, kept once, and told to those who decide."""

import json
from datetime import date, timedelta
from typing import Any

from services.registry.domain.attestations import ReportedFact
from services.registry.use_cases.announce_attested import announce_attested
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.record_attestations import (
    Report,
    ReportOutcome,
    record_attestations,
)
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    a_declaration,
    a_new_household,
    declared,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_member, a_person, an_idcs

EMPLOYED = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)
CLIENT = "cnss"


async def report(
    registry: Registry, *reports: Report, regions: tuple[str, ...] = ("*",)
) -> ReportOutcome:
    """Report facts as the client of a source."""
    declarer = Declarer(CLIENT, "fact-reporting", regions)
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        return await record_attestations(tx, reports, declarer=declarer, using=registry.api)


def about(number: int, said: ReportedFact = EMPLOYED) -> Report:
    """Return a report about the number-th person."""
    return Report(an_idcs(number), None, said)


async def last_told(registry: Registry) -> dict[str, Any]:
    """Return the household that was announced last."""
    body = await registry.databases.value(
        "SELECT body FROM outbox WHERE type = 'registry.households-recorded.v1'"
        " ORDER BY position DESC LIMIT 1"
    )
    item: dict[str, Any] = json.loads(bytes(body))["data"]["items"][-1]
    return item


async def test_a_reported_fact_announces_the_household_again(registry: Registry) -> None:
    first, _ = await on_file(registry)
    assert await report(registry, about(2)) == ReportOutcome(1, 0, ())
    assert await announce_attested(registry.worker)
    told = await last_told(registry)
    assert (told["household_id"], told["version"]) == (str(first), 2)
    assert (told["valid_from"], len(told["members"])) == ("2026-10-02", 3)
    assert told["attestations"] == [
        {
            "person_id": str(await person_id_of(registry, 2)),
            "fact": "activity",
            "value": "employee",
            "source": "cnss",
            "valid_from": "2026-01-01",
            "valid_to": None,
        }
    ]
    assert not await announce_attested(registry.worker)


async def test_the_same_report_again_changes_nothing(registry: Registry) -> None:
    await on_file(registry)
    await report(registry, about(2))
    assert await report(registry, about(2), about(2)) == ReportOutcome(0, 2, ())
    later = ReportedFact("cnss", "activity", "retired", date(2026, 1, 1), None)
    assert (await report(registry, about(2, later))).recorded == 1
    versions = await registry.databases.rows("SELECT version, value FROM attestation ORDER BY 1")
    assert [(row["version"], row["value"]) for row in versions] == [(1, "employee"), (2, "retired")]
    await announce_attested(registry.worker)
    assert [item["value"] for item in (await last_told(registry))["attestations"]] == ["retired"]


async def test_each_report_is_taken_or_refused_by_itself(registry: Registry) -> None:
    await on_file(registry)
    foreign = ReportedFact("massar", "schooling", "public", date(2026, 9, 1), None)
    outcome = await report(registry, about(9), about(2, foreign), about(2), about(3))
    assert (outcome.recorded, outcome.unchanged) == (2, 0)
    assert [(position, fault.field, fault.code) for position, fault in outcome.refused] == [
        (0, "", "registry.person-unknown"),
        (1, "source", "registry.source-unknown"),
    ]
    logged = await registry.databases.rows("SELECT DISTINCT person_id, action FROM access_log")
    assert len(logged) == 2
    elsewhere = await report(registry, about(2), regions=("04",))
    assert [fault.code for _, fault in elsewhere.refused] == ["registry.person-unknown"]


async def test_a_person_may_be_named_by_the_clients_own_token(registry: Registry) -> None:
    await on_file(registry)
    person_id = await person_id_of(registry, 2)
    tokens = registry.api.partner_tokens
    token = tokens.token_of(person_id.bytes, client=CLIENT)
    assert (await report(registry, Report(None, token, EMPLOYED))).recorded == 1
    stolen = tokens.token_of(person_id.bytes, client="another")
    (refused,) = (await report(registry, Report(None, stolen, EMPLOYED))).refused
    assert refused[1].code == "registry.person-unknown"


async def test_a_fact_that_ends_is_no_longer_told_after_its_last_day(registry: Registry) -> None:
    await on_file(registry)
    for_a_while = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), date(2026, 11, 22))
    await report(registry, about(2, for_a_while))
    await announce_attested(registry.worker)
    assert (await last_told(registry))["attestations"][0]["valid_to"] == "2026-11-22"
    registry.clock.move(timedelta(days=2))
    assert not await announce_attested(registry.worker)
    registry.clock.move(timedelta(days=1))
    assert await announce_attested(registry.worker)
    told = await last_told(registry)
    assert (told["version"], told["attestations"]) == (3, [])


async def test_whatever_is_declared_later_tells_of_it_too(registry: Registry) -> None:
    await on_file(registry)
    await report(registry, about(5))
    founded = a_new_household(a_member(5))
    await declared(registry, a_declaration("registration", household=founded))
    assert [item["fact"] for item in (await last_told(registry))["attestations"]] == ["activity"]


async def test_an_import_vouches_as_its_lines_say(registry: Registry) -> None:
    said = {"fact": "pension", "value": True, "source": "cmr", "valid_from": "2026-01-01"}
    line = a_household(1, [1], attestations=[said | {"idcs": an_idcs(1)}])
    await registry.load(a_file(a_person(1), line), key="k")
    (kept,) = await registry.databases.rows("SELECT source, fact, value FROM attestation")
    assert (kept["source"], kept["fact"], kept["value"]) == ("cmr", "pension", True)
    again = a_household(1, [1], milieu="rural", declared_on="2026-11-01")
    await registry.load(a_file(again), key="later")
    assert [item["fact"] for item in (await last_told(registry))["attestations"]] == ["pension"]
    same = await registry.load(a_file(again), key="once more")
    assert same.unchanged == 1
