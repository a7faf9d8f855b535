"""Reports as a bank would write them; each test states only what matters to it."""

from services.payments.integrations.bank_reports import ENTRY_NAMESPACE, STATUS_NAMESPACE


def a_status_report(*transfers: str, group: str = "PART", msg_id: str = "F1") -> bytes:
    return (
        f'<Document xmlns="{STATUS_NAMESPACE}"><CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId></GrpHdr>'
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{msg_id}</OrgnlMsgId><GrpSts>{group}</GrpSts>"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>{''.join(transfers)}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def a_transfer(name: str, status: str, reason: str = "") -> str:
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId>"
        f"<TxSts>{status}</TxSts>{why}</TxInfAndSts>"
    )


def an_entry(name: str, amount: str, *, direction: str = "DBIT", currency: str = "MAD") -> str:
    money = f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
    return (
        f"<Ntry><NtryRef>N-{name}</NtryRef>{money}<BookgDt><Dt>2026-11-20</Dt></BookgDt>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs>{money}</TxDtls>"
        "</NtryDtls></Ntry>"
    )


def a_notification(*entries: str, statement: str = "S1") -> bytes:
    return (
        f'<Document xmlns="{ENTRY_NAMESPACE}"><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>{statement}</Id>'
        f"<Acct><Id><Othr><Id>ours</Id></Othr></Id></Acct>{''.join(entries)}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()
