"""What a partner's policy makes of a question, before anybody is looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.registry.domain.identifiers import idcs_holds
from services.registry.domain.policies import (
    IdentifierKind,
    IdentifierNotAgreedError,
    PartnerPolicy,
    PolicyPurpose,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.policies import policy_of
from services.registry.use_cases.prepare_persons import IDCS_FIELD
from shared.kernel.errors import DomainError, ErrorKind


class IdcsMalformedError(DomainError):
    """The number cannot be an IDCS: its shape or its check digit is wrong."""

    code: ClassVar[str] = "registry.idcs-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class Agreed:
    """A question that the policy lets pass."""

    policy: PartnerPolicy
    purpose: PolicyPurpose
    regions: tuple[str, ...]
    """Regions that both the token and the policy hold."""

    @property
    def client(self) -> str:
        """Return who asks."""
        return self.policy.client


class Identifier(NamedTuple):
    """How a partner names a person: by IDCS, or by its own token."""

    idcs: str | None = None
    token: str | None = None


class Named(NamedTuple):
    """Where to look for whom an identifier names; nowhere if it cannot be anybody's."""

    blinds: tuple[bytes, ...] = ()
    person_id: UUID | None = None


async def agree(look_up: LookUp, *, using: Collaborators) -> Agreed:
    """Return what a client's policy makes of a question; the quota is spent once all is checked.

    Raises:
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
    """
    policy = await policy_of(look_up.client, using=using)
    purpose = policy.purpose(look_up.purpose)
    return Agreed(policy, purpose, policy.within(look_up.scope.regions))


def named(identifier: Identifier, agreed: Agreed, *, using: Collaborators) -> Named:
    """Return where to look for a person.

    A token of somebody else's, or of a key that is gone, names nobody: no answer tells which.

    Raises:
        IdentifierNotAgreedError: The policy knows no tokens, and one was sent.
        IdcsMalformedError: The IDCS is not well formed.
    """
    if identifier.token is None:
        return Named(blinds=idcs_blinds(identifier.idcs, using=using))
    if agreed.policy.identifier is not IdentifierKind.TOKEN:
        message = "The policy of this client gives it no tokens; name persons by their IDCS."
        raise IdentifierNotAgreedError(message)
    return Named(person_id=using.partner_tokens.person_of(identifier.token, client=agreed.client))


def naming(agreed: Agreed, *, using: Collaborators) -> Callable[[Identifier], tuple[bytes, ...]]:
    """Return what names many persons at half the cost each: by blind indexes, or by an id's bytes.

    It raises as `named` does.
    """
    holds, blinds = idcs_holds(using.rules.algorithm), _blinder(using=using)

    def keys(identifier: Identifier) -> tuple[bytes, ...]:
        idcs, token = identifier
        if token is not None:
            person_id = named(identifier, agreed, using=using).person_id
            return () if person_id is None else (person_id.bytes,)
        if idcs is None or not holds(idcs):
            raise _malformed()
        return blinds(idcs)

    return keys


def idcs_blinds(idcs: str | None, *, using: Collaborators) -> tuple[bytes, ...]:
    """Return the blind indexes that the holder of an IDCS may stand under.

    Raises:
        IdcsMalformedError: It is not well formed.
    """
    if idcs is None or not idcs_holds(using.rules.algorithm)(idcs):
        raise _malformed()
    return using.sealed.blinds(IDCS_FIELD, idcs)


def _malformed() -> IdcsMalformedError:
    return IdcsMalformedError("An IDCS has ten digits, the last of which is a check digit.")


def _blinder(*, using: Collaborators) -> Callable[[str], tuple[bytes, ...]]:
    """Return what makes the blind indexes of many IDCS."""
    sealed = using.sealed
    first, *others = [sealed.blinder(IDCS_FIELD, key_id=key_id) for key_id in sealed.index_key_ids]
    if not others:
        return lambda idcs: (first(idcs),)
    return lambda idcs: (first(idcs), *(blind(idcs) for blind in others))


def token_for(person_id: bytes, agreed: Agreed, *, using: Collaborators) -> str | None:
    """Return the partner's token for a person, if its policy says that it keeps tokens."""
    if agreed.policy.identifier is not IdentifierKind.TOKEN:
        return None
    return using.partner_tokens.token_of(person_id, client=agreed.client)
