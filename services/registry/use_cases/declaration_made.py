"""A declaration as it is sent, and by whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.registry.domain.declared_verbs import Verb


@dataclass(frozen=True, slots=True)
class Declarer:
    """Who sends a declaration, and within which rights."""

    client: str
    purpose: str
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeclarationMade:
    """A declaration as it is sent: the verb, when it came about, what proves it, who says so."""

    verb: Verb
    occurred_on: date
    evidence_kind: str
    evidence_reference: str | None = None
    declared_by: str | None = None
    """The IDCS of the adult who declares."""
    forwarded: Mapping[str, Any] = field(default_factory=dict)
    """Applications and account of the household, as a line of an import says them."""
