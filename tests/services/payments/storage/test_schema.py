"""The migrated database is what the tables say, and holds what the rules say."""

import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from sqlalchemy import create_engine

from services.payments.domain.derived_ids import (
    FileName,
    end_to_end_id,
    instruction_name,
    name_uuid,
)
from services.payments.domain.life_cycles import LIFE_CYCLES
from services.payments.main import METADATA
from shared.storage.database import RowScope
from shared.testing.databases import DatabaseFactory, fetch
from tests.services.payments.paying import MONTH, Payments, a_rib

EVIDENCE = (
    "entitlement",
    "run_receipt",
    "run_total",
    "payee_account",
    "entitlement_line",
    "payment_batch",
    "approval",
    "transmission_file",
    "bank_report",
    "bank_status",
    "statement_entry",
    "recon_match",
    "ledger_key",
    "ledger_entry",
)


async def test_the_migrations_make_exactly_the_declared_tables(databases: DatabaseFactory) -> None:
    made = await databases.make("payments")
    engine = create_engine(made.urls.owner.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [
            difference
            for difference in compare_metadata(context, METADATA)
            if "ledger_entry_" not in str(difference)
        ]
    engine.dispose()
    assert found == []


async def test_the_database_knows_the_same_lawful_steps(payments: Payments) -> None:
    rows = await payments.databases.rows("SELECT machine, before, after FROM lawful_step")

    assert {tuple(row.values()) for row in rows} == {
        (machine.machine, *step) for machine in LIFE_CYCLES for step in machine.steps()
    }


async def test_the_database_derives_the_same_ids(payments: Payments) -> None:
    households = await payments.pay_households(4)
    await payments.frozen(per_file=1)
    rows = await payments.databases.rows(
        "SELECT i.household_id, i.instruction_id, a.end_to_end_id, t.region_code, t.part_no,"
        " t.msg_id FROM payment_instruction i JOIN payment_attempt a USING (instruction_id)"
        " JOIN transmission t USING (transmission_id)"
    )

    assert {row["household_id"] for row in rows} == set(households)
    for row in rows:
        name = instruction_name(
            programme="asd",
            month=MONTH,
            run_no=1,
            kind="MONTHLY",
            household_id=row["household_id"],
        )
        file = FileName("asd", MONTH, 1, "rib", row["region_code"], 1, row["part_no"])
        assert row["instruction_id"] == name_uuid(name)
        assert row["end_to_end_id"] == end_to_end_id(
            row["instruction_id"], month=MONTH, attempt_no=1
        )
        assert row["msg_id"] == file.message_id


async def test_evidence_does_not_disappear(payments: Payments) -> None:
    for table in EVIDENCE:
        for verb in ("DELETE FROM", "TRUNCATE"):
            with pytest.raises(errors.InsufficientPrivilege):
                async with payments.databases.worker.transaction() as tx:
                    await tx.execute(f"{verb} {table}".encode())


CHANGES = (
    "UPDATE ledger_entry SET debit_centimes = 1",
    "UPDATE payee_account SET account = ''",
    "UPDATE transmission_file SET body = ''",
    "UPDATE payment_instruction SET net_centimes = 1",
    "UPDATE payment_instruction SET account_id = NULL",
    "UPDATE payment_attempt SET amount_centimes = 1",
    "UPDATE payment_attempt SET end_to_end_id = ''",
    "UPDATE payment_cycle SET maker = 'another'",
    "UPDATE transmission SET msg_id = ''",
    "UPDATE approval SET actor = 'another'",
    "INSERT INTO lawful_step VALUES ('attempt', 'SETTLED', 'SEALED')",
    "INSERT INTO ledger_entry_202611 VALUES ('2026-11-20', 'x', 1, 'a', '01', 1, 0)",
)


async def test_not_even_a_worker_changes_what_was_frozen_or_booked(payments: Payments) -> None:
    for change in CHANGES:
        with pytest.raises(errors.InsufficientPrivilege):
            async with payments.databases.worker.transaction() as tx:
                await tx.execute(change.encode())


async def test_an_api_role_writes_cycles_and_approvals_alone(payments: Payments) -> None:
    rows = await payments.databases.rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ="
        " 'public'::regnamespace AND has_table_privilege('payments_api', oid, 'INSERT')"
    )

    platform = {"outbox", "inbox", "rejected_item", "idempotency_key", "lease"}
    written = {row["relname"] for row in rows} - platform - {"alembic_version"}
    assert written == {"payment_cycle", "approval"}


SCOPED = (
    "household_region",
    "entitlement",
    "payee_account",
    "payment_instruction",
    "payment_attempt",
    "ledger_entry",
)


async def test_an_api_role_sees_the_rows_of_its_regions_alone(payments: Payments) -> None:
    await payments.pay_households(4, regions=("01", "01", "01", "06"))
    await payments.frozen()
    scopes = [None, *(RowScope((region,), ("*",)) for region in ("09", "06", "*"))]
    for table in SCOPED:
        seen = []
        for scope in scopes:
            async with payments.databases.api.transaction(scope) as tx:
                query = f"SELECT count(*) AS rows FROM {table}"  # noqa: S608 -- our own table
                seen.append((await fetch(tx, query))[0]["rows"])
        assert seen[:2] == [0, 0]
        assert 0 < seen[2] * 4 == seen[3]


async def test_no_account_and_no_name_stands_in_clear_in_any_table(payments: Payments) -> None:
    households = await payments.pay_households(3)
    await payments.record(
        payments.a_payee(households[0], a_rib(77), name="PLANTED CANARY", version=2)
    )
    await payments.released()
    tables = await payments.databases.rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ="
        " 'public'::regnamespace AND relname <> 'alembic_version' AND NOT relispartition"
    )
    dump = ""
    for table in tables:
        query = f"SELECT to_jsonb(t) AS row FROM {table['relname']} t"  # noqa: S608 -- ours
        dump += json.dumps(await payments.databases.rows(query), default=str)

    assert str(households[0]) in dump
    for secret in (a_rib(77), a_rib(1), "CANARY", "IDRISSI"):
        assert secret not in dump
        assert secret.encode().hex() not in dump
