"""Payment files as a payer would write them, right or wrong on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


def rib(account_number: int) -> str:
    """Return a RIB with the right key for an account at bank 007, city 780."""
    body = f"007780{account_number:016d}"
    return f"{body}{97 - int(body) * 100 % 97:02d}"


@dataclass(frozen=True, slots=True)
class AnOrder:
    """One credit transfer; the defaults are a good one."""

    end_to_end_id: str
    dirhams: str = "500.00"
    account: str = rib(1)
    currency: str = "MAD"

    def xml(self) -> str:
        return (
            f"<CdtTrfTxInf><PmtId><EndToEndId>{self.end_to_end_id}</EndToEndId></PmtId>"
            f'<Amt><InstdAmt Ccy="{self.currency}">{self.dirhams}</InstdAmt></Amt>'
            "<Cdtr><Nm>PAYEE</Nm></Cdtr>"
            f"<CdtrAcct><Id><Othr><Id>{self.account}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>"
        )


@dataclass(frozen=True, slots=True)
class APaymentFile:
    """A file with one payment information block; counts and sums are right unless stated."""

    msg_id: str
    orders: Sequence[AnOrder]
    count: int | None = None
    total: str | None = None
    document_type: str = ""
    requested_on: str = "2026-11-25"

    def xml(self) -> bytes:
        count = len(self.orders) if self.count is None else self.count
        total = self.total or str(sum(Decimal(order.dirhams) for order in self.orders))
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>{self.document_type}'
            f'<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>'
            f"<GrpHdr><MsgId>{self.msg_id}</MsgId><CreDtTm>2026-11-20T09:00:00Z</CreDtTm>"
            f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
            "<InitgPty><Nm>PAYER</Nm></InitgPty></GrpHdr>"
            f"<PmtInf><PmtInfId>{self.msg_id}-1</PmtInfId><PmtMtd>TRF</PmtMtd>"
            f"<ReqdExctnDt><Dt>{self.requested_on}</Dt></ReqdExctnDt><Dbtr><Nm>PAYER</Nm></Dbtr>"
            f"<DbtrAcct><Id><Othr><Id>{rib(99)}</Id></Othr></Id></DbtrAcct>"
            "<DbtrAgt><FinInstnId><Nm>BANK</Nm></FinInstnId></DbtrAgt>"
            f"{''.join(order.xml() for order in self.orders)}</PmtInf>"
            "</CstmrCdtTrfInitn></Document>"
        ).encode()


def a_payment_file(msg_id: str = "FILE-1", *, orders: int = 3) -> APaymentFile:
    """Return a good file whose orders are named after it."""
    return APaymentFile(
        msg_id, [AnOrder(f"{msg_id}-E{n}", account=rib(n + 1)) for n in range(orders)]
    )
