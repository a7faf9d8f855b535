"""What the bank says against itself, or against us, goes to a person and moves no money."""

import pytest

from tests.services.payments.bank_words import (
    a_notification,
    a_status_report,
    a_transfer,
    an_entry,
)
from tests.services.payments.booking import book, sent
from tests.services.payments.paying import SECOND_ATTEMPT, Payments

PAID = "750.00"


async def test_a_second_payment_of_one_transfer_is_an_exception_and_books_nothing(
    payments: Payments, token_file: object
) -> None:
    _, (name,) = await sent(payments, 1, token_file=token_file)
    await book(payments, "camt.054", a_notification(an_entry(name, PAID)), report_id="C1")
    before = await payments.balances()

    second = a_notification(an_entry(name, PAID), statement="S2")
    await book(payments, "camt.054", second, report_id="C2")

    assert await payments.exceptions() == ["DUPLICATE_CREDIT"]
    assert await payments.balances() == before


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"amount": "749.99"}, "AMOUNT_MISMATCH"),
        ({"amount": PAID, "currency": "EUR"}, "AMOUNT_MISMATCH"),
        ({"amount": PAID, "direction": "CRDT"}, "ORPHAN_RETURN"),
    ],
    ids=["amount", "currency", "direction"],
)
async def test_an_entry_matches_exactly_or_not_at_all(
    payments: Payments, token_file: object, entry: dict[str, str], kind: str
) -> None:
    _, (name,) = await sent(payments, 1, token_file=token_file)

    await book(payments, "camt.054", a_notification(an_entry(name, **entry)), report_id="C1")

    assert await payments.exceptions() == [kind]
    assert await payments.states("payment_attempt") == {"UNKNOWN": 1}


async def test_a_refusal_after_payment_is_a_contradiction_for_a_person(
    payments: Payments, token_file: object
) -> None:
    msg_id, (name,) = await sent(payments, 1, token_file=token_file)
    await book(payments, "camt.054", a_notification(an_entry(name, PAID)), report_id="C1")
    refusal = a_status_report(a_transfer(name, "RJCT", "AC04"), msg_id=msg_id)
    await book(payments, "pain.002", refusal, report_id="P1")

    assert await payments.exceptions() == ["CONTRADICTION"]
    assert await payments.states("payment_attempt") == {"SETTLED": 1}


async def test_a_payment_after_a_refusal_is_a_late_credit_for_a_person(
    payments: Payments, token_file: object
) -> None:
    msg_id, (name,) = await sent(payments, 1, token_file=token_file)
    refusal = a_status_report(a_transfer(name, "RJCT", "AC04"), msg_id=msg_id)
    await book(payments, "pain.002", refusal, report_id="P1")
    await book(payments, "camt.054", a_notification(an_entry(name, PAID)), report_id="C1")

    assert await payments.exceptions() == ["LATE_CREDIT"]
    assert await payments.states("payment_instruction") == {"ACTION_NEEDED": 1}


@pytest.mark.parametrize(
    ("group", "state"), [("RJCT", "REJECTED"), ("ACCP", "ACCEPTED"), ("PART", "SUBMITTED")]
)
async def test_what_is_said_of_a_whole_file_is_said_of_each_transfer_except_in_part(
    payments: Payments, token_file: object, group: str, state: str
) -> None:
    msg_id, _ = await sent(payments, 2, token_file=token_file)

    await book(payments, "pain.002", a_status_report(group=group, msg_id=msg_id), report_id="P1")

    assert await payments.states("payment_attempt") == {state: 2}
    assert await payments.states("transmission") == {"RECEIVED": 1}


async def test_a_bad_line_or_report_stops_no_other(payments: Payments, token_file: object) -> None:
    msg_id, (first, second) = await sent(payments, 2, token_file=token_file)
    mixed = a_notification(
        an_entry(first, PAID), an_entry(second, "750.001"), an_entry("STRANGER", PAID)
    )
    await book(payments, "camt.054", mixed, report_id="C1")
    await book(payments, "pain.002", b"<cut", report_id="P1")
    await book(payments, "pain.002", None, report_id="P2")
    await book(payments, "pacs.004", b"<x/>", report_id="X1")
    await book(payments, "pain.002", a_status_report(msg_id="F-NOBODY"), report_id="P3")
    stranger = a_status_report(a_transfer("STRANGER", "ACSC"), msg_id=msg_id)
    await book(payments, "pain.002", stranger, report_id="P4")

    assert await payments.exceptions() == [
        "MALFORMED_LINE",
        "UNKNOWN_E2E",
        "UNKNOWN_E2E",
        "UNKNOWN_FILE",
        "UNREADABLE_REPORT",
        "UNREADABLE_REPORT",
        "UNREADABLE_REPORT",
    ]
    assert await payments.states("payment_attempt") == {"SETTLED": 1, "SUBMITTED": 1}


async def test_evidence_of_a_refusal_opens_the_way_for_another_attempt(
    payments: Payments, token_file: object
) -> None:
    msg_id, (name,) = await sent(payments, 1, token_file=token_file)
    refusal = a_status_report(a_transfer(name, "RJCT", "AC04"), msg_id=msg_id)
    await book(payments, "pain.002", refusal, report_id="P1")

    async with payments.databases.owner.transaction() as tx:
        await tx.execute(SECOND_ATTEMPT, {"suffix": "X"})

    assert await payments.states("payment_attempt") == {"REJECTED": 1, "SEALED": 1}
