"""What the database refuses even to the owner of its tables."""

from datetime import timedelta
from uuid import UUID

import pytest
from psycopg import IntegrityError, errors

from services.payments.use_cases.send_file import send_next_file
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from tests.services.payments.paying import (
    CHECKER_1,
    CHECKER_2,
    MAKER,
    SECOND_ATTEMPT,
    Payments,
    bank_at,
)

NO_HASH = bytes(32)


async def approve_as_owner(
    tx: Transaction, payments: Payments, cycle_id: UUID, *, level: int, actor: str
) -> None:
    """Insert an approval directly, as somebody with the owner's password would."""
    await tx.execute(
        "INSERT INTO approval (approval_id, cycle_id, level, actor, maker, content_hash,"
        " frozen_at, approved_at) SELECT %s, cycle_id, %s, %s, maker, content_hash, frozen_at, %s"
        " FROM payment_cycle WHERE cycle_id = %s",
        (new_id(), level, actor, payments.clock.now(), cycle_id),
    )


@pytest.mark.parametrize(
    "people",
    [(MAKER,), (CHECKER_1, MAKER), (CHECKER_1, CHECKER_1)],
    ids=["maker-first", "maker-second", "same-checker"],
)
async def test_maker_and_checkers_are_three_people(
    payments: Payments, people: tuple[str, ...]
) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    with pytest.raises(IntegrityError):
        async with payments.databases.owner.transaction() as tx:
            for level, actor in enumerate(people, start=1):
                await approve_as_owner(tx, payments, cycle_id, level=level, actor=actor)


async def test_the_second_approval_needs_the_first(payments: Payments) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    with pytest.raises(errors.ForeignKeyViolation):
        async with payments.databases.owner.transaction() as tx:
            await approve_as_owner(tx, payments, cycle_id, level=2, actor=CHECKER_2)


async def test_an_approval_is_bound_to_the_content(payments: Payments) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    with pytest.raises(errors.ForeignKeyViolation):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute(
                "INSERT INTO approval (approval_id, cycle_id, level, actor, maker, content_hash,"
                " frozen_at, approved_at) SELECT %s, cycle_id, 1, 'checker-1', maker, %s,"
                " frozen_at, frozen_at FROM payment_cycle",
                (new_id(), NO_HASH),
            )
    with pytest.raises(errors.CheckViolation, match="does not change"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute(
                "UPDATE payment_cycle SET content_hash = %s WHERE cycle_id = %s",
                (NO_HASH, cycle_id),
            )


async def test_nobody_approves_before_the_freeze(payments: Payments) -> None:
    await payments.pay_households(1)
    await payments.frozen()
    with pytest.raises(errors.CheckViolation, match="after_freeze"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute(
                "INSERT INTO approval (approval_id, cycle_id, level, actor, maker, content_hash,"
                " frozen_at, approved_at) SELECT %s, cycle_id, 1, 'checker-1', maker,"
                " content_hash, frozen_at, %s FROM payment_cycle",
                (new_id(), payments.clock.now() - timedelta(seconds=1)),
            )


JUMPS = {
    "UPDATE payment_cycle SET state = 'RELEASING'": "does not step",
    "UPDATE payment_instruction SET state = 'PAID'": "does not step",
    "UPDATE payment_attempt SET state = 'SETTLED'": "does not step",
    "UPDATE transmission SET state = 'RECEIVED'": "does not step",
    "UPDATE payment_attempt SET state = 'SUBMITTING'": "with its file",
    "UPDATE transmission SET state = 'SENDING'": "being released",
}


async def test_no_statement_jumps_a_step(payments: Payments) -> None:
    await payments.pay_households(2)
    await payments.frozen()
    for statement, refusal in JUMPS.items():
        with pytest.raises(errors.CheckViolation, match=refusal):
            async with payments.databases.owner.transaction() as tx:
                await tx.execute(statement.encode())


async def test_a_cycle_is_not_approved_by_one_person(payments: Payments) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    await payments.approve(cycle_id, level=1, actor=CHECKER_1)
    with pytest.raises(errors.CheckViolation, match="two people"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute("UPDATE payment_cycle SET state = 'APPROVED'")


async def test_a_file_is_not_sent_before_its_bytes_are_kept(payments: Payments) -> None:
    await payments.pay_households(1)
    await payments.released()
    with pytest.raises(errors.CheckViolation, match="kept before"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute("UPDATE transmission SET state = 'SENDING'")


async def test_a_household_has_one_live_instruction_a_month(payments: Payments) -> None:
    await payments.pay_households(1)
    await payments.frozen()
    with pytest.raises(errors.UniqueViolation, match="payment_instruction_live"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute(
                "INSERT INTO payment_instruction (instruction_id, cycle_id, household_id,"
                " programme, month, kind, region_code, entitlement_version, gross_centimes,"
                " offset_centimes, net_centimes, rail, state, version, changed_at)"
                " SELECT %s, cycle_id, household_id, programme, month, kind, region_code, 1, 1, 0,"
                " 1, rail, 'HELD', 1, changed_at FROM payment_instruction",
                (new_id(),),
            )


async def test_another_attempt_needs_proof_that_the_first_is_dead(payments: Payments) -> None:
    await payments.pay_households(1)
    await payments.frozen()
    with pytest.raises(errors.CheckViolation, match="evidence"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute(SECOND_ATTEMPT, {"suffix": "X"})


async def test_an_end_to_end_id_is_never_used_again(payments: Payments) -> None:
    await payments.pay_households(1)
    await payments.frozen()
    with pytest.raises(errors.UniqueViolation, match="end_to_end_id"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute("UPDATE payment_attempt SET state = 'CANCELLED'")
            await tx.execute(SECOND_ATTEMPT, {"suffix": ""})


@pytest.mark.parametrize(
    "sides",
    [
        [("payable:asd", 100, 0), ("bank:treasury", 0, 99)],
        [("payable:asd", 100, 0)],
        [("payable:asd", 100, 100)],
        [("payable:asd", -1, 0), ("bank:treasury", 0, -1)],
    ],
    ids=["unequal", "one-sided", "both-on-one-line", "negative"],
)
async def test_unbalanced_books_are_refused(
    payments: Payments, sides: list[tuple[str, int, int]]
) -> None:
    with pytest.raises(errors.CheckViolation):
        async with payments.databases.worker.transaction() as tx:
            await tx.execute("INSERT INTO ledger_key VALUES ('test', '01', '2026-11-20')")
            await tx.execute(
                "INSERT INTO ledger_entry SELECT '2026-11-20', 'test', row_number() OVER (),"
                " account, '01', debit, credit"
                " FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS s(account, debit, credit)",
                tuple(map(list, zip(*sides, strict=True))),
            )


@pytest.mark.parametrize("day", ["2026-11-21", "2026-12-20"])
async def test_nothing_is_added_to_the_books_without_a_key_of_that_day(
    payments: Payments, day: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="known by its key"):
        async with payments.databases.worker.transaction() as tx:
            await tx.execute("INSERT INTO ledger_key VALUES ('test', '01', '2026-11-20')")
            await tx.execute(
                "INSERT INTO ledger_entry VALUES (%(day)s, 'test', 1, 'payable:asd', '01', 1, 0),"
                " (%(day)s, 'test', 2, 'bank:treasury', '01', 0, 1)",
                {"day": day},
            )


async def test_a_posting_stands_in_the_partition_of_its_month(payments: Payments) -> None:
    await payments.pay_households(1)
    await payments.frozen()

    partitions = await payments.databases.rows(
        "SELECT DISTINCT tableoid::regclass::text AS name FROM ledger_entry"
    )

    assert [row["name"] for row in partitions] == ["ledger_entry_202611"]


async def test_what_was_sent_cannot_be_called_back(payments: Payments, token_file: object) -> None:
    await payments.pay_households(1)
    await payments.released()
    nobody = bank_at("http://127.0.0.1:9", token_file=token_file)
    assert await send_next_file(payments.worker, nobody)
    await nobody.channel.close()

    assert await payments.states("payment_attempt") == {"UNKNOWN": 1}
    with pytest.raises(errors.CheckViolation, match="does not step"):
        async with payments.databases.owner.transaction() as tx:
            await tx.execute("UPDATE payment_attempt SET state = 'CANCELLED'")
