"""What one line of an import must say; the only way from received text to a declaration.

A national file has tens of millions of lines, nearly all of them right. `SurePersons` takes those
that are right beyond doubt in a fraction of the time; whatever it hesitates over is read by the
rules here, which alone decide what is refused and why.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from json import JSONDecoder
from typing import Any, TypeAlias

from services.registry.domain import checks
from services.registry.domain.checks import Check, Fault
from services.registry.domain.csv_rows import RowMalformedError, row_document
from services.registry.domain.declarations import (
    DeclaredApplication,
    DeclaredAttestation,
    DeclaredHousehold,
    DeclaredMember,
    DeclaredPerson,
    Name,
    PayeeAccount,
)
from services.registry.domain.identifiers import CheckDigit
from services.registry.domain.line_fields import LineFields
from services.registry.domain.rejects import REJECTS_PER_LINE_MAX, Reject, RejectCode
from services.registry.domain.sure_persons import SurePersons
from services.registry.domain.vocabulary import Kinship

LINE_BYTES_MAX = 65_536
MEMBERS_MAX = 30
PHONES_MAX = 3
ATTESTATIONS_MAX = 50
APPLICATIONS_MAX = 10
_UTF8_BYTES_MAX = 4
# No digit: whatever identifies, calls or pays somebody has one.
_FIELD_NAME = re.compile(r"[a-z]{2,20}(_[a-z]{2,20}){0,3}", re.ASCII)

ReadLine: TypeAlias = DeclaredPerson | DeclaredHousehold | tuple[Reject, ...]


class LineRules:
    """The rules of one import: they depend on the business date and on who sends the file."""

    def __init__(
        self,
        *,
        today: date,
        algorithm: CheckDigit = CheckDigit.VERHOEFF,
        regions: Collection[str] = (checks.EVERY_REGION,),
    ) -> None:
        """Make the checks once, for every line.

        Args:
            today: The date in Casablanca; later dates are refused.
            algorithm: The control digit of an IDCS.
            regions: Region codes the sender may write to, `*` for all of them.
        """
        self._fields = LineFields(today=today, algorithm=algorithm, regions=regions)
        self._sure = SurePersons(self._fields)
        self._decode = JSONDecoder(
            object_pairs_hook=_object_without_repeated_keys, parse_constant=_refuse_constant
        ).decode

    def read_bytes(self, line: bytes) -> ReadLine:
        """Return what a line declares as it arrived; see `read`.

        Bytes that are no UTF-8 become replacement characters, which the rules refuse.
        """
        return self._sure.read(line) or self.read(line.decode("utf-8", errors="replace"))

    def read_row(self, row: bytes) -> ReadLine:
        """Return what a row of a CSV file declares, with the faults that its JSON would have."""
        if len(row) > LINE_BYTES_MAX:
            return (Reject("", RejectCode.LINE_TOO_LONG),)
        try:
            document = row_document(row.decode("utf-8", errors="replace"))
        except RowMalformedError:
            return (Reject("", RejectCode.LINE_MALFORMED),)
        return self._sure.read_document(dict(document)) or self._person(document)

    def read(self, line: str) -> ReadLine:
        """Return what the line declares, or every reason why it is refused."""
        if len(line) * _UTF8_BYTES_MAX > LINE_BYTES_MAX and len(line.encode()) > LINE_BYTES_MAX:
            return (Reject("", RejectCode.LINE_TOO_LONG),)
        try:
            document = self._decode(line)
        except (ValueError, RecursionError):
            return (Reject("", RejectCode.LINE_MALFORMED),)
        if not isinstance(document, dict):
            return (Reject("", RejectCode.LINE_MALFORMED),)
        kind = document.pop("type", None)
        if kind == "person":
            return self._person(document)
        if kind == "household":
            return self._household(document)
        return (Reject("type", RejectCode.LINE_TYPE_UNKNOWN),)

    def _person(self, document: dict[str, Any]) -> DeclaredPerson | tuple[Reject, ...]:
        reading = _Reading()
        values = reading.fields(document, self._fields.person, at="")
        for script, parts in self._fields.names.items():
            name = reading.fields(values.get(script), parts, at=f"{script}.")
            values[script] = Name(**name) if len(name) == len(Name._fields) else None
        values["phones"] = reading.phones(values)
        if values.get("cnie") is not None and values.get("residence_permit") is not None:
            reading.refuse("residence_permit", RejectCode.DOCUMENTS_TWO)
        return reading.rejects() or DeclaredPerson(**values)

    def _household(self, document: dict[str, Any]) -> DeclaredHousehold | tuple[Reject, ...]:
        reading = _Reading()
        own = self._fields
        values = reading.fields(document, own.household, at="")
        members = reading.items(values, "members", own.member, least=1, most=MEMBERS_MAX)
        attestations = reading.items(
            values, "attestations", own.attestation, least=0, most=ATTESTATIONS_MAX
        )
        applications = reading.items(
            values, "applications", own.application, least=0, most=APPLICATIONS_MAX
        )
        values["facts"] = reading.fields(values.get("facts"), own.facts, at="facts.")
        payee = values.get("payee_account")
        if payee is not None:
            payee = reading.fields(payee, own.payee, at="payee_account.")
        if rejects := reading.rejects():
            return rejects
        values["members"] = tuple(_member(member) for member in members)
        values["attestations"] = tuple(DeclaredAttestation(**item) for item in attestations)
        values["applications"] = tuple(DeclaredApplication(**item) for item in applications)
        values["payee_account"] = None if payee is None else PayeeAccount(**payee)
        household = DeclaredHousehold(**values)
        return tuple(_contradictions(household))[:REJECTS_PER_LINE_MAX] or household


class _Reading:
    """The fields of one line that were read so far, and the reasons to refuse it."""

    def __init__(self) -> None:
        self._rejects: list[Reject] = []

    def rejects(self) -> tuple[Reject, ...]:
        return tuple(self._rejects[:REJECTS_PER_LINE_MAX])

    def refuse(self, field: str, code: RejectCode) -> None:
        self._rejects.append(Reject(field, code))

    def fields(
        self, document: object, expected: Mapping[str, Check[Any]], *, at: str
    ) -> dict[str, Any]:
        """Return every field of an object checked; what is wrong is refused field by field."""
        if type(document) is not dict:
            self.refuse(at.rstrip("."), checks.absent_fault(document).code)
            return {}
        if len(document) == len(expected):
            # Nearly every object is whole and right; what is not is read again, field by field.
            try:
                return {name: check(document[name]) for name, check in expected.items()}
            except (Fault, KeyError):
                pass
        if not document.keys() <= expected.keys():
            self._refuse_unknown(document.keys() - expected.keys(), at=at)
        return self._fields_one_by_one(document, expected, at=at)

    def _refuse_unknown(self, keys: Collection[str], *, at: str) -> None:
        """Refuse keys that are not expected, and name those that can only be names of fields.

        They come from outside: a key of other characters may hold a number or a name of somebody.
        """
        named = sorted(key for key in keys if _FIELD_NAME.fullmatch(key))
        for key in named[:REJECTS_PER_LINE_MAX]:
            self.refuse(at + key, RejectCode.FIELD_UNKNOWN)
        if len(named) < len(keys):
            self.refuse(at.rstrip("."), RejectCode.FIELD_UNKNOWN)

    def _fields_one_by_one(
        self, document: dict[str, object], expected: Mapping[str, Check[Any]], *, at: str
    ) -> dict[str, Any]:
        values = {}
        for name, check in expected.items():
            try:
                values[name] = check(document.get(name, checks.MISSING))
            except Fault as fault:
                self.refuse(at + name, fault.code)
        return values

    def phones(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Check every telephone number of a person; one is told apart by its international form."""
        listed = values.get("phones", [])
        if type(listed) is not list:
            self.refuse("phones", RejectCode.FIELD_MALFORMED)
            return ()
        if len(listed) > PHONES_MAX:
            self.refuse("phones", RejectCode.COUNT_OUT_OF_RANGE)
            return ()
        numbers: list[str] = []
        for position, text in enumerate(listed):
            try:
                number = checks.mobile(text)
            except Fault as fault:
                self.refuse(f"phones[{position}]", fault.code)
                continue
            if number in numbers:
                self.refuse(f"phones[{position}]", RejectCode.PHONE_DUPLICATE)
            numbers.append(number)
        return tuple(numbers)

    def items(
        self,
        values: Mapping[str, Any],
        name: str,
        expected: Mapping[str, Check[Any]],
        *,
        least: int,
        most: int,
    ) -> list[dict[str, Any]]:
        """Check every object of a list whose length has both bounds included."""
        listed = values.get(name, [])
        if type(listed) is not list:
            self.refuse(name, checks.absent_fault(listed).code)
            return []
        if name in values and not least <= len(listed) <= most:
            self.refuse(name, RejectCode.COUNT_OUT_OF_RANGE)
            return []
        return [
            self.fields(item, expected, at=f"{name}[{position}].")
            for position, item in enumerate(listed)
        ]


def _member(values: dict[str, Any]) -> DeclaredMember:
    pop = values.pop
    return DeclaredMember(pop("idcs"), pop("kinship"), pop("head"), pop("declarant"), values)


def _contradictions(household: DeclaredHousehold) -> list[Reject]:
    """Return what a household says that cannot be true together."""
    return [*_member_contradictions(household.members), *_reference_contradictions(household)]


def _member_contradictions(members: Sequence[DeclaredMember]) -> Iterator[Reject]:
    seen: set[str] = set()
    for position, member in enumerate(members):
        if member.idcs in seen:
            yield Reject(f"members[{position}].idcs", RejectCode.MEMBER_DUPLICATE)
        seen.add(member.idcs)
    heads = [member.head for member in members]
    if sum(heads) != 1 or heads != [member.kinship == Kinship.HEAD for member in members]:
        yield Reject("members", RejectCode.HEADS_NOT_ONE)
    if not any(member.declarant for member in members):
        yield Reject("members", RejectCode.DECLARANT_MISSING)


def _reference_contradictions(household: DeclaredHousehold) -> Iterator[Reject]:
    members = {member.idcs for member in household.members}
    for position, attestation in enumerate(household.attestations):
        if attestation.idcs not in members:
            yield Reject(f"attestations[{position}].idcs", RejectCode.NOT_A_MEMBER)
    programmes = [application.programme for application in household.applications]
    if len(set(programmes)) != len(programmes):
        yield Reject("applications", RejectCode.APPLICATION_DUPLICATE)
    payee = household.payee_account
    if payee is not None and payee.collector not in members:
        yield Reject("payee_account.collector", RejectCode.NOT_A_MEMBER)


def _object_without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a thing twice: readers disagree on which one counts."""
    document = dict(pairs)
    if len(document) != len(pairs):
        message = "An object repeats a key."
        raise ValueError(message)
    return document


def _refuse_constant(_: str) -> None:
    message = "NaN and infinities are no JSON."
    raise ValueError(message)
