"""Entitlements, accounts, cycles, instructions, and the files that go to the bank."""

from alembic import op

from shared.storage.migrations import append_only, create_platform_tables, row_security

revision = "payments_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of what is owed and sent; a later revision adds the guards."""
    create_platform_tables(op)
    for statement in (*_OWED, *_CYCLES, *_FILES):
        op.execute(statement)
    for table in ("entitlement", "run_receipt", "payment_instruction"):
        row_security(op, table, programme=True)
    for table in _BY_REGION:
        row_security(op, table)
    for table in _APPEND_ONLY:
        append_only(op, table)


_BY_REGION = (
    "payee_account",
    "entitlement_line",
    "payment_batch",
    "transmission",
    "transmission_file",
    "payment_attempt",
)

_APPEND_ONLY = (
    "entitlement",
    "run_receipt",
    "run_total",
    "payee_account",
    "entitlement_line",
    "payment_batch",
    "approval",
    "transmission_file",
)

_OWED = (
    """
    CREATE TABLE entitlement (
        programme text NOT NULL,
        household_id uuid NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        decision_id uuid NOT NULL,
        run_id uuid,
        outcome text NOT NULL,
        effective_month text NOT NULL,
        components jsonb NOT NULL,
        amount_centimes bigint NOT NULL,
        decided_on date NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_entitlement PRIMARY KEY (programme, household_id, version),
        CONSTRAINT ck_entitlement_outcome CHECK (outcome IN ('eligible', 'refused')),
        CONSTRAINT ck_entitlement_amount CHECK (amount_centimes >= 0)
    )
    """,
    """
    CREATE TABLE run_receipt (
        run_id uuid NOT NULL,
        household_id uuid NOT NULL,
        programme text NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        CONSTRAINT pk_run_receipt PRIMARY KEY (run_id, household_id, programme, version)
    )
    """,
    """
    CREATE TABLE run_total (
        run_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        events integer NOT NULL,
        items integer NOT NULL,
        households integer NOT NULL,
        amount_centimes bigint NOT NULL,
        completed_at timestamptz NOT NULL,
        CONSTRAINT pk_run_total PRIMARY KEY (run_id)
    )
    """,
    """
    CREATE TABLE payee_account (
        account_id uuid NOT NULL,
        household_id uuid NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        collector_id uuid NOT NULL,
        kind text NOT NULL,
        account bytea NOT NULL,
        account_blind bytea NOT NULL,
        name bytea NOT NULL,
        bank_code text,
        fault text,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_payee_account PRIMARY KEY (account_id),
        CONSTRAINT uq_payee_account_household_id_version UNIQUE (household_id, version),
        CONSTRAINT ck_payee_account_usable CHECK (fault IS NOT NULL OR bank_code IS NOT NULL)
    )
    """,
    "CREATE INDEX payee_account_blind ON payee_account (account_blind)",
)

# Indexes look at what a state means and not at the state: a step that means the same to them moves
# no index entry. Pages are half full, so that the next version of every row fits beside it.

_CYCLES = (
    """
    CREATE TABLE payment_cycle (
        cycle_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        run_no integer NOT NULL,
        run_id uuid NOT NULL,
        maker text NOT NULL,
        state text NOT NULL,
        waiting_for text,
        opened_at timestamptz NOT NULL,
        frozen_at timestamptz,
        content_hash bytea,
        closed_at timestamptz,
        CONSTRAINT pk_payment_cycle PRIMARY KEY (cycle_id),
        CONSTRAINT uq_payment_cycle_programme_month_run_no UNIQUE (programme, month, run_no),
        CONSTRAINT uq_payment_cycle_cycle_id_programme_month UNIQUE (cycle_id, programme, month),
        CONSTRAINT uq_payment_cycle_cycle_id_maker_content_hash_frozen_at
            UNIQUE (cycle_id, maker, content_hash, frozen_at),
        CONSTRAINT ck_payment_cycle_month CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        CONSTRAINT ck_payment_cycle_frozen CHECK (
            state IN ('PLANNED', 'ABORTED') OR (content_hash IS NOT NULL AND frozen_at IS NOT NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX payment_cycle_live ON payment_cycle (programme, month)
     WHERE state <> 'ABORTED'
    """,
    """
    CREATE TABLE entitlement_line (
        cycle_id uuid NOT NULL,
        household_id uuid NOT NULL,
        line_no integer NOT NULL,
        region_code text NOT NULL,
        code text NOT NULL,
        month text NOT NULL,
        count integer NOT NULL,
        unit_centimes bigint NOT NULL,
        amount_centimes bigint NOT NULL,
        decision_id uuid NOT NULL,
        entitlement_version integer NOT NULL,
        CONSTRAINT pk_entitlement_line PRIMARY KEY (cycle_id, household_id, line_no),
        CONSTRAINT fk_entitlement_line_cycle_id FOREIGN KEY (cycle_id)
            REFERENCES payment_cycle (cycle_id)
    )
    """,
    """
    CREATE TABLE payment_instruction (
        instruction_id uuid NOT NULL,
        cycle_id uuid NOT NULL,
        household_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        kind text NOT NULL,
        region_code text NOT NULL,
        entitlement_version integer NOT NULL,
        gross_centimes bigint NOT NULL,
        offset_centimes bigint NOT NULL,
        net_centimes bigint NOT NULL,
        fee_cap_centimes bigint,
        rail text NOT NULL,
        account_id uuid,
        batch_id uuid,
        state text NOT NULL,
        cancelled boolean GENERATED ALWAYS AS (state = 'CANCELLED') STORED,
        under_way boolean GENERATED ALWAYS AS (
            state IN ('PLANNED', 'APPROVED', 'IN_FLIGHT')) STORED,
        public_reason text,
        version integer NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_payment_instruction PRIMARY KEY (instruction_id),
        CONSTRAINT fk_payment_instruction_cycle_id_programme_month
            FOREIGN KEY (cycle_id, programme, month)
            REFERENCES payment_cycle (cycle_id, programme, month),
        CONSTRAINT fk_payment_instruction_account_id FOREIGN KEY (account_id)
            REFERENCES payee_account (account_id),
        CONSTRAINT ck_payment_instruction_net CHECK (
            net_centimes > 0 AND offset_centimes >= 0
            AND net_centimes = gross_centimes - offset_centimes),
        CONSTRAINT ck_payment_instruction_placed CHECK (
            state IN ('HELD', 'CANCELLED') OR (account_id IS NOT NULL AND batch_id IS NOT NULL))
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE UNIQUE INDEX payment_instruction_live
        ON payment_instruction (household_id, programme, month, kind) WHERE NOT cancelled
    """,
    "CREATE INDEX payment_instruction_cycle ON payment_instruction (cycle_id, batch_id)",
    """
    CREATE INDEX payment_instruction_under_way ON payment_instruction (cycle_id) WHERE under_way
    """,
    """
    CREATE TABLE payment_batch (
        batch_id uuid NOT NULL,
        cycle_id uuid NOT NULL,
        rail text NOT NULL,
        institution text NOT NULL,
        region_code text NOT NULL,
        wave integer NOT NULL,
        currency text NOT NULL,
        instructions integer NOT NULL,
        net_centimes bigint NOT NULL,
        content_hash bytea NOT NULL,
        CONSTRAINT pk_payment_batch PRIMARY KEY (batch_id),
        CONSTRAINT fk_payment_batch_cycle_id FOREIGN KEY (cycle_id)
            REFERENCES payment_cycle (cycle_id),
        CONSTRAINT uq_payment_batch_cycle_id_rail_institution_region_code_wave
            UNIQUE (cycle_id, rail, institution, region_code, wave)
    )
    """,
    """
    CREATE TABLE approval (
        approval_id uuid NOT NULL,
        cycle_id uuid NOT NULL,
        level smallint NOT NULL,
        level_before smallint GENERATED ALWAYS AS (nullif(level - 1, 0)) STORED,
        actor text NOT NULL,
        maker text NOT NULL,
        content_hash bytea NOT NULL,
        frozen_at timestamptz NOT NULL,
        approved_at timestamptz NOT NULL,
        CONSTRAINT pk_approval PRIMARY KEY (approval_id),
        CONSTRAINT uq_approval_cycle_id_content_hash_actor UNIQUE (cycle_id, content_hash, actor),
        CONSTRAINT uq_approval_cycle_id_content_hash_level UNIQUE (cycle_id, content_hash, level),
        CONSTRAINT fk_approval_cycle_id_maker_content_hash_frozen_at
            FOREIGN KEY (cycle_id, maker, content_hash, frozen_at)
            REFERENCES payment_cycle (cycle_id, maker, content_hash, frozen_at),
        CONSTRAINT fk_approval_cycle_id_content_hash_level_before
            FOREIGN KEY (cycle_id, content_hash, level_before)
            REFERENCES approval (cycle_id, content_hash, level),
        CONSTRAINT ck_approval_level CHECK (level IN (1, 2)),
        CONSTRAINT ck_approval_not_maker CHECK (actor <> maker),
        CONSTRAINT ck_approval_after_freeze CHECK (approved_at >= frozen_at)
    )
    """,
)

_FILES = (
    """
    CREATE TABLE transmission (
        transmission_id uuid NOT NULL,
        cycle_id uuid NOT NULL,
        rail text NOT NULL,
        region_code text NOT NULL,
        wave integer NOT NULL,
        part_no integer NOT NULL,
        msg_id text NOT NULL,
        attempts integer NOT NULL,
        amount_centimes bigint NOT NULL,
        state text NOT NULL,
        tries integer NOT NULL,
        lease_until timestamptz,
        received_at timestamptz,
        CONSTRAINT pk_transmission PRIMARY KEY (transmission_id),
        CONSTRAINT fk_transmission_cycle_id FOREIGN KEY (cycle_id)
            REFERENCES payment_cycle (cycle_id),
        CONSTRAINT uq_transmission_cycle_id_rail_region_code_wave_part_no
            UNIQUE (cycle_id, rail, region_code, wave, part_no),
        CONSTRAINT uq_transmission_msg_id UNIQUE (msg_id)
    )
    """,
    """
    CREATE INDEX transmission_due ON transmission (lease_until)
     WHERE state IN ('PREPARED', 'SENDING', 'UNKNOWN')
    """,
    """
    CREATE TABLE transmission_file (
        transmission_id uuid NOT NULL,
        region_code text NOT NULL,
        format text NOT NULL,
        created_at timestamptz NOT NULL,
        execute_on date NOT NULL,
        size_bytes bigint NOT NULL,
        sha256 bytea NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_transmission_file PRIMARY KEY (transmission_id),
        CONSTRAINT fk_transmission_file_transmission_id FOREIGN KEY (transmission_id)
            REFERENCES transmission (transmission_id)
    )
    """,
    """
    CREATE TABLE payment_attempt (
        instruction_id uuid NOT NULL,
        attempt_no integer NOT NULL,
        end_to_end_id text NOT NULL,
        region_code text NOT NULL,
        transmission_id uuid NOT NULL,
        position integer NOT NULL,
        account_id uuid NOT NULL,
        amount_centimes bigint NOT NULL,
        state text NOT NULL,
        proven_dead boolean GENERATED ALWAYS AS (
            state IN ('REJECTED', 'RETURNED', 'CANCELLED', 'PROVEN_ABSENT')) STORED,
        bank_reason text,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_payment_attempt PRIMARY KEY (instruction_id, attempt_no),
        CONSTRAINT fk_payment_attempt_instruction_id FOREIGN KEY (instruction_id)
            REFERENCES payment_instruction (instruction_id),
        CONSTRAINT fk_payment_attempt_account_id FOREIGN KEY (account_id)
            REFERENCES payee_account (account_id),
        CONSTRAINT fk_payment_attempt_transmission_id FOREIGN KEY (transmission_id)
            REFERENCES transmission (transmission_id),
        CONSTRAINT uq_payment_attempt_end_to_end_id UNIQUE (end_to_end_id),
        CONSTRAINT uq_payment_attempt_transmission_id_position UNIQUE (transmission_id, position),
        CONSTRAINT ck_payment_attempt_amount CHECK (amount_centimes > 0)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE UNIQUE INDEX payment_attempt_live ON payment_attempt (instruction_id)
     WHERE NOT proven_dead
    """,
)
