"""Writing pain.002.001.10 and camt.054.001.08: what the bank tells the payer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape

PAYMENT_STATUS = "pain.002"
NOTIFICATION = "camt.054"

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ISO = "urn:iso:std:iso:20022:tech:xsd:"


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the payer will read it; `report_id` is also its message id."""

    report_id: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """The head of the payment file that a status report answers."""

    msg_id: str
    declared_count: str
    declared_sum: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """One order as the bank decided it: executed, or rejected for an ISO reason."""

    instruction_id: str | None
    end_to_end_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class InformationStatus:
    """The orders of one payment information block, in the order of the file."""

    information_id: str
    orders: Sequence[OrderStatus]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the payer, named by `scheme`: `IBAN`, or `Othr` for a RIB."""

    scheme: str
    number: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A debit of the payer's account, or with a `return_reason` a credit that gives it back."""

    reference: str
    msg_id: str | None
    information_id: str | None
    instruction_id: str | None
    end_to_end_id: str
    centimes: int
    return_reason: str | None = None


def status_report(
    number: int,
    *,
    written_at: datetime,
    original: OriginalFile,
    informations: Sequence[InformationStatus],
) -> Report:
    """Return the pain.002 that answers a file, with the outcome of each of its orders.

    The group is ACCP when all orders were executed, RJCT when none was, else PART. An executed
    order is ACSC, because the account has been debited by then.
    """
    report_id = f"PAIN002-{number:010d}"
    everything = [order for information in informations for order in information.orders]
    group_status = "RJCT" if original.reason else _common_status(everything)
    body = (
        f'{_DECLARATION}<Document xmlns="{_ISO}pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>{report_id}</MsgId><CreDtTm>{_instant(written_at)}</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{_safe(original.msg_id)}</OrgnlMsgId>"
        "<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
        f"{_optional('OrgnlNbOfTxs', original.declared_count)}"
        f"{_optional('OrgnlCtrlSum', original.declared_sum)}"
        f"<GrpSts>{group_status}</GrpSts>{_reason('StsRsnInf', original.reason)}"
        f"{_counts(everything)}</OrgnlGrpInfAndSts>"
        f"{''.join(_information_status(information) for information in informations)}"
        "</CstmrPmtStsRpt></Document>\n"
    )
    return Report(report_id, PAYMENT_STATUS, body.encode())


def notification(
    number: int,
    *,
    written_at: datetime,
    value_on: date,
    account: Account,
    entries: Iterable[Entry],
) -> Report:
    """Return the camt.054 that lists entries booked on one account of the payer.

    Each order has an entry of its own; `value_on` is the value date of all of them.
    """
    report_id = f"CAMT054-{number:010d}"
    dates = (
        f"<BookgDt><DtTm>{_instant(written_at)}</DtTm></BookgDt>"
        f"<ValDt><Dt>{value_on.isoformat()}</Dt></ValDt>"
    )
    body = (
        f'{_DECLARATION}<Document xmlns="{_ISO}camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        f"<GrpHdr><MsgId>{report_id}</MsgId><CreDtTm>{_instant(written_at)}</CreDtTm></GrpHdr>"
        f"<Ntfctn><Id>{report_id}</Id><CreDtTm>{_instant(written_at)}</CreDtTm>"
        f"<Acct><Id>{_account_id(account)}</Id><Ccy>MAD</Ccy></Acct>"
        f"{''.join(_entry(entry, dates) for entry in entries)}"
        "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>\n"
    )
    return Report(report_id, NOTIFICATION, body.encode())


def _information_status(information: InformationStatus) -> str:
    orders = information.orders
    return (
        "<OrgnlPmtInfAndSts>"
        f"<OrgnlPmtInfId>{_safe(information.information_id)}</OrgnlPmtInfId>"
        f"<OrgnlNbOfTxs>{len(orders)}</OrgnlNbOfTxs>"
        f"<PmtInfSts>{_common_status(orders)}</PmtInfSts>{_counts(orders)}"
        f"{''.join(_order_status(order) for order in orders)}</OrgnlPmtInfAndSts>"
    )


def _order_status(order: OrderStatus) -> str:
    return (
        f"<TxInfAndSts>{_optional('OrgnlInstrId', order.instruction_id)}"
        f"<OrgnlEndToEndId>{_safe(order.end_to_end_id)}</OrgnlEndToEndId>"
        f"<TxSts>{_status(order)}</TxSts>{_reason('StsRsnInf', order.reason)}</TxInfAndSts>"
    )


def _entry(entry: Entry, dates: str) -> str:
    gives_back = entry.return_reason is not None
    indicator, family = ("CRDT", "RRTN") if gives_back else ("DBIT", "DMCT")
    money = f'<Amt Ccy="MAD">{_dirhams(entry.centimes)}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
    return (
        f"<Ntry><NtryRef>{_safe(entry.reference)}</NtryRef>{money}"
        f"<Sts><Cd>BOOK</Cd></Sts>{dates}<AcctSvcrRef>{_safe(entry.reference)}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{family}</SubFmlyCd></Fmly>"
        "</Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
        f"{_optional('MsgId', entry.msg_id)}{_optional('PmtInfId', entry.information_id)}"
        f"{_optional('InstrId', entry.instruction_id)}"
        f"<EndToEndId>{_safe(entry.end_to_end_id)}</EndToEndId></Refs>{money}"
        f"{_reason('RtrInf', entry.return_reason)}</TxDtls></NtryDtls></Ntry>"
    )


def _status(order: OrderStatus) -> str:
    return "RJCT" if order.reason else "ACSC"


def _common_status(orders: Sequence[OrderStatus]) -> str:
    statuses = {_status(order) for order in orders}
    if statuses == {"ACSC"}:
        return "ACCP"
    return "RJCT" if statuses == {"RJCT"} else "PART"


def _counts(orders: Sequence[OrderStatus]) -> str:
    return "".join(
        f"<NbOfTxsPerSts><DtldNbOfTxs>{count}</DtldNbOfTxs><DtldSts>{status}</DtldSts>"
        "</NbOfTxsPerSts>"
        for status, count in sorted(Counter(map(_status, orders)).items())
    )


def _reason(tag: str, code: str | None) -> str:
    return f"<{tag}><Rsn><Cd>{code}</Cd></Rsn></{tag}>" if code else ""


def _optional(tag: str, text: str | None) -> str:
    return f"<{tag}>{_safe(text)}</{tag}>" if text else ""


def _account_id(account: Account) -> str:
    if account.scheme == "IBAN":
        return f"<IBAN>{_safe(account.number)}</IBAN>"
    return f"<Othr><Id>{_safe(account.number)}</Id></Othr>"


def _dirhams(centimes: int) -> str:
    return f"{centimes // 100}.{centimes % 100:02d}"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _safe(text: str) -> str:
    return escape(text, quote=False)
