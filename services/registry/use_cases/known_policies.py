"""The partner policies that a process read in the last seconds."""

import time
from dataclasses import dataclass, field

from services.registry.domain.policies import PartnerPolicy

POLICIES_HELD_MAX = 4096
POLICY_FRESH_SECONDS = 4.0
# What is older than this is never used: a policy that was narrowed binds everywhere by then.
POLICY_HELD_SECONDS = 5.0


@dataclass(slots=True)
class HeldPolicy:
    """What the storage said of a client, and when; None is an answer too."""

    policy: PartnerPolicy | None
    read_at: float
    asked_again: bool = False


@dataclass(slots=True)
class KnownPolicies:
    """The policies that this process read in the last seconds."""

    _held: dict[str, HeldPolicy] = field(default_factory=dict)

    def of(self, client: str) -> HeldPolicy | None:
        """Return what is known of a client; None sends the caller to the storage.

        Why one caller goes earlier than the others must: else all who ask in the moment when a
        policy grows too old would read it at once.
        """
        held = self._held.get(client)
        if held is None:
            return None
        age = time.monotonic() - held.read_at
        if age > POLICY_HELD_SECONDS or (age > POLICY_FRESH_SECONDS and not held.asked_again):
            held.asked_again = True
            return None
        return held

    def remember(self, client: str, policy: PartnerPolicy | None, *, read_at: float) -> None:
        """Keep what the storage said when asked at a monotonic instant."""
        held = self._held.get(client)
        if held is not None and held.read_at > read_at:
            return
        if len(self._held) >= POLICIES_HELD_MAX:
            self._held.clear()
        self._held[client] = HeldPolicy(policy, read_at)

    def forget(self, client: str) -> None:
        """Ask the storage next time."""
        self._held.pop(client, None)
