"""Attestations: when they outrank a declaration, and that engine and yardstick agree on it."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.eligibility.domain.attestations import attestation_policy, value_text
from services.eligibility.domain.attested import AttestedHousehold, with_attestations
from services.eligibility.domain.exact import index_points
from services.eligibility.domain.formula import formula_on
from services.eligibility.domain.index import assess
from services.eligibility.domain.outranking import outrank
from services.eligibility.domain.replay import replay_index
from services.eligibility.domain.vocabulary import (
    ATTESTATION_COLUMNS,
    HOUSEHOLD_COLUMNS,
    MEMBER_COLUMNS,
)
from shared.runtime.ids import new_id
from tests.services.eligibility.households import (
    ASSESSED_ON,
    Row,
    a_child,
    a_head,
    a_household,
    a_spouse,
    frames,
)

POLICY = attestation_policy()
HEAD, SPOUSE, CHILD = new_id(), new_id(), new_id()
YESTERDAY, TOMORROW = ASSESSED_ON - timedelta(days=1), ASSESSED_ON + timedelta(days=1)


def a_family(**stated: object) -> Row:
    return a_household(
        a_head(person_id=HEAD), a_spouse(person_id=SPOUSE), a_child(8, person_id=CHILD), **stated
    )


def attested(person_id: object, fact: str, value: object, source: str, **stated: Any) -> Row:  # noqa: ANN401 -- dates
    """Return an attestation true since the month before the assessment, unless stated."""
    usual = {"valid_from": ASSESSED_ON - timedelta(days=30), "valid_to": None}
    return {"person_id": person_id, "fact": fact, "value": value, "source": source} | usual | stated


def replayed(household: Row, *attestations: Row, on: date = ASSESSED_ON) -> AttestedHousehold:
    return with_attestations(household, household["members"], attestations, on=on)


def outranked(
    household: Row, *attestations: Row, on: date = ASSESSED_ON
) -> tuple[list[Row], list[Row]]:
    """Return what the engine makes of one household, as rows."""
    people = [member.get("person_id") for member in household["members"]]
    rows = [
        {
            "household": 0,
            "position": people.index(one["person_id"]),
            "place": place,
            "value": value_text(one["value"]),
        }
        | {name: one[name] for name in ("fact", "source", "valid_from", "valid_to")}
        for place, one in enumerate(attestations)
        if one["person_id"] in people
    ]
    plain = household | {"members": [_without_id(member) for member in household["members"]]}
    households, members = outrank(
        *frames(plain), pl.DataFrame(rows, schema=dict(ATTESTATION_COLUMNS)), on=on
    )
    return households.to_dicts(), members.to_dicts()


def _without_id(member: Row) -> Row:
    return {name: value for name, value in member.items() if name != "person_id"}


def test_an_attested_fact_replaces_the_declared_one_and_leaves_the_others_alone() -> None:
    seen = replayed(a_family(), attested(CHILD, "schooling", "none", "massar"))
    assert [member["schooling"] for member in seen.members] == ["none", "none", "none"]
    assert list(seen.members[:2]) == list(a_family()["members"][:2])
    (one,) = seen.replaced
    assert (one.person_id, one.declared, one.value) == (CHILD, "public", "none")


def test_the_sentence_names_the_fact_the_source_and_the_date_in_both_languages() -> None:
    (one,) = replayed(
        a_family(), attested(HEAD, "pension", "true", "cmr", valid_from=date(2026, 9, 1))
    ).replaced
    assert one.sentence.fr == (
        "Perçoit une pension : oui, d'après la Caisse marocaine des retraites,"
        " à partir du 01/09/2026."
    )
    assert "الصندوق المغربي للتقاعد" in one.sentence.ar
    assert "01/09/2026" in one.sentence.ar


@pytest.mark.parametrize(
    ("stated", "counts"),
    [
        ({}, True),
        ({"valid_from": ASSESSED_ON}, True),
        ({"valid_from": TOMORROW}, False),
        ({"valid_to": ASSESSED_ON}, True),
        ({"valid_to": YESTERDAY}, False),
        ({"source": "massar"}, False),
        ({"source": "unheard-of"}, False),
        ({"fact": "birth_date"}, False),
        ({"value": False}, False),
        ({"person_id": new_id()}, False),
    ],
)
def test_an_attestation_counts_between_its_days_by_a_rule_of_its_source(
    stated: Row, *, counts: bool
) -> None:
    given_one = attested(HEAD, "pension", "true", "cmr") | stated
    assert bool(replayed(a_family(), given_one).replaced) is counts
    _, members = outranked(a_family(), given_one)
    assert members[0]["pension"] is counts


def test_nothing_outranks_before_its_rule_is_in_force() -> None:
    early = min(rule.valid_from for rule in POLICY.rules) - timedelta(days=1)
    one = attested(HEAD, "pension", "true", "cmr", valid_from=date(2010, 1, 1))
    assert replayed(a_family(), one, on=early).replaced == ()
    assert outranked(a_family(), one, on=early)[1][0]["pension"] is False


def test_the_latest_attestation_counts_and_on_one_day_the_stronger_rule() -> None:
    older = attested(HEAD, "activity", "retired", "cmr", valid_from=date(2026, 1, 1))
    employer = attested(HEAD, "activity", "employee", "cnss", valid_from=date(2026, 2, 1))
    payroll = attested(HEAD, "activity", "public_employee", "tgr", valid_from=date(2026, 2, 1))
    for order in ([older, employer, payroll], [payroll, employer, older]):
        assert replayed(a_family(), *order).members[0]["activity"] == "public_employee"
        assert outranked(a_family(), *order)[1][0]["activity"] == "public_employee"


def test_of_two_words_of_one_source_and_day_the_later_one_counts() -> None:
    both = [attested(CHILD, "schooling", word, "massar") for word in ("private", "none")]
    assert replayed(a_family(), *both).members[2]["schooling"] == "none"
    assert outranked(a_family(), *both)[1][2]["schooling"] == "none"


def test_allowances_attested_of_a_member_are_the_households() -> None:
    one = attested(SPOUSE, "family_allowances", "true", "cnss")
    assert replayed(a_family(), one).household["family_allowances"] is True
    assert outranked(a_family(), one)[0][0]["family_allowances"] is True


def test_every_rule_speaks_of_known_facts_sources_and_values() -> None:
    for rule in POLICY.rules:
        fact = POLICY.facts[rule.fact]
        assert rule.source in POLICY.sources
        assert rule.values <= fact.values.keys()
        columns = HOUSEHOLD_COLUMNS if fact.subject == "household" else MEMBER_COLUMNS
        assert columns[fact.name] in (pl.Boolean, pl.String)


ATTESTATIONS = st.lists(
    st.tuples(
        st.sampled_from([HEAD, SPOUSE, CHILD]),
        st.sampled_from(POLICY.rules),
        st.integers(0, 2),
        st.dates(date(2026, 11, 15), date(2026, 11, 25)),
        st.none() | st.dates(date(2026, 11, 15), date(2026, 11, 25)),
    ),
    max_size=12,
)


@settings(max_examples=120)
@given(ATTESTATIONS)
def test_engine_and_yardstick_agree_on_every_fact_and_on_the_index(
    drawn: list[tuple[Any, ...]],
) -> None:
    rows = []
    for person_id, rule, place, since, until in drawn:
        word = sorted(rule.values)[place % len(rule.values)]
        value = {"true": True, "false": False}.get(word, word)
        rows.append(
            attested(person_id, rule.fact, value, rule.source, valid_from=since, valid_to=until)
        )
    family = a_family(milieu="urban")
    plain = replayed(family, *rows)
    households, members = outranked(family, *rows)
    assert members == [
        {"household": 0, "position": place, **_without_id(dict(member))}
        for place, member in enumerate(plain.members)
    ]
    assert households[0]["family_allowances"] == plain.household["family_allowances"]
    index = assess(
        pl.DataFrame(households, schema=dict(HOUSEHOLD_COLUMNS)),
        pl.DataFrame(members, schema=dict(MEMBER_COLUMNS)),
        on=ASSESSED_ON,
    )["index_units"][0]
    again = replay_index(
        plain.household, plain.members, formula=formula_on(ASSESSED_ON), on=ASSESSED_ON
    )
    assert index_points(index) == again.index
