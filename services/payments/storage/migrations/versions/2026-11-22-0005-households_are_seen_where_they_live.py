"""What a household was paid is seen where it lives now, and nowhere else."""

from alembic import op

from shared.storage.migrations import row_security, row_security_through

revision = "payments_0005"
down_revision = "payments_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep where households live, and let what is about one household alone follow it.

    What went to the bank together, and the books, stay in the region where they came about.
    """
    for statement in (_TABLE, _KNOWN_SO_FAR, _READ_ONLY):
        op.execute(statement)
    row_security(op, "household_region")
    for table in ("payee_account", "entitlement_line"):
        row_security_through(op, table, owner="household_region", on=_of(table))
    for table in ("entitlement", "run_receipt", "payment_instruction"):
        row_security_through(op, table, owner="household_region", on=_of(table), programme=True)


def _of(table: str) -> str:
    return f"household_region.household_id = {table}.household_id"


_TABLE = """
    CREATE TABLE household_region (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_household_region PRIMARY KEY (household_id)
    )
"""

# Accounts count their versions with their household. Decisions do not: any word on the household
# is newer than what they tell.
_KNOWN_SO_FAR = """
    INSERT INTO household_region (household_id, region_code, version)
    SELECT DISTINCT ON (household_id) household_id, region_code, known
      FROM (SELECT household_id, region_code, version AS known, version FROM payee_account
             UNION ALL
            SELECT household_id, region_code, 0, version FROM entitlement) AS told
     ORDER BY household_id, known DESC, version DESC
"""

_READ_ONLY = """
    DO $$ DECLARE grantee name := replace(current_user, '_owner', '_api'); BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = grantee) THEN
            EXECUTE format('REVOKE INSERT, UPDATE ON household_region FROM %I', grantee);
        END IF;
    END $$
"""
