"""Attestations over HTTP: an administration reports facts about persons, singly or in bulk."""

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr, model_validator

from services.registry.api.collaborators import Using
from services.registry.api.days import Day
from services.registry.api.declared import Idcs, Said
from services.registry.domain.attestations import ITEMS_MAX, ReportedFact
from services.registry.domain.line_fields import VALUE_CHARACTERS_MAX, VALUE_NUMBER_MAX
from services.registry.domain.policies import (
    BatchNotAgreedError,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.record_attestations import (
    Report,
    agree_to_reports,
    record_attestations,
)
from services.registry.use_cases.spend_quota import QuotaSpentError, give_back_quota
from shared.storage.database import RowScope
from shared.web.auth import Principal, requires
from shared.web.idempotency import (
    REPLAYED,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    Idempotent,
)
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/attestations", tags=["attestations"])

TOKEN_CHARACTERS_MAX = 200
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Word = Annotated[StrictStr, Field(min_length=1, max_length=VALUE_CHARACTERS_MAX)]
Number = Annotated[StrictInt, Field(ge=-VALUE_NUMBER_MAX, le=VALUE_NUMBER_MAX)]


class AttestationSaid(Said):
    """A fact about a person, named by IDCS or by this client's token.

    `valid_to` is the last day on which it is true.
    """

    idcs: Idcs | None = None
    token: Annotated[str, Field(min_length=1, max_length=TOKEN_CHARACTERS_MAX)] | None = None
    fact: Slug
    value: StrictBool | Number | Word
    source: Slug
    valid_from: Day
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _names_one_person(self) -> Self:
        if (self.idcs is None) == (self.token is None):
            message = "State idcs or token, one of the two."
            raise ValueError(message)
        return self


class AttestationBatch(Said):
    """Reports that are taken or refused one by one."""

    items: Annotated[list[AttestationSaid], Field(min_length=1, max_length=ITEMS_MAX)]


class RefusedItem(BaseModel):
    """A report that was not taken: its position from 0, the field, and a stable code."""

    position: int
    field: str
    code: str


class AttestationOutcome(BaseModel):
    """What came of a batch; a report said before, word for word, is unchanged."""

    recorded: int
    unchanged: int
    refused: list[RefusedItem]


@router.post(
    "",
    response_model=AttestationOutcome,
    responses=problems(
        BatchNotAgreedError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        PolicyMissingError,
        PurposeNotAgreedError,
        QuotaSpentError,
    ),
)
async def record_registry_attestations(
    principal: Annotated[Principal, requires("registry.attestations:write", purpose=True)],
    body: AttestationBatch,
    call: Idempotent,
    using: Using,
) -> Response:
    """Record facts that an administration vouches for, each or none of them new.

    A repeated request is answered as before, and counts once on the quota of the day.
    """
    look_up = LookUp(principal.subject, principal.purpose or "", principal.row_scope)
    reports = [
        Report(
            Identifier(item.idcs, item.token),
            ReportedFact(item.source, item.fact, item.value, item.valid_from, item.valid_to),
        )
        for item in body.items
    ]

    async def act() -> AttestationOutcome:
        outcome = await record_attestations(tx, reports, agreed=agreed, using=using)
        return AttestationOutcome(
            recorded=outcome.recorded,
            unchanged=outcome.unchanged,
            refused=[
                RefusedItem(position=position, field=reject.field, code=reject.code.value)
                for position, reject in outcome.refused
            ],
        )

    async with using.database.transaction() as tx:
        kept = await call.kept_answer(tx)
    if kept is not None:
        return kept
    day = using.clock.today()
    agreed = await agree_to_reports(look_up, len(reports), using=using)
    async with using.database.transaction(RowScope.everything()) as tx:
        answer = await call.once(tx, act)
    if REPLAYED in answer.headers:
        # An equal request was on its way: these reports were made, and paid for, once.
        give_back_quota(agreed.policy, len(reports), day=day, using=using)
    return answer
