"""Prepare persons for being recorded: seal them, make what they are found by, pack their rows.

This is all the computing that needs no database: reading processes do it for imports.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.registry.domain.declarations import (
    DeclaredPerson,
    person_content,
    person_particulars,
)
from services.registry.storage.person_packing import PersonPacker, SealedPerson
from services.registry.storage.persons import VERSION_TABLE
from services.registry.use_cases.particulars import (
    CNIE_FIELD,
    PARTICULARS_COLUMN,
    PERMIT_FIELD,
)
from services.registry.use_cases.search_tokens import person_tokens
from shared.runtime.ids import new_id_bytes
from shared.storage.sealed import SealedColumns

IDCS_FIELD = "person.idcs"
CONTENT_FIELD = "person.content"


@dataclass(slots=True)
class PreparedPersons:
    """Persons of a block, each at the same position of every list.

    The rows are those of persons whom nobody knows yet.
    """

    lines: list[int] = field(default_factory=list)
    """Where each stands in its file."""
    blinds: list[bytes] = field(default_factory=list)
    older_blinds: list[tuple[bytes, ...]] = field(default_factory=list)
    """What each may be known by besides; empty unless two index keys are held."""
    digests: list[bytes] = field(default_factory=list)
    """By the active index key what each declares."""
    older_digests: list[tuple[bytes, ...]] = field(default_factory=list)
    """By the other index keys; empty unless two are held."""
    statuses: list[str] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    person_rows: list[bytes] = field(default_factory=list)
    version_rows: list[bytes] = field(default_factory=list)

    def digests_of(self, at: int) -> tuple[bytes, ...]:
        """Return every digest that a person's standing version may have if it says the same."""
        return (self.digests[at], *(self.older_digests[at] if self.older_digests else ()))


class PersonPreparer:
    """Prepares persons one after the other under the keys of one moment."""

    def __init__(self, *, sealed: SealedColumns, registered_on: date, seen_in: UUID) -> None:
        """Take the active keys, and what is the same for everybody.

        Args:
            sealed: The registry's keys.
            registered_on: The business day on which the declarations arrived.
            seen_in: The job or declaration that names these persons.
        """
        self.prepared = PreparedPersons()
        _, *older = sealed.index_key_ids
        self._blind = sealed.blinder(IDCS_FIELD)
        self._older = [sealed.blinder(IDCS_FIELD, key_id=key_id) for key_id in older]
        self._older_digest = [sealed.blinder(CONTENT_FIELD, key_id=key_id) for key_id in older]
        self._digest = sealed.blinder(CONTENT_FIELD)
        self._card, self._permit = sealed.blinder(CNIE_FIELD), sealed.blinder(PERMIT_FIELD)
        self._seal_idcs = sealed.sealer("person", "idcs_sealed")
        self._seal_particulars = sealed.sealer(VERSION_TABLE, PARTICULARS_COLUMN)
        self._tokens = person_tokens(sealed)
        self._packer = PersonPacker(registered_on=registered_on, seen_in=seen_in)

    def add(self, line: int, person: DeclaredPerson) -> None:
        """Prepare a person declared on a line."""
        into, idcs, particulars = self.prepared, person.idcs, person_particulars(person)
        content = person_content(person, particulars=particulars)
        person_id, version_id = new_id_bytes(), new_id_bytes()
        blind, digest = self._blind(idcs), self._digest(content)
        current, version = self._packer.rows(
            person,
            SealedPerson(
                person_id,
                version_id,
                blind,
                self._seal_idcs(idcs.encode(), person_id),
                self._document_blind(person),
                self._tokens(person),
                self._seal_particulars(particulars.encode(), version_id),
                digest,
            ),
        )
        into.lines.append(line)
        into.blinds.append(blind)
        into.digests.append(digest)
        into.statuses.append(person.status)
        into.regions.append(person.commune.region_code)
        into.person_rows.append(current)
        into.version_rows.append(version)
        if self._older:
            into.older_blinds.append(tuple(blinded(idcs) for blinded in self._older))
            into.older_digests.append(tuple(digested(content) for digested in self._older_digest))

    def _document_blind(self, person: DeclaredPerson) -> bytes | None:
        if person.cnie is not None:
            return self._card(person.cnie)
        return None if person.residence_permit is None else self._permit(person.residence_permit)


def prepare_persons(
    persons: Sequence[DeclaredPerson], *, sealed: SealedColumns, registered_on: date, seen_in: UUID
) -> PreparedPersons:
    """Return some persons prepared, as if they stood on the lines of a file."""
    preparer = PersonPreparer(sealed=sealed, registered_on=registered_on, seen_in=seen_in)
    for line, person in enumerate(persons, start=1):
        preparer.add(line, person)
    return preparer.prepared
