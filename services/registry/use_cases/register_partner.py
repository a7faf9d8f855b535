"""Write a new version of what a partner agreed to, and read the one in force."""

from dataclasses import replace
from typing import ClassVar

from services.registry.domain.policies import PartnerPolicy, SignatureRule
from services.registry.domain.purposes import disclosures
from services.registry.storage.policies import (
    add_policy,
    is_sender_taken,
    lock_senders,
    read_policy,
)
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.storage.database import Transaction

UNKNOWN = 0
"""The version of a client that has no policy yet."""


class PartnerNotFoundError(DomainError):
    """No policy was ever written for this client."""

    code: ClassVar[str] = "registry.partner-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class PolicyChangedError(DomainError):
    """The policy in force is not the one that the writer had read."""

    code: ClassVar[str] = "registry.policy-changed"
    kind: ClassVar[ErrorKind] = ErrorKind.PRECONDITION_FAILED


class PolicyVersionMissingError(DomainError):
    """A policy in force is only replaced by somebody who says which one they read."""

    code: ClassVar[str] = "registry.policy-version-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.PRECONDITION_REQUIRED


class PurposeUnknownError(DomainError):
    """A purpose of the policy is none that is registered: nobody could be told what it is."""

    code: ClassVar[str] = "registry.purpose-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class SigningKeysMissingError(DomainError):
    """Messages must be signed, and there is no key to check a signature with."""

    code: ClassVar[str] = "registry.signing-keys-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class SenderTakenError(DomainError):
    """Another client sends messages under this name."""

    code: ClassVar[str] = "registry.sender-taken"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


async def register_partner(
    wished: PartnerPolicy, *, read_version: int | None, by: str, using: Collaborators
) -> PartnerPolicy:
    """Put a policy in force and return it with its version.

    Args:
        wished: The policy; its version is ignored.
        read_version: The version that the writer had read; None if they stated none, which is
            right for a client without a policy only.
        by: Who writes it.
        using: The means of this process.

    Raises:
        PurposeUnknownError: One of its purposes is not registered.
        SigningKeysMissingError: It wants signatures and brings no key.
        PolicyVersionMissingError: There is a policy, and the writer did not say they read it.
        PolicyChangedError: Another version is in force.
        SenderTakenError: The policy in force of another client holds its sender's name.
    """
    _check(wished)
    async with using.database.transaction() as tx:
        standing = await read_policy(tx, wished.client)
        version = UNKNOWN if standing is None else standing.version
        if read_version is None and version != UNKNOWN:
            message = "State in If-Match the version of the policy that this one replaces."
            raise PolicyVersionMissingError(message)
        await _take_sender(tx, wished)
        policy = replace(wished, version=version + 1)
        # The key decides between two writers who both read this version.
        if read_version not in (None, version) or not await add_policy(
            tx, policy, at=using.clock.now(), by=by
        ):
            message = "The policy has changed since it was read; read it again."
            raise PolicyChangedError(message)
    using.policies.forget(policy.client)
    return policy


def _check(wished: PartnerPolicy) -> None:
    if not disclosures().purposes.keys() >= {purpose.code for purpose in wished.purposes}:
        message = "One of the purposes is not registered; see which ones the gateway knows."
        raise PurposeUnknownError(message)
    dci = wished.dci
    if dci is not None and dci.signature is SignatureRule.REQUIRED and dci.jwks is None:
        message = "State the public keys with which the signatures of this client are checked."
        raise SigningKeysMissingError(message)


async def _take_sender(tx: Transaction, wished: PartnerPolicy) -> None:
    if wished.dci is None:
        return
    await lock_senders(tx)
    if await is_sender_taken(tx, wished.dci.sender_id, by_other_than=wished.client):
        message = "Another client sends messages under this name; agree on another one."
        raise SenderTakenError(message)


async def read_partner(client: str, *, using: Collaborators) -> PartnerPolicy:
    """Return the policy of a client that is in force at this moment.

    Raises:
        PartnerNotFoundError: There is none.
    """
    async with using.database.transaction() as tx:
        policy = await read_policy(tx, client)
    if policy is None:
        message = "There is no policy for this client."
        raise PartnerNotFoundError(message)
    return policy
