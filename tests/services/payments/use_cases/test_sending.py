"""A file reaches the bank once, whatever happens to the answer."""

from hashlib import sha256
from pathlib import Path

from services.payments.integrations.bank_channel import FileAnswer
from services.payments.main import CLAIMS
from services.payments.storage.transmissions import (
    Transmission,
    claim_due,
    credits_of,
    kept_file,
    park,
)
from services.payments.use_cases.collaborators import Bank
from services.payments.use_cases.seal_file import open_file, write_file
from services.payments.use_cases.send_file import send_next_file
from shared.storage.leases import end_leases
from tests.services.payments.paying import AMOUNT, Payments, SimulatedBank, bank_at

NOBODY = "http://127.0.0.1:9"


async def let_claims_end(payments: Payments) -> None:
    """Let every claim on a file be over, as time would."""
    async with payments.databases.worker.transaction() as tx:
        await tx.execute(
            "UPDATE transmission SET lease_until = '2000-01-01' WHERE lease_until > '2001-01-01'"
        )


async def one_file(payments: Payments, count: int = 3) -> Transmission:
    """Release a cycle of one file, and return the file."""
    await payments.pay_households(count, regions=("01",), banks=("007",))
    await payments.released()
    async with payments.databases.worker.transaction() as tx:
        file = await claim_due(tx, seconds=60)
    assert file is not None
    await let_claims_end(payments)
    return file


async def test_nothing_is_sent_before_release(payments: Payments, simulated: SimulatedBank) -> None:
    await payments.pay_households(2)
    await payments.frozen()

    assert not await send_next_file(payments.worker, simulated.bank)
    assert simulated.totals()["files"] == 0


async def test_a_lost_answer_is_not_known_and_the_same_bytes_follow(
    payments: Payments, simulated: SimulatedBank
) -> None:
    file = await one_file(payments)
    simulated.arm("drop-after-storing")

    assert await send_next_file(payments.worker, simulated.bank)
    assert await payments.states("payment_attempt") == {"UNKNOWN": 3}
    assert await payments.states("transmission") == {"UNKNOWN": 1}
    await let_claims_end(payments)
    assert await send_next_file(payments.worker, simulated.bank)

    assert await payments.states("transmission") == {"RECEIVED": 1}
    assert await payments.states("payment_attempt") == {"SUBMITTED": 3}
    assert simulated.totals()["files"] == 1
    assert {order["presented"] for order in simulated.orders()} == {1}
    assert file.attempts == 3


async def test_after_a_kill_the_same_bytes_follow_at_once_and_are_paid_once(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await one_file(payments)
    simulated.arm("drop-after-storing")
    assert await send_next_file(payments.worker, simulated.bank)
    async with payments.databases.worker.transaction() as tx:
        assert await claim_due(tx, seconds=60) is None
        await end_leases(tx, CLAIMS)

    assert await send_next_file(payments.worker, simulated.bank)

    assert simulated.totals()["files"] == 1
    assert {order["presented"] for order in simulated.orders()} == {1}


async def test_after_a_kill_a_file_that_was_parked_stays_parked(
    payments: Payments, simulated: SimulatedBank
) -> None:
    file = await one_file(payments)
    async with payments.databases.worker.transaction() as tx:
        await park(tx, file.transmission_id)
        await end_leases(tx, CLAIMS)

    assert not await send_next_file(payments.worker, simulated.bank)


async def test_a_bank_that_took_the_file_before_the_line_dropped_pays_once(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(20)
    cycle_id = await payments.released()
    simulated.arm("drop-after-storing", times=2)

    status = await payments.settle(simulated.bank, cycle_id)

    orders = simulated.orders()
    assert len(orders) == 20
    assert {order["presented"] for order in orders} == {1}
    assert sum(order["credits"] for order in orders) == status.figures.settled
    assert sum(order["credited_centimes"] for order in orders) == status.figures.settled * AMOUNT


async def test_a_bank_that_is_away_gets_the_file_later(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await one_file(payments)
    simulated.arm("answer-503")
    await send_next_file(payments.worker, simulated.bank)
    assert simulated.totals()["files"] == 0
    assert not await send_next_file(payments.worker, simulated.bank)

    await let_claims_end(payments)
    await send_next_file(payments.worker, simulated.bank)

    assert simulated.totals()["files"] == 1
    assert await payments.states("transmission") == {"RECEIVED": 1}


async def test_a_sender_that_died_before_calling_leaves_the_file_to_another(
    payments: Payments, simulated: SimulatedBank, token_file: Path
) -> None:
    await one_file(payments)
    nobody = bank_at(NOBODY, token_file=token_file)
    await send_next_file(payments.worker, nobody)
    await nobody.channel.close()
    async with payments.databases.owner.transaction() as tx:
        # What a process killed between its first commit and its answer leaves behind.
        await tx.execute("ALTER TABLE transmission DISABLE TRIGGER lawful_step")
        await tx.execute("UPDATE transmission SET state = 'SENDING'")
        await tx.execute("ALTER TABLE transmission ENABLE TRIGGER lawful_step")
    assert not await send_next_file(payments.worker, simulated.bank)

    await let_claims_end(payments)
    assert await send_next_file(payments.worker, simulated.bank)

    assert simulated.totals()["files"] == 1
    assert await payments.states("transmission") == {"RECEIVED": 1}


async def test_the_bytes_sent_are_the_bytes_kept_and_can_be_made_again(
    payments: Payments, simulated: SimulatedBank
) -> None:
    file = await one_file(payments)
    await send_next_file(payments.worker, simulated.bank)
    async with payments.databases.worker.transaction() as tx:
        kept = await kept_file(tx, file.transmission_id)
        again = await credits_of(tx, file.transmission_id)
    assert kept is not None
    sent = open_file(payments.worker, file.transmission_id, kept)

    made = write_file(
        payments.worker,
        simulated.bank,
        file,
        again,
        at=kept.created_at,
        on=kept.execute_on,
    )

    assert made == sent
    assert sha256(sent).digest() == kept.sha256
    # The same bytes under the same message id are the same file to the bank; others are refused.
    assert await simulated.bank.channel.put_file(file.msg_id, sent) is FileAnswer.RECEIVED
    other = sent.replace(b"750.00", b"999.00")
    assert await simulated.bank.channel.put_file(file.msg_id, other) is FileAnswer.REFUSED
    assert simulated.totals()["files"] == 1


async def test_a_message_id_that_the_bank_knows_with_other_bytes_goes_to_a_person(
    payments: Payments, simulated: SimulatedBank
) -> None:
    file = await one_file(payments)
    async with payments.databases.worker.transaction() as tx:
        rows = await credits_of(tx, file.transmission_id)
    foreign = write_file(
        payments.worker,
        Bank(simulated.bank.channel, simulated.bank.debtor, "another", 60),
        file,
        rows,
        at=payments.clock.now().replace(year=2025),
        on=payments.clock.today(),
    )
    await simulated.bank.channel.put_file(file.msg_id, foreign)

    await send_next_file(payments.worker, simulated.bank)

    assert await payments.states("transmission") == {"REFUSED": 1}
    assert await payments.states("payment_attempt") == {"UNKNOWN": 3}
    assert await payments.exceptions() == ["FILE_REFUSED"]
    await let_claims_end(payments)
    assert not await send_next_file(payments.worker, simulated.bank)


async def test_an_exchanged_account_is_found_out_before_sending_and_stops_nobody_else(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await payments.pay_households(4, regions=("01", "06"))
    await payments.released()
    async with payments.databases.owner.transaction() as tx:
        await tx.execute(
            "UPDATE payee_account p SET account = other.account, account_blind = p.account_blind"
            " FROM payee_account other WHERE p.region_code = '01' AND other.region_code = '06'"
        )
    while await send_next_file(payments.worker, simulated.bank):
        pass

    assert simulated.totals()["files"] == 1
    assert await payments.exceptions() == ["FILE_NOT_AS_APPROVED"]
    assert await payments.states("payment_attempt") == {"SEALED": 2, "SUBMITTED": 2}


async def test_what_is_under_way_is_in_transit_in_the_books(
    payments: Payments, simulated: SimulatedBank
) -> None:
    await one_file(payments, count=4)
    assert await payments.balances() == {"expense": 4 * AMOUNT, "payable": -4 * AMOUNT}

    simulated.arm("drop-after-storing")
    await send_next_file(payments.worker, simulated.bank)

    assert await payments.balances() == {
        "expense": 4 * AMOUNT,
        "payable": 0,
        "in_transit": -4 * AMOUNT,
    }
