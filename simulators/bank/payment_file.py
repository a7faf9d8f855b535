"""Reading a pain.001.001.09: what the payer asks for, and what is wrong with it.

The file is read once, as a stream, while the schema is checked; nothing outside it is fetched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

from lxml import etree

from simulators.bank.accounts import UncreditableShares, is_rib, rib_in_iban

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
ORDERS_MAX = 50_000
CENTIMES_MAX = 10**15
PROLOG_PIECE_BYTES = 1024

_NS = f"{{{NAMESPACE}}}"
_GROUP, _INFORMATION, _ORDER = f"{_NS}GrpHdr", f"{_NS}PmtInf", f"{_NS}CdtTrfTxInf"


class Unreadable(StrEnum):
    """Why the bytes are no pain.001.001.09 that this bank could answer."""

    SCHEMA_VIOLATION = "schema-violation"
    DOCUMENT_TYPE = "document-type"
    TOO_MANY_ORDERS = "too-many-orders"
    MESSAGE_ID_DIFFERS = "message-id-differs"


class UnreadableFileError(Exception):
    """A file cannot be answered by a status report, because nothing in it can be trusted."""

    def __init__(self, why: Unreadable) -> None:
        """Keep why."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Order:
    """One credit transfer; `reason` is the ISO code for which it will be rejected.

    `stated` is the amount as written, in any currency; `centimes` is 0 where it cannot be paid.
    """

    instruction_id: str | None
    end_to_end_id: str
    stated: Decimal
    centimes: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class PaymentInformation:
    """Orders that debit one account of the payer, on one date."""

    information_id: str
    debtor_scheme: str
    debtor_account: str
    requested_on: date | None
    declared_count: str | None
    declared_sum: str | None
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A whole file; `reason` is the ISO code for which all of it is refused."""

    message_id: str
    declared_count: str
    declared_sum: str | None
    informations: tuple[PaymentInformation, ...]
    reason: str | None

    @property
    def orders_count(self) -> int:
        """How many orders the file really holds."""
        return sum(len(information.orders) for information in self.informations)


class PaymentFileReader:
    """Reads files against the schema and against the accounts this bank can credit."""

    def __init__(self, uncreditable: UncreditableShares) -> None:
        """Load the schema once."""
        schema = files("sepaxml") / "schemas" / "pain.001.001.09.xsd"
        self._schema = etree.XMLSchema(etree.fromstring(schema.read_bytes()))
        self._uncreditable = uncreditable

    def read(self, path: Path, *, msg_id: str) -> PaymentFile:
        """Return what the file asks for.

        Raises:
            UnreadableFileError: It is not well formed, not valid, has a document type, carries
                another message id, or holds more than `ORDERS_MAX` orders.
        """
        _refuse_document_type(path)
        try:
            file = self._read(path)
        except etree.XMLSyntaxError as error:
            raise UnreadableFileError(Unreadable.SCHEMA_VIOLATION) from error
        if file.message_id != msg_id:
            raise UnreadableFileError(Unreadable.MESSAGE_ID_DIFFERS)
        return file

    def _read(self, path: Path) -> PaymentFile:
        group: etree._Element | None = None
        informations: list[PaymentInformation] = []
        orders: list[Order] = []
        read_count = 0
        for element in self._elements(path):
            if element.tag == _GROUP:
                group = element
            elif element.tag == _ORDER:
                read_count += 1
                if read_count > ORDERS_MAX:
                    raise UnreadableFileError(Unreadable.TOO_MANY_ORDERS)
                orders.append(self._order(element))
                element.clear()
            else:
                informations.append(_information(element, orders))
                orders = []
                element.clear()
        if group is None:
            raise UnreadableFileError(Unreadable.SCHEMA_VIOLATION)
        return PaymentFile(
            message_id=_text(group, "MsgId") or "",
            declared_count=_text(group, "NbOfTxs") or "",
            declared_sum=_text(group, "CtrlSum"),
            informations=tuple(informations),
            reason=_group_reason(group, informations),
        )

    def _elements(self, path: Path) -> Iterator[etree._Element]:
        parsing = etree.iterparse(
            str(path),
            events=("end",),
            tag=(_GROUP, _INFORMATION, _ORDER),
            schema=self._schema,
            # With a schema and False here, lxml 6 takes a file that ends too early for a whole one.
            resolve_entities="internal",
            no_network=True,
            load_dtd=False,
        )
        for _, element in parsing:
            yield element

    def _order(self, element: etree._Element) -> Order:
        stated, centimes, reason = _amount(element)
        return Order(
            instruction_id=_text(element, "PmtId/InstrId"),
            end_to_end_id=_text(element, "PmtId/EndToEndId") or "",
            stated=stated,
            centimes=centimes,
            reason=reason or self._account_reason(element),
        )

    def _account_reason(self, element: etree._Element) -> str | None:
        iban = _text(element, "CdtrAcct/Id/IBAN")
        rib = rib_in_iban(iban) if iban else _text(element, "CdtrAcct/Id/Othr/Id")
        if rib is None or not is_rib(rib):
            return "AC01"  # IncorrectAccountNumber
        return self._uncreditable.reason_for(rib)


def _refuse_document_type(path: Path) -> None:
    """Look at what precedes the root element; ISO 20022 has no use for a document type there.

    Why beforehand and with another parser: entity bombs are made of document types, and libxml2
    ends the whole process on one when it checks a schema meanwhile.
    """
    found: list[Unreadable] = []
    root_began: list[str] = []
    prolog = ParserCreate()
    prolog.StartDoctypeDeclHandler = lambda *_: found.append(Unreadable.DOCUMENT_TYPE)
    prolog.StartElementHandler = lambda name, _: root_began.append(name)
    with path.open("rb") as file:
        try:
            while not (found or root_began) and (piece := file.read(PROLOG_PIECE_BYTES)):
                prolog.Parse(piece)
        except ExpatError as error:
            raise UnreadableFileError(Unreadable.SCHEMA_VIOLATION) from error
    if found:
        raise UnreadableFileError(found[0])


def _information(element: etree._Element, orders: list[Order]) -> PaymentInformation:
    iban = _text(element, "DbtrAcct/Id/IBAN")
    return PaymentInformation(
        information_id=_text(element, "PmtInfId") or "",
        debtor_scheme="IBAN" if iban else "Othr",
        debtor_account=iban or _text(element, "DbtrAcct/Id/Othr/Id") or "",
        requested_on=_requested_on(element),
        declared_count=_text(element, "NbOfTxs"),
        declared_sum=_text(element, "CtrlSum"),
        orders=tuple(orders),
    )


def _requested_on(information: etree._Element) -> date | None:
    """Return the requested day; None for the years beyond 9999 that the schema allows."""
    text = _text(information, "ReqdExctnDt/Dt") or _text(information, "ReqdExctnDt/DtTm") or ""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _amount(order: etree._Element) -> tuple[Decimal, int, str | None]:
    """Return the amount as stated, in centimes, and the ISO reason why it cannot be paid."""
    amount = order.find(f"{_NS}Amt/{_NS}InstdAmt")
    if amount is None:
        return Decimal(_text(order, "Amt/EqvtAmt/Amt") or "0"), 0, "AM03"  # NotAllowedCurrency
    stated = Decimal(amount.text or "0")
    if amount.get("Ccy") != "MAD":
        return stated, 0, "AM03"
    if stated == 0:
        return stated, 0, "AM01"  # ZeroAmount
    if stated * 100 % 1 or stated * 100 > CENTIMES_MAX:
        return stated, 0, "AM12"  # InvalidAmount
    return stated, int(stated * 100), None


def _group_reason(group: etree._Element, informations: list[PaymentInformation]) -> str | None:
    """Return the ISO reason for which a bank would touch none of the orders."""
    everything = [order for information in informations for order in information.orders]
    statements: list[tuple[str | None, str | None, Sequence[Order]]] = [
        (_text(group, "NbOfTxs"), _text(group, "CtrlSum"), everything),
        *((part.declared_count, part.declared_sum, part.orders) for part in informations),
    ]
    if any(count is not None and int(count) != len(orders) for count, _, orders in statements):
        return "AM18"  # InvalidNumberOfTransactions
    if any(not _sums_to(orders, declared_sum) for _, declared_sum, orders in statements):
        return "AM10"  # InvalidControlSum
    if any(part.requested_on is None for part in informations):
        return "DT01"  # InvalidDate
    if len({order.end_to_end_id for order in everything}) < len(everything):
        return "AM05"  # Duplication
    return None


def _sums_to(orders: Sequence[Order], declared_sum: str | None) -> bool:
    return declared_sum is None or Decimal(declared_sum) == sum(order.stated for order in orders)


def _text(element: etree._Element, path: str) -> str | None:
    """Return the text at `path`; None where there is no such element, or nothing in it."""
    return str(_text_at(path)(element)).strip() or None


@cache
def _text_at(path: str) -> etree.XPath:
    steps = "/".join(f"p:{step}" for step in path.split("/"))
    return etree.XPath(f"string({steps})", namespaces={"p": NAMESPACE}, smart_strings=False)
