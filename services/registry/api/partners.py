"""Partner policies over HTTP: what each client may learn, written and read by the keeper."""

import re
from dataclasses import asdict
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Header, Path, Response
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_serializer,
    field_validator,
)
from pydantic_core import PydanticCustomError

from services.registry.api.collaborators import Using
from services.registry.domain.policies import (
    CALLBACK_HOSTS_MAX,
    CLIENT_ID,
    EVERY_REGION,
    PURPOSES_MAX,
    QUOTA_PER_DAY_MAX,
    Attribute,
    DciPolicy,
    IdentifierKind,
    PartnerPolicy,
    PolicyPurpose,
    SignatureRule,
    is_callable_host,
)
from services.registry.use_cases.register_partner import (
    UNKNOWN,
    PartnerNotFoundError,
    PolicyChangedError,
    PolicyVersionMissingError,
    PurposeUnknownError,
    SenderTakenError,
    SigningKeysMissingError,
    read_partner,
    register_partner,
)
from shared.kernel.errors import DomainError, ErrorKind
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/partners", tags=["partners"])

REGIONS_MAX = 12
KEYS_MAX = 8
_REPEATED = "repeated"
_BESIDE_EVERY_REGION = "beside_every_region"
_NOBODYS_ADDRESS = "nobodys_address"
_ETAG = re.compile(r'"([0-9]{1,9})"')

Client = Annotated[str, Path(pattern=f"^{CLIENT_ID}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Region = Annotated[str, StringConstraints(pattern=r"^(\*|0[1-9]|1[0-2])$")]
Sentence = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=300)
]
Host = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", max_length=253)
]
KeyPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=1400)]
Label = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=128)]


class EtagMalformedError(DomainError):
    """If-Match holds no ETag of a policy."""

    code: ClassVar[str] = "registry.etag-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PurposeBody(_Strict):
    """Something a partner asks for, and what entitles it to."""

    code: Code
    legal_basis: Sentence
    consent_required: Annotated[bool, Field(strict=True)]


class PublicKey(_Strict):
    """A public key as RFC 7517 writes it; there is no room for a private part."""

    kty: Literal["OKP", "EC", "RSA"]
    crv: KeyPart | None = None
    x: KeyPart | None = None
    y: KeyPart | None = None
    n: KeyPart | None = None
    e: KeyPart | None = None
    kid: Label
    use: Literal["sig"] | None = None
    alg: Label | None = None


class PublicKeys(_Strict):
    """A JWK set."""

    keys: Annotated[list[PublicKey], Field(min_length=1, max_length=KEYS_MAX)]


class DciBody(_Strict):
    """How a partner speaks DCI with the registry."""

    sender_id: Label
    callback_hosts: Annotated[list[Host], Field(max_length=CALLBACK_HOSTS_MAX)]
    signature: SignatureRule
    jwks: PublicKeys | None = None


class _Policy(_Strict):
    name_ar: Sentence
    name_fr: Sentence
    purposes: Annotated[list[PurposeBody], Field(min_length=1, max_length=PURPOSES_MAX)]
    told: Annotated[set[Attribute], Field(max_length=len(Attribute))]
    verified: Annotated[set[Attribute], Field(max_length=len(Attribute))] = set()
    detail: Annotated[bool, Field(strict=True)] = False
    identifier: IdentifierKind
    regions: Annotated[list[Region], Field(min_length=1, max_length=REGIONS_MAX)] = [EVERY_REGION]
    quota_per_day: Annotated[int, Field(strict=True, ge=0, le=QUOTA_PER_DAY_MAX)]
    batch: Annotated[bool, Field(strict=True)] = False
    dci: DciBody | None = None


class PolicyBody(_Policy):
    """What a partner agreed to."""

    @field_validator("told", "verified", "regions", mode="before")
    @classmethod
    def _named_once(cls, values: object) -> object:
        """Refuse names said twice: the sets would take them in silence."""
        if isinstance(values, list):
            names = [value for value in values if isinstance(value, str)]
            if len(set(names)) != len(names):
                raise PydanticCustomError(_REPEATED, "Something is named twice.")
        return values

    @field_validator("regions")
    @classmethod
    def _every_region_alone(cls, regions: list[str]) -> list[str]:
        """Refuse a region beside all of them: one of the two was not meant."""
        if EVERY_REGION in regions and len(regions) > 1:
            raise PydanticCustomError(_BESIDE_EVERY_REGION, "* stands for every region.")
        return regions

    @field_validator("purposes")
    @classmethod
    def _purposes_once(cls, purposes: list[PurposeBody]) -> list[PurposeBody]:
        """Refuse a purpose said twice: the two might contradict each other about consent."""
        if len({purpose.code for purpose in purposes}) != len(purposes):
            raise PydanticCustomError(_REPEATED, "A purpose is named twice.")
        return purposes

    @field_validator("dci")
    @classmethod
    def _hosts_are_somebodys(cls, dci: DciBody | None) -> DciBody | None:
        """Refuse addresses that no partner can have; policies in force are still read."""
        if dci is not None and not all(map(is_callable_host, dci.callback_hosts)):
            message = "One of the callback hosts is an address that no partner can have."
            raise PydanticCustomError(_NOBODYS_ADDRESS, message)
        return dci


class PolicyView(_Policy):
    """A version of what a partner agreed to."""

    client: str
    version: int

    @field_serializer("told", "verified")
    def _in_one_order(self, attributes: set[Attribute]) -> list[Attribute]:
        """Write equal policies with equal bytes."""
        return sorted(attributes)


@router.put(
    "/{client}",
    responses=problems(
        EtagMalformedError,
        PolicyChangedError,
        PolicyVersionMissingError,
        PurposeUnknownError,
        SenderTakenError,
        SigningKeysMissingError,
    ),
)
async def write_registry_partner(
    client: Client,
    body: PolicyBody,
    response: Response,
    *,
    principal: Annotated[Principal, requires("registry.partners:write")],
    using: Using,
    if_match: Annotated[str | None, Header(max_length=64)] = None,
) -> PolicyView:
    """Put a policy in force; it binds every process within five seconds."""
    policy = await register_partner(
        _policy(client, body),
        read_version=_version(if_match),
        by=principal.subject,
        using=using,
    )
    return _view(policy, response)


@router.get("/{client}", responses=problems(PartnerNotFoundError))
async def read_registry_partner(
    client: Client,
    response: Response,
    _principal: Annotated[Principal, requires("registry.partners:read")],
    using: Using,
) -> PolicyView:
    """Return the policy of a client that is in force."""
    return _view(await read_partner(client, using=using), response)


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    match = _ETAG.fullmatch(if_match)
    if match is None:
        message = "State in If-Match the ETag with which the policy was read."
        raise EtagMalformedError(message)
    return int(match[1])


def _policy(client: str, body: PolicyBody) -> PartnerPolicy:
    dci = None
    if body.dci is not None:
        jwks = body.dci.jwks
        dci = DciPolicy(
            sender_id=body.dci.sender_id,
            callback_hosts=tuple(dict.fromkeys(body.dci.callback_hosts)),
            signature=body.dci.signature,
            jwks=None if jwks is None else jwks.model_dump(exclude_none=True),
        )
    return PartnerPolicy(
        client=client,
        version=UNKNOWN,
        name_ar=body.name_ar,
        name_fr=body.name_fr,
        purposes=tuple(PolicyPurpose(**purpose.model_dump()) for purpose in body.purposes),
        told=frozenset(body.told),
        verified=frozenset(body.verified),
        detail=body.detail,
        identifier=body.identifier,
        regions=tuple(dict.fromkeys(body.regions)),
        quota_per_day=body.quota_per_day,
        batch=body.batch,
        dci=dci,
    )


def _view(policy: PartnerPolicy, response: Response) -> PolicyView:
    response.headers["ETag"] = f'"{policy.version}"'
    return PolicyView.model_validate(asdict(policy))
