"""The sentences, in Arabic and French, behind the codes of reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from services.eligibility.domain.law import read_policy


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an outcome is what it is, in words for citizens; `note` states what Sanad assumes."""

    code: str
    text_ar: str
    text_fr: str
    note: str | None


@cache
def reasons_by_code() -> Mapping[str, Reason]:
    """Return every reason an outcome can have, by its code."""
    return MappingProxyType(
        {
            code: Reason(code, entry["ar"], entry["fr"], entry.get("note"))
            for code, entry in read_policy("reasons").items()
        }
    )
