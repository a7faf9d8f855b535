"""What the database itself refuses: unlawful steps, unapproved sending, unbalanced books."""

from alembic import op

revision = "payments_0003"
down_revision = "payments_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the guards, the functions that derive ids, and the narrow grants."""
    for statement in (*_STEPS, *_DERIVED, *_FROZEN, *_APPROVED, *_BALANCED):
        op.execute(statement)
    for machine, steps in _LAWFUL_STEPS.items():
        for before, afters in steps.items():
            for after in afters.split():
                op.execute(f"INSERT INTO lawful_step VALUES ('{machine}', '{before}', '{after}')")
    for table, (machine, key) in _MACHINES.items():
        _guard_steps(table, machine=machine, key=key)
    for table, columns in _WORKER_UPDATES.items():
        _narrow(table, kind="worker", insert=True, update=columns)
    for table in (*_WORKER_UPDATES, *_API_READS):
        insert, update = _API_WRITES.get(table, (False, ""))
        _narrow(table, kind="api", insert=insert, update=update)


def _narrow(table: str, *, kind: str, insert: bool, update: str) -> None:
    """Leave a role SELECT, perhaps INSERT, and UPDATE of these columns alone."""
    grants = "SELECT" + (", INSERT" if insert else "")
    if update:
        grants += f", UPDATE ({update})"
    op.execute(
        "DO $$ DECLARE grantee name := replace(current_user, '_owner', '_" + kind + "'); BEGIN"
        " IF EXISTS (SELECT FROM pg_roles WHERE rolname = grantee) THEN"
        f" EXECUTE format('REVOKE ALL ON {table} FROM %I', grantee);"
        f" EXECUTE format('GRANT {grants} ON {table} TO %I', grantee);"
        " END IF; END $$"
    )


def _guard_steps(table: str, *, machine: str, key: str) -> None:
    """Refuse unlawful steps of whole statements at once; a guard per row would cost far more.

    The worst step is found by an aggregate: told to stop at the first, the planner would compare
    every row with every other.
    """
    op.execute(
        f"""
        CREATE FUNCTION refuse_unlawful_{machine}() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            unlawful text;
        BEGIN
            IF TG_OP = 'INSERT' THEN
                SELECT min(concat_ws(' to ', 'nothing', a.state)) INTO unlawful
                  FROM after_rows a
                 WHERE NOT EXISTS (SELECT FROM lawful_step s
                                    WHERE s.machine = '{machine}' AND s.before = ''
                                      AND s.after = a.state);
            ELSE
                SELECT min(concat_ws(' to ', coalesce(b.state, 'another row'), a.state))
                  INTO unlawful
                  FROM after_rows a LEFT JOIN before_rows b USING ({key})
                 WHERE a.state IS DISTINCT FROM b.state
                   AND NOT EXISTS (SELECT FROM lawful_step s
                                    WHERE s.machine = '{machine}' AND s.before = b.state
                                      AND s.after = a.state);
            END IF;
            IF unlawful IS NOT NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'check_violation',
                    MESSAGE = format('A %s does not step from %s.', '{machine}', unlawful);
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER lawful_beginning AFTER INSERT ON {table}"
        " REFERENCING NEW TABLE AS after_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_unlawful_{machine}()"
    )
    op.execute(
        f"CREATE TRIGGER lawful_step AFTER UPDATE ON {table}"
        " REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_unlawful_{machine}()"
    )


_MACHINES = {
    "payment_cycle": ("cycle", "cycle_id"),
    "payment_instruction": ("instruction", "instruction_id"),
    "payment_attempt": ("attempt", "instruction_id, attempt_no"),
    "transmission": ("transmission", "transmission_id"),
}

_LAWFUL_STEPS = {
    "cycle": {
        "": "PLANNED",
        "PLANNED": "FROZEN ABORTED",
        "FROZEN": "IN_APPROVAL ABORTED",
        "IN_APPROVAL": "APPROVED ABORTED",
        "APPROVED": "RELEASING ABORTED",
        "RELEASING": "RELEASED",
        "RELEASED": "RECONCILING",
        "RECONCILING": "CLOSED",
    },
    "instruction": {
        "": "PLANNED HELD",
        "PLANNED": "HELD APPROVED CANCELLED",
        "HELD": "PLANNED CANCELLED",
        "APPROVED": "IN_FLIGHT CANCELLED",
        "IN_FLIGHT": "PAID ACTION_NEEDED",
        "ACTION_NEEDED": "IN_FLIGHT CARRIED_OVER CANCELLED LAPSED",
        "PAID": "ACTION_NEEDED",
    },
    "attempt": {
        "": "SEALED",
        "SEALED": "SUBMITTING CANCELLED",
        "SUBMITTING": "SUBMITTED UNKNOWN ACCEPTED SETTLED REJECTED",
        "SUBMITTED": "ACCEPTED SETTLED REJECTED",
        "UNKNOWN": "SUBMITTED ACCEPTED SETTLED REJECTED PROVEN_ABSENT",
        "ACCEPTED": "SETTLED REJECTED",
        "SETTLED": "RETURNED",
    },
    "transmission": {
        "": "PREPARED",
        "PREPARED": "SENDING",
        "SENDING": "RECEIVED UNKNOWN REFUSED",
        "UNKNOWN": "RECEIVED REFUSED",
        "REFUSED": "RECEIVED",
    },
}

# What may still change of a row once it is there; everything else was approved or is evidence.
_WORKER_UPDATES = {
    "payment_cycle": "state, waiting_for, frozen_at, content_hash, closed_at",
    "payment_instruction": "state, public_reason, version, changed_at",
    "payment_attempt": "state, bank_reason, changed_at",
    "transmission": "state, tries, lease_until, received_at",
    "bank_cursor": "after_seq, fence",
    "recon_exception": "closed_at",
}

_API_WRITES = {"payment_cycle": (True, "state"), "approval": (True, "")}

_API_READS = (
    "lawful_step",
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

_STEPS = (
    """
    CREATE TABLE lawful_step (
        machine text NOT NULL,
        before text NOT NULL,
        after text NOT NULL,
        CONSTRAINT pk_lawful_step PRIMARY KEY (machine, before, after)
    )
    """,
    """
    DO $$ DECLARE grantee name := replace(current_user, '_owner', '_worker'); BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = grantee) THEN
            EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON lawful_step FROM %I', grantee);
        END IF;
    END $$
    """,
)

_DERIVED = (
    # The twins of services/payments/domain/derived_ids.py; a test compares them.
    """
    CREATE FUNCTION name_uuid(name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN encode(
        set_byte(
            set_byte(
                substring(sha256(convert_to(name, 'UTF8')) FROM 1 FOR 16), 6,
                get_byte(sha256(convert_to(name, 'UTF8')), 6) & 15 | 128),
            8, get_byte(sha256(convert_to(name, 'UTF8')), 8) & 63 | 128),
        'hex')::uuid
    """,
    """
    CREATE FUNCTION derived_code(prefix text, month text, name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN prefix || replace(month, '-', '')
        || upper(left(encode(sha256(convert_to(name, 'UTF8')), 'hex'), 24))
    """,
)

_FROZEN = (
    """
    CREATE FUNCTION standing_entitlements(for_programme text, for_month text)
    RETURNS SETOF entitlement LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT latest.* FROM (
            SELECT DISTINCT ON (household_id) * FROM entitlement
             WHERE programme = for_programme AND effective_month <= for_month
             ORDER BY household_id, version DESC) AS latest
         WHERE latest.outcome = 'eligible';
    END
    """,
    # The bulk twin of services/payments/domain/content_hash.py; a test compares them. Lines are
    # looked up by their key, since no statistics know the rows of a cycle that is being frozen.
    """
    CREATE FUNCTION instruction_leaves(of_cycle uuid)
    RETURNS TABLE (instruction_id uuid, batch_id uuid, rail text, bank_code text, region_code text,
                   net_centimes bigint, leaf bytea)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT i.instruction_id, i.batch_id, i.rail, a.bank_code, i.region_code, i.net_centimes,
               sha256(convert_to(concat_ws('|',
                   'sanad-instruction-1', i.instruction_id, i.household_id, i.kind,
                   i.net_centimes, i.rail, coalesce(encode(a.account_blind, 'hex'), ''),
                   coalesce(l.lines, '')), 'UTF8'))
          FROM payment_instruction i
          LEFT JOIN LATERAL (
               SELECT p.bank_code, p.account_blind FROM payee_account p
                WHERE p.account_id = i.account_id LIMIT 1) AS a ON true
          LEFT JOIN LATERAL (
               SELECT string_agg(concat_ws(':', e.line_no, e.code, e.month, e.count,
                                           e.unit_centimes, e.amount_centimes, e.decision_id),
                                 ';' ORDER BY e.line_no) AS lines
                 FROM entitlement_line e
                WHERE e.cycle_id = i.cycle_id AND e.household_id = i.household_id) AS l ON true
         WHERE i.cycle_id = of_cycle;
    END
    """,
)

_APPROVED = (
    """
    CREATE FUNCTION approvals_of(cycle uuid) RETURNS bigint LANGUAGE sql STABLE STRICT
    RETURN (SELECT count(*) FROM approval a
              JOIN payment_cycle c ON c.cycle_id = a.cycle_id AND c.content_hash = a.content_hash
             WHERE a.cycle_id = approvals_of.cycle)
    """,
    """
    CREATE FUNCTION refuse_unapproved_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state = 'APPROVED' AND approvals_of(NEW.cycle_id) < 2 THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'A cycle is approved by two people, on its content hash.';
        END IF;
        IF OLD.content_hash IS DISTINCT FROM NEW.content_hash AND OLD.content_hash IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'The content of a frozen cycle does not change.';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER approved_cycle BEFORE UPDATE ON payment_cycle
    FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_cycle()
    """,
    """
    CREATE FUNCTION refuse_unapproved_file() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF approvals_of(NEW.cycle_id) < 2 OR NOT EXISTS (
            SELECT FROM payment_cycle WHERE cycle_id = NEW.cycle_id AND state = 'RELEASING') THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'A file is sent only while its approved cycle is being released.';
        END IF;
        IF NOT EXISTS (
            SELECT FROM transmission_file WHERE transmission_id = NEW.transmission_id) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'The bytes of a file are kept before they are sent.';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER approved_file BEFORE UPDATE ON transmission FOR EACH ROW
    WHEN (OLD.state = 'PREPARED' AND NEW.state = 'SENDING')
    EXECUTE FUNCTION refuse_unapproved_file()
    """,
    """
    CREATE FUNCTION refuse_unsent_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT count(*) FROM after_rows a
              JOIN before_rows b USING (instruction_id, attempt_no)
             WHERE b.state = 'SEALED' AND a.state = 'SUBMITTING'
               AND NOT EXISTS (SELECT FROM transmission t
                                WHERE t.transmission_id = a.transmission_id
                                  AND t.state = 'SENDING')) > 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'An attempt is submitted with its file.';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER sent_attempt AFTER UPDATE ON payment_attempt
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unsent_attempts()
    """,
    """
    CREATE FUNCTION refuse_second_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM payment_attempt a
             WHERE a.instruction_id = NEW.instruction_id AND a.attempt_no = NEW.attempt_no - 1
               AND (a.state = 'CANCELLED'
                    OR a.state IN ('REJECTED', 'RETURNED', 'PROVEN_ABSENT')
                   AND (EXISTS (SELECT FROM bank_status WHERE end_to_end_id = a.end_to_end_id)
                        OR EXISTS (SELECT FROM statement_entry
                                    WHERE end_to_end_id = a.end_to_end_id)))) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'Another attempt needs evidence that the one before it is dead.';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER second_attempt BEFORE INSERT ON payment_attempt FOR EACH ROW
    WHEN (NEW.attempt_no <> 1) EXECUTE FUNCTION refuse_second_attempt()
    """,
)

_BALANCED = (
    """
    CREATE FUNCTION refuse_unbalanced_posting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM posted GROUP BY txn_key
                   HAVING sum(debit_centimes) <> sum(credit_centimes) OR count(*) <> 2) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'A posting debits as much as it credits.';
        END IF;
        IF (SELECT count(*) FROM posted p
             WHERE NOT EXISTS (SELECT FROM ledger_key k
                                WHERE k.txn_key = p.txn_key AND k.posted_on = p.posted_on)) > 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'A posting is known by its key, from the day it was made.';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER balanced_posting AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_posting()
    """,
)
