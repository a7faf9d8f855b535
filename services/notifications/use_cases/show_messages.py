"""Showing what a household was told, and how far it got."""

from datetime import datetime
from uuid import UUID

from services.notifications.storage.views import MessageShown, messages_of
from shared.kernel.paging import MalformedCursorError, decode_cursor, encode_cursor
from shared.storage.database import Database, RowScope


async def show_messages(
    household_id: UUID, *, cursor: str | None, limit: int, database: Database, scope: RowScope
) -> tuple[list[MessageShown], str | None]:
    """Return a page of a household's messages, newest first, and the cursor of the next.

    A household outside the caller's regions shows no message, as one that was never told.

    Raises:
        MalformedCursorError: The cursor is not of this list.
    """
    before = None if cursor is None else _place(cursor)
    async with database.transaction(scope) as tx:
        shown = await messages_of(tx, household_id, before=before, limit=limit + 1)
    page = shown[:limit]
    if len(shown) <= limit:
        return page, None
    return page, encode_cursor(page[-1].created_at.isoformat(), str(page[-1].message_id))


def _place(cursor: str) -> tuple[datetime, UUID]:
    created_at, message_id = decode_cursor(cursor, parts=2)
    try:
        return datetime.fromisoformat(created_at), UUID(message_id)
    except ValueError as error:
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message) from error
