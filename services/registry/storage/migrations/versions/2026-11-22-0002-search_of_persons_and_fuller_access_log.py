"""Persons found by document and name; an access log that says what was learnt."""

from alembic import op

revision = "registry_0002"
down_revision = "registry_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the current row of a person, and the rows of the access log."""
    for statement in (*_PERSON, *_ACCESS_LOG):
        op.execute(statement)


# Search tokens and document indexes need keys, which a migration has not: `registry reindex` makes
# them for persons recorded before.
_PERSON = (
    """
    ALTER TABLE person
        ADD COLUMN province_code text,
        ADD COLUMN commune_code text,
        ADD COLUMN document_blind bytea,
        ADD COLUMN search_tokens bigint[] NOT NULL DEFAULT '{}',
        ADD COLUMN birth_date date,
        ADD COLUMN sex text,
        ADD COLUMN status text,
        ADD COLUMN registered_on date
    """,
    """
    UPDATE person
       SET province_code = current.province_code, commune_code = current.commune_code,
           birth_date = current.birth_date, sex = current.sex, status = current.status,
           registered_on = (first.recorded_at AT TIME ZONE 'Africa/Casablanca')::date
      FROM person_version AS current
      JOIN person_version AS first ON first.person_id = current.person_id AND first.version = 1
     WHERE current.person_id = person.person_id AND current.version = person.version
    """,
    """
    ALTER TABLE person
        ALTER COLUMN province_code SET NOT NULL,
        ALTER COLUMN commune_code SET NOT NULL,
        ALTER COLUMN search_tokens DROP DEFAULT,
        ALTER COLUMN birth_date SET NOT NULL,
        ALTER COLUMN sex SET NOT NULL,
        ALTER COLUMN status SET NOT NULL,
        ALTER COLUMN registered_on SET NOT NULL
    """,
    "CREATE INDEX person_by_search_token ON person USING gin (search_tokens)",
)

_ACCESS_LOG = (
    """
    ALTER TABLE access_log
        ADD COLUMN attributes text[] NOT NULL DEFAULT '{}',
        ADD COLUMN result text NOT NULL DEFAULT 'disclosed',
        ADD COLUMN consent_id uuid,
        ADD COLUMN written_in bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)
    """,
    """
    ALTER TABLE access_log ALTER COLUMN attributes DROP DEFAULT, ALTER COLUMN result DROP DEFAULT
    """,
    "CREATE INDEX ix_access_log_written_in ON access_log (written_in)",
    "CREATE INDEX access_log_of_person ON access_log (person_id, accessed_at)",
)
