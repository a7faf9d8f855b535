"""An identifier that somebody is looked for by, and under which indexes a row may hold it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from services.registry.domain.identifiers import (
    CheckDigit,
    is_cnie,
    is_idcs_shape,
    is_residence_permit,
    mobile_number,
)
from services.registry.use_cases.read_block import IDCS_FIELD
from services.registry.use_cases.search_tokens import document_token, phone_token
from shared.kernel.errors import DomainError, ErrorKind
from shared.storage.sealed import SealedColumns


class IdentifierKind(StrEnum):
    """What a person may be looked for by."""

    IDCS = "idcs"
    CNIE = "cnie"
    RESIDENCE_PERMIT = "residence_permit"
    PHONE = "phone"


class IdentifierMalformedError(DomainError):
    """The identifier cannot be anybody's: its form or its check digit is wrong."""

    code: ClassVar[str] = "registry.identifier-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True, repr=False)
class SoughtIdentifier:
    """A well-formed identifier; it has no repr, since that would print the number."""

    kind: IdentifierKind
    value: str

    @property
    def is_idcs(self) -> bool:
        """Return whether it is the one number that everybody has."""
        return self.kind is IdentifierKind.IDCS

    @property
    def reason(self) -> str:
        """Return the identifier's kind as reasons write it."""
        return self.kind.replace("_", "-")

    def blinds(self, sealed: SealedColumns) -> tuple[bytes, ...]:
        """Return the blind indexes that a person with this IDCS may have."""
        return sealed.blinds(IDCS_FIELD, self.value)

    def tokens(self, sealed: SealedColumns) -> list[list[int]]:
        """Return the search token of the document or phone under each index key."""
        token = phone_token if self.kind is IdentifierKind.PHONE else document_token
        return [
            [token(self.value, sealed=sealed, key_id=key_id)] for key_id in sealed.index_key_ids
        ]


def sought_identifier(
    kind: IdentifierKind, value: str, *, algorithm: CheckDigit
) -> SoughtIdentifier:
    """Return a submitted identifier in the form that it is recorded in.

    Raises:
        IdentifierMalformedError: It cannot be anybody's.
    """
    written = "".join(value.split()).upper()
    known: str | None = written
    if kind is IdentifierKind.PHONE:
        known = mobile_number(written)
    elif kind is IdentifierKind.IDCS:
        known = written if is_idcs_shape(written) and algorithm.holds(written) else None
    elif kind is IdentifierKind.CNIE:
        known = written if is_cnie(written) else None
    else:
        known = written if is_residence_permit(written) else None
    if known is None:
        message = "This is no identifier of that kind; check every character of it."
        raise IdentifierMalformedError(message)
    return SoughtIdentifier(kind, known)
