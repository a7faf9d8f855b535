"""Read who looked at a person: for auditors, who leave a trace, and for the person concerned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.registry.domain.access_chain import SealedBlock
from services.registry.domain.purposes import OWN_RECORD, Disclosures, Words, disclosures
from services.registry.storage.access_blocks import read_last_block
from services.registry.storage.access_log import (
    AccessesAsked,
    Disclosed,
    LoggedAccess,
    log_access,
    read_accesses,
    region_of_person,
)
from services.registry.storage.policies import read_partner_names
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_person import PersonNotFoundError
from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.paging import MalformedCursorError, decode_cursor, encode_cursor
from shared.runtime.ids import new_id
from shared.storage.database import RowScope

_CURSOR_PARTS = 2


class NotAPersonError(DomainError):
    """The token's subject is nobody who is registered."""

    code: ClassVar[str] = "registry.not-a-person"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class AccessPage(NamedTuple):
    """Rows of the log, the newest first, and where to go on."""

    items: Sequence[LoggedAccess]
    next_cursor: str | None


class ToldAccess(NamedTuple):
    """A look-up in the words of the person whom it concerned."""

    access_id: UUID
    accessed_at: datetime
    who: Words
    purpose: Words
    legal_basis: Words | None
    attributes: Sequence[tuple[str, Words]]
    result: Words
    consent_id: UUID | None


class ToldPage(NamedTuple):
    """Look-ups of one's own record, the newest first, and where to go on."""

    items: Sequence[ToldAccess]
    next_cursor: str | None


async def read_access_log(
    asked: AccessesAsked, look_up: LookUp, *, cursor: str | None, using: Collaborators
) -> AccessPage:
    """Return a page of who looked at a person; that somebody asked is logged before.

    Raises:
        PersonNotFoundError: There is no such person within the caller's regions.
        MalformedCursorError: The cursor is none of this list.
    """
    asked = _behind(asked, cursor)
    access = look_up.as_access("read-access-log", attributes=("access_log",), clock=using.clock)
    async with using.database.snapshot(look_up.scope) as tx:
        region_code = await region_of_person(tx, asked.person_id)
        if region_code is None:
            message = "There is no such person within your regions."
            raise PersonNotFoundError(message)
        rows = await read_accesses(tx, _one_more(asked))
        await log_access(tx, access, [Disclosed(new_id(), region_code, asked.person_id)])
    return AccessPage(*_page(rows, asked.at_most))


async def read_own_access_log(
    subject: str, *, at_most: int, cursor: str | None, using: Collaborators
) -> ToldPage:
    """Return a page of who looked at the person whom a token names, wherever they lived then.

    Raises:
        NotAPersonError: The token names nobody who is registered.
        MalformedCursorError: The cursor is none of this list.
    """
    asked = _behind(AccessesAsked(own_id(subject), at_most), cursor)
    # A person sees all of their own rows; regions bound officers, and nothing else is asked for.
    async with using.database.snapshot(RowScope.everything()) as tx:
        if await region_of_person(tx, asked.person_id) is None:
            raise nobody_registered()
        rows, next_cursor = _page(await read_accesses(tx, _one_more(asked)), at_most)
        names = await read_partner_names(tx, sorted({row.client for row in rows}))
    book = disclosures()
    told = [_told(row, names=names, book=book) for row in rows]
    return ToldPage(told, next_cursor)


async def read_head(*, using: Collaborators) -> SealedBlock | None:
    """Return the newest block of the sealed chain; whoever keeps its hash sees a chain cut short.

    It tells of nobody: hashes, a signature and how many rows.
    """
    async with using.database.transaction(RowScope.everything()) as tx:
        return await read_last_block(tx)


def own_id(subject: str) -> UUID:
    """Return the person whom a citizen's token names.

    Raises:
        NotAPersonError: The subject is no pseudonym of a person.
    """
    try:
        return UUID(subject)
    except ValueError as error:
        raise nobody_registered() from error


def nobody_registered() -> NotAPersonError:
    """Return the refusal of a token whose subject is nobody."""
    return NotAPersonError("This token names nobody who is registered; sign in as a person.")


def _behind(asked: AccessesAsked, cursor: str | None) -> AccessesAsked:
    if cursor is None:
        return asked
    at, access_id = decode_cursor(cursor, parts=_CURSOR_PARTS)
    try:
        instant = datetime.fromisoformat(at)
        before = (instant.astimezone(UTC), UUID(access_id))
    except (ValueError, OverflowError) as error:
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message) from error
    return replace(asked, before=before)


def _one_more(asked: AccessesAsked) -> AccessesAsked:
    return replace(asked, at_most=asked.at_most + 1)


def _page(rows: list[LoggedAccess], at_most: int) -> tuple[list[LoggedAccess], str | None]:
    items = rows[:at_most]
    if len(rows) <= at_most:
        return items, None
    last = items[-1]
    return items, encode_cursor(last.accessed_at.isoformat(), str(last.access_id))


def _told(row: LoggedAccess, *, names: dict[str, tuple[str, str]], book: Disclosures) -> ToldAccess:
    """Tell a row without the client's own name: an officer's account is nobody's business."""
    purpose = book.purposes.get(row.purpose)
    basis = None if purpose is None else purpose.legal_basis_on(row.accessed_at.date())
    return ToldAccess(
        access_id=row.access_id,
        accessed_at=row.accessed_at,
        who=Words(*names[row.client]) if row.client in names else book.office(row.purpose),
        purpose=book.sentence(row.purpose),
        legal_basis=None if basis is None else basis.text,
        attributes=[(code, book.attribute(code)) for code in row.attributes],
        result=book.result(row.result),
        consent_id=row.consent_id,
    )


def own_look_up(person_id: UUID) -> LookUp:
    """Return the circumstances under which a person reads their own record."""
    return LookUp(client=str(person_id), purpose=OWN_RECORD, scope=RowScope.everything())
