"""Whoever asks about a stranger is answered like somebody who asks about nobody."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.runtime.ids import new_id
from shared.testing.tokens import Issuer
from tests.services.registry.changing import (
    a_declaration,
    a_new_household,
    a_newborn,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import (
    RABAT,
    a_file,
    a_household,
    a_member,
    a_person,
    an_idcs,
)
from tests.services.registry.partners import SOCIAL_SECURITY, agree_on

NOBODY, ANOTHER_NOBODY = 99, 98
HOUSED, ALONE, DECEASED, SUSPENDED, MINOR = 20, 21, 22, 23, 24
STRANGERS = (HOUSED, ALONE, DECEASED, SUSPENDED, MINOR)
SCOPES = (
    "registry.attestations:write",
    "registry.declarations:write",
    "registry.guardians:write",
    "registry.guardians:read",
)
DECLARATIONS = "/registry/v1/declarations"
REFERENCE = "RSU-00000020"
# Of the region that the registrar holds, 1, 2 and 3 live in one household, 4 in another, 5 in none.
OWN = 5


@pytest.fixture
async def home(registry: Registry) -> UUID:
    """Register people of the registrar's region, and strangers; return a household of the first."""
    first, _ = await on_file(registry)
    await registry.load(
        a_file(
            a_person(HOUSED, commune=RABAT),
            a_person(ALONE, commune=RABAT),
            a_person(DECEASED, commune=RABAT, status="deceased"),
            a_person(SUSPENDED, commune=RABAT, status="suspended"),
            a_person(MINOR, commune=RABAT, birth_date="2015-03-01"),
            a_household(20, [HOUSED], commune=RABAT),
        ),
        key="strangers",
    )
    return first


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a registrar of the region of Tangier, who may report for an administration too."""
    claims: dict[str, Any] = {"subject": SOCIAL_SECURITY, "regions": ["01"]}
    async with at_the_counter(registry, *SCOPES, keys=keys, issuer=issuer, **claims) as client:
        yield client


async def answer(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Return status and body of the answer to something sent for the first time."""
    response = await client.post(url, json=body, headers={"Idempotency-Key": str(new_id())})
    return response.status_code, response.content


def registering(home: UUID, number: int) -> dict[str, Any]:
    """Found a household with somebody in it."""
    del home
    founded = a_new_household(a_member(OWN), a_member(number))
    return a_declaration("registration", household=founded)


def heading(home: UUID, number: int) -> dict[str, Any]:
    """Found a household with somebody at its head."""
    del home
    return a_declaration("registration", household=a_new_household(a_member(number)))


def correcting(home: UUID, number: int) -> dict[str, Any]:
    """Correct somebody as a member."""
    return a_declaration("correction", household_id=str(home), members=[a_member(number)])


def bearing(part: str) -> Callable[[UUID, int], dict[str, Any]]:
    """Return a birth that names somebody as a parent."""
    return lambda home, number: born(home, 6, **{part: an_idcs(number)})


def born(home: UUID, number: int, **named: str) -> dict[str, Any]:
    """Return a birth into a household."""
    return a_declaration(
        "birth",
        household_id=str(home),
        newborn=a_newborn(number),
        member={"health_cover": "none"},
        **named,
    )


def of_one(verb: str) -> Callable[[UUID, int], dict[str, Any]]:
    """Return a declaration about somebody alone."""
    return lambda _, number: a_declaration(verb, person=an_idcs(number))


def departing(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody leave a household."""
    return a_declaration("departure", household_id=str(home), person=an_idcs(number))


def joining(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody marry into a household."""
    return a_declaration(
        "marriage",
        spouses=[an_idcs(1), an_idcs(number)],
        joins=str(home),
        member=a_member(number, kinship="spouse"),
    )


def marrying(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody found a household with a spouse."""
    del home
    founded = a_new_household(a_member(OWN), a_member(number, kinship="spouse"))
    return a_declaration("marriage", spouses=[an_idcs(OWN), an_idcs(number)], founds=founded)


def taken_along(home: UUID, number: int) -> dict[str, Any]:
    """Let spouses take somebody along."""
    del home
    founded = a_new_household(a_member(OWN), a_member(2, kinship="spouse"), a_member(number))
    return a_declaration("marriage", spouses=[an_idcs(OWN), an_idcs(2)], founds=founded)


def separating(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody found a household on leaving another."""
    founded = a_new_household(a_member(2), a_member(number))
    return a_declaration("separation", household_id=str(home), founds=founded)


def leaving_for(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody leave a household for the registrar's own."""
    return a_declaration(
        "separation", household_id=str(home), joins=str(home), members=[a_member(number)]
    )


def succeeding(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody head a household whose head has died."""
    succession = {"household_id": str(home), "head": an_idcs(number)}
    return a_declaration("death", person=an_idcs(1), successions=[succession])


def declaring(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody declare a review."""
    return a_declaration("review", household_id=str(home), declared_by=an_idcs(number))


def declaring_a_child(home: UUID, number: int) -> dict[str, Any]:
    """Let somebody declare what is refused for another reason too: a child marries."""
    del home
    founded = a_new_household(a_member(OWN), a_member(3, kinship="spouse"))
    return a_declaration(
        "marriage",
        spouses=[an_idcs(OWN), an_idcs(3)],
        founds=founded,
        declared_by=an_idcs(number),
    )


BODIES: dict[str, Callable[[UUID, int], dict[str, Any]]] = {
    "registration, a member": registering,
    "registration, the head": heading,
    "correction": correcting,
    "birth, the mother": bearing("mother"),
    "birth, the father": bearing("father"),
    "death": of_one("death"),
    "suspension": of_one("suspension"),
    "reinstatement": of_one("reinstatement"),
    "departure": departing,
    "marriage, who joins": joining,
    "marriage, who founds": marrying,
    "marriage, a child": taken_along,
    "separation, who founds": separating,
    "separation, who joins": leaving_for,
    "death, who succeeds": succeeding,
    "declared by": declaring,
    "declared by, of a child's marriage": declaring_a_child,
}


async def test_a_declaration_that_names_a_stranger_is_refused_like_one_that_names_nobody(
    client: httpx.AsyncClient, registry: Registry, home: UUID
) -> None:
    telling = set()
    for verb, body in BODIES.items():
        nobody = await answer(client, DECLARATIONS, body(home, NOBODY))
        assert nobody[0] == 422
        for number in STRANGERS:
            if await answer(client, DECLARATIONS, body(home, number)) != nobody:
                telling.add(verb)
    assert telling == set()
    assert await registry.databases.value("SELECT count(*) FROM access_log") == 0


async def test_a_household_of_strangers_is_as_unknown_as_none(
    client: httpx.AsyncClient, registry: Registry, home: UUID
) -> None:
    theirs = await registry.databases.value(
        "SELECT household_id FROM residence WHERE person_id = %(person_id)s",
        person_id=await person_id_of(registry, HOUSED),
    )

    def bodies(household_id: UUID) -> list[dict[str, Any]]:
        there = str(household_id)
        return [
            a_declaration("review", household_id=there),
            a_declaration("correction", household_id=there, milieu="rural"),
            a_declaration("move", household_id=there, commune=RABAT, milieu="urban"),
            a_declaration("merge", household_id=str(home), into=there),
            a_declaration("merge", household_id=there, into=str(home)),
            departing(household_id, 2),
            joining(household_id, OWN),
            a_declaration("separation", household_id=str(home), joins=there, members=[a_member(2)]),
        ]

    for real, invented in zip(bodies(theirs), bodies(new_id()), strict=True):
        told = await answer(client, DECLARATIONS, real)
        assert told[0] == 404
        assert told == await answer(client, DECLARATIONS, invented)


async def test_a_reference_that_is_taken_says_not_where(
    client: httpx.AsyncClient, home: UUID
) -> None:
    del home
    told = {
        await answer(
            client,
            DECLARATIONS,
            a_declaration(
                "registration", household=a_new_household(a_member(OWN), reference=reference)
            ),
        )
        for reference in ("RSU-00000002", REFERENCE)
    }
    ((status, problem),) = told
    assert (status, b"registry.reference-taken" in problem) == (422, True)


async def test_a_birth_that_is_refused_anyway_does_not_tell_whose_number_it_is(
    client: httpx.AsyncClient, home: UUID
) -> None:
    account = {"kind": "rib", "account": "0" * 23 + "1", "collector": an_idcs(1)}
    unpayable = {"forwarded": {"payee_account": account | {"name_latin": "EL BAHRI Zahra"}}}
    for wrong in (
        unpayable,
        {"household_id": str(new_id())},
        {"declared_by": an_idcs(ANOTHER_NOBODY)},
    ):
        told = {
            await answer(client, DECLARATIONS, born(home, number) | wrong)
            for number in (NOBODY, *STRANGERS)
        }
        ((status, problem),) = told
        assert status in {404, 422}
        assert b"idcs-duplicate" not in problem


async def test_a_birth_into_a_household_that_cannot_stand_does_not_tell_it_either(
    client: httpx.AsyncClient, registry: Registry, home: UUID
) -> None:
    # A file told of a member's death, and nobody has said yet that they are gone.
    await registry.load(a_file(a_person(2, status="deceased")), key="a death")

    told = {await answer(client, DECLARATIONS, born(home, n)) for n in (NOBODY, *STRANGERS)}
    ((status, problem),) = told
    assert (status, b"registry.person-deceased" in problem) == (422, True)
    assert b"newborn" not in problem


async def test_nobody_is_their_own_parent_and_that_does_not_tell_it_either(
    client: httpx.AsyncClient, home: UUID
) -> None:
    for part in ("mother", "father", "declared_by"):
        told = {
            await answer(client, DECLARATIONS, born(home, n, **{part: an_idcs(n)}))
            for n in (NOBODY, *STRANGERS)
        }
        ((status, problem),) = told
        assert (status, b"registry.person-unknown" in problem) == (422, True)


async def test_a_number_that_is_taken_cannot_be_a_newborns_and_nothing_more_is_told(
    client: httpx.AsyncClient, registry: Registry, home: UUID
) -> None:
    # Somebody of the own region, in a household or none, or of another one: all the same.
    taken = {await answer(client, DECLARATIONS, born(home, n)) for n in (4, OWN, *STRANGERS)}
    ((status, problem),) = taken
    assert (status, b"registry.idcs-duplicate" in problem) == (422, True)
    assert await registry.databases.value("SELECT max(version) FROM person_version") == 1
    assert await registry.databases.value("SELECT count(*) FROM person") == 5 + len(STRANGERS)
    told, _ = await answer(client, DECLARATIONS, born(home, NOBODY))
    assert told == 201


async def test_a_stranger_has_no_guardians_and_is_none(
    client: httpx.AsyncClient, registry: Registry, home: UUID
) -> None:
    del home

    def address(person_id: UUID, tail: str = "") -> str:
        return f"/registry/v1/persons/{person_id}/guardians{tail}"

    def body(number: int) -> dict[str, Any]:
        return {
            "guardian": an_idcs(number),
            "relation": "legal_guardian",
            "valid_from": "2026-10-01",
            "evidence": {"kind": "judicial_decision"},
        }

    ward = address(await person_id_of(registry, 3))
    nobody = await answer(client, ward, body(NOBODY))
    assert nobody[0] == 422
    assert [await answer(client, ward, body(number)) for number in STRANGERS] == [nobody] * len(
        STRANGERS
    )
    end = {"ended_on": "2026-11-01", "evidence": {"kind": "judicial_decision"}}
    unknown = new_id()
    for number in STRANGERS:
        person_id = await person_id_of(registry, number)
        for tail, sent in (("", body(OWN)), (f"/{new_id()}/end", end)):
            told = await answer(client, address(person_id, tail), sent)
            assert told[0] == 404
            assert told == await answer(client, address(unknown, tail), sent)
        read = await client.get(address(person_id))
        assert (read.status_code, read.content) == (
            404,
            (await client.get(address(unknown))).content,
        )


async def test_a_report_about_a_stranger_is_answered_like_one_about_nobody(
    client: httpx.AsyncClient, registry: Registry, home: UUID
) -> None:
    del home
    await agree_on(registry, client=SOCIAL_SECURITY)
    said = {"fact": "pension", "value": True, "source": "cnss", "valid_from": "2026-01-01"}
    told = {
        await answer(
            client, "/registry/v1/attestations", {"items": [said | {"idcs": an_idcs(number)}]}
        )
        for number in (NOBODY, *STRANGERS)
    }
    ((status, outcome),) = told
    assert (status, b"registry.person-unknown" in outcome) == (200, True)
    assert await registry.databases.value("SELECT count(*) FROM access_log") == 0


async def test_members_of_a_file_of_one_region_are_as_unknown_when_they_are_strangers(
    registry: Registry, home: UUID
) -> None:
    del home
    file = a_file(
        *(
            a_household(30 + number, [number], payee_account=None)
            for number in (OWN, NOBODY, *STRANGERS)
        )
    )
    job = await registry.load(file, key="a region's", regions=("01",))
    assert job.households_recorded == 1
    told = {(field, code) for _, field, code in await registry.rejects(job)}
    assert told == {("members[0].idcs", "registry.member-unknown")}
