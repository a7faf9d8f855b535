"""The routes of the notifications service."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.notifications.api.schemas import MessagePage, MessageView, StatisticsView
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.show_messages import show_messages
from services.notifications.use_cases.show_statistics import show_statistics
from shared.kernel.paging import PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, MalformedCursorError
from shared.web.auth import Principal, requires
from shared.web.problems import problems

CURSOR_CHARACTERS_MAX = 300

router = APIRouter(prefix="/notifications/v1", tags=["notifications"])


@router.get("/households/{household_id}/messages", responses=problems(MalformedCursorError))
async def get_household_messages(
    request: Request,
    household_id: UUID,
    principal: Annotated[Principal, requires("notifications.messages:read", purpose=True)],
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
) -> MessagePage:
    """Return what a household was told and how far it got, newest first."""
    shown, next_cursor = await show_messages(
        household_id,
        cursor=cursor,
        limit=limit,
        database=_collaborators(request).database,
        scope=principal.row_scope,
    )
    return MessagePage(items=[MessageView.of(item) for item in shown], next_cursor=next_cursor)


@router.get("/statistics")
async def get_notification_statistics(
    request: Request,
    principal: Annotated[Principal, requires("notifications.statistics:read")],
) -> StatisticsView:
    """Return messages by stage and state."""
    statistics = await show_statistics(
        scope=principal.row_scope, collaborators=_collaborators(request)
    )
    return StatisticsView.of(statistics)


def _collaborators(request: Request) -> Collaborators:
    collaborators: Collaborators = request.app.state.collaborators
    return collaborators
