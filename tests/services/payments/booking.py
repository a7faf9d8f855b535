"""Reports booked as if the bank had listed them."""

from services.payments.integrations.bank_channel import ReportNotice
from services.payments.use_cases.book_reports import book_report
from services.payments.use_cases.send_file import send_next_file
from tests.services.payments.paying import Payments, bank_at


async def sent(payments: Payments, count: int, *, token_file: object) -> tuple[str, list[str]]:
    """Send one file that nobody answers; return its message id and its end-to-end ids."""
    await payments.pay_households(count, regions=("01",), banks=("007",))
    await payments.released()
    nobody = bank_at("http://127.0.0.1:9", token_file=token_file)
    assert await send_next_file(payments.worker, nobody)
    await nobody.channel.close()
    rows = await payments.databases.rows(
        "SELECT t.msg_id, a.end_to_end_id FROM payment_attempt a"
        " JOIN transmission t USING (transmission_id) ORDER BY a.end_to_end_id"
    )
    return rows[0]["msg_id"], [row["end_to_end_id"] for row in rows]


async def book(payments: Payments, kind: str, body: bytes | None, *, report_id: str) -> None:
    """Book one report as if the bank had listed it."""
    notice = ReportNotice(seq=1, kind=kind, report_id=report_id)
    async with payments.databases.worker.transaction() as tx:
        await book_report(payments.worker, tx, notice, body)
