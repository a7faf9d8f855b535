"""Reading what the bank says: pain.002.001.10 and camt.054.001.08, as hostile input.

Files are read as a stream with entities and the network off. A line that cannot be read is counted
and the rest goes on; a file that cannot be read is refused whole.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from io import BytesIO

from lxml import etree

from services.payments.domain.bank_answers import (
    CreditNotification,
    EntryLine,
    StatusLine,
    StatusReport,
)
from services.payments.domain.money import AmountMalformedError, centimes_of

STATUS_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
ENTRY_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
LINES_MAX = 200_000
IDENTIFIER_CHARACTERS_MAX = 35


class UnreadableReportError(Exception):
    """A report is not well formed, is no report of its kind, or is too long."""


class _MalformedLineError(Exception):
    """One line does not say what a line must say."""


def read_status_report(body: bytes) -> StatusReport:
    """Return what a pain.002 says.

    Raises:
        UnreadableReportError: Truncated, of another namespace, with a document type, or longer
            than `LINES_MAX` lines.
    """
    ns = f"{{{STATUS_NAMESPACE}}}"
    group, transfer = f"{ns}OrgnlGrpInfAndSts", f"{ns}TxInfAndSts"
    msg_id: str | None = None
    lines: list[StatusLine] = []
    malformed: list[int] = []
    number = 0
    for element in _elements(body, tags=(group, transfer)):
        if element.tag == group:
            msg_id = _own_identifier(_text(element, ns, "OrgnlMsgId"))
            lines.append(_status_line(element, ns, line_no=0))
            continue
        number += 1
        try:
            lines.append(_status_line(element, ns, line_no=number))
        except _MalformedLineError:
            malformed.append(number)
    if msg_id is None:
        message = "The report does not say which file it is about."
        raise UnreadableReportError(message)
    return StatusReport(msg_id=msg_id, lines=lines, malformed=malformed)


def read_credit_notification(body: bytes) -> CreditNotification:
    """Return what a camt.054 says; an entry with several details has a line for each.

    Raises:
        UnreadableReportError: As for a status report.
    """
    ns = f"{{{ENTRY_NAMESPACE}}}"
    notification, entry, identification = f"{ns}Ntfctn", f"{ns}Ntry", f"{ns}Id"
    statement_id: str | None = None
    lines: list[EntryLine] = []
    malformed: list[int] = []
    for element in _elements(body, tags=(notification, entry, identification), keep=identification):
        parent = element.getparent()
        if element.tag == entry:
            _read_entry(element, ns, lines=lines, malformed=malformed)
        elif parent is not None and parent.tag == notification:
            statement_id = _own_identifier(element.text)
    if statement_id is None:
        message = "The notification has no identification."
        raise UnreadableReportError(message)
    return CreditNotification(statement_id=statement_id, lines=lines, malformed=malformed)


def _read_entry(
    entry: etree._Element, ns: str, *, lines: list[EntryLine], malformed: list[int]
) -> None:
    for detail in _details(entry, ns):
        number = len(lines) + len(malformed) + 1
        try:
            lines.append(_entry_line(entry, detail, ns, line_no=number))
        except (_MalformedLineError, AmountMalformedError, ValueError):
            malformed.append(number)


def _elements(
    body: bytes, *, tags: tuple[str, ...], keep: str | None = None
) -> Iterator[etree._Element]:
    """Yield finished elements, and forget each before the next; at most `LINES_MAX`."""
    parsing = etree.iterparse(
        BytesIO(body),
        events=("end",),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    count = 0
    try:
        for _, element in parsing:
            _refuse_document_type(element)
            yield element
            if element.tag == keep:
                continue
            count += 1
            if count > LINES_MAX:
                message = f"A report has at most {LINES_MAX} lines."
                raise UnreadableReportError(message)
            element.clear()
    except etree.XMLSyntaxError as error:
        message = "The report is not well-formed XML."
        # The parser's own words quote the document.
        raise UnreadableReportError(message) from error


def _refuse_document_type(element: etree._Element) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        message = "A report has no document type; this one would be an entity bomb."
        raise UnreadableReportError(message)


def _status_line(element: etree._Element, ns: str, *, line_no: int) -> StatusLine:
    status = _text(element, ns, "TxSts" if line_no else "GrpSts")
    end_to_end_id = _identifier(_text(element, ns, "OrgnlEndToEndId")) if line_no else None
    if line_no and (status is None or end_to_end_id is None):
        raise _MalformedLineError
    return StatusLine(
        line_no=line_no,
        end_to_end_id=end_to_end_id,
        status=_code(status) or "NONE",
        reason=_code(_text(element, ns, "StsRsnInf", "Rsn", "Cd")),
    )


def _details(entry: etree._Element, ns: str) -> Sequence[etree._Element]:
    """Return the entry's transactions, or the entry itself where the bank gives none."""
    return entry.findall(f"{ns}NtryDtls/{ns}TxDtls") or [entry]


def _entry_line(
    entry: etree._Element, detail: etree._Element, ns: str, *, line_no: int
) -> EntryLine:
    amount = detail.find(f"{ns}Amt")
    direction = _text(detail, ns, "CdtDbtInd") or _text(entry, ns, "CdtDbtInd")
    booked = _text(entry, ns, "BookgDt", "Dt") or _text(entry, ns, "BookgDt", "DtTm")
    reference = _text(entry, ns, "NtryRef") or _text(entry, ns, "AcctSvcrRef")
    if amount is None or direction not in ("DBIT", "CRDT"):
        raise _MalformedLineError
    return EntryLine(
        line_no=line_no,
        entry_ref=_identifier(reference) or f"#{line_no}",
        detail_no=0 if detail is entry else _position(detail),
        end_to_end_id=_identifier(_text(detail, ns, "Refs", "EndToEndId")),
        amount_centimes=centimes_of((amount.text or "").strip()),
        currency=_currency(amount.get("Ccy")),
        direction=direction,
        booked_on=date.fromisoformat(booked[:10]) if booked else None,
        reason=_code(_text(detail, ns, "RtrInf", "Rsn", "Cd")),
    )


def _position(detail: etree._Element) -> int:
    """Return the place of a transaction among its entry's, from 1."""
    parent = detail.getparent()
    return 1 if parent is None else parent.index(detail) + 1


def _currency(currency: str | None) -> str:
    if currency is None or len(currency) != len("MAD") or not currency.isalpha():
        raise _MalformedLineError
    return currency


def _text(element: etree._Element, ns: str, *path: str) -> str | None:
    found = element.find(_path(ns, path))
    text = None if found is None else (found.text or "").strip()
    return text or None


@cache
def _path(ns: str, path: tuple[str, ...]) -> str:
    return "/".join(ns + step for step in path)


def _identifier(text: str | None) -> str | None:
    """Return an identifier of at most 35 printable characters; a longer one is no line of ours."""
    if text is not None and (
        len(text) > IDENTIFIER_CHARACTERS_MAX or not text.isprintable() or not text.strip()
    ):
        raise _MalformedLineError
    return text


def _own_identifier(text: str | None) -> str | None:
    """Return the identifier of a whole report; without it no line can be trusted."""
    try:
        return _identifier(text)
    except _MalformedLineError as error:
        message = "The identification of the report is malformed."
        raise UnreadableReportError(message) from error


def _code(text: str | None) -> str | None:
    """Return an ISO code of at most four characters; anything else is no code we know."""
    return text if text is not None and len(text) <= len("ACSC") and text.isalnum() else None
