"""Attestations: reported in bulk, kept once, and told to those who decide."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.domain.attestations import ReportedFact
from services.registry.domain.policies import (
    BatchNotAgreedError,
    IdentifierKind,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.announce_attested import announce_attested
from services.registry.use_cases.record_attestations import Report, ReportOutcome, agree_to_reports
from services.registry.use_cases.spend_quota import QuotaSpentError
from tests.services.registry.changing import (
    a_declaration,
    a_new_household,
    declared,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_member, a_person, an_idcs
from tests.services.registry.partners import SOCIAL_SECURITY, asking, reported

EMPLOYED = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)
NOBODY = 9


def about(number: int, said: ReportedFact = EMPLOYED) -> Report:
    """Return a report about the number-th person."""
    return Report(Identifier(an_idcs(number)), said)


def by_token(registry: Registry, person_id: UUID, *, client: str = SOCIAL_SECURITY) -> Report:
    """Return a report about whom a client's token names."""
    token = registry.api.partner_tokens.token_of(person_id.bytes, client=client)
    return Report(Identifier(token=token), EMPLOYED)


def refusals(outcome: ReportOutcome) -> list[tuple[str, str]]:
    """Return field and code of what was not taken."""
    return [(fault.field, fault.code.value) for _, fault in outcome.refused]


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
    assert await reported(registry, about(2)) == ReportOutcome(1, 0, ())
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
    await reported(registry, about(2))
    assert await reported(registry, about(2), about(2)) == ReportOutcome(0, 2, ())
    later = ReportedFact("cnss", "activity", "retired", date(2026, 1, 1), None)
    assert (await reported(registry, about(2, later))).recorded == 1
    versions = await registry.databases.rows("SELECT version, value FROM attestation ORDER BY 1")
    assert [(row["version"], row["value"]) for row in versions] == [(1, "employee"), (2, "retired")]
    await announce_attested(registry.worker)
    assert [item["value"] for item in (await last_told(registry))["attestations"]] == ["retired"]


async def test_a_fact_belongs_to_a_life(registry: Registry) -> None:
    await on_file(registry)
    await registry.load(a_file(a_person(2, status="deceased")), key="death")
    died_on = registry.clock.today()
    reports = [
        about(number, replace(EMPLOYED, valid_from=since))
        for number, since in (
            (1, date(1989, 4, 11)),
            (1, date(1989, 4, 12)),
            (2, died_on),
            (2, died_on - timedelta(days=1)),
        )
    ]
    outcome = await reported(registry, *reports)
    assert (outcome.recorded, outcome.unchanged) == (2, 0)
    outside = ("valid_from", "registry.attestation-outside-life")
    assert refusals(outcome) == [outside, outside]
    assert [position for position, _ in outcome.refused] == [0, 2]
    again = await reported(registry, reports[2])
    assert (again.recorded, refusals(again)) == (0, [outside])
    # The refusal tells that somebody is on file, so that they read of it.
    logged = await registry.databases.rows(
        "SELECT person_id, result FROM access_log WHERE action = 'report-attestation'"
        " ORDER BY access_id"
    )
    dead = await person_id_of(registry, 2)
    assert sorted(row["result"] for row in logged[:2]) == ["recorded", "recorded"]
    assert [(row["person_id"], row["result"]) for row in logged[2:]] == [(dead, "report-refused")]
    kept = await registry.databases.rows("SELECT person_id, valid_from FROM attestation")
    assert {row["valid_from"] for row in kept} == {
        date(1989, 4, 12),
        died_on - timedelta(days=1),
    }


async def test_each_report_is_taken_or_refused_by_itself(registry: Registry) -> None:
    await on_file(registry)
    foreign = ReportedFact("massar", "schooling", "public", date(2026, 9, 1), None)
    outcome = await reported(registry, about(NOBODY), about(2, foreign), about(2), about(3))
    assert (outcome.recorded, outcome.unchanged) == (2, 0)
    assert [(position, fault.field, fault.code) for position, fault in outcome.refused] == [
        (0, "", "registry.person-unknown"),
        (1, "source", "registry.source-unknown"),
    ]
    logged = await registry.databases.rows("SELECT DISTINCT person_id, action FROM access_log")
    assert len(logged) == 2


@pytest.mark.parametrize(
    ("held", "agreed"),
    [(("04",), ("*",)), (("*",), ("04",)), (("01",), ("04",)), ((), ("*",))],
)
async def test_outside_the_regions_of_token_and_policy_nobody_is_known(
    registry: Registry, held: tuple[str, ...], agreed: tuple[str, ...]
) -> None:
    await on_file(registry)
    unknown = ReportOutcome(0, 0, ((0, Reject("", RejectCode.PERSON_UNKNOWN)),))
    for number in (2, NOBODY):
        assert await reported(registry, about(number), held=held, regions=agreed) == unknown
    assert await registry.databases.value("SELECT count(*) FROM access_log") == 0
    within = await reported(registry, about(2), held=("01", "04"), regions=("01",))
    assert within.recorded == 1


async def test_a_person_may_be_named_by_the_clients_own_token(registry: Registry) -> None:
    await on_file(registry)
    person_id = await person_id_of(registry, 2)
    own, stolen = by_token(registry, person_id), by_token(registry, person_id, client="another")
    outcome = await reported(registry, own, stolen, identifier=IdentifierKind.TOKEN)
    assert outcome.recorded == 1
    assert refusals(outcome) == [("", "registry.person-unknown")]


async def test_a_token_is_taken_from_those_alone_who_agreed_on_tokens(registry: Registry) -> None:
    await on_file(registry)
    known = by_token(registry, await person_id_of(registry, 2))
    nobodys = Report(Identifier(token="k1.unheard-of"), EMPLOYED)
    outcome = await reported(registry, known, nobodys, identifier=IdentifierKind.IDCS)
    assert refusals(outcome) == [("token", "registry.identifier-not-agreed")] * 2


async def test_a_number_that_is_nobodys_by_its_check_digit_is_said_to_be(
    registry: Registry,
) -> None:
    right = an_idcs(2)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    outcome = await reported(registry, Report(Identifier(wrong), EMPLOYED))
    assert refusals(outcome) == [("idcs", "registry.idcs-malformed")]


async def test_a_client_reports_by_its_policy_or_not_at_all(registry: Registry) -> None:
    look_up = asking(SOCIAL_SECURITY)
    with pytest.raises(PolicyMissingError):
        await agree_to_reports(look_up, 1, using=registry.api)
    await on_file(registry)
    with pytest.raises(PurposeNotAgreedError):
        await reported(registry, about(2), purposes=())
    with pytest.raises(BatchNotAgreedError):
        await reported(registry, about(2), about(3), batch=False)
    assert (await reported(registry, about(2), batch=False)).recorded == 1


async def test_every_report_counts_on_the_quota_of_the_day(registry: Registry) -> None:
    await on_file(registry)
    assert (await reported(registry, about(1), about(NOBODY), quota_per_day=3)).recorded == 1
    with pytest.raises(QuotaSpentError):
        await reported(registry, about(2), about(3), quota_per_day=3)
    assert (await reported(registry, about(2), quota_per_day=3)).recorded == 1
    with pytest.raises(QuotaSpentError):
        await reported(registry, about(3), quota_per_day=3)
    assert await registry.databases.value("SELECT count(*) FROM attestation") == 2


async def test_a_fact_that_ends_is_no_longer_told_after_its_last_day(registry: Registry) -> None:
    await on_file(registry)
    for_a_while = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), date(2026, 11, 22))
    await reported(registry, about(2, for_a_while))
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
    await reported(registry, about(5))
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
