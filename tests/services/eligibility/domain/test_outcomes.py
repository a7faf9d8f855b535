"""Outcomes and amounts: conditions, exclusions, the schedule of Direct Social Aid."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.eligibility.domain.dissolution import DISSOLVED_REASONS
from services.eligibility.domain.entitlement import schedule_on
from services.eligibility.domain.index import assess
from services.eligibility.domain.law import NoValueInForceError, programme_parameters
from services.eligibility.domain.outcomes import REASON_CODES, Terms, decide, threshold_units
from services.eligibility.domain.reasons import reasons_by_code
from services.eligibility.domain.vocabulary import Outcome, Programme, Standing
from tests.services.eligibility.households import (
    ASSESSED_ON,
    Row,
    a_child,
    a_head,
    a_household,
    a_member,
    a_spouse,
    frames,
)

NOVEMBER_2026 = date(2026, 11, 1)
APPLIED = pl.DataFrame({"household": [0, 0], "programme": ["asd", "amo_tadamon"]})
NOT_APPLIED = APPLIED.clear()


def terms_of(
    household: Row,
    programme: Programme = Programme.ASD,
    *,
    applications: pl.DataFrame = APPLIED,
    month: date = NOVEMBER_2026,
    index_units: int | None = None,
) -> Terms:
    households, members = frames(household)
    assessed = assess(households, members, on=ASSESSED_ON)
    if index_units is not None:
        assessed = assessed.with_columns(index_units=pl.lit(index_units))
    outcomes = decide(assessed, members, applications, on=ASSESSED_ON, months={programme: month})
    place: int = outcomes.rows["terms"][0]
    return outcomes.terms[place]


def with_children(*children: Row) -> Row:
    """A poor couple with these children, under every threshold."""
    return a_household(a_head(), a_spouse(), *children)


def schooled(*ages: int) -> list[Row]:
    return [a_child(age) for age in ages]


@pytest.mark.parametrize(
    ("children", "dirhams"),
    [
        (schooled(9), 500),
        (schooled(7, 9, 11), 750),
        (schooled(7, 9, 11, 13), 786),
        (schooled(7, 8, 9, 10, 11, 12), 858),
        (schooled(7, 8, 9, 10, 11, 12, 13), 858),
        ([a_child(9, severe_disability=True)], 500),
        ([a_child(1), a_child(3), a_child(4, severe_disability=True)], 850),
        ([a_child(12, schooling="none"), *schooled(7, 9)], 675),
        ([*schooled(13, 14, 15), a_child(12, schooling="none")], 774),
        ([a_child(25)], 500),
        ([], 500),
    ],
)
def test_a_household_is_entitled_to_the_amount_of_the_schedule(
    children: list[Row], dirhams: int
) -> None:
    assert terms_of(with_children(*children)).amount_centimes == dirhams * 100


def test_a_widow_with_two_schooled_orphans_gets_750_dirhams() -> None:
    orphans = [a_child(8, orphan_of_father=True), a_child(10, orphan_of_father=True)]
    widow = a_household(a_head(sex="F"), *orphans)
    terms = terms_of(widow)
    assert terms.amount_centimes == 75_000
    assert [(line.code, line.count) for line in terms.components] == [("asd.orphan", 2)]


def test_an_orphan_whose_mother_lives_with_a_husband_gets_the_amount_of_any_child() -> None:
    remarried = a_household(a_head(sex="F"), a_spouse(sex="M"), a_child(8, orphan_of_father=True))
    assert [line.code for line in terms_of(remarried).components] == [
        "asd.child-in-school",
        "asd.minimum-top-up",
    ]


def test_an_orphan_not_in_school_gets_the_amount_of_a_child_not_in_school() -> None:
    widow = a_household(
        a_head(sex="F"), a_child(12, orphan_of_father=True, schooling="none"), *schooled(7, 9)
    )
    assert terms_of(widow).amount_centimes == (175 + 2 * 250) * 100


def test_the_first_three_ranks_are_the_eldest_children() -> None:
    eldest_out_of_school = [a_child(age, schooling="none") for age in (20, 19, 18)]
    terms = terms_of(with_children(*schooled(6, 7, 8), *eldest_out_of_school))
    assert [(line.code, line.count) for line in terms.components] == [
        ("asd.child-not-in-school", 3),
        ("asd.later-child", 3),
    ]


def test_twins_are_ranked_by_their_stated_rank_of_birth() -> None:
    twins = [
        a_child(9, birth_rank=4, schooling="none"),
        a_child(9, birth_rank=3),
    ]
    terms = terms_of(with_children(*schooled(13, 14), *twins))
    assert [line.code for line in terms.components] == [
        "asd.child-in-school",
        "asd.later-child-not-in-school",
    ]


@pytest.mark.parametrize(
    ("born", "paid_for"),
    [(date(2005, 11, 20), "asd.lump-sum"), (date(2005, 11, 21), "asd.child-not-in-school")],
)
def test_the_right_of_a_child_ends_on_the_21st_birthday(born: date, paid_for: str) -> None:
    child = a_child(20, birth_date=born, schooling="none")
    assert terms_of(with_children(child)).components[0].code == paid_for


def test_amounts_are_those_first_applied_not_those_first_announced() -> None:
    assert schedule_on(date(2023, 12, 1))["child_in_school"] == 20_000
    assert schedule_on(date(2025, 10, 1))["child_in_school"] == 20_000
    assert schedule_on(date(2025, 11, 1))["child_in_school"] == 25_000
    assert schedule_on(date(2030, 1, 1))["child_in_school"] == 25_000


def test_no_amount_exists_before_the_programme_began() -> None:
    with pytest.raises(NoValueInForceError):
        schedule_on(date(2023, 11, 1))


@pytest.mark.parametrize("programme", list(Programme))
def test_an_index_exactly_at_the_threshold_qualifies_and_one_unit_more_does_not(
    programme: Programme,
) -> None:
    limit = threshold_units(programme, on=ASSESSED_ON)
    at = terms_of(a_household(), programme, index_units=limit)
    above = terms_of(a_household(), programme, index_units=limit + 1)
    assert (at.outcome, above.outcome) == (Outcome.ELIGIBLE, Outcome.REFUSED)
    assert above.reasons == (f"{programme}.index-above-threshold",)


def test_the_thresholds_are_those_of_the_decrees() -> None:
    assert threshold_units(Programme.ASD, on=ASSESSED_ON) == 97_430_010_000
    assert threshold_units(Programme.AMO_TADAMON, on=ASSESSED_ON) == 93_264_284_000


@pytest.mark.parametrize(
    ("household", "reason"),
    [
        (with_children(a_child(22, activity="public_employee")), "asd.public-employee"),
        (with_children(a_member(kinship="parent", pension=True)), "asd.pension"),
        (with_children() | {"family_allowances": True}, "asd.family-allowances"),
    ],
)
def test_direct_social_aid_is_refused_for_each_exclusion_and_says_which(
    household: Row, reason: str
) -> None:
    terms = terms_of(household)
    assert terms.outcome is Outcome.REFUSED
    assert terms.reasons == (reason,)
    assert terms.components == ()
    assert terms.amount_centimes == 0


def test_a_refusal_names_every_reason_at_once() -> None:
    household = a_household(a_head(pension=True), family_allowances=True, cows=100)
    assert terms_of(household).reasons == (
        "asd.index-above-threshold",
        "asd.pension",
        "asd.family-allowances",
    )


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ((a_head(health_cover="other_scheme"), a_child(8)), Outcome.REFUSED),
        ((a_head(), a_spouse(health_cover="other_scheme"), a_child(8)), Outcome.REFUSED),
        ((a_head(), a_child(30, health_cover="other_scheme"), a_child(8)), Outcome.ELIGIBLE),
        ((a_head(health_cover="ramed"), a_child(8)), Outcome.ELIGIBLE),
    ],
)
def test_amo_tadamon_is_closed_by_another_cover_of_the_head_or_the_spouse(
    members: Sequence[Row], outcome: Outcome
) -> None:
    terms = terms_of(a_household(*members), Programme.AMO_TADAMON)
    assert terms.outcome is outcome
    assert terms.components == ()


def test_without_an_application_an_outcome_is_a_prospect() -> None:
    household = with_children(*schooled(7))
    assert terms_of(household).standing is Standing.DECISION
    assert terms_of(household, applications=NOT_APPLIED).standing is Standing.PROSPECT


def test_the_digest_changes_with_whatever_the_household_is_told() -> None:
    variants = [
        terms_of(with_children(*schooled(7))),
        terms_of(with_children(*schooled(7)), applications=NOT_APPLIED),
        terms_of(with_children(*schooled(7, 8, 9))),
        terms_of(with_children(*schooled(7)), month=date(2025, 10, 1)),
        terms_of(with_children(*schooled(7)) | {"family_allowances": True}),
        terms_of(with_children(*schooled(7)), Programme.AMO_TADAMON),
    ]
    assert len({terms.digest for terms in variants}) == len(variants)
    assert terms_of(with_children(*schooled(7))).digest == variants[0].digest


def test_every_reason_has_a_sentence_in_arabic_and_in_french() -> None:
    codes = {code for kinds in REASON_CODES.values() for kind in kinds for code in kind}
    assert codes | set(DISSOLVED_REASONS.values()) == set(reasons_by_code())
    for reason in reasons_by_code().values():
        assert any("\u0600" <= letter <= "\u06ff" for letter in reason.text_ar)
        assert reason.text_fr.endswith(".")


def test_every_value_of_the_law_names_its_source() -> None:
    for parameters in programme_parameters().values():
        for parameter in parameters.values():
            assert parameter.unit
            assert all(value.source for value in parameter.values)
            assert all(bool(value.note) == value.assumption for value in parameter.values)


CHILDREN = st.builds(
    lambda age, schooling, orphan, disabled, rank: a_child(
        age,
        schooling=schooling,
        orphan_of_father=orphan,
        severe_disability=disabled,
        birth_rank=rank,
    ),
    st.integers(0, 24),
    st.sampled_from(["none", "public", "private"]),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(1, 9),
)


def amount_by_hand(household: Row) -> int:
    """The schedule of November 2025 in plain words, for one household, in centimes."""
    head = household["members"][0]
    is_couple = any(member["kinship"] == "spouse" for member in household["members"])
    is_widow = head["sex"] == "F" and not is_couple
    children = [
        (member["birth_date"], member["birth_rank"] is None, member["birth_rank"], place, member)
        for place, member in enumerate(household["members"])
        if member["kinship"] == "child" and ASSESSED_ON.year - member["birth_date"].year < 21
    ]
    ranked = [row[-1] for row in sorted(children, key=lambda row: row[:4])][:6]
    if not ranked:
        return 50_000
    return max(50_000, sum(_paid(child, rank, is_widow) for rank, child in enumerate(ranked, 1)))


def _paid(child: Row, rank: int, is_widow: bool) -> int:  # noqa: FBT001 -- a fact of the mother
    age = ASSESSED_ON.year - child["birth_date"].year
    is_supported = age <= 5 or child["schooling"] != "none"
    extra = 10_000 if child["severe_disability"] else 0
    if rank > 3:
        return extra + (3_600 if is_supported else 2_400)
    if not is_supported:
        return extra + 17_500
    return extra + (37_500 if is_widow and child["orphan_of_father"] else 25_000)


@settings(max_examples=60)
@given(st.lists(CHILDREN, max_size=9), st.sampled_from("FM"), st.booleans())
def test_the_schedule_agrees_with_the_sum_made_by_hand(
    children: list[Row],
    sex: str,
    has_spouse: bool,  # noqa: FBT001 -- hypothesis passes by position
) -> None:
    spouse = [a_spouse()] if has_spouse else []
    household = a_household(a_head(sex=sex), *spouse, *children, rooms=0)
    terms = terms_of(household, index_units=0)
    assert terms.amount_centimes == amount_by_hand(household)
    assert terms.amount_centimes == sum(line.amount_centimes for line in terms.components)
    assert all(line.count * line.unit_centimes == line.amount_centimes for line in terms.components)
