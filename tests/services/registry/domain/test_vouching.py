"""Who may answer for whom, and which administration may vouch for what."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.registry.domain.attestations import ReportedFact, report_faults, sources
from services.registry.domain.guardianship import (
    GENERATIONS_MAX,
    GUARDIANS_MAX,
    Above,
    Candidate,
    Guarded,
    guardian_faults,
)
from services.registry.domain.rejects import RejectCode
from services.registry.domain.vocabulary import GuardianRelation
from shared.runtime.ids import new_id

CHILD = new_id()
ADULT = Candidate(new_id(), date(1980, 5, 1), "active")
ON = date(2026, 11, 18)
ALONE = Guarded(CHILD, (), Above(frozenset(), 0))
EMPLOYED = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)


def fault(candidate: Candidate, guarded: Guarded = ALONE) -> list[RejectCode]:
    """Return why somebody cannot be the mother of a person."""
    found = guardian_faults(candidate, guarded, relation=GuardianRelation.MOTHER, on=ON)
    return [reject.code for reject in found]


def test_a_living_adult_may_answer_for_somebody() -> None:
    assert fault(ADULT) == []


@pytest.mark.parametrize(
    ("candidate", "guarded", "code"),
    [
        (ADULT._replace(person_id=CHILD), ALONE, RejectCode.GUARDIAN_SELF),
        (ADULT._replace(status="deceased"), ALONE, RejectCode.PERSON_DECEASED),
        (ADULT._replace(birth_date=date(2008, 11, 19)), ALONE, RejectCode.GUARDIAN_MINOR),
        (ADULT, ALONE._replace(guardians=((ADULT.person_id, "mother"),)),
         RejectCode.GUARDIAN_KNOWN),
        (ADULT, ALONE._replace(guardians=((new_id(), "kafil"),) * GUARDIANS_MAX),
         RejectCode.GUARDIANS_TOO_MANY),
        (
            ADULT,
            ALONE._replace(above_candidate=Above(frozenset([CHILD]), 1)),
            RejectCode.GUARDIAN_CYCLE,
        ),
        (
            ADULT,
            ALONE._replace(above_candidate=Above(frozenset([new_id()]), GENERATIONS_MAX)),
            RejectCode.GUARDIANS_TOO_MANY,
        ),
    ],
    ids=["oneself", "the dead", "a minor", "once more", "an eleventh", "a circle", "a tower"],
)  # fmt: skip
def test_nobody_else_may(candidate: Candidate, guarded: Guarded, code: RejectCode) -> None:
    assert fault(candidate, guarded) == [code]


def test_majority_is_reached_on_the_eighteenth_birthday() -> None:
    assert fault(ADULT._replace(birth_date=date(2008, 11, 18))) == []


@pytest.mark.parametrize(
    ("changes", "client", "expected"),
    [
        ({}, "cnss", None),
        ({}, "massar", ("source", RejectCode.SOURCE_UNKNOWN)),
        ({"source": "nobody"}, "cnss", ("source", RejectCode.SOURCE_UNKNOWN)),
        ({"fact": "schooling"}, "cnss", ("fact", RejectCode.FACT_UNKNOWN)),
        ({"value": True}, "cnss", ("value", RejectCode.VALUE_UNKNOWN)),
        ({"value": "astronaut"}, "cnss", ("value", RejectCode.VALUE_UNKNOWN)),
        ({"fact": "pension", "value": 1}, "cnss", ("value", RejectCode.VALUE_UNKNOWN)),
        ({"valid_from": date(2026, 11, 19)}, "cnss", ("valid_from", RejectCode.DATE_IN_FUTURE)),
        ({"valid_from": date(1700, 1, 1)}, "cnss", ("valid_from", RejectCode.DATE_TOO_OLD)),
        ({"valid_to": date(2025, 12, 31)}, "cnss", ("valid_to", RejectCode.PERIOD_REVERSED)),
        ({"valid_to": date(2026, 1, 1)}, "cnss", None),
    ],
)
def test_a_client_vouches_for_the_facts_of_its_own_source(
    changes: dict[str, Any], client: str, expected: tuple[str, RejectCode] | None
) -> None:
    assert report_faults(replace(EMPLOYED, **changes), client=client, today=ON) == expected


def test_every_source_has_a_name_in_both_languages_and_facts() -> None:
    for source in sources().values():
        assert source.ar
        assert source.fr
        assert source.facts
        assert source.clients
