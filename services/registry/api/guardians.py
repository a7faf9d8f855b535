"""Guardians over HTTP: who answers for a person, from when, and until when."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.registry.api.callers import Times, look_up_of
from services.registry.api.collaborators import Using
from services.registry.api.days import Day
from services.registry.api.declaration_bodies import Evidence
from services.registry.api.declarations import refusal
from services.registry.api.declared import Idcs, Said
from services.registry.domain.vocabulary import GuardianRelation
from services.registry.storage.guardianships import Guardianship
from services.registry.use_cases.declaration_errors import DeclarationRefusedError
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.record_guardianship import (
    GuardianMade,
    GuardianshipNotFoundError,
    end_guardianship,
    read_guardians,
    record_guardianship,
)
from shared.storage.database import RowScope
from shared.web.auth import Principal, requires
from shared.web.idempotency import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    Idempotent,
)
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/persons/{person_id}/guardians", tags=["guardians"])


class GuardianBody(Said):
    """Somebody is to answer for the person from a day on, or did until `valid_to`, a last day."""

    guardian: Idcs
    relation: GuardianRelation
    valid_from: Day
    valid_to: Day | None = None
    evidence: Evidence


class GuardianEnd(Said):
    """The last day on which somebody answers for the person."""

    ended_on: Day
    evidence: Evidence


class GuardianView(BaseModel):
    """Somebody who answers for a person, by pseudonym; `valid_to` is the last day, if known."""

    guardianship_id: UUID
    version: int
    person_id: UUID
    guardian_id: UUID
    relation: GuardianRelation
    valid_from: date
    valid_to: date | None
    evidence_kind: str
    recorded_at: datetime


class GuardianList(BaseModel):
    """Everybody who answers for a person at a time."""

    items: list[GuardianView]


@router.post(
    "",
    status_code=201,
    response_model=GuardianView,
    responses=problems(
        DeclarationRefusedError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        PersonNotFoundError,
    ),
)
async def record_registry_guardian(
    person_id: UUID,
    principal: Annotated[Principal, requires("registry.guardians:write", purpose=True)],
    body: GuardianBody,
    call: Idempotent,
    using: Using,
) -> Response:
    """Record that somebody answers for a person; cycles and minors are refused."""
    made = GuardianMade(
        person_id,
        body.valid_from,
        body.evidence.kind.value,
        body.evidence.reference,
        until=body.valid_to,
    )

    async def act() -> GuardianView:
        link = await record_guardianship(
            tx,
            made,
            guardian=body.guardian,
            relation=body.relation.value,
            declarer=_declarer(principal),
            using=using,
        )
        return _view(link)

    try:
        async with using.database.transaction(RowScope.everything()) as tx:
            return await call.once(tx, act, status=201)
    except DeclarationRefusedError as error:
        return refusal(error)


@router.post(
    "/{guardianship_id}/end",
    response_model=GuardianView,
    responses=problems(
        DeclarationRefusedError,
        GuardianshipNotFoundError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        PersonNotFoundError,
    ),
)
async def end_registry_guardian(
    person_id: UUID,
    guardianship_id: UUID,
    *,
    principal: Annotated[Principal, requires("registry.guardians:write", purpose=True)],
    body: GuardianEnd,
    call: Idempotent,
    using: Using,
) -> Response:
    """Record the last day on which somebody answers for a person."""
    made = GuardianMade(person_id, body.ended_on, body.evidence.kind.value, body.evidence.reference)

    async def act() -> GuardianView:
        ended = await end_guardianship(
            tx, made, guardianship_id, declarer=_declarer(principal), using=using
        )
        return _view(ended)

    try:
        async with using.database.transaction(RowScope.everything()) as tx:
            return await call.once(tx, act)
    except DeclarationRefusedError as error:
        return refusal(error)


@router.get("", responses=problems(PersonNotFoundError))
async def list_registry_guardians(
    person_id: UUID,
    principal: Annotated[Principal, requires("registry.guardians:read", purpose=True)],
    times: Times,
    using: Using,
) -> GuardianList:
    """Return who answers for a person on a day, as known at an instant."""
    links = await read_guardians(person_id, look_up_of(principal, times), using=using)
    return GuardianList(items=[_view(link) for link in links])


def _declarer(principal: Principal) -> Declarer:
    return Declarer(principal.subject, principal.purpose or "", principal.regions)


def _view(link: Guardianship) -> GuardianView:
    return GuardianView.model_validate(link._asdict())
