"""Rows of a CSV file declare what their JSON lines would, and are refused by the same codes."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest

from services.registry.domain.csv_rows import CSV_COLUMNS
from services.registry.domain.declarations import DeclaredPerson
from services.registry.domain.lines import LINE_BYTES_MAX, LineRules
from tests.services.registry.declaring import a_person, a_row

RULES = LineRules(today=date(2026, 11, 20))


def refusals(row: bytes) -> list[tuple[str, str]]:
    """Return field and code of every refusal; none if the row is taken."""
    read = RULES.read_row(row)
    assert not isinstance(read, DeclaredPerson)
    return [(reject.field, reject.code.value) for reject in read]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"phones": ["+212612345678", "+212712345678"]},
        {"phones": [], "cnie": None, "birth_commune": None, "status": None},
        {"name_latin": {"given": "Zahra-Zoé", "family": "M’HAMED EL BAHRI"}},
        {"name_latin": {"given": 'Zahra "Zizi"', "family": "EL BAHRI, née X"}},
    ],
)
def test_a_row_says_what_its_line_says(changes: dict[str, Any]) -> None:
    line = a_person(1, **changes)
    assert RULES.read_row(a_row(line)) == RULES.read(json.dumps(line))


def test_a_row_may_end_as_windows_ends_it() -> None:
    assert isinstance(RULES.read_row(a_row(a_person(1)) + b"\r"), DeclaredPerson)


@pytest.mark.parametrize(
    ("changes", "field", "slug"),
    [
        ({"idcs": "12"}, "idcs", "idcs-malformed"),
        ({"idcs": ""}, "idcs", "field-missing"),
        ({"name_ar": {"given": "", "family": "س"}}, "name_ar.given", "field-missing"),
        ({"phones": ["0612345678", "1"]}, "phones[1]", "phone-malformed"),
        ({"nationality": "ZZZ"}, "nationality", "nationality-unknown"),
        ({"residence_permit": "C123456R"}, "residence_permit", "documents-two"),
    ],
)
def test_a_fault_of_a_row_has_the_field_and_code_of_its_line(
    changes: dict[str, Any], field: str, slug: str
) -> None:
    assert refusals(a_row(a_person(1, **changes))) == [(field, f"registry.{slug}")]


@pytest.mark.parametrize(
    "row",
    [b"", b"a,b", b'"unclosed' + b"," * 13, b"," * 14, b'x"y' + b"," * 13 + b'"', b"\xff" * 20],
)
def test_what_is_no_row_of_the_columns_is_malformed(row: bytes) -> None:
    assert refusals(row) == [("", "registry.line-malformed")]


def test_a_row_in_another_encoding_is_refused_by_its_field() -> None:
    line = a_person(1, name_latin={"given": "Zoé", "family": "B"})
    row = a_row(line).replace("Zoé".encode(), b"Zo\xe9")
    assert refusals(row) == [("name_latin.given", "registry.text-malformed")]


def test_a_row_over_the_limit_is_refused_unread() -> None:
    assert refusals(b"x" * (LINE_BYTES_MAX + 1)) == [("", "registry.line-too-long")]


def test_the_columns_are_as_documented() -> None:
    written = io.StringIO()
    csv.writer(written).writerow(CSV_COLUMNS)
    assert written.getvalue() == (
        "idcs,cnie,residence_permit,given_ar,family_ar,given_latin,family_latin,sex,birth_date,"
        "birth_commune,nationality,phones,commune,status\r\n"
    )
