"""The routes of payments: cycles, their approvals, what a household was paid, figures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.payments.api.schemas import (
    Abandonment,
    BatchPage,
    BatchView,
    CycleView,
    InstructionPage,
    InstructionView,
    NewApproval,
    NewCycle,
    StatisticsView,
)
from services.payments.domain.refusals import (
    ApprovalOutOfTurnError,
    ApproverNotDistinctError,
    ContentChangedError,
    CycleExistsError,
    CycleNotAbandonableError,
    CycleUnknownError,
    MonthOutOfRangeError,
    ProgrammeNotPaidError,
    RunOfAnotherMonthError,
    ScopeTooNarrowError,
)
from services.payments.use_cases.abandon_cycle import abandon_cycle
from services.payments.use_cases.approve_cycle import WantedApproval, approve_cycle
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.open_cycle import WantedCycle, open_cycle
from services.payments.use_cases.read_cycle import read_batches, read_cycle
from services.payments.use_cases.read_payments import (
    LAST_ID,
    LATEST_MONTH,
    read_instructions,
    read_statistics,
)
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    decode_cursor,
    encode_cursor,
)
from shared.web.auth import Principal, ScopeMissingError, requires
from shared.web.idempotency import Idempotent
from shared.web.problems import problems

router = APIRouter(prefix="/payments/v1", tags=["payments"])

FIRST_ID = UUID(int=0)
Limit = Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)]
Cursor = Annotated[str | None, Query(max_length=300)]


def _collaborators(request: Request) -> Collaborators:
    using: Collaborators = request.app.state.collaborators
    return using


Using = Annotated[Collaborators, Depends(_collaborators)]


@router.post(
    "/cycles",
    status_code=202,
    response_model=CycleView,
    responses=problems(
        CycleExistsError,
        MonthOutOfRangeError,
        ProgrammeNotPaidError,
        RunOfAnotherMonthError,
        ScopeTooNarrowError,
    ),
)
async def post_payment_cycle(
    body: NewCycle,
    using: Using,
    call: Idempotent,
    principal: Annotated[Principal, requires("payments.cycles:write")],
) -> Response:
    """Open a cycle for a programme's month; it freezes once its run's totals are met."""
    wanted = WantedCycle(
        programme=body.programme, month=body.month, run_id=body.run_id, maker=principal.subject
    )
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> CycleView:
            return CycleView.of(await open_cycle(using, tx, wanted, scope=principal.row_scope))

        return await call.once(tx, act, status=202)


@router.get("/cycles/{cycle_id}", responses=problems(CycleUnknownError))
async def get_payment_cycle(
    cycle_id: UUID,
    using: Using,
    principal: Annotated[Principal, requires("payments.cycles:read")],
) -> CycleView:
    """Show where a cycle stands, what it waits for, and its figures."""
    return CycleView.of(await read_cycle(using, cycle_id, scope=principal.row_scope))


@router.get("/cycles/{cycle_id}/batches", responses=problems(CycleUnknownError))
async def list_payment_batches(
    cycle_id: UUID,
    using: Using,
    principal: Annotated[Principal, requires("payments.cycles:read")],
    limit: Limit = PAGE_ITEMS_DEFAULT,
    cursor: Cursor = None,
) -> BatchPage:
    """List the batches of a cycle."""
    after = FIRST_ID if cursor is None else _uuid(decode_cursor(cursor, parts=1)[0])
    rows = await read_batches(using, cycle_id, after=after, limit=limit, scope=principal.row_scope)
    following = encode_cursor(str(rows[-1].batch_id)) if len(rows) == limit else None
    return BatchPage(items=[BatchView.of(row) for row in rows], next_cursor=following)


@router.post(
    "/cycles/{cycle_id}/approvals",
    response_model=CycleView,
    responses=problems(
        CycleUnknownError,
        ApprovalOutOfTurnError,
        ContentChangedError,
        ApproverNotDistinctError,
        ScopeTooNarrowError,
    ),
)
async def post_payment_approval(
    cycle_id: UUID,
    body: NewApproval,
    using: Using,
    call: Idempotent,
    principal: Annotated[Principal, requires("payments.cycles:read")],
) -> Response:
    """Approve a cycle's content at one level; needs the scope of that level besides.

    Maker, level 1 and level 2 are three different people. After level 2 the cycle is released.
    """
    if f"payments.cycles:approve-{body.level}" not in principal.scopes:
        message = "The access token does not carry the scope of this level of approval."
        raise ScopeMissingError(message)
    wanted = WantedApproval(
        cycle_id=cycle_id,
        level=body.level,
        content_hash=bytes.fromhex(body.content_hash),
        actor=principal.subject,
    )
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> CycleView:
            return CycleView.of(await approve_cycle(using, tx, wanted, scope=principal.row_scope))

        return await call.once(tx, act)


@router.post(
    "/cycles/{cycle_id}/abandonment",
    response_model=CycleView,
    responses=problems(CycleUnknownError, CycleNotAbandonableError, ScopeTooNarrowError),
)
async def post_payment_abandonment(
    cycle_id: UUID,
    using: Using,
    call: Idempotent,
    principal: Annotated[Principal, requires("payments.cycles:write")],
    body: Abandonment | None = None,
) -> Response:
    """Abort a cycle that still waits for its run; its month may then have another."""
    del body
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> CycleView:
            return CycleView.of(await abandon_cycle(tx, cycle_id, scope=principal.row_scope))

        return await call.once(tx, act)


@router.get("/households/{household_id}/instructions")
async def list_household_instructions(
    household_id: UUID,
    using: Using,
    principal: Annotated[Principal, requires("payments.instructions:read", purpose=True)],
    limit: Limit = PAGE_ITEMS_DEFAULT,
    cursor: Cursor = None,
) -> InstructionPage:
    """List what a household was paid or is owed, latest month first."""
    before = (LATEST_MONTH, LAST_ID)
    if cursor is not None:
        month, last = decode_cursor(cursor, parts=2)
        before = (month, _uuid(last))
    rows = await read_instructions(
        using, household_id, before=before, limit=limit, scope=principal.row_scope
    )
    following = None
    if len(rows) == limit:
        following = encode_cursor(rows[-1].month, str(rows[-1].instruction_id))
    return InstructionPage(items=[InstructionView.of(row) for row in rows], next_cursor=following)


@router.get("/statistics")
async def get_payment_statistics(
    using: Using,
    principal: Annotated[Principal, requires("payments.statistics:read")],
) -> StatisticsView:
    """Show figures over all cycles, of the caller's regions and programmes."""
    return StatisticsView.of(await read_statistics(using, scope=principal.row_scope))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message) from error
