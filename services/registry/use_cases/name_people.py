"""Hold the people whom a declaration may touch until it is recorded, and find those it names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from services.registry.domain.identifiers import is_idcs_shape
from services.registry.domain.plans import NamedPerson
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.storage.standing import (
    KnownPerson,
    hold_persons,
    read_known_persons,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import refused
from services.registry.use_cases.read_block import IDCS_FIELD
from shared.storage.database import Transaction


async def hold_people(
    tx: Transaction,
    people: Iterable[str],
    *,
    persons: Sequence[UUID] = (),
    homes: Sequence[UUID] = (),
    using: Collaborators,
) -> None:
    """Hold everybody whom a declaration may touch, before anything is read or written for it.

    Args:
        tx: The transaction of the declaration; it must see every region.
        people: The IDCS of people, on file or not; all they live with are held too.
        persons: People by pseudonym.
        homes: Households whose residents are held.
        using: The registry's means.
    """
    blinds = [blind for idcs in people for blind in using.sealed.blinds(IDCS_FIELD, idcs)]
    await hold_persons(tx, blinds, persons=persons, homes=homes)


async def name_people(
    tx: Transaction,
    named: Iterable[NamedPerson],
    *,
    regions: Collection[str],
    using: Collaborators,
) -> Mapping[str, KnownPerson]:
    """Return the named persons by IDCS; they are held, and so read as they will stand.

    Every refusal that depends on who somebody is comes after this one: a stranger is told apart
    from nobody by no answer.

    Args:
        tx: The transaction of the declaration; it must see every region.
        named: Whom the declaration names.
        regions: The regions that the declarer holds, `*` for all of them.
        using: The registry's means.

    Raises:
        DeclarationRefusedError: An IDCS is malformed, or nobody on file has it, or a stranger.
    """
    people = list(named)
    holds = using.rules.algorithm.holds
    malformed = [
        Reject(person.field, RejectCode.IDCS_CHECK_DIGIT)
        for person in people
        if not (is_idcs_shape(person.idcs) and holds(person.idcs))
    ]
    if malformed:
        raise refused(*malformed)
    idcs_of = {
        blind: person.idcs
        for person in people
        for blind in using.sealed.blinds(IDCS_FIELD, person.idcs)
    }
    found = await read_known_persons(tx, list(idcs_of)) if idcs_of else []
    known = {idcs_of[person.blind]: person for person in found}
    unknown = [
        Reject(person.field, RejectCode.PERSON_UNKNOWN)
        for person in people
        if person.idcs not in known or _is_stranger(person, known[person.idcs], regions)
    ]
    if unknown:
        raise refused(*unknown)
    return known


def _is_stranger(person: NamedPerson, known: KnownPerson, regions: Collection[str]) -> bool:
    return person.is_stranger(
        stands_in=known.region_code, lives_in=known.home_region_code, regions=regions
    )
