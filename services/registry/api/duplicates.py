"""Duplicates over HTTP: have them searched, review what was proposed; nothing is ever merged."""

import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from services.registry.api.collaborators import Using
from services.registry.api.person_view import person_view
from services.registry.api.schemas import PersonView
from services.registry.storage.duplicate_reviews import DuplicateProposal, Verdict
from services.registry.use_cases.find_duplicates import (
    DuplicateSearchNotFoundError,
    read_duplicate_search,
    request_duplicate_search,
)
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.review_duplicates import (
    AlreadyReviewedError,
    ProposalList,
    ProposalNotFoundError,
    ReviewReason,
    compare_duplicate,
    list_duplicates,
    review_duplicate,
)
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    decode_cursor,
    encode_cursor,
)
from shared.web.auth import Principal, requires
from shared.web.idempotency import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    Idempotent,
)
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1", tags=["duplicates"])

Kind = Literal["persons", "households"]
State = Literal["proposed", "confirmed", "dismissed"]
_SCORE = re.compile(r"[0-9]{1,4}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DuplicateSearchBody(_Strict):
    """What to search for; households are searched best after persons."""

    kind: Kind


class DuplicateSearchView(BaseModel):
    """A search of the whole registry and how far it is."""

    search_id: UUID
    kind: Kind
    state: Literal["planned", "searching", "completed"]
    chunks_done: int
    chunks_total: int
    pairs_compared: int
    proposed: int
    created_at: datetime
    completed_at: datetime | None


class DuplicateView(BaseModel):
    """Two records that may be of one person or household, and what speaks for it."""

    proposal_id: UUID
    kind: Kind
    first_id: UUID
    second_id: UUID
    region_code: str
    second_region_code: str
    score: int
    evidence: list[str]
    state: State
    proposed_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    reason: ReviewReason | None


class DuplicatePage(BaseModel):
    """Pairs, the highest score first."""

    items: list[DuplicateView]
    next_cursor: str | None


class ComparedPairView(DuplicateView):
    """A pair with both persons side by side; empty for households, which are read by themselves."""

    persons: list[PersonView]


class ReviewBody(_Strict):
    """What a registrar found out."""

    verdict: Literal["confirmed", "dismissed"]
    reason: ReviewReason


@router.post(
    "/duplicate-searches",
    status_code=202,
    response_model=DuplicateSearchView,
    responses=problems(IdempotencyKeyMissingError, IdempotencyKeyReusedError),
)
async def request_registry_duplicate_search(
    body: DuplicateSearchBody,
    principal: Annotated[Principal, requires("registry.duplicates:write")],
    call: Idempotent,
    using: Using,
) -> Response:
    """Have the registry searched for persons or households recorded twice."""
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> DuplicateSearchView:
            search = await request_duplicate_search(
                tx, body.kind, requested_by=principal.subject, using=using
            )
            return DuplicateSearchView.model_validate(asdict(search))

        return await call.once(tx, act, status=202)


@router.get("/duplicate-searches/{search_id}", responses=problems(DuplicateSearchNotFoundError))
async def read_registry_duplicate_search(
    search_id: UUID,
    principal: Annotated[Principal, requires("registry.duplicates:write")],  # noqa: ARG001 -- guards the route
    using: Using,
) -> DuplicateSearchView:
    """Return how far a search is."""
    search = await read_duplicate_search(search_id, using=using)
    return DuplicateSearchView.model_validate(asdict(search))


@router.get("/duplicates", responses=problems(MalformedCursorError))
async def list_registry_duplicates(
    principal: Annotated[Principal, requires("registry.duplicates:read", purpose=True)],
    using: Using,
    kind: Annotated[Kind, Query()],
    *,
    state: Annotated[State, Query()] = "proposed",
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> DuplicatePage:
    """Return pairs that may be of one person or household, the most certain first."""
    after = None if cursor is None else _position(cursor)
    wanted = ProposalList(kind, state, limit, after)
    found = await list_duplicates(wanted, _look_up(principal), using=using)
    following = None
    if len(found) == limit:
        following = encode_cursor(str(found[-1].score), str(found[-1].proposal_id))
    return DuplicatePage(items=[_view(one) for one in found], next_cursor=following)


@router.get("/duplicates/{proposal_id}", responses=problems(ProposalNotFoundError))
async def compare_registry_duplicate(
    proposal_id: UUID,
    principal: Annotated[Principal, requires("registry.duplicates:read", purpose=True)],
    using: Using,
) -> ComparedPairView:
    """Return both records of a pair side by side."""
    pair = await compare_duplicate(proposal_id, _look_up(principal), using=using)
    return ComparedPairView(
        **asdict(pair.proposal), persons=[person_view(one) for one in pair.persons]
    )


@router.post(
    "/duplicates/{proposal_id}/reviews",
    response_model=DuplicateView,
    responses=problems(
        AlreadyReviewedError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        ProposalNotFoundError,
    ),
)
async def review_registry_duplicate(
    proposal_id: UUID,
    body: ReviewBody,
    *,
    principal: Annotated[Principal, requires("registry.duplicates:review", purpose=True)],
    call: Idempotent,
    using: Using,
) -> Response:
    """Record whether two records are of one person or household; they stay two records."""
    verdict = Verdict(body.verdict, body.reason.value, principal.subject)
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> DuplicateView:
            look_up = _look_up(principal)
            return _view(await review_duplicate(tx, proposal_id, verdict, look_up, using=using))

        return await call.once(tx, act)


def _look_up(principal: Principal) -> LookUp:
    return LookUp(
        client=principal.subject, purpose=principal.purpose or "", scope=principal.row_scope
    )


def _view(proposal: DuplicateProposal) -> DuplicateView:
    return DuplicateView.model_validate(asdict(proposal))


def _position(cursor: str) -> tuple[int, UUID]:
    score, proposal_id = decode_cursor(cursor, parts=2)
    message = "The cursor is not one that this list gave out; start again without it."
    if not _SCORE.fullmatch(score):
        raise MalformedCursorError(message)
    try:
        return int(score), UUID(proposal_id)
    except ValueError as error:
        raise MalformedCursorError(message) from error
