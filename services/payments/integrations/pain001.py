"""Writing pain.001.001.09: the same credits under the same ids always give the same bytes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from lxml import etree

from services.payments.domain.money import (
    CURRENCY,
    AmountMalformedError,
    centimes_of,
    decimal_text,
)
from services.payments.domain.rib import Rib

FORMAT = "pain.001.001.09"
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{FORMAT}"
_NS = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class Credit:
    """One transfer: to whom, and how much, in centimes of MAD."""

    end_to_end_id: str
    amount_centimes: int
    rib: Rib
    name: str


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who pays, in the bank's character set, and from which account."""

    name: str
    rib: Rib


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """Everything that the bytes of a file depend on; nothing else enters them."""

    msg_id: str
    created_at: datetime
    execute_on: date
    debtor: Debtor
    credits: Sequence[Credit]

    @property
    def amount_centimes(self) -> int:
        """Return the sum of the credits."""
        return sum(credit.amount_centimes for credit in self.credits)


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What stands in the bytes of a file, counted credit by credit."""

    credits: int
    amount_centimes: int


class FileDisagreesError(Exception):
    """The bytes of a file do not say what they should; they must not be sent."""


def write_payment_file(file: PaymentFile) -> bytes:
    """Return the bytes of a file with one payment information block.

    The instant is written in UTC to the second; names and accounts are written as they are.
    """
    buffer = BytesIO()
    with etree.xmlfile(buffer, encoding="UTF-8") as xml:
        xml.write_declaration()
        with (
            xml.element(f"{_NS}Document", nsmap={None: NAMESPACE}),
            xml.element(f"{_NS}CstmrCdtTrfInitn"),
        ):
            xml.write(_group_header(file))
            with xml.element(f"{_NS}PmtInf"):
                for element in _payment_information(file):
                    xml.write(element)
                for credit in file.credits:
                    xml.write(_credit(credit))
    return buffer.getvalue()


def check_payment_file(body: bytes, *, msg_id: str, expected: FileTotals) -> None:
    """Recount the bytes by another path than the one that wrote them.

    Raises:
        FileDisagreesError: Ids, counts or sums in the bytes differ from each other, or from what
            was expected.
    """
    declared: list[tuple[str | None, str | None]] = []
    found, total = 0, 0
    names = ("MsgId", "NbOfTxs", "CtrlSum", "InstdAmt")
    texts = {name: f"{_NS}{name}" for name in names}
    pending_count: str | None = None
    for _, element in _parsing(body, tags=tuple(texts.values())):
        text = element.text or ""
        if element.tag == texts["InstdAmt"]:
            found, total = found + 1, total + _centimes(text)
        elif element.tag == texts["NbOfTxs"]:
            pending_count = text
        elif element.tag == texts["CtrlSum"]:
            declared.append((pending_count, text))
        elif text != msg_id:
            message = "A file carries another message id than its own."
            raise FileDisagreesError(message)
    counted = (str(found), decimal_text(total))
    if declared != [counted, counted] or FileTotals(found, total) != expected:
        message = "The count or sum of a file is not that of its credits."
        raise FileDisagreesError(message)


def _parsing(body: bytes, *, tags: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    return iter(
        etree.iterparse(
            BytesIO(body), events=("end",), tag=tags, resolve_entities=False, no_network=True
        )
    )


def _centimes(text: str) -> int:
    try:
        return centimes_of(text)
    except AmountMalformedError as error:
        message = "A file holds an amount that is none."
        raise FileDisagreesError(message) from error


def _group_header(file: PaymentFile) -> etree._Element:
    header = _element("GrpHdr")
    _leaf(header, "MsgId", file.msg_id)
    created = file.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    _leaf(header, "CreDtTm", created)
    _totals(header, file)
    _leaf(_child(header, "InitgPty"), "Nm", file.debtor.name)
    return header


def _payment_information(file: PaymentFile) -> Iterable[etree._Element]:
    """Return the elements before the credits, in the order of the schema."""
    part = _element("PmtInf")
    _leaf(part, "PmtInfId", file.msg_id)
    _leaf(part, "PmtMtd", "TRF")
    # One line per credit on our statement, else no credit could be matched on its own.
    _leaf(part, "BtchBookg", "false")
    _totals(part, file)
    purpose = _child(_child(part, "PmtTpInf"), "CtgyPurp")
    _leaf(purpose, "Cd", "SSBE")
    _leaf(_child(part, "ReqdExctnDt"), "Dt", file.execute_on.isoformat())
    _leaf(_child(part, "Dbtr"), "Nm", file.debtor.name)
    account = _child(part, "DbtrAcct")
    _rib(account, file.debtor.rib)
    _leaf(account, "Ccy", CURRENCY)
    _agent(_child(part, "DbtrAgt"), file.debtor.rib)
    # The household receives the whole sum; the State bears the charges.
    _leaf(part, "ChrgBr", "DEBT")
    return list(part)


def _credit(credit: Credit) -> etree._Element:
    transfer = _element("CdtTrfTxInf")
    _leaf(_child(transfer, "PmtId"), "EndToEndId", credit.end_to_end_id)
    amount = _child(_child(transfer, "Amt"), "InstdAmt")
    amount.set("Ccy", CURRENCY)
    amount.text = decimal_text(credit.amount_centimes)
    _agent(_child(transfer, "CdtrAgt"), credit.rib)
    _leaf(_child(transfer, "Cdtr"), "Nm", credit.name)
    _rib(_child(transfer, "CdtrAcct"), credit.rib)
    return transfer


def _totals(parent: etree._Element, file: PaymentFile) -> None:
    _leaf(parent, "NbOfTxs", str(len(file.credits)))
    _leaf(parent, "CtrlSum", decimal_text(file.amount_centimes))


def _rib(parent: etree._Element, rib: Rib) -> None:
    _leaf(_child(_child(parent, "Id"), "Othr"), "Id", rib.number)


def _agent(parent: etree._Element, rib: Rib) -> None:
    member = _child(_child(parent, "FinInstnId"), "ClrSysMmbId")
    _leaf(member, "MmbId", rib.bank_code)


def _element(name: str) -> etree._Element:
    # Written inside the document's default namespace; a qualified name would declare it again in
    # every credit, a fifth of the file.
    return etree.Element(name)


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, name)


def _leaf(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
