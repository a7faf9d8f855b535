"""Declarations for tests: what changed for the people of `declaring`."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from services.registry.api.declaration_bodies import DeclarationBody, declaration_made
from services.registry.use_cases.declaration_errors import DeclarationRefusedError
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.declare import declare
from services.registry.use_cases.give_receipt import Receipt
from shared.storage.database import RowScope
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import (
    FACTS,
    TANGIER,
    a_file,
    a_household,
    a_member,
    a_person,
    an_idcs,
)

ON = "2026-11-18"
PROOF = {
    "birth": "birth_certificate",
    "death": "death_certificate",
    "marriage": "marriage_certificate",
    "suspension": "judicial_decision",
    "reinstatement": "judicial_decision",
}
BODIES: TypeAdapter[DeclarationBody] = TypeAdapter(DeclarationBody)


def a_declaration(verb: str, /, **stated: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return the body of a declaration with fitting evidence, two days old unless changed."""
    return {
        "verb": verb,
        "occurred_on": ON,
        "evidence": {"kind": PROOF.get(verb, "declaration_on_honour")},
    } | stated


def a_new_household(*members: dict[str, Any], **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a household that is founded; the first member heads it and declares."""
    head, *others = members
    return {
        "commune": TANGIER,
        "milieu": "urban",
        "language": "fr",
        "members": [
            head | {"kinship": "head", "head": True, "declarant": True},
            *others,
        ],
        "facts": FACTS,
    } | changes


def a_newborn(number: int, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a child born on the day of the declaration."""
    person = a_person(number)
    kept = ("idcs", "name_ar", "name_latin", "sex", "birth_commune", "nationality", "commune")
    return {name: person[name] for name in kept} | {"birth_date": ON} | changes


async def on_file(registry: Registry) -> tuple[UUID, UUID]:
    """Register two households, 1 (a mother and her children 2 and 3) and 2 (4 alone)."""
    lines = a_file(
        a_person(1),
        a_person(2),
        a_person(3, birth_date="2015-03-01"),
        a_person(4, sex="M"),
        a_person(5, sex="M"),
        a_household(1, [1, 2, 3]),
        a_household(2, [4]),
    )
    await registry.load(lines, key="people")
    first, second = await registry.databases.rows(
        "SELECT household.household_id FROM household JOIN household_member"
        " USING (household_id, version) GROUP BY 1 ORDER BY count(*) DESC"
    )
    return first["household_id"], second["household_id"]


async def declared(
    registry: Registry, body: dict[str, Any], *, regions: tuple[str, ...] = ("*",)
) -> Receipt:
    """Declare something as the api does."""
    made = declaration_made(BODIES.validate_python(body))
    declarer = Declarer("a-registrar", "registration", regions)
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        return await declare(tx, made, declarer=declarer, using=registry.api)


async def faults(
    registry: Registry, body: dict[str, Any], *, regions: tuple[str, ...] = ("*",)
) -> list[tuple[str, str]]:
    """Return field and code of every fault of a declaration that is refused."""
    try:
        await declared(registry, body, regions=regions)
    except DeclarationRefusedError as error:
        return list(error.faults)
    return []


async def members(registry: Registry, household_id: UUID) -> dict[str, str]:
    """Return who lives in a household now, by the number of the person, and their kinship."""
    rows = await registry.databases.rows(
        "SELECT idcs_blind, kinship FROM household"
        " JOIN household_member USING (household_id, version) JOIN person USING (person_id)"
        " WHERE household_id = %(household_id)s",
        household_id=household_id,
    )
    names = {
        registry.api.sealed.blind("person.idcs", an_idcs(number)): str(number)
        for number in range(1, 10)
    }
    return {names[bytes(row["idcs_blind"])]: row["kinship"] for row in rows}


async def person_id_of(registry: Registry, number: int) -> UUID:
    """Return the pseudonym of the number-th person."""
    person_id: UUID = await registry.databases.value(
        "SELECT person_id FROM person WHERE idcs_blind = %(blind)s",
        blind=registry.api.sealed.blind("person.idcs", an_idcs(number)),
    )
    return person_id


__all__ = [
    "BODIES",
    "ON",
    "PROOF",
    "a_declaration",
    "a_member",
    "a_new_household",
    "a_newborn",
    "an_idcs",
    "declared",
    "faults",
    "members",
    "on_file",
    "person_id_of",
]
