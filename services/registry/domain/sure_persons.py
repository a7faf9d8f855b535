"""Lines about persons that are right beyond doubt, read in a fraction of the time.

It accepts only what the exact rules accept, with the same result, and says nothing about the rest.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from services.registry.domain import checks, vocabulary
from services.registry.domain.checks import Check, Fault
from services.registry.domain.declarations import DeclaredPerson, Name
from services.registry.domain.identifiers import is_cnie, is_residence_permit
from services.registry.domain.nationalities import nationalities
from services.registry.domain.territory import communes

if TYPE_CHECKING:
    from services.registry.domain.line_fields import LineFields

SURE_BYTES_MAX = 1_500
_PHONES_MAX = 3
_TEXTS_KEPT_MAX = 50_000
# `type`, the seven fields that nobody may lack, and four parts of names: all of them text.
_TEXTS_ALWAYS = 10
_NAME_KEYS = 4


class _Parts:
    """The parts of names in one script that were checked before."""

    def __init__(self, check: Check[str]) -> None:
        self._check = check
        self._known: dict[str, str] = {}

    def name(self, name: dict[str, Any]) -> Name:
        """Return a name whose parts pass the check."""
        known = self._known
        given, family = name["given"], name["family"]
        if len(name) != len(Name._fields):
            raise KeyError
        return Name(known.get(given) or self._new(given), known.get(family) or self._new(family))

    def _new(self, text: object) -> str:
        part = self._check(text)
        if len(self._known) >= _TEXTS_KEPT_MAX:
            self._known.clear()
        self._known[part] = part
        return part


class SurePersons:
    """Reads persons by the checks of one import, remembering the dates and names it has checked."""

    def __init__(self, fields: "LineFields") -> None:
        """Borrow the checks of an import."""
        person = fields.person
        self._idcs = person["idcs"]
        self._day = person["birth_date"]
        self._arabic = _Parts(fields.names["name_ar"]["given"])
        self._latin = _Parts(fields.names["name_latin"]["given"])
        # What has few values is known beforehand, as far as the check takes it.
        self._sexes = _taken(person["sex"], vocabulary.Sex)
        self._statuses = _taken(person["status"], (*vocabulary.PersonStatus, None))
        self._nationalities = _taken(person["nationality"], nationalities())
        self._communes = _taken(person["commune"], communes())
        self._birth_communes = _taken(person["birth_commune"], (*communes(), None))
        # There are fewer days since 1890 than a list of them need fear.
        self._days: dict[str, date] = {}

    def read(self, line: bytes) -> DeclaredPerson | None:
        """Return the person of a JSON line, or None if the exact rules must look at it.

        A parser of JSON keeps the last of two equal keys in silence. Where nothing is escaped, a
        quotation mark begins or ends a key or a text and stands nowhere else; so a line that has
        exactly those that its keys and texts need says nothing twice.
        """
        if len(line) > SURE_BYTES_MAX or b"\\" in line:
            return None
        try:
            # Numbers of people never come again: remembering texts would cost a third more.
            document = from_json(line, allow_inf_nan=False, cache_strings="none")
        except ValueError:
            return None
        if type(document) is not dict or document.pop("type", None) != "person":
            return None
        keys = 1 + len(document) + _NAME_KEYS
        status_said = document.get("status") is not None
        person = self.read_document(document)
        if person is None:
            return None
        texts = (
            _TEXTS_ALWAYS
            + (person.cnie is not None)
            + (person.residence_permit is not None)
            + (person.birth_commune is not None)
            + status_said
            + len(person.phones)
        )
        return person if line.count(b'"') == 2 * (keys + texts) else None

    def read_document(self, document: dict[str, Any]) -> DeclaredPerson | None:
        """Return the person that a decoded line declares, emptying it; None if there is a doubt."""
        pop = document.pop
        try:
            cnie, permit = pop("cnie", None), pop("residence_permit", None)
            born, phones = pop("birth_date"), pop("phones", None)
            person = DeclaredPerson(
                self._idcs(pop("idcs")),
                cnie,
                permit,
                self._arabic.name(pop("name_ar")),
                self._latin.name(pop("name_latin")),
                self._sexes[pop("sex")],
                self._days.get(born) or self._new_day(born),
                self._birth_communes[pop("birth_commune", None)],
                self._nationalities[pop("nationality")],
                _numbers(phones) if phones else _no_numbers(phones),
                self._communes[pop("commune")],
                self._statuses[pop("status", None)],
            )
            sure = not document and _is_document(cnie, permit)
        except (Fault, KeyError, TypeError):
            return None
        return person if sure else None

    def _new_day(self, text: object) -> date:
        day: date = self._day(text)
        self._days[str(text)] = day
        return day


def _taken(check: Check[Any], values: Iterable[str | None]) -> dict[str | None, Any]:
    """Return what a check makes of each value that it takes."""
    taken: dict[str | None, Any] = {}
    for value in values:
        with suppress(Fault):
            taken[value] = check(value)
    return taken


def _is_document(cnie: str | None, permit: str | None) -> bool:
    """Return whether this is at most one document, and well formed."""
    if cnie is not None:
        return permit is None and is_cnie(cnie)
    return permit is None or is_residence_permit(permit)


def _numbers(phones: list[str]) -> tuple[str, ...]:
    if type(phones) is not list or len(phones) > _PHONES_MAX:
        raise TypeError
    numbers = tuple([checks.mobile(phone) for phone in phones])
    if len(set(numbers)) != len(numbers):
        raise TypeError
    return numbers


def _no_numbers(phones: object) -> tuple[str, ...]:
    if phones is None or type(phones) is list:
        return ()
    raise TypeError
