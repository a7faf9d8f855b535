"""Queries of the DCI standard become conditions of ours, or are refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.registry.domain.dci_attributes import IdentifierType, Of, Operator, by_key
from services.registry.domain.dci_conditions import (
    CONDITIONS_MAX,
    AllOf,
    Among,
    AnyOf,
    Comparison,
    Condition,
    Identified,
    Not,
    RefusedQueryError,
    born_by,
    dated,
    require_told,
)
from services.registry.domain.dci_contract import Reason, Register, SortBy
from services.registry.domain.dci_filters import as_document, from_document
from services.registry.domain.dci_queries import read_query, read_sort
from services.registry.domain.policies import Attribute
from shared.runtime.ids import new_id

TODAY = date(2026, 11, 22)
DISABLED = Comparison(by_key("is_disabled"), Operator.EQUAL, (True,))
AGED_1 = {"attribute_name": "age", "operator": "eq", "attribute_value": 1}
AGED_2 = AGED_1 | {"attribute_value": 2}
UIN_1 = {"type": "UIN", "value": "4820193756"}


def read(query: Any, *, register: Register = Register.SOCIAL, kind: str | None = None) -> Condition:  # noqa: ANN401 -- any JSON
    return read_query(register, kind, query)


def compared(key: str, operator: Operator, *values: Any) -> Comparison:  # noqa: ANN401 -- any value
    return Comparison(by_key(key), operator, values)


def predicate(name: str, operator: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return {"attribute_name": name, "operator": operator, "attribute_value": value}


def reason_of(query: Any, kind: str | None, register: Register = Register.SOCIAL) -> Reason:  # noqa: ANN401 -- any JSON
    with pytest.raises(RefusedQueryError) as refused:
        read_query(register, kind, query)
    return refused.value.refusal.reason


@pytest.mark.parametrize("name", ["UIN", "uin", "IDCS", "NationalID", "ns:org:IdType:UIN"])
def test_an_idcs_goes_by_several_names(name: str) -> None:
    query = {"type": name, "value": "4820193756"}
    assert read(query, kind="idtype-value") == Identified(IdentifierType.IDCS, ("4820193756",))


def test_a_number_for_an_identifier_is_its_text() -> None:
    query = {"type": "UIN", "value": 4820193756}
    assert read(query, kind="idtype-value") == Identified(IdentifierType.IDCS, ("4820193756",))


def test_the_example_of_the_standard_is_read() -> None:
    query = {
        "type": "ns:org:QueryType:expression",
        "value": {
            "expression": {
                "collection": "Group",
                "query": {
                    "$and": [
                        {"poverty_score": {"$lt": 5}},
                        {"location": {"$eq": "04"}},
                        {"group_size": {"$lt": 5}},
                    ]
                },
            }
        },
    }
    assert read(query, kind="expression") == AllOf(
        (
            compared("poverty_score", Operator.LESS, Decimal(5)),
            compared("location", Operator.EQUAL, "04"),
            compared("group_size", Operator.LESS, 5),
        )
    )


def test_a_bare_search_text_names_a_person() -> None:
    query = {"search_text": {"$eq": "4820193756"}}
    assert read(query, kind="expression") == Identified(IdentifierType.IDCS, ("4820193756",))


def test_predicates_are_read_in_the_order_of_their_numbers_and_joined() -> None:
    query = [
        {"seq_num": 2, "expression1": predicate("region_code", "eq", "04")},
        {
            "seq_num": 1,
            "expression1": predicate("poverty_score", "le", "9.743001"),
            "condition": "and",
            "expression2": predicate("group_size", "gt", "3"),
        },
    ]
    first = AllOf(
        (
            compared("poverty_score", Operator.AT_MOST, Decimal("9.743001")),
            compared("group_size", Operator.MORE, 3),
        )
    )
    second = compared("region", Operator.EQUAL, "04")
    assert read(query, kind="predicate") == AllOf((first, second))


def test_expressions_of_a_predicate_are_folded_from_left_to_right() -> None:
    query = [
        {
            "expression1": predicate("sex", "eq", "female"),
            "condition": "not",
            "expression2": {
                "attribute_name": "is_disabled",
                "operator": "eq",
                "attribute_value": True,
            },
            "expression3": predicate("age", "lt", "60"),
        }
    ]
    women = compared("sex", Operator.EQUAL, "F")
    young = compared("age", Operator.LESS, 60)
    assert read(query, kind="predicate") == AllOf((AllOf((women, Not(DISABLED))), Not(young)))


def test_a_condition_beside_one_expression_joins_it_to_the_next_predicate() -> None:
    query = [
        {"expression1": predicate("sex", "eq", "m"), "condition": "or"},
        {"expression1": predicate("age", "in", "1, 2")},
    ]
    men = compared("sex", Operator.EQUAL, "M")
    assert read(query, kind="predicate") == AnyOf((men, compared("age", Operator.ONE_OF, 1, 2)))


@pytest.mark.parametrize(
    ("query", "kind", "reason"),
    [
        ({"type": "UIN", "value": "1"}, "graphql", Reason.CRITERIA_INVALID),
        ({"type": "MOBILE", "value": "1"}, "idtype-value", Reason.FILTER_INVALID),
        ({"type": "UIN", "value": {"a": 1}}, "idtype-value", Reason.CRITERIA_INVALID),
        ({"type": "UIN", "value": True}, "idtype-value", Reason.CRITERIA_INVALID),
        ({"type": "UIN"}, "idtype-value", Reason.CRITERIA_INVALID),
        ("UIN", "idtype-value", Reason.CRITERIA_INVALID),
        ({"phone": {"$eq": "1"}}, "expression", Reason.FILTER_INVALID),
        ({"age": {"$regex": ".*"}}, "expression", Reason.FILTER_INVALID),
        ({"age": {"$ne": 4}}, "expression", Reason.FILTER_INVALID),
        ({"age": {"$lt": "4; DROP TABLE person"}}, "expression", Reason.FILTER_INVALID),
        ({"age": {"$lt": True}}, "expression", Reason.FILTER_INVALID),
        ({"age": {"$lt": 151}}, "expression", Reason.FILTER_INVALID),
        ({"age": {"$lt": Decimal("4.5")}}, "expression", Reason.FILTER_INVALID),
        ({"sex": {"$gt": "f"}}, "expression", Reason.FILTER_INVALID),
        ({"sex": {"$eq": "other"}}, "expression", Reason.FILTER_INVALID),
        ({"UIN": {"$gt": "4820193756"}}, "expression", Reason.FILTER_INVALID),
        ({"region_code": {"$eq": "13"}}, "expression", Reason.FILTER_INVALID),
        ({"birth_date": {"$eq": "2026-02-30"}}, "expression", Reason.FILTER_INVALID),
        ({"poverty_score": {"$lt": "NaN"}}, "expression", Reason.FILTER_INVALID),
        ({"poverty_score": {"$lt": "1e400"}}, "expression", Reason.FILTER_INVALID),
        ({"$nor": [{"age": 4}]}, "expression", Reason.FILTER_INVALID),
        ({"$and": []}, "expression", Reason.CRITERIA_INVALID),
        ({"$or": "age"}, "expression", Reason.CRITERIA_INVALID),
        ({"age": {}}, "expression", Reason.CRITERIA_INVALID),
        ({"age": {"$in": []}}, "expression", Reason.CRITERIA_INVALID),
        ({"age": {"$in": [1] * 101}}, "expression", Reason.CRITERIA_INVALID),
        ({}, "expression", Reason.CRITERIA_INVALID),
        ({"collection": "Cars", "query": {"age": 1}}, "expression", Reason.CRITERIA_INVALID),
        ({"value": {"query": {"age": 1}, "where": "x"}}, "expression", Reason.CRITERIA_INVALID),
        ([], "predicate", Reason.CRITERIA_INVALID),
        ({"expression1": AGED_1}, "predicate", Reason.CRITERIA_INVALID),
        ([{"condition": "and"}], "predicate", Reason.CRITERIA_INVALID),
        ([{"expression1": predicate("age", "gte", 1)}], "predicate", Reason.FILTER_INVALID),
        ([{"expression1": AGED_1, "condition": "xor"}], "predicate", Reason.FILTER_INVALID),
        ([{"expression1": AGED_1, "condition": "and"}], "predicate", Reason.CRITERIA_INVALID),
        ([{"expression1": AGED_1, "where": 1}], "predicate", Reason.CRITERIA_INVALID),
        (
            [{"expression1": AGED_1, "expression2": AGED_2}],
            "predicate",
            Reason.CRITERIA_INVALID,
        ),
        ([{"seq_num": "one", "expression1": AGED_1}], "predicate", Reason.CRITERIA_INVALID),
        ([{"expression1": {"attribute_name": 1}}], "predicate", Reason.CRITERIA_INVALID),
        ([{"expression1": AGED_1 | {"unit": "months"}}], "predicate", Reason.CRITERIA_INVALID),
        (UIN_1 | {"region_code": "04"}, "idtype-value", Reason.CRITERIA_INVALID),
        ({"@filter": {"age": 2}, "expression": {"age": 1}}, "expression", Reason.CRITERIA_INVALID),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused(query: object, kind: str, reason: Reason) -> None:
    assert reason_of(query, kind) is reason


def test_the_civil_register_knows_neither_households_nor_their_scores() -> None:
    household = {"type": "HOUSEHOLD_ID", "value": "RSU-1"}
    assert reason_of(household, "idtype-value", Register.CIVIL) is Reason.FILTER_INVALID
    score = {"poverty_score": {"$lt": 5}}
    assert reason_of(score, "expression", Register.CIVIL) is Reason.FILTER_INVALID


def test_a_query_is_bounded_in_depth_and_number() -> None:
    deep: dict[str, Any] = {"age": 1}
    for _ in range(10):
        deep = {"$and": [deep]}
    assert reason_of(deep, "expression") is Reason.CRITERIA_INVALID
    wide = {"$or": [{"age": 1}] * (CONDITIONS_MAX + 1)}
    assert reason_of(wide, "expression") is Reason.CRITERIA_INVALID
    long = [{"expression1": AGED_1}] * (CONDITIONS_MAX + 1)
    assert reason_of(long, "predicate") is Reason.CRITERIA_INVALID


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"type": "UIN", "value": "4820193756"}, Identified),
        ({"age": {"$lt": 5}}, Comparison),
        ([{"expression1": predicate("age", "lt", 5)}], Comparison),
    ],
)
def test_a_filter_without_a_type_is_known_by_its_shape(query: object, expected: type) -> None:
    assert isinstance(read(query), expected)


def test_a_refusal_repeats_nothing_of_the_query() -> None:
    with pytest.raises(RefusedQueryError) as refused:
        read({"secret_name": {"$eq": "secret-value"}}, kind="expression")
    assert "secret" not in str(refused.value) + refused.value.refusal.message


def test_whoever_may_not_be_told_may_not_ask() -> None:
    condition = read({"$and": [{"sex": "f"}, {"birth_date": {"$lt": "1990-01-01"}}]})
    require_told(condition, told={Attribute.SEX, Attribute.BIRTH_DATE})
    with pytest.raises(RefusedQueryError) as refused:
        require_told(condition, told={Attribute.SEX})
    assert refused.value.refusal.reason is Reason.FILTER_INVALID
    require_told(read({"yob": 1990}), told={Attribute.BIRTH_YEAR})


@pytest.mark.parametrize(
    ("query", "attribute"),
    [
        ({"type": "CNIE", "value": "AB100001"}, Attribute.DOCUMENT),
        ({"type": "RESIDENCE_PERMIT", "value": "A12345B"}, Attribute.DOCUMENT),
        ({"type": "RSU_HOUSEHOLD_ID", "value": "RSU-1"}, Attribute.HOUSEHOLD_ID),
        ({"$and": [{"UIN": "4820193756"}, {"CNIE": "AB100001"}]}, Attribute.DOCUMENT),
    ],
)
def test_whoever_may_not_be_told_an_identifier_finds_nobody_by_it(
    query: dict[str, Any], attribute: Attribute
) -> None:
    require_told(read(query), told={attribute})
    with pytest.raises(RefusedQueryError) as refused:
        require_told(read(query), told=set(Attribute) - {attribute})
    assert refused.value.refusal.reason is Reason.FILTER_INVALID


@pytest.mark.parametrize(
    ("on", "years", "born"),
    [
        (date(2026, 11, 22), 18, date(2008, 11, 22)),
        (date(2024, 2, 29), 1, date(2023, 2, 28)),
        (date(2026, 2, 28), 2, date(2024, 2, 28)),
        (date(2026, 3, 1), 2, date(2024, 3, 1)),
    ],
)
def test_an_age_is_reached_on_the_birthday(on: date, years: int, born: date) -> None:
    assert born_by(years, on=on) == born


@pytest.mark.parametrize("operator", list(Operator))
@pytest.mark.parametrize("born", [date(2008, 11, 22), date(2008, 11, 23), date(2007, 11, 22)])
def test_ages_and_their_birth_dates_agree(operator: Operator, born: date) -> None:
    age = TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))
    condition = dated(compared("age", operator, 18), on=TODAY)
    assert holds(condition, born) == compares(operator, age, 18)
    year = dated(compared("birth_year", operator, 2008), on=TODAY)
    assert holds(year, born) == compares(operator, born.year, 2008)


def compares(operator: Operator, left: Any, right: Any) -> bool:  # noqa: ANN401 -- any order
    outcomes: dict[Operator, bool] = {
        Operator.EQUAL: left == right,
        Operator.ONE_OF: left == right,
        Operator.LESS: left < right,
        Operator.AT_MOST: left <= right,
        Operator.MORE: left > right,
        Operator.AT_LEAST: left >= right,
    }
    return outcomes[operator]


def holds(condition: Condition, born: date) -> bool:
    if isinstance(condition, AllOf):
        return all(holds(part, born) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(holds(part, born) for part in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.part, born)
    assert isinstance(condition, Comparison)
    assert condition.attribute.key == "birth_date"
    return compares(condition.operator, born, condition.values[0])


def test_a_filter_survives_being_kept() -> None:
    condition = AnyOf(
        (
            AllOf(
                (
                    compared("poverty_score", Operator.AT_MOST, Decimal("9.7430010000")),
                    compared("poverty_score_type", Operator.EQUAL, "rural"),
                    compared("birth_date", Operator.LESS, date(1990, 1, 2)),
                    DISABLED,
                    compared("sex", Operator.ONE_OF, "F", "M"),
                )
            ),
            Not(compared("age", Operator.LESS, 18)),
            Among(Of.PERSON, (new_id(),)),
        )
    )
    assert from_document(as_document(condition)) == condition


def test_no_identifier_is_kept_in_a_filter() -> None:
    with pytest.raises(TypeError):
        as_document(AllOf((Identified(IdentifierType.IDCS, ("4820193756",)),)))


def test_pages_are_sorted_by_what_records_are_of() -> None:
    told = frozenset(Attribute)
    (key,) = read_sort(
        Register.SOCIAL, [SortBy("poverty_score", descending=True)], of=Of.HOUSEHOLD, told=told
    )
    assert (key.attribute.key, key.descending) == ("poverty_score", True)
    (age,) = read_sort(Register.CIVIL, [SortBy("age", descending=False)], of=Of.PERSON, told=told)
    assert (age.attribute.key, age.descending) == ("birth_date", True)


@pytest.mark.parametrize(
    ("sort", "of", "told"),
    [
        (["age"], Of.HOUSEHOLD, frozenset(Attribute)),
        (["UIN"], Of.PERSON, frozenset(Attribute)),
        (["is_disabled"], Of.PERSON, frozenset(Attribute)),
        (["age"], Of.PERSON, frozenset({Attribute.SEX})),
        (["age"] * 4, Of.PERSON, frozenset(Attribute)),
    ],
)
def test_orders_that_cannot_be_are_refused(
    sort: list[str], of: Of, told: frozenset[Attribute]
) -> None:
    with pytest.raises(RefusedQueryError) as refused:
        read_sort(
            Register.SOCIAL, [SortBy(name, descending=False) for name in sort], of=of, told=told
        )
    assert refused.value.refusal.reason is Reason.SORT_INVALID
