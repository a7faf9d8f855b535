"""A batch is read from its bytes as the documented schema reads it, or left to that schema."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.registry.api.verification_batches import SentBatch, sent_batch
from services.registry.api.verification_schemas import VerificationsBody
from tests.services.registry.declaring import an_idcs

NAME = {"given": "Zahra", "family": "EL BAHRI"}
RIGHT: list[dict[str, Any]] = [
    {"idcs": an_idcs(1), "attributes": {"sex": "F", "birth_date": "1989-04-12"}},
    {"token": "k1." + "A" * 43, "attributes": {"birth_year": 1989, "status": "active"}},
    {
        "idcs": an_idcs(1),
        "attributes": {"name_latin": NAME, "cnie": "AB1", "commune": "01.511.01.0"},
    },
    {"idcs": an_idcs(1), "attributes": {"residence_permit": "AB12345"}},
]
NOT_SURE: list[dict[str, Any]] = [
    {"token": None},
    {"token": "k1." + "A" * 43},
    {"idcs": "1"},
    {"idcs": an_idcs(1) + "\n"},
    {"more": 1},
    {"attributes": {}},
    {"attributes": {"sex": None, "birth_year": 1989}},
    {"attributes": {"sex": "f"}},
    {"attributes": {"religion": "any"}},
    {"attributes": {"cnie": "AB1", "residence_permit": "AB1"}},
    {"attributes": {"name_ar": {"given": "", "family": "X"}}},
    {"attributes": {"birth_year": 1989.0}},
    {"attributes": {"birth_year": True}},
    *({"attributes": {"birth_date": day}} for day in (0, "0", "1577836800", "2026-02-31", "")),
    *({"attributes": {"birth_date": f"2026-02-01{rest}"}} for rest in ("T00:00:00", " ", "\n")),
]
DOCUMENTED = TypeAdapter(SentBatch)


@pytest.mark.parametrize("item", RIGHT)
def test_what_is_surely_right_is_read_as_documented(item: dict[str, Any]) -> None:
    body = {"items": [item, RIGHT[0]]}
    assert sent_batch(json.dumps(body).encode()) == DOCUMENTED.validate_python(body)


@pytest.mark.parametrize("changes", NOT_SURE)
def test_what_is_not_surely_right_is_left_to_the_documented_schema(changes: dict[str, Any]) -> None:
    body = {"items": [RIGHT[0], RIGHT[0] | changes]}
    assert sent_batch(json.dumps(body).encode()) is None


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ('"sex": "F"', '"sex": "M", "sex": "F"'),
        ('"given": "Zahra"', '"given" : "Zahra", "given": "Zahra"'),
        ('"idcs"', '"idcs": "2000000019", "idcs"'),
        ('{"items"', '{"items": [], "items"'),
    ],
)
def test_a_key_that_may_be_named_twice_is_left_to_who_looks(once: str, twice: str) -> None:
    body = json.dumps({"items": [RIGHT[0], RIGHT[2]]})
    assert once in body
    assert sent_batch(body.encode()) is not None
    assert sent_batch(body.replace(once, twice, 1).encode()) is None


def test_a_batch_is_refused_in_the_words_of_the_documented_schema() -> None:
    for changes in NOT_SURE[1:]:
        body = {"items": [RIGHT[0] | changes]}
        assert _faults(TypeAdapter(VerificationsBody), body) == _faults(DOCUMENTED, body)


def _faults(schema: TypeAdapter[Any], body: object) -> list[tuple[Any, str]]:
    try:
        schema.validate_python(body)
    except ValidationError as error:
        return [(fault["loc"], fault["type"]) for fault in error.errors()]
    return []
