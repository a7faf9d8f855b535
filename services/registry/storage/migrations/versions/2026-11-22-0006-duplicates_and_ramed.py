"""Search under row-level security, proposals of duplicates, and lists to match."""

from alembic import op

from shared.storage.migrations import never_deleted, row_security

revision = "registry_0006"
down_revision = "registry_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and the functions that an api may search through."""
    for statement in (*_SEARCH, *_DUPLICATES, *_RAMED):
        op.execute(statement)
    row_security(op, "duplicate_proposal")
    row_security(op, "ramed_row")
    # A pair is shown to whoever may see both of its sides.
    stated = "current_setting('sanad.regions', true)"
    rule = f"({stated} = '*' OR second_region_code = ANY (string_to_array({stated}, ',')))"
    op.execute(
        "CREATE POLICY caller_scope_of_second ON duplicate_proposal AS RESTRICTIVE"
        f" USING ({rule}) WITH CHECK ({rule})"
    )
    never_deleted(op, "duplicate_proposal")


# PostgreSQL uses no index for a condition that is not leakproof before row-level security has
# let a row through, and looking into an array is none. These functions apply the same rule of
# regions themselves, so that the index is used; they return nothing that the rule hides.
_SEARCH = (
    # Every search reads the list of entries still to be filed; the default of 4 MB is long to read.
    "ALTER INDEX person_by_search_token SET (gin_pending_list_limit = 256)",
    "CREATE INDEX person_by_birth ON person (birth_date, province_code)",
    """
    CREATE FUNCTION find_persons(
        alternatives text[], births daterange[], sexes text[], region text, province text,
        commune text, most integer
    ) RETURNS TABLE (person_id uuid, version integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        regions text := current_setting('sanad.regions', true);
        tokens text := (
            SELECT string_agg(
                format('person.search_tokens @> %L::bigint[]', one::bigint[]::text), ' OR ')
              FROM unnest(alternatives) AS one);
        born text := (
            SELECT string_agg(
                format('(person.birth_date >= %L AND person.birth_date < %L)',
                       lower(one), upper(one)), ' OR ')
              FROM unnest(births) AS one);
    BEGIN
        RETURN QUERY EXECUTE format(
            'SELECT person.person_id, person.version FROM person'
            ' WHERE (%s) AND (%s)'
            '   AND ($1 = ''*'' OR person.region_code = ANY (string_to_array($1, '','')))'
            '   AND ($2 IS NULL OR person.sex = ANY ($2))'
            '   AND ($3 IS NULL OR person.region_code = $3)'
            '   AND ($4 IS NULL OR person.province_code = $4)'
            '   AND ($5 IS NULL OR person.commune_code = $5)'
            ' LIMIT $6', coalesce(tokens, 'false'), coalesce(born, 'true'))
        USING regions, sexes, region, province, commune, most;
    END $$
    """,
)

_DUPLICATES = (
    """
    CREATE TABLE duplicate_search (
        search_id uuid NOT NULL,
        kind text NOT NULL,
        requested_by text NOT NULL,
        state text NOT NULL,
        chunks_done integer NOT NULL DEFAULT 0,
        chunks_total integer NOT NULL DEFAULT 0,
        pairs_compared bigint NOT NULL DEFAULT 0,
        proposed integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        completed_at timestamptz,
        CONSTRAINT pk_duplicate_search PRIMARY KEY (search_id),
        CONSTRAINT ck_duplicate_search_kind_known CHECK (kind IN ('persons', 'households')),
        CONSTRAINT ck_duplicate_search_state_known CHECK (
            state IN ('planned', 'searching', 'completed'))
    )
    """,
    """
    CREATE INDEX duplicate_search_unfinished ON duplicate_search (created_at)
        WHERE state <> 'completed'
    """,
    """
    CREATE TABLE duplicate_proposal (
        proposal_id uuid NOT NULL,
        kind text NOT NULL,
        first_id uuid NOT NULL,
        second_id uuid NOT NULL,
        region_code text NOT NULL,
        second_region_code text NOT NULL,
        score integer NOT NULL,
        evidence text[] NOT NULL,
        state text NOT NULL,
        proposed_at timestamptz NOT NULL,
        reviewed_at timestamptz,
        reviewed_by text,
        reason text,
        CONSTRAINT pk_duplicate_proposal PRIMARY KEY (proposal_id),
        CONSTRAINT uq_duplicate_proposal_kind_first_id_second_id
            UNIQUE (kind, first_id, second_id),
        CONSTRAINT ck_duplicate_proposal_kind_known CHECK (kind IN ('persons', 'households')),
        CONSTRAINT ck_duplicate_proposal_state_known CHECK (
            state IN ('proposed', 'confirmed', 'dismissed')),
        CONSTRAINT ck_duplicate_proposal_in_order CHECK (first_id < second_id),
        CONSTRAINT ck_duplicate_proposal_reviewed_by_somebody CHECK (
            (state = 'proposed') = (reviewed_by IS NULL))
    )
    """,
    """
    CREATE INDEX duplicate_proposal_to_review
        ON duplicate_proposal (kind, state, score DESC, proposal_id)
    """,
)

_RAMED = (
    """
    CREATE TABLE ramed_matching (
        matching_id uuid NOT NULL,
        client text NOT NULL,
        regions text[] NOT NULL,
        state text NOT NULL,
        blocks_total integer NOT NULL,
        blocks_done integer NOT NULL DEFAULT 0,
        rows_total integer NOT NULL,
        matched integer NOT NULL DEFAULT 0,
        ambiguous integer NOT NULL DEFAULT 0,
        unknown integer NOT NULL DEFAULT 0,
        malformed integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        completed_at timestamptz,
        CONSTRAINT pk_ramed_matching PRIMARY KEY (matching_id),
        CONSTRAINT ck_ramed_matching_state_known CHECK (
            state IN ('received', 'matching', 'completed'))
    )
    """,
    """
    CREATE INDEX ramed_matching_unfinished ON ramed_matching (created_at)
        WHERE state <> 'completed'
    """,
    """
    CREATE TABLE ramed_block (
        matching_id uuid NOT NULL,
        number integer NOT NULL,
        block_id uuid NOT NULL,
        first_line integer NOT NULL,
        body_sealed bytea NOT NULL,
        CONSTRAINT pk_ramed_block PRIMARY KEY (matching_id, number)
    )
    """,
    "ALTER TABLE ramed_block ALTER COLUMN body_sealed SET STORAGE EXTERNAL",
    """
    CREATE TABLE ramed_row (
        matching_id uuid NOT NULL,
        line integer NOT NULL,
        row_id uuid NOT NULL,
        region_code text NOT NULL,
        number_sealed bytea NOT NULL,
        outcome text NOT NULL,
        person_ids uuid[] NOT NULL,
        score integer NOT NULL,
        reasons text[] NOT NULL,
        CONSTRAINT pk_ramed_row PRIMARY KEY (matching_id, line),
        CONSTRAINT ck_ramed_row_outcome_known CHECK (
            outcome IN ('matched', 'ambiguous', 'unknown', 'malformed'))
    )
    """,
)
