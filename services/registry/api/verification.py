"""Verification over HTTP: yes or no, agreed attributes, and look-ups by what a person shows.

Identifiers travel in bodies only: addresses end up in logs.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from pydantic_core import to_json

from services.registry.api.collaborators import Using, collaborators_of
from services.registry.api.days import Place, require_past
from services.registry.api.person_view import person_document
from services.registry.api.schemas import NameView, PersonView
from services.registry.api.verification_batches import BatchRoute, SentBatch
from services.registry.api.verification_schemas import (
    DisclosureBody,
    ShownBody,
    ToldAttributes,
    ToldView,
    VerdictsView,
    VerdictView,
    VerificationBody,
)
from services.registry.domain.declarations import Name
from services.registry.domain.policies import (
    Attribute,
    AttributeNotAgreedError,
    BatchNotAgreedError,
    ConsentMissingError,
    IdentifierNotAgreedError,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.domain.verification import Claim
from services.registry.use_cases.agree import IdcsMalformedError, Identifier
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.disclose_attributes import Told, disclose_attributes
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.look_up_person import (
    DocumentMalformedError,
    DocumentSharedError,
    Shown,
    look_up_person,
)
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.spend_quota import QuotaSpentError
from services.registry.use_cases.verify_batch import verify_batch
from services.registry.use_cases.verify_persons import (
    Verdict,
    Verification,
    document_blinds,
    verify_person,
)
from shared.web.auth import Principal, requires
from shared.web.problems import problems
from shared.web.straight import StraightRoute

router = APIRouter(prefix="/registry/v1/persons", tags=["verification"], route_class=StraightRoute)
batches = APIRouter(prefix=router.prefix, tags=["verification"], route_class=BatchRoute)

_AGREEMENT = (
    AttributeNotAgreedError,
    ConsentMissingError,
    IdcsMalformedError,
    IdentifierNotAgreedError,
    PolicyMissingError,
    PurposeNotAgreedError,
    QuotaSpentError,
)
_DOCUMENTS = frozenset({"cnie", "residence_permit"})
_NAMES = frozenset({"name_ar", "name_latin"})
_NOT_AS_SENT = _DOCUMENTS | _NAMES


@router.post(
    "/look-up",
    responses=problems(
        DocumentMalformedError, DocumentSharedError, IdcsMalformedError, PersonNotFoundError
    ),
    response_model=PersonView,
)
async def look_up_registry_person(
    body: ShownBody,
    principal: Annotated[Principal, requires("registry.persons:read", purpose=True)],
    request: Request,
) -> Response:
    """Return the current record of whoever carries a number; identifiers are not disclosed."""
    using = collaborators_of(request)
    known = await look_up_person(Shown(**body.__dict__), _look_up(principal), using=using)
    return _json(person_document(known))


@router.post(
    "/verify",
    responses=problems(*_AGREEMENT),
    response_model=VerdictView,
    response_model_exclude_none=True,
)
async def verify_registry_person(
    body: VerificationBody,
    principal: Annotated[Principal, requires("registry.persons:verify", purpose=True)],
    request: Request,
) -> Response:
    """Say whether everything that the caller says of a person holds."""
    using = collaborators_of(request)
    item = body.model_dump(exclude_none=True)
    require_past(_births(item, ("body",)), clock=using.clock)
    verification = _verification(item, using)
    verdict = await verify_person(verification, _look_up(principal), using=using)
    return _json(_written(verdict))


@batches.post(
    "/verify-batch",
    responses=problems(*_AGREEMENT, BatchNotAgreedError),
    response_model=VerdictsView,
    response_model_exclude_none=True,
)
async def verify_registry_persons(
    body: Annotated[SentBatch, Body()],
    principal: Annotated[Principal, requires("registry.persons:verify", purpose=True)],
    using: Using,
) -> Response:
    """Say the same of up to a thousand persons; a fault of one item is its own."""
    today = using.clock.today()
    year = today.year
    for at, item in enumerate(body.items):
        said = item["attributes"]
        # The clock is asked once, and again for those few alone whom it refuses.
        if said.get("birth_date", today) > today or said.get("birth_year", year) > year:
            require_past(_births(item, ("body", "items", at)), clock=using.clock)
    asked = [_verification(item, using) for item in body.items]
    verdicts = await verify_batch(asked, _look_up(principal), using=using)
    return _json({"items": [_written(verdict) for verdict in verdicts]})


@router.post(
    "/kyc",
    responses=problems(*_AGREEMENT, PersonNotFoundError),
    response_model=ToldView,
)
async def disclose_registry_person(
    body: DisclosureBody,
    principal: Annotated[Principal, requires("registry.persons:kyc", purpose=True)],
    request: Request,
) -> Response:
    """Return the attributes of a person that were agreed with the caller."""
    using = collaborators_of(request)
    told = await disclose_attributes(
        Identifier(body.idcs, body.token),
        None if body.attributes is None else frozenset(body.attributes),
        _look_up(principal),
        using=using,
    )
    view = ToldView(attributes=ToldAttributes.model_validate(_plain(told.attributes)))
    if told.token is not None:
        view.token = told.token
    return Response(view.model_dump_json(exclude_unset=True), media_type="application/json")


def _look_up(principal: Principal) -> LookUp:
    return LookUp(principal.subject, principal.purpose or "", principal.row_scope)


def _verification(item: Mapping[str, Any], using: Collaborators) -> Verification:
    identifier, claims = Identifier(item.get("idcs"), item.get("token")), item["attributes"]
    if not _NOT_AS_SENT.isdisjoint(claims):
        claims = {_attribute(name): _claim(name, sent, using) for name, sent in claims.items()}
    # Otherwise as it is: an attribute is equal to its name.
    return Verification(identifier, claims)


def _births(item: Mapping[str, Any], at: Place) -> dict[Place, date]:
    """Return when somebody is said to be born, by the place where it is said."""
    sent: Mapping[str, Any] = item["attributes"]
    births = {}
    if (birth_date := sent.get("birth_date")) is not None:
        births[(*at, "attributes", "birth_date")] = birth_date
    if (birth_year := sent.get("birth_year")) is not None:
        births[(*at, "attributes", "birth_year")] = date(birth_year, 1, 1)
    return births


def _attribute(name: str) -> Attribute:
    return Attribute.DOCUMENT if name in _DOCUMENTS else Attribute(name)


def _claim(name: str, value: Any, using: Collaborators) -> Claim:  # noqa: ANN401 -- a sent value
    if name in _NAMES:
        return Name(**value)
    claim: Claim = document_blinds(name, value, using=using) if name in _DOCUMENTS else value
    return claim


def _written(verdict: Verdict) -> dict[str, Any]:
    verified, attributes, token, fault = verdict
    written: dict[str, Any] = {"verified": verified}
    if attributes is not None:
        written["attributes"] = attributes
    if token is not None:
        written["token"] = token
    if fault is not None:
        written["fault"] = fault
    return written


def _json(document: Mapping[str, Any]) -> Response:
    # The rows behind it are checked already: validating the answer again costs a third of it.
    return Response(to_json(document), media_type="application/json")


def _plain(attributes: Mapping[Attribute, Told]) -> dict[str, Any]:
    return {
        name: NameView(**value._asdict()) if isinstance(value, Name) else value
        for name, value in attributes.items()
    }
