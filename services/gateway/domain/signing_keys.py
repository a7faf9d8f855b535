"""The life of a signing key: published before it signs, and after it stopped.

Verifiers keep a copy of the key set for a while. A key must therefore be published for `lead`
before the first token bears its name, and for `overlap` after the last one did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class KeyState(StrEnum):
    """Where a signing key stands; every state is published."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"


LAWFUL_NEXT = MappingProxyType(
    {
        KeyState.NEXT: frozenset({KeyState.ACTIVE}),
        KeyState.ACTIVE: frozenset({KeyState.RETIRING}),
        KeyState.RETIRING: frozenset[KeyState](),
    }
)


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """One key and the instant (UTC) since when it stands where it stands."""

    kid: str
    state: KeyState
    since: datetime


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """How long a key signs, and how long it is published before and after."""

    life: timedelta
    lead: timedelta
    overlap: timedelta


@dataclass(frozen=True, slots=True)
class Rotation:
    """What is due now; at most one key is made or promoted in a step."""

    create: KeyState | None = None
    promote: str | None = None
    retire: str | None = None
    forget: tuple[str, ...] = ()


def rotation_due(keys: Sequence[KeyStanding], *, policy: RotationPolicy, now: datetime) -> Rotation:
    """Return the step that brings the keys to where they should stand at `now`.

    The very first key signs at once: nobody can hold an older key set yet.
    """
    active = _first(keys, KeyState.ACTIVE)
    following = _first(keys, KeyState.NEXT)
    forget = tuple(
        key.kid
        for key in keys
        if key.state is KeyState.RETIRING and now - key.since >= policy.overlap
    )
    if active is None:
        if following is None:
            return Rotation(create=KeyState.ACTIVE, forget=forget)
        return Rotation(promote=following.kid, forget=forget)
    age = now - active.since
    if following is None:
        due = age >= policy.life - policy.lead
        return Rotation(create=KeyState.NEXT if due else None, forget=forget)
    if age >= policy.life and now - following.since >= policy.lead:
        return Rotation(promote=following.kid, retire=active.kid, forget=forget)
    return Rotation(forget=forget)


def _first(keys: Sequence[KeyStanding], state: KeyState) -> KeyStanding | None:
    return next((key for key in keys if key.state is state), None)
