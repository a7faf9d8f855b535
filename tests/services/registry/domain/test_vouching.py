"""Who may answer for whom, and which administration may vouch for what."""

import re
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
    Held,
    guardian_faults,
)
from services.registry.domain.policies import CLIENT_ID
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import GuardianRelation
from shared.runtime.ids import new_id

CHILD = new_id()
ADULT = Candidate(new_id(), date(1980, 5, 1), "F", "active")
ON = date(2026, 11, 18)
ALONE = Guarded(CHILD, date(2018, 3, 1), None, (), Above(frozenset(), 0))
EMPLOYED = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)


def fault(candidate: Candidate, guarded: Guarded = ALONE) -> list[RejectCode]:
    """Return why somebody cannot be the mother of a person from a day on."""
    found = faults(candidate, guarded)
    return [reject.code for reject in found]


def faults(
    candidate: Candidate,
    guarded: Guarded = ALONE,
    *,
    relation: str = GuardianRelation.MOTHER,
    begun: date = ON,
    ended: date | None = None,
) -> tuple[Reject, ...]:
    """Return where and why somebody cannot answer for a person."""
    return guardian_faults(candidate, guarded, relation=relation, begun=begun, ended=ended)


def test_every_client_that_reports_can_be_one() -> None:
    clients = {client for source in sources().values() for client in source.clients}
    assert [client for client in sorted(clients) if not re.fullmatch(CLIENT_ID, client)] == []


def test_a_living_adult_may_answer_for_somebody() -> None:
    assert fault(ADULT) == []


@pytest.mark.parametrize(
    ("candidate", "guarded", "code"),
    [
        (ADULT._replace(person_id=CHILD), ALONE, RejectCode.GUARDIAN_SELF),
        (ADULT._replace(status="deceased"), ALONE, RejectCode.PERSON_DECEASED),
        (ADULT._replace(birth_date=date(2008, 11, 19)), ALONE, RejectCode.GUARDIAN_MINOR),
        (ADULT, ALONE._replace(held=(Held(ADULT.person_id, "mother", ON, None),)),
         RejectCode.GUARDIAN_KNOWN),
        (ADULT, ALONE._replace(held=(Held(new_id(), "kafil", ON, None),) * GUARDIANS_MAX),
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


@pytest.mark.parametrize(
    ("changes", "guarded", "told", "expected"),
    [
        ({"sex": "M"}, {}, {}, ("relation", "parent-sex")),
        ({}, {}, {"relation": "father"}, ("relation", "parent-sex")),
        ({"sex": "M"}, {}, {"relation": "kafil"}, None),
        ({"birth_date": date(2006, 3, 2)}, {}, {}, ("relation", "parent-too-young")),
        ({"birth_date": date(2006, 3, 1)}, {}, {}, None),
        ({"birth_date": date(1998, 1, 1)}, {"birth_date": date(1990, 1, 1)},
         {"relation": "legal_guardian"}, None),
        ({}, {"held": (Held(new_id(), "mother", ON, None),)}, {}, ("relation", "parent-other")),
        ({}, {"held": (Held(new_id(), "father", ON, None),)}, {}, None),
        ({"births": (date(2018, 7, 28),)}, {}, {}, ("relation", "births-too-close")),
        ({"births": (date(2018, 7, 29), date(2018, 2, 28))}, {}, {}, None),
        ({"births": (date(2018, 3, 1),) * 10}, {}, {}, ("relation", "births-too-many")),
        ({}, {"held": (Held(new_id(), "kafil", ON, None),)}, {"relation": "kafil"}, None),
        ({}, {}, {"begun": date(2018, 2, 28)}, ("valid_from", "date-too-old")),
        ({}, {"deceased_by": date(2026, 1, 1)}, {}, ("valid_from", "person-deceased")),
        ({}, {"deceased_by": ON}, {}, ("valid_to", "person-deceased")),
        ({}, {"deceased_by": ON}, {"ended": ON}, None),
        ({}, {"deceased_by": ON}, {"ended": date(2026, 11, 19)}, ("valid_to", "person-deceased")),
    ],
)  # fmt: skip
def test_a_guardian_fits_the_ward_and_the_days_of_their_life(
    changes: dict[str, Any],
    guarded: dict[str, Any],
    told: dict[str, Any],
    expected: tuple[str, str] | None,
) -> None:
    found = faults(ADULT._replace(**changes), ALONE._replace(**guarded), **told)
    wanted = [] if expected is None else [(expected[0], f"registry.{expected[1]}")]
    assert [(reject.field, reject.code.value) for reject in found] == wanted


def test_guardians_who_follow_each_other_are_not_too_many() -> None:
    one_a_year = tuple(
        Held(new_id(), "kafil", date(year, 1, 1), date(year, 12, 31)) for year in range(2018, 2029)
    )
    guarded = ALONE._replace(held=one_a_year)
    assert faults(ADULT, guarded, begun=date(2018, 3, 1)) == ()


def test_majority_is_reached_on_the_eighteenth_birthday() -> None:
    assert faults(ADULT._replace(birth_date=date(2008, 11, 18)), relation="kafil") == ()


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
