"""Whatever a query says, it is refused in words of the standard or the database answers it."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.registry.domain.dci_conditions import (
    CHOICES_MAX,
    AllOf,
    Condition,
    Not,
    RefusedQueryError,
    dated,
    leaves,
)
from services.registry.domain.dci_contract import JsonValue, Register
from services.registry.domain.dci_filters import as_document, from_document
from services.registry.domain.dci_queries import read_query
from services.registry.domain.dci_record_types import RecordType
from services.registry.domain.territory import communes
from services.registry.storage.dci_notifications import Waiting, match_filters
from services.registry.storage.dci_search import Search, find_page
from shared.runtime.ids import new_id
from tests.services.registry.conftest import Registry

COMMUNE = next(iter(communes().values()))
TODAY = date(2026, 11, 22)
SOCIAL = [
    *("region_code", "sub_region_code", "locality", "location", "group_size", "poverty_score"),
    *("poverty_score_type", "registration_date", "last_updated", "is_disabled", "marital_status"),
    *("age", "birth_date", "birth_year", "sex", "status"),
]
CIVIL = [
    *("location", "registration_date", "birth_place", "nationality", "dob", "yob", "gender"),
    *("status", "age"),
]
SIGNS = {"eq": "$eq", "in": "$in", "lt": "$lt", "le": "$lte", "gt": "$gt", "ge": "$gte"}

STRANGE: tuple[Any, ...] = (
    *("1e-999999", "1e-16384", "1E+400", "1e999999999", "-1e-400", "NaN", "sNaN", "Infinity", "-0"),
    *("1_0", "١٢", "１２", "²", "0x10", "+", ".", "1.", ".5", "1.00000000000001", "9" * 5_000),
    *("0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "99999-01-01", "-0044-03-15"),
    *("2026-02-30", "2026-W01-1", "20260101", "٢٠٢٦-٠١-٠١", "infinity", "epoch", "today"),
    *("a\x00b", "\ud800", "01\x00", "%", "%s", "%(subjects)s", "'; --", "{}", "{1,2}", "\\", ""),
    *(COMMUNE.province_code, COMMUNE.commune_code),
    *("01", "MAR", "male", "active", "RSU-ISE-urban", "M", "true", " 12 ", ",", "x" * 100_000),
    *(2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 1, 0, -1, 1850, 2200, 150, True, False),
    *(Decimal("1e-30"), Decimal("1E+30"), Decimal("0E-30"), Decimal("9.4265"), Decimal("1E+2")),
    *(None, [], {}, [[]], [None], ["01"] * CHOICES_MAX, ["01"] * (CHOICES_MAX + 1), [1, "2"]),
    *({"$eq": 1}, [Decimal("1e-30"), 1], ["1e-999999"]),
)
VALUES = st.one_of(
    st.sampled_from(STRANGE),
    st.integers(),
    st.decimals(),
    st.decimals().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.text(max_size=20),
    st.lists(st.sampled_from(STRANGE), max_size=4),
)
ASKED = [(Register.SOCIAL, name) for name in SOCIAL] + [(Register.CIVIL, name) for name in CIVIL]


def _conditions(register: Register, name: str, operator: str, value: Any) -> list[Condition]:  # noqa: ANN401 -- any JSON
    """Return what a comparison is understood as, said in three ways; the refused are left out."""
    simple = {"attribute_name": name, "operator": operator, "attribute_value": value}
    queries: list[tuple[str, JsonValue]] = [
        ("expression", {name: {SIGNS[operator]: value}}),
        ("predicate", [{"expression1": simple}]),
        ("expression", {name: value}),
    ]
    understood = []
    for kind, query in queries:
        try:
            understood.append(read_query(register, kind, query))
        except RefusedQueryError:
            continue
    return understood


def _kinds(register: Register) -> list[RecordType]:
    if register is Register.CIVIL:
        return [RecordType.CIVIL_PERSON]
    return [RecordType.GROUP, RecordType.MEMBER]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.sampled_from(ASKED), operator=st.sampled_from(list(SIGNS)), value=VALUES)
@example(asked=(Register.SOCIAL, "poverty_score"), operator="lt", value="1e-999999")
@example(asked=(Register.SOCIAL, "poverty_score"), operator="in", value=["1e-16384", "1"])
async def test_the_database_refuses_no_comparison_that_is_understood(
    registry: Registry,
    asked: tuple[Register, str],
    operator: str,
    value: Any,  # noqa: ANN401 -- any JSON
) -> None:
    register, name = asked
    async with registry.worker.database.transaction() as tx:
        for condition in _conditions(register, name, operator, value):
            assert from_document(as_document(condition)) == condition
            either = dated(AllOf((condition, Not(condition))), on=TODAY)
            waiting = [Waiting("one", None, ("01",), either)]
            for kind in _kinds(register):
                await find_page(tx, Search(kind, either, ("*",)))
                matched = await match_filters(tx, waiting, [new_id()], record_type=kind)
                assert matched.failed == []


async def test_every_strange_value_is_refused_or_answered_for_every_attribute(
    registry: Registry,
) -> None:
    for register, name in ASKED:
        understood = [
            dated(condition, on=TODAY)
            for operator in SIGNS
            for value in STRANGE
            for condition in _conditions(register, name, operator, value)
        ]
        assert understood, name
        waiting = [Waiting(f"{i}", None, ("*",), one) for i, one in enumerate(understood)]
        async with registry.worker.database.transaction() as tx:
            for kind in _kinds(register):
                matched = await match_filters(tx, waiting, [new_id()], record_type=kind)
                assert matched.failed == [], (name, kind)


WORDS = st.sampled_from(
    [
        *("type", "value", "collection", "expression", "query", "seq_num", "condition"),
        *("expression1", "expression2", "and", "or", "not", "attribute_name", "operator"),
        *("attribute_value", "$and", "$or", "$eq", "$in", "eq", "in", "age", "UIN"),
    ]
)
QUERIES = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.sampled_from(STRANGE)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, min_size=1, max_size=5)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(
    register=st.sampled_from(list(Register)),
    kind=st.sampled_from([None, "expression", "predicate", "idtype-value"]),
    query=QUERIES,
)
@example(
    register=Register.SOCIAL,
    kind="predicate",
    query=[
        {
            "expression1": {"attribute_name": "age", "operator": "eq", "attribute_value": 1},
            "condition": [],
        }
    ],
)
def test_a_query_of_any_shape_is_understood_or_refused(
    register: Register, kind: str | None, query: JsonValue
) -> None:
    with suppress(RefusedQueryError):
        assert leaves(read_query(register, kind, query))
