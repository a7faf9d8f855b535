"""Why a record may be read, what entitles to it, and how the person concerned is told."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

OWN_RECORD = "own-record"
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence or a name in the two languages that citizens read."""

    ar: str
    fr: str


_STAFF = Words(ar="مصلحة مخول لها قانونا", fr="Un service habilité")


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """What entitles to a purpose from a day on."""

    valid_from: date
    kind: str
    text: Words
    source: str
    assumption: bool


@dataclass(frozen=True, slots=True)
class Purpose:
    """A registered purpose."""

    code: str
    sentence: Words
    office: Words
    """Who acts for this purpose when no partner does."""
    legal_bases: Sequence[LegalBasis]
    """The latest first."""

    def legal_basis_on(self, day: date) -> LegalBasis | None:
        """Return what entitled to this purpose on a day, if anything did."""
        return next((basis for basis in self.legal_bases if basis.valid_from <= day), None)


@dataclass(frozen=True, slots=True)
class Disclosures:
    """Every purpose, and the words for attributes and results that the access log names."""

    purposes: Mapping[str, Purpose]
    attributes: Mapping[str, Words]
    results: Mapping[str, Words]

    def sentence(self, code: str) -> Words:
        """Return what a purpose is, in a sentence; one of the past is told by its code."""
        purpose = self.purposes.get(code)
        return Words(code, code) if purpose is None else purpose.sentence

    def office(self, code: str) -> Words:
        """Return who acts for a purpose when no partner does."""
        purpose = self.purposes.get(code)
        return _STAFF if purpose is None else purpose.office

    def attribute(self, code: str) -> Words:
        """Return how an attribute is called; one that has no name yet is told as another datum."""
        return self.attributes.get(code, self.attributes[_OTHER])

    def result(self, code: str) -> Words:
        """Return what came of a look-up, in a sentence."""
        return self.results.get(code, self.results[_OTHER])


@cache
def disclosures() -> Disclosures:
    """Return what `purposes.toml` says."""
    document = tomllib.loads(files(__package__).joinpath("purposes.toml").read_text("utf-8"))
    return Disclosures(
        purposes=MappingProxyType(
            {code: _purpose(code, entry) for code, entry in document["purposes"].items()}
        ),
        attributes=_words_by_code(document["attributes"]),
        results=_words_by_code(document["results"]),
    )


def _purpose(code: str, entry: dict[str, Any]) -> Purpose:
    bases = (
        LegalBasis(
            valid_from=basis["valid_from"],
            kind=basis["kind"],
            text=Words(ar=basis["ar"], fr=basis["fr"]),
            source=basis["source"],
            assumption=basis.get("assumption", False),
        )
        for basis in entry["legal_basis"]
    )
    return Purpose(
        code=code,
        sentence=Words(ar=entry["ar"], fr=entry["fr"]),
        office=Words(ar=entry["office_ar"], fr=entry["office_fr"]),
        legal_bases=tuple(sorted(bases, key=lambda basis: basis.valid_from, reverse=True)),
    )


def _words_by_code(entries: dict[str, dict[str, str]]) -> Mapping[str, Words]:
    return MappingProxyType({code: Words(**words) for code, words in entries.items()})
