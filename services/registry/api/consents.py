"""Consents over HTTP: recorded with their evidence, read, and withdrawn."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from services.registry.api.collaborators import Using
from services.registry.api.days import Day, require_past
from services.registry.api.verification_schemas import IdentifierBody
from services.registry.domain.policies import (
    Attribute,
    AttributeNotAgreedError,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.storage.consents import RecordedConsent
from services.registry.use_cases.agree import IdcsMalformedError, Identifier
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.record_consent import (
    ConsentNotFoundError,
    ConsentOfAnotherError,
    ConsentPeriodError,
    ConsentWithdrawnError,
    GivenConsent,
    admit_consent,
    log_refused_consent,
    read_consents,
    record_consent,
    withdraw_consent,
)
from services.registry.use_cases.spend_quota import QuotaSpentError, give_back_quota
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    decode_cursor,
    encode_cursor,
)
from shared.web.auth import Principal, requires
from shared.web.idempotency import (
    REPLAYED,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    Idempotent,
)
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/consents", tags=["consents"])

_OFFICES = frozenset({"caseworker", "registrar"})
"""The roles whose clerks record anybody's consent; whoever has none of them is a partner."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Reference = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=200)
]


class EvidenceBody(BaseModel, extra="forbid"):
    """What proves a consent, and where that is kept."""

    kind: Literal["signed-paper", "electronic-signature", "recorded-call"]
    reference: Reference


class ConsentBody(IdentifierBody):
    """What a person consented to."""

    client: Code
    purpose: Code
    attributes: Annotated[set[Attribute], Field(min_length=1, max_length=len(Attribute))]
    valid_from: Day
    valid_until: Day
    evidence: EvidenceBody


class ConsentView(BaseModel):
    """A consent, and when it was withdrawn if it was."""

    consent_id: UUID
    person_id: UUID
    client: str
    purpose: str
    attributes: list[Attribute]
    valid_from: date
    valid_until: date
    evidence_kind: str
    recorded_at: datetime
    recorded_by: str
    withdrawn_at: datetime | None


class ConsentPage(BaseModel):
    """Some consents of a person, the newest first."""

    items: list[ConsentView]
    next_cursor: str | None


@router.post(
    "",
    status_code=201,
    response_model=ConsentView,
    responses=problems(
        AttributeNotAgreedError,
        ConsentOfAnotherError,
        ConsentPeriodError,
        ConsentWithdrawnError,
        IdcsMalformedError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        PersonNotFoundError,
        PolicyMissingError,
        PurposeNotAgreedError,
        QuotaSpentError,
    ),
)
async def record_registry_consent(
    body: ConsentBody,
    principal: Annotated[Principal, requires("registry.consents:write", purpose=True)],
    call: Idempotent,
    using: Using,
) -> Response:
    """Record a consent that a person gave to a partner.

    By the partner it counts on the quota of its day; a repeated request is answered as before, and
    counts once.
    """
    given = GivenConsent(
        identifier=Identifier(body.idcs, body.token),
        client=body.client,
        purpose=body.purpose,
        attributes=frozenset(body.attributes),
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        evidence_kind=body.evidence.kind,
        evidence_reference=body.evidence.reference,
    )
    require_past({("body", "valid_from"): body.valid_from}, clock=using.clock)
    look_up = _look_up(principal)

    async def act() -> ConsentView:
        return _view(await record_consent(tx, admitted, look_up, using=using))

    async with using.database.transaction() as tx:
        kept = await call.kept_answer(tx)
    if kept is not None:
        return kept
    day = using.clock.today()
    admitted = await admit_consent(given, look_up, clerk=_is_clerk(principal), using=using)
    try:
        async with using.database.transaction(admitted.scope) as tx:
            answer = await call.once(tx, act, status=201)
    except ConsentWithdrawnError as error:
        if error.person is not None:
            await log_refused_consent(error.person, admitted, look_up, using=using)
        raise
    if REPLAYED in answer.headers and admitted.payer is not None:
        # An equal request was on its way: this consent was recorded, and paid for, once.
        give_back_quota(admitted.payer, 1, day=day, using=using)
    return answer


@router.get("", responses=problems(MalformedCursorError, PersonNotFoundError))
async def list_registry_consents(
    person_id: Annotated[UUID, Query()],
    principal: Annotated[Principal, requires("registry.consents:read", purpose=True)],
    using: Using,
    *,
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> ConsentPage:
    """Return what a person consented to, withdrawn or not."""
    after = None if cursor is None else consent_position(cursor)
    consents = await read_consents(
        person_id, _look_up(principal), after=after, limit=limit, using=using
    )
    following = encode_cursor(str(consents[-1].consent_id)) if len(consents) == limit else None
    return ConsentPage(items=[_view(consent) for consent in consents], next_cursor=following)


@router.delete("/{consent_id}", responses=problems(ConsentNotFoundError))
async def withdraw_registry_consent(
    consent_id: UUID,
    principal: Annotated[Principal, requires("registry.consents:write", purpose=True)],
    using: Using,
) -> ConsentView:
    """End a consent at the person's wish; it stays on record as withdrawn."""
    look_up, clerk = _look_up(principal), _is_clerk(principal)
    return _view(await withdraw_consent(consent_id, look_up, clerk=clerk, using=using))


def _is_clerk(principal: Principal) -> bool:
    # By role and not by scope: a clerk may have asked for a token that does less.
    return not _OFFICES.isdisjoint(principal.roles)


def _look_up(principal: Principal) -> LookUp:
    return LookUp(principal.subject, principal.purpose or "", principal.row_scope)


def consent_position(cursor: str) -> UUID:
    """Return the consent behind which a page begins.

    Raises:
        MalformedCursorError: The cursor is none of a list of consents.
    """
    (consent_id,) = decode_cursor(cursor, parts=1)
    try:
        return UUID(consent_id)
    except ValueError as error:
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message) from error


def _view(consent: RecordedConsent) -> ConsentView:
    return ConsentView.model_validate(consent, from_attributes=True)
