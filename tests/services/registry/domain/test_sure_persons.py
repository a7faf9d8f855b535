"""The quick reading of persons accepts only what the exact rules accept, with the same result."""

import json
from datetime import date
from random import Random
from typing import Any

import pytest

from services.registry.domain.declarations import DeclaredPerson
from services.registry.domain.identifiers import CheckDigit, idcs_holds, is_idcs_shape
from services.registry.domain.line_fields import LineFields
from services.registry.domain.lines import LineRules
from services.registry.domain.sure_persons import SurePersons
from tests.services.registry.declaring import TANGIER, a_person

TODAY = date(2026, 11, 20)
REGIONS = ("01",)
RULES = LineRules(today=TODAY, regions=REGIONS)
SURE = SurePersons(LineFields(today=TODAY, algorithm=CheckDigit.VERHOEFF, regions=REGIONS))
STRANGE: tuple[Any, ...] = (
    None, "", 0, 1, 1.5, True, [], {}, "x", "\ufffd", "a\u202eb", " ", "MAR", "ZZZ", "F", "active",
    "deceased", "AB123456", "C123456R", "1989-04-12", "2030-01-01", TANGIER, "04.421.01.0",
    ["0612345678"], ["0612345678", "+212612345678"], ["a"], [None], ["0612345678"] * 4,
    {"given": "a", "family": "b"}, {"given": "س", "family": "ب"}, {"given": "a", "family": "س"},
    {"given": "س(", "family": "٣"}, {"given": "A1", "family": "<b>"},
    {"given": "a"}, {"given": "a", "family": "b", "x": 1},
)  # fmt: skip


def encoded(line: dict[str, Any], rng: Random) -> bytes:
    """Return a line as one of many senders writes it, perhaps with a key said twice."""
    spaced = rng.choice([(",", ":"), (", ", ": "), (" ,", " : ")])
    text = json.dumps(line, ensure_ascii=rng.random() < 0.1, separators=spaced).encode()
    if rng.random() < 0.25:
        key = rng.choice(list(line))
        again = json.dumps(line[key], ensure_ascii=False)
        colon = rng.choice([":", " : "])
        text = text[:-1] + f",{json.dumps(key)}{colon}{again}}}".encode()
    return text


def damaged(text: bytes, rng: Random) -> bytes:
    """Return a line with a few bytes replaced."""
    changed = bytearray(text)
    for _ in range(rng.randrange(3)):
        changed[rng.randrange(len(changed))] = rng.choice(b'"\\,:{}[]0 \xff\x00a')
    return bytes(changed)


def changed(line: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return a line with a field left out, or with something strange in it."""
    for _ in range(rng.randrange(3)):
        key = rng.choice([*line, "colour"])
        if rng.random() < 0.3 and len(line) > 1:
            line.pop(key, None)
        else:
            line[key] = rng.choice(STRANGE)
    return line


def test_whatever_is_sure_is_what_the_exact_rules_say() -> None:
    rng = Random(20261122)  # noqa: S311 -- repeatable, no secret
    accepted = 0
    for number in range(12_000):
        text = damaged(encoded(changed(a_person(number % 50), rng), rng), rng)
        person = SURE.read(text)
        if person is not None:
            accepted += 1
            assert person == RULES.read(text.decode("utf-8", errors="replace")), text
    assert accepted > 1_000


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": None, "phones": None, "cnie": None, "birth_commune": None},
        {"cnie": None, "residence_permit": "C123456R", "nationality": "SEN"},
        {"phones": ["0612345678", "+212712345678"]},
    ],
)
def test_a_right_line_needs_no_exact_reading(changes: dict[str, Any]) -> None:
    text = json.dumps(a_person(1, **changes), ensure_ascii=False).encode()
    person = SURE.read(text)
    assert isinstance(person, DeclaredPerson)
    assert person == RULES.read(text.decode())


def test_a_name_checked_in_one_script_is_not_sure_in_the_other() -> None:
    sure = SurePersons(LineFields(today=TODAY, algorithm=CheckDigit.VERHOEFF, regions=REGIONS))
    line = a_person(1)
    assert sure.read(json.dumps(line, ensure_ascii=False).encode()) is not None
    line["name_ar"], line["name_latin"] = line["name_latin"], line["name_ar"]
    assert sure.read(json.dumps(line, ensure_ascii=False).encode()) is None


def test_a_key_said_twice_is_never_sure() -> None:
    text = json.dumps(a_person(1), ensure_ascii=False).encode()
    for again in (b',"idcs":"', b', "cnie" :"', b',"name_ar":"', b',"status":"'):
        twice = text[:-1] + again + b'active"}'
        assert SURE.read(twice) is None
        assert not isinstance(RULES.read_bytes(twice), DeclaredPerson)


@pytest.mark.parametrize("algorithm", CheckDigit)
def test_a_number_is_right_by_table_when_it_is_by_calculation(algorithm: CheckDigit) -> None:
    rng, holds = Random(5), idcs_holds(algorithm)  # noqa: S311 -- repeatable, no secret
    texts = [f"{rng.randrange(10**10):010d}" for _ in range(5_000)]
    texts += ["", "1", "4820193756 ", "48201937566", "٤٨٢٠١٩٣٧٥٦", "48201937a6", "-820193756"]
    for text in texts:
        assert holds(text) == (is_idcs_shape(text) and algorithm.holds(text))
    assert any(map(holds, texts))
