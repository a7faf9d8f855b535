"""What the bank says is booked once, in whatever order, and never guessed."""

import itertools
from collections.abc import Sequence

import pytest

from services.payments.domain.life_cycles import IN_TRANSIT
from services.payments.integrations.bank_channel import ReportNotice
from services.payments.use_cases.book_reports import (
    LEASE,
    LeaseLostError,
    book_next_reports,
    book_report,
)
from services.payments.use_cases.send_file import send_next_file
from shared.messaging.envelope import ITEMS_MAX, read_envelope
from shared.storage.leases import acquire_lease
from shared.testing.databases import fetch
from tests.services.payments.bank_words import (
    a_notification,
    a_status_report,
    a_transfer,
    an_entry,
)
from tests.services.payments.booking import book, sent
from tests.services.payments.paying import (
    AMOUNT,
    Payments,
    SimulatedBank,
)

PAID = "750.00"


async def outcome(payments: Payments) -> dict[str, object]:
    """Return everything that reports may change, without what names a report."""
    rows = await payments.databases.rows(
        "SELECT a.end_to_end_id, a.state, i.state AS instruction, i.public_reason"
        " FROM payment_attempt a JOIN payment_instruction i USING (instruction_id)"
        " ORDER BY a.end_to_end_id"
    )
    matches = await payments.databases.rows(
        "SELECT end_to_end_id, direction FROM recon_match ORDER BY 1, 2"
    )
    return {
        "attempts": rows,
        "matches": matches,
        "exceptions": await payments.exceptions(),
        "balances": await payments.balances(),
    }


async def test_a_cycle_is_paid_as_the_bank_says_and_closes(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(60)
    cycle_id = await payments.released()

    status = await payments.settle(simulated.bank, cycle_id)

    truth = simulated.totals()
    assert status.figures.settled == truth["credits"]
    assert status.figures.settled_centimes == truth["credited_centimes"]
    assert status.figures.rejected == truth["orders_rejected"] > 0
    assert status.figures.settled + status.figures.rejected == 60
    assert truth["credited_centimes"] == truth["credits"] * AMOUNT
    assert await payments.exceptions() == []
    assert await payments.balances() == {
        "expense": 60 * AMOUNT,
        "in_transit": 0,
        "payable": -status.figures.rejected * AMOUNT,
        "bank": -status.figures.settled_centimes,
    }


async def test_others_hear_of_release_and_of_the_end_of_each_instruction(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(40)
    cycle_id = await payments.released()
    await payments.settle(simulated.bank, cycle_id)
    rows = await payments.databases.rows("SELECT body FROM outbox ORDER BY position")

    items: list[dict[str, object]] = []
    for row in rows:
        envelope = read_envelope(bytes(row["body"]))
        assert envelope.type == "payments.instructions-changed.v1"
        assert len(envelope.data.items) <= ITEMS_MAX
        items += envelope.data.items

    last = {item["instruction_id"]: item for item in items}
    assert sorted(item["state"] for item in items if item["state"] == "IN_FLIGHT") == (
        ["IN_FLIGHT"] * 40
    )
    assert {item["state"] for item in last.values()} == {"PAID", "ACTION_NEEDED"}
    assert {item["public_reason"] for item in last.values()} == {None, "payments.account-closed"}
    assert {item["version"] for item in last.values()} == {4}
    assert {(item["net_centimes"], item["fee_cap_centimes"]) for item in items} == {(AMOUNT, 1600)}


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [("duplicate-report", []), ("wrong-amount", ["AMOUNT_MISMATCH"])],
)
async def test_a_misbehaving_bank_moves_nothing_twice_and_nothing_wrong(
    payments: Payments, simulated: SimulatedBank, fault: str, kinds: list[str]
) -> None:
    await payments.pay_households(10, regions=("01",), banks=("007",))
    cycle_id = await payments.released()
    simulated.arm(fault)
    await send_next_file(payments.worker, simulated.bank)
    while not await payments.databases.value(
        "SELECT count(*) FROM bank_report WHERE kind = 'camt.054'"
    ):
        await book_next_reports(payments.worker, simulated.bank)

    figures = (await payments.status(cycle_id)).figures
    assert figures.settled + figures.rejected + len(kinds) == 10
    assert await payments.exceptions() == kinds
    assert await payments.databases.value("SELECT count(*) FROM recon_match") == figures.settled


async def test_money_that_comes_back_is_owed_again(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(10)
    cycle_id = await payments.released()
    await payments.settle(simulated.bank, cycle_id)
    paid = next(order for order in simulated.orders() if order["credits"])
    before = (await payments.status(cycle_id)).figures

    simulated.arm("return-credit", end_to_end_id=paid["end_to_end_id"], reason="AC04")
    while await book_next_reports(payments.worker, simulated.bank):
        pass

    after = (await payments.status(cycle_id)).figures
    assert (after.settled, after.rejected) == (before.settled - 1, before.rejected + 1)
    assert (await payments.balances())["bank"] == -after.settled_centimes
    assert await payments.exceptions() == []


async def test_a_debit_that_nobody_ordered_is_an_exception(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(2)
    cycle_id = await payments.released()
    await payments.settle(simulated.bank, cycle_id)

    simulated.arm("unknown-entry")
    while await book_next_reports(payments.worker, simulated.bank):
        pass

    assert await payments.exceptions() == ["UNKNOWN_E2E"]


def all_reports(msg_id: str, ids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Return reports on four transfers: two paid, one of them returned, one refused, one silent."""
    first, second, third, _ = ids
    status = a_status_report(
        a_transfer(first, "ACSC"), a_transfer(second, "ACSC"), a_transfer(third, "RJCT", "AC04"),
        msg_id=msg_id,
    )  # fmt: skip
    paid = a_notification(an_entry(first, PAID), an_entry(second, PAID), statement="S1")
    back = a_notification(an_entry(second, PAID, direction="CRDT"), statement="S2")
    return {"P1": ("pain.002", status), "C1": ("camt.054", paid), "C2": ("camt.054", back)}


async def test_any_order_and_any_repetition_of_reports_comes_to_the_same(
    payments: Payments, token_file: object
) -> None:
    msg_id, ids = await sent(payments, 4, token_file=token_file)
    reports = all_reports(msg_id, ids)
    outcomes = []
    for order in itertools.permutations(reports):
        async with payments.databases.worker.transaction() as tx:
            for report_id in (*order, *reversed(order)):
                kind, body = reports[report_id]
                notice = ReportNotice(seq=1, kind=kind, report_id=report_id)
                await book_report(payments.worker, tx, notice, body)
            outcomes.append(
                await fetch(
                    tx,
                    "SELECT a.end_to_end_id, a.state, i.state AS instruction, i.public_reason,"
                    " (SELECT count(*) FROM recon_match) AS matches,"
                    " (SELECT count(*) FROM recon_exception WHERE closed_at IS NULL) AS exceptions,"
                    " (SELECT sum(debit_centimes) FROM ledger_entry) AS debited"
                    " FROM payment_attempt a JOIN payment_instruction i USING (instruction_id)"
                    " ORDER BY 1",
                )
            )
            await tx.rollback()

    assert [row["state"] for row in outcomes[0]] == ["SETTLED", "RETURNED", "REJECTED", "SUBMITTED"]
    assert all(found == outcomes[0] for found in outcomes)
    assert {row["exceptions"] for row in outcomes[0]} == {0}


@pytest.mark.parametrize("again", ["same-report", "same-bytes", "same-statement"])
async def test_importing_again_changes_nothing(
    payments: Payments, token_file: object, again: str
) -> None:
    _, ids = await sent(payments, 2, token_file=token_file)
    body = a_notification(*(an_entry(name, PAID) for name in ids))
    await book(payments, "camt.054", body, report_id="C1")
    before = await outcome(payments)

    repeated = {
        "same-report": ("C1", body + b" "),
        "same-bytes": ("C2", body),
        "same-statement": ("C2", body + b"\n"),
    }
    report_id, bytes_again = repeated[again]
    await book(payments, "camt.054", bytes_again, report_id=report_id)

    assert await outcome(payments) == before


async def test_every_entry_ends_in_exactly_one_place(
    payments: Payments, token_file: object
) -> None:
    _, ids = await sent(payments, 3, token_file=token_file)
    entries = (an_entry(ids[0], PAID), an_entry(ids[1], "1.00"), an_entry("STRANGER", PAID))
    await book(payments, "camt.054", a_notification(*entries), report_id="C1")

    rows = await payments.databases.rows(
        "SELECT e.line_no, (SELECT count(*) FROM recon_match m WHERE m.report_id = e.report_id"
        " AND m.line_no = e.line_no) + (SELECT count(*) FROM recon_exception x"
        " WHERE x.source_id = e.report_id AND x.line_no = e.line_no) AS places"
        " FROM statement_entry e ORDER BY e.line_no"
    )

    assert [tuple(row.values()) for row in rows] == [(1, 1), (2, 1), (3, 1)]


async def test_books_and_attempts_agree_at_every_moment(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(30)
    cycle_id = await payments.released(per_file=5)
    for _ in range(1000):
        await send_next_file(payments.worker, simulated.bank)
        await book_next_reports(payments.worker, simulated.bank)
        balances = await payments.balances()
        under_way = await payments.databases.value(
            "SELECT coalesce(sum(amount_centimes), 0)::bigint FROM payment_attempt"
            " WHERE state = ANY(%(states)s)",
            states=list(IN_TRANSIT),
        )
        assert sum(balances.values()) == 0
        assert balances.get("in_transit", 0) == -under_way
        figures = (await payments.status(cycle_id)).figures
        if figures.settled + figures.rejected == 30:
            return
    message = "The bank never answered."
    raise AssertionError(message)


async def test_one_worker_at_a_time_books_reports(
    payments: Payments, simulated: SimulatedBank
) -> None:
    async with payments.databases.worker.transaction() as tx:
        assert await acquire_lease(tx, LEASE, owner="somebody-else", seconds=600)

    assert not await book_next_reports(payments.worker, simulated.bank)


async def test_a_worker_that_slept_past_its_lease_books_nothing(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(1)
    await payments.released()
    await send_next_file(payments.worker, simulated.bank)
    async with payments.databases.worker.transaction() as tx:
        await tx.execute("INSERT INTO bank_cursor VALUES ('bank', 0, 1000)")

    with pytest.raises(LeaseLostError):
        while True:
            await book_next_reports(payments.worker, simulated.bank)
    assert await payments.databases.value("SELECT count(*) FROM bank_report") == 0
