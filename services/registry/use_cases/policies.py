"""The policy of a client, as every road by which it learns something asks for it."""

import time

from services.registry.domain.policies import PartnerPolicy, PolicyMissingError
from services.registry.storage.policies import read_policy
from services.registry.use_cases.collaborators import Collaborators

_MISSING = "Nobody agreed with this client on what it may learn; ask the registry's keeper."


async def policy_of(client: str, *, using: Collaborators) -> PartnerPolicy:
    """Return the policy of a client that is in force, at most five seconds old.

    Raises:
        PolicyMissingError: There is none: the client learns nothing.
    """
    held = using.policies.of(client)
    policy = await _read(client, using=using) if held is None else held.policy
    if policy is None:
        raise PolicyMissingError(_MISSING)
    return policy


async def _read(client: str, *, using: Collaborators) -> PartnerPolicy | None:
    read_at = time.monotonic()
    async with using.database.transaction() as tx:
        policy = await read_policy(tx, client)
    using.policies.remember(client, policy, read_at=read_at)
    return policy
