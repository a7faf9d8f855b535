"""What tells a person apart by name or number, sealed as one document per version."""

import json
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from services.registry.domain.declarations import DeclaredPerson, Name
from services.registry.storage.persons import VERSION_TABLE, PersonVersion
from shared.storage.sealed import SealedColumns

_COLUMN = "particulars_sealed"


class Particulars(NamedTuple):
    """Names, identity card and phone of a person."""

    name_ar: Name
    name_latin: Name
    cnie: str | None
    phone: str | None


def document_blind(cnie: str | None, *, sealed: SealedColumns) -> bytes | None:
    """Return what a person is found by who shows this document."""
    return None if cnie is None else sealed.blind("person.cnie", cnie)


def seal_particulars(person: DeclaredPerson, version_id: UUID, *, sealed: SealedColumns) -> bytes:
    """Return the particulars of a person, sealed for one version."""
    particulars = (person.name_ar, person.name_latin, person.cnie, person.phone)
    return sealed.seal_bytes(
        to_json(particulars), table=VERSION_TABLE, column=_COLUMN, row_id=version_id
    )


def open_particulars(version: PersonVersion, *, sealed: SealedColumns) -> Particulars:
    """Return the particulars that a version holds.

    Raises:
        UnsealError: They were altered or moved, or their key is gone.
    """
    document = sealed.unseal(
        version.particulars_sealed, table=VERSION_TABLE, column=_COLUMN, row_id=version.version_id
    )
    name_ar, name_latin, cnie, phone = json.loads(document)
    return Particulars(Name(*name_ar), Name(*name_latin), cnie, phone)
