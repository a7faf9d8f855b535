"""The index: the vectors, the rounding, the variables, and agreement with the replay."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.eligibility.domain import vocabulary
from services.eligibility.domain.exact import half_even_quotient, index_points, index_units
from services.eligibility.domain.formula import formula_on, formula_versions
from services.eligibility.domain.index import assess, score
from services.eligibility.domain.replay import replay_index
from services.eligibility.domain.variables import age_years, measure, variables_of
from services.eligibility.domain.vocabulary import Milieu
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

VECTORS = json.loads((Path(__file__).parent / "index_vectors.json").read_text())


def words(kind: type[Any]) -> st.SearchStrategy[str]:
    return st.sampled_from([word.value for word in kind])


MEMBERS = st.fixed_dictionaries(
    {
        "birth_date": st.dates(date(1930, 1, 1), ASSESSED_ON),
        "sex": words(vocabulary.Sex),
        "kinship": st.sampled_from(["spouse", "child", "grandchild", "parent", "other"]),
        "schooling": words(vocabulary.Schooling),
        "education": words(vocabulary.Education),
        "literate": st.booleans(),
        "activity": words(vocabulary.Activity),
        "occupation": words(vocabulary.Occupation),
        "sector": words(vocabulary.Sector),
        "health_cover": words(vocabulary.HealthCover),
    }
)
OWNED = st.integers(0, vocabulary.ITEMS_OWNED_MAX)
SPENDING = st.integers(0, vocabulary.SPENDING_YEARLY_CENTIMES_MAX)
FLAGS = [name for name, kind in vocabulary.HOUSEHOLD_COLUMNS.items() if kind == pl.Boolean]
FACTS = st.fixed_dictionaries(
    {
        "region_code": st.sampled_from([f"{region:02}" for region in range(1, 13)]),
        "milieu": words(Milieu),
        "dwelling": words(vocabulary.Dwelling),
        "rooms": st.integers(0, 12),
        "family_nuclei": st.integers(1, 4),
        "mobile_phones": OWNED,
        "cars": st.integers(0, 3),
        "motorcycles": st.integers(0, 3),
        "cows": st.integers(0, vocabulary.COWS_MAX),
        "butane_yearly_centimes": SPENDING,
        "water_electricity_yearly_centimes": SPENDING,
        "phone_internet_yearly_centimes": SPENDING,
        **{flag: st.booleans() for flag in FLAGS},
    }
)


@st.composite
def any_household(draw: st.DrawFn) -> Row:
    head = a_head(**(draw(MEMBERS) | {"kinship": "head"}))
    others = draw(st.lists(MEMBERS, max_size=9))
    return a_household(head, *(a_member(**other) for other in others), **draw(FACTS))


def index_of(household: Row, *, on: date = ASSESSED_ON) -> Decimal:
    return index_points(assess(*frames(household), on=on)["index_units"][0])


def variable_of(household: Row, code: str) -> int:
    measured = measure(*frames(household), on=ASSESSED_ON)
    return int(variables_of(measured, Milieu(household["milieu"]))[code][0])


@pytest.mark.parametrize("vector", VECTORS)
def test_every_vector_gives_its_exact_index(vector: dict[str, Any]) -> None:
    model = formula_on(ASSESSED_ON).models[Milieu(vector["milieu"])]
    row: Row = {"household": 0, "region_code": vector["region_code"]}
    for variable in model.variables:
        value = Decimal(vector["variables"].get(variable.code, "0"))
        row[variable.code] = int(value.scaleb(variable.measure.places))

    scored = score(pl.DataFrame([row]), model)

    assert scored["index_units"][0] == index_units(Decimal(vector["index"]))


def test_the_models_have_as_many_variables_as_were_announced() -> None:
    models = formula_on(ASSESSED_ON).models
    assert len(models[Milieu.URBAN].variables) == 35
    assert len(models[Milieu.RURAL].variables) == 28


def test_only_the_rural_car_has_no_coefficient_and_adds_nothing() -> None:
    unknown = [
        (milieu, variable.code)
        for milieu, model in formula_on(ASSESSED_ON).models.items()
        for variable in model.variables
        if variable.coefficient is None
    ]
    assert unknown == [(Milieu.RURAL, "car")]
    assert index_of(a_household(cars=1)) == index_of(a_household(cars=0))


@settings(max_examples=60)
@given(st.lists(any_household(), min_size=1, max_size=12))
def test_engine_and_replay_agree_bit_for_bit(households: list[Row]) -> None:
    assessed = assess(*frames(*households), on=ASSESSED_ON)
    formula = formula_on(ASSESSED_ON)
    replayed = [
        replay_index(household, household["members"], formula=formula, on=ASSESSED_ON).index
        for household in households
    ]
    assert [index_points(units) for units in assessed["index_units"]] == replayed


@settings(max_examples=30)
@given(any_household())
def test_every_variable_of_the_replay_is_the_one_the_engine_measured(household: Row) -> None:
    formula = formula_on(ASSESSED_ON)
    measured = measure(*frames(household), on=ASSESSED_ON)
    engine = variables_of(measured, Milieu(household["milieu"])).row(0, named=True)
    replay = replay_index(household, household["members"], formula=formula, on=ASSESSED_ON)
    for part in replay.contributions:
        variable = part.variable
        assert Decimal(engine[variable.code]).scaleb(-variable.measure.places) == part.value


def test_the_parts_of_an_explanation_add_up_to_the_index() -> None:
    household = a_household(a_head(), a_spouse(), a_child(7), butane_yearly_centimes=100_001)
    formula = formula_on(ASSESSED_ON)
    replay = replay_index(household, household["members"], formula=formula, on=ASSESSED_ON)
    known = [part.points for part in replay.contributions if part.points is not None]
    assert replay.constant + replay.region_term + sum(known) == replay.index


def test_an_older_person_alone_in_the_countryside_stands_above_both_thresholds() -> None:
    alone = a_head(birth_date=date(1950, 1, 1), literate=False)
    # 8.695 + 0.377 + 0.130 - 0.138 + 0.00469 + 0.0781, without any belongings
    assert index_of(a_household(alone, rooms=0)) == Decimal("9.1467900000")


def test_the_index_of_the_richest_lawful_facts_fits_its_column() -> None:
    rich = a_household(
        milieu="rural",
        cows=vocabulary.COWS_MAX,
        motorcycles=vocabulary.ITEMS_OWNED_MAX,
        butane_yearly_centimes=vocabulary.SPENDING_YEARLY_CENTIMES_MAX,
        water_electricity_yearly_centimes=vocabulary.SPENDING_YEARLY_CENTIMES_MAX,
        phone_internet_yearly_centimes=vocabulary.SPENDING_YEARLY_CENTIMES_MAX,
    )
    richer = rich | {
        "milieu": "urban",
        "mobile_phones": vocabulary.ITEMS_OWNED_MAX,
        "cars": vocabulary.ITEMS_OWNED_MAX,
    }
    assert index_of(rich) < 1000
    assert index_of(richer) < 1000


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (1, 2, 0),
        (3, 2, 2),
        (5, 2, 2),
        (7, 2, 4),
        (1, 3, 0),
        (2, 3, 1),
        (250, 100, 2),
        (351, 100, 4),
    ],
)
def test_halves_round_to_the_even(numerator: int, denominator: int, rounded: int) -> None:
    row = pl.DataFrame({"n": [numerator], "d": [denominator]})
    assert row.select(half_even_quotient(pl.col("n"), pl.col("d"))).item() == rounded


def test_spending_per_person_is_rounded_to_centimes_half_even_before_it_is_multiplied() -> None:
    couple = (a_head(), a_spouse())
    assert (
        variable_of(a_household(*couple, butane_yearly_centimes=1_001), "butane_yearly_per_person")
        == 500
    )
    assert (
        variable_of(a_household(*couple, butane_yearly_centimes=1_003), "butane_yearly_per_person")
        == 502
    )


def test_a_share_divides_by_the_whole_household_to_six_places() -> None:
    household = a_household(a_head(literate=True), a_spouse(), a_child(14, literate=True))
    assert variable_of(household, "share_15_plus_literate") == 333_333
    two_of_three = a_household(a_head(literate=True), a_spouse(literate=True), a_child(3))
    assert variable_of(two_of_three, "share_15_plus_literate") == 666_667


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(2005, 11, 20), 21),
        (date(2005, 11, 21), 20),
        (date(2026, 11, 20), 0),
        (date(2004, 2, 29), 22),
    ],
)
def test_a_birthday_counts_from_its_own_day(born: date, age: int) -> None:
    row = pl.DataFrame({"born": [born]})
    assert row.select(age_years(pl.col("born"), on=ASSESSED_ON)).item() == age


def test_who_was_born_on_29_february_has_the_birthday_on_1_march_in_other_years() -> None:
    row = pl.DataFrame({"born": [date(2004, 2, 29)]})
    assert row.select(age_years(pl.col("born"), on=date(2025, 2, 28))).item() == 20
    assert row.select(age_years(pl.col("born"), on=date(2025, 3, 1))).item() == 21


def test_the_classes_of_persons_per_room_exclude_each_other() -> None:
    def classes(rooms: int) -> tuple[int, int]:
        six = a_household(a_head(), *(a_child(8) for _ in range(5)), rooms=rooms)
        return (
            variable_of(six, "at_most_2_persons_per_room"),
            variable_of(six, "at_most_3_persons_per_room"),
        )

    assert [classes(rooms) for rooms in (1, 2, 3)] == [(0, 0), (0, 1), (1, 0)]


def test_a_couple_with_a_child_is_no_childless_couple() -> None:
    code = "single_or_childless_couple"
    assert variable_of(a_household(a_head()), code) == 1
    assert variable_of(a_household(a_head(), a_spouse()), code) == 1
    assert variable_of(a_household(a_head(), a_child(30)), code) == 0
    assert variable_of(a_household(a_head(), a_spouse(), a_child(1)), code) == 0


def test_amo_tadamon_and_ramed_are_no_other_health_cover() -> None:
    code = "member_with_non_ramed_health_cover"
    for cover, counted in (("ramed", 0), ("amo_tadamon", 0), ("other_scheme", 1), ("unknown", 0)):
        household = a_household(a_head(), a_child(9, health_cover=cover))
        assert variable_of(household, code) == counted


def test_a_household_without_a_model_region_is_refused_not_guessed() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        assess(*frames(a_household(region_code="13")), on=ASSESSED_ON)


def test_every_formula_is_known_by_the_version_written_with_the_index() -> None:
    assessed = assess(*frames(a_household()), on=ASSESSED_ON)
    assert assessed["formula_version"][0] in formula_versions()
