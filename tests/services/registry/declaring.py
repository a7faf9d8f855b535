"""Lines of import files for tests; each states only what matters to its test."""

import base64
import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from services.registry.domain.csv_rows import CSV_COLUMNS, CSV_HEADER
from services.registry.domain.identifiers import CheckDigit

RABAT = "04.421.01.0"
TANGIER = "01.511.01.0"
A_RIB = "011519000001205000534921"


def an_idcs(number: int) -> str:
    """Return the number-th valid IDCS."""
    stem = f"2{number:08d}"
    return next(
        stem + str(digit) for digit in range(10) if CheckDigit.VERHOEFF.holds(f"{stem}{digit}")
    )


def a_person(number: int, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return the line of the number-th person: an adult woman of Tangier unless changed."""
    return {
        "type": "person",
        "idcs": an_idcs(number),
        "cnie": f"AB{100_000 + number}",
        "name_ar": {"given": "زهرة", "family": "البحري"},
        "name_latin": {"given": "Zahra", "family": "EL BAHRI"},
        "sex": "F",
        "birth_date": "1989-04-12",
        "birth_commune": TANGIER,
        "nationality": "MAR",
        "phones": [f"+2126{number:08d}"],
        "commune": TANGIER,
        "status": "active",
    } | changes


def a_member(number: int, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a child of the head unless changed."""
    return {
        "idcs": an_idcs(number),
        "kinship": "child",
        "head": False,
        "declarant": False,
        "schooling": "public",
        "education": "basic",
        "literate": True,
        "activity": "child",
        "occupation": "none",
        "sector": "none",
        "health_cover": "none",
        "orphan_of_father": False,
        "severe_disability": False,
        "birth_rank": 1,
    } | changes


def a_household(
    number: int,
    members: Sequence[int],
    /,
    **changes: Any,  # noqa: ANN401 -- any JSON
) -> dict[str, Any]:
    """Return the line of a household; its first member is the head and declares."""
    head, *others = members
    return {
        "type": "household",
        "reference": f"RSU-{number:08d}",
        "commune": TANGIER,
        "milieu": "urban",
        "language": "ar",
        "phone": f"+2127{number:08d}",
        "declared_on": "2026-10-02",
        "members": [
            a_member(head, kinship="head", head=True, declarant=True, birth_rank=None),
            *(a_member(other) for other in others),
        ],
        "facts": FACTS,
        "attestations": [],
        "applications": [{"programme": "asd", "applied_on": "2026-10-02"}],
        "payee_account": {
            "kind": "rib",
            "account": A_RIB,
            "collector": an_idcs(head),
            "name_latin": "EL BAHRI Zahra",
        },
    } | changes


FACTS: dict[str, Any] = {
    "dwelling": "flat",
    "rooms": 2,
    "family_nuclei": 1,
    "bath_or_shower": True,
    "electricity_meter": True,
    "computer": False,
    "satellite_dish": True,
    "fixed_telephone": False,
    "bank_loan": False,
    "secondary_dwelling": False,
    "garage": False,
    "business_premises": False,
    "mobile_phones": 3,
    "cars": 0,
    "motorcycles": 0,
    "non_agricultural_land": False,
    "irrigated_land": False,
    "cows": 0,
    "butane_yearly_centimes": 60_000,
    "water_electricity_yearly_centimes": 240_000,
    "phone_internet_yearly_centimes": 120_000,
}


def a_birth(household_id: str, *, mother: int, child: int, born: str) -> dict[str, Any]:
    """Return the declaration of a child of somebody, with its certificate."""
    newborn = a_person(child, birth_date=born, cnie=None, phones=[])
    unsaid = {"type", "cnie", "phones", "status"}
    return {
        "verb": "birth",
        "occurred_on": born,
        "evidence": {"kind": "birth_certificate", "reference": f"2026/{child}"},
        "household_id": household_id,
        "newborn": {name: newborn[name] for name in newborn.keys() - unsaid},
        "member": {"health_cover": "none", "birth_rank": 1},
        "mother": an_idcs(mother),
    }


def a_file(*lines: dict[str, Any] | str) -> bytes:
    """Return a file of these lines; a text stands for itself."""
    texts = (
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
    )
    return ("\n".join(texts) + "\n").encode()


def a_row(person: dict[str, Any]) -> bytes:
    """Return a person's line as a row of a CSV file, without the line break."""
    names = {
        f"{part}_{script}": person[f"name_{script}"][part]
        for script in ("ar", "latin")
        for part in ("given", "family")
    }
    cells = person | names | {"phones": " ".join(person["phones"] or ())}
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(
        ["" if cells.get(column) is None else cells[column] for column in CSV_COLUMNS]
    )
    return written.getvalue().encode()


def a_csv_file(*persons: dict[str, Any]) -> bytes:
    """Return a CSV file of these persons."""
    return b"".join(row + b"\r\n" for row in (CSV_HEADER, *map(a_row, persons)))


async def in_chunks(file: bytes, *, size: int = 1_000) -> AsyncIterator[bytes]:
    """Yield a file in pieces, as a connection delivers it."""
    for start in range(0, len(file), size):
        yield file[start : start + size]


def content_digest(file: bytes) -> str:
    """Return the Content-Digest field of a file."""
    digest = base64.b64encode(hashlib.sha256(file).digest()).decode()
    return f"sha-256=:{digest}:"
