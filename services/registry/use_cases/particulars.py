"""What tells a person apart by name or number, sealed as one text per version."""

import json
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import SEPARATOR, Name
from services.registry.storage.persons import VERSION_TABLE, PersonVersion
from shared.storage.sealed import SealedColumns

PARTICULARS_COLUMN = "particulars_sealed"
CNIE_FIELD = "person.cnie"
PERMIT_FIELD = "person.residence_permit"
_JSON = b"["
"""Versions of the first release begin so, and have one phone at most."""


class Particulars(NamedTuple):
    """Names, documents and phones of a person."""

    name_ar: Name
    name_latin: Name
    cnie: str | None
    residence_permit: str | None
    phones: tuple[str, ...]


def open_particulars(version: PersonVersion, *, sealed: SealedColumns) -> Particulars:
    """Return the particulars that a version holds.

    Raises:
        UnsealError: They were altered or moved, or their key is gone.
    """
    document = sealed.unseal_bytes(
        version.particulars_sealed,
        table=VERSION_TABLE,
        column=PARTICULARS_COLUMN,
        row_id=version.version_id,
    )
    return read_particulars(document)


def sealed_again(version: PersonVersion, *, version_id: UUID, sealed: SealedColumns) -> bytes:
    """Return the particulars of a version, sealed for a newer one that says the same.

    Raises:
        UnsealError: They were altered or moved, or their key is gone.
    """
    document = sealed.unseal_bytes(
        version.particulars_sealed,
        table=VERSION_TABLE,
        column=PARTICULARS_COLUMN,
        row_id=version.version_id,
    )
    return sealed.seal_bytes(
        document, table=VERSION_TABLE, column=PARTICULARS_COLUMN, row_id=version_id
    )


def read_particulars(document: bytes) -> Particulars:
    """Return what a version's text says, in the form of this release or of the first one."""
    if document.startswith(_JSON):
        name_ar, name_latin, cnie, phone = json.loads(document)
        phones = () if phone is None else (phone,)
        return Particulars(Name(*name_ar), Name(*name_latin), cnie, None, phones)
    texts = document.decode().split(SEPARATOR)
    cnie, permit, given_ar, family_ar, given_latin, family_latin, *listed = texts
    return Particulars(
        Name(given_ar, family_ar),
        Name(given_latin, family_latin),
        cnie or None,
        permit or None,
        tuple(listed),
    )
