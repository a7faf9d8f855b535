"""The index of households, and counts by territory."""

from alembic import op

from shared.storage.migrations import row_security

revision = "registry_0010"
down_revision = "registry_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, count every change from now on, and what is registered already.

    In this order: making a trigger keeps writers away until the end, so that none is missed.
    """
    for statement in (*_TABLES, *_FUNCTIONS, *_TRIGGERS, *FIRST_COUNTS):
        op.execute(statement)
    for table in ("household_index", "commune_count", "commune_day_count", "count_change"):
        row_security(op, table)


_TABLES = (
    """
    CREATE TABLE household_index (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        version integer NOT NULL,
        index_points numeric(13,10) NOT NULL,
        milieu text NOT NULL,
        formula_version text NOT NULL,
        assessed_on date NOT NULL,
        CONSTRAINT pk_household_index PRIMARY KEY (household_id)
    )
    """,
    """
    CREATE TABLE commune_count (
        commune_code text NOT NULL,
        province_code text NOT NULL,
        region_code text NOT NULL,
        persons bigint NOT NULL,
        households bigint NOT NULL,
        members bigint NOT NULL,
        CONSTRAINT pk_commune_count PRIMARY KEY (commune_code)
    )
    """,
    """
    CREATE TABLE commune_day_count (
        commune_code text NOT NULL,
        measure text NOT NULL,
        day date NOT NULL,
        province_code text NOT NULL,
        region_code text NOT NULL,
        number bigint NOT NULL,
        CONSTRAINT pk_commune_day_count PRIMARY KEY (commune_code, measure, day)
    )
    """,
    """
    CREATE TABLE count_change (
        change_id bigint GENERATED ALWAYS AS IDENTITY,
        commune_code text NOT NULL,
        province_code text NOT NULL,
        region_code text NOT NULL,
        measure text NOT NULL,
        day date,
        number bigint NOT NULL,
        CONSTRAINT pk_count_change PRIMARY KEY (change_id),
        CONSTRAINT ck_count_change_measure_known CHECK (
            measure IN ('persons', 'households', 'members') AND day IS NULL
            OR measure IN ('persons-registered', 'households-registered', 'reviews-due')
               AND day IS NOT NULL)
    )
    """,
)

# A household stands by its newest version, if that has members.
FIRST_COUNTS = (
    """
    INSERT INTO commune_count
    SELECT commune_code, min(province_code), min(region_code),
           sum(persons), sum(households), sum(members)
      FROM (SELECT commune_code, province_code, region_code,
                   1 AS persons, 0 AS households, 0 AS members
              FROM person WHERE status <> 'deceased'
             UNION ALL
            SELECT current.commune_code, current.province_code, current.region_code,
                   0, 1, listed.members
              FROM household
              JOIN household_version AS current USING (household_id, version)
              JOIN (SELECT household_id, version, count(*) AS members
                      FROM household_member GROUP BY household_id, version) AS listed
                   USING (household_id, version)) AS each
     GROUP BY commune_code
    """,
    """
    INSERT INTO commune_day_count
    SELECT commune_code, 'persons-registered', registered_on,
           min(province_code), min(region_code), count(*)
      FROM person GROUP BY commune_code, registered_on
    """,
    """
    INSERT INTO commune_day_count
    SELECT commune_code, 'households-registered',
           (recorded_at AT TIME ZONE 'Africa/Casablanca')::date AS day,
           min(province_code), min(region_code), count(*)
      FROM household_version WHERE version = 1 GROUP BY commune_code, day
    """,
    """
    INSERT INTO commune_day_count
    SELECT current.commune_code, 'reviews-due', current.review_on,
           min(current.province_code), min(current.region_code), count(*)
      FROM household JOIN household_version AS current USING (household_id, version)
     WHERE EXISTS (SELECT FROM household_member AS member
                    WHERE member.household_id = household.household_id
                      AND member.version = household.version)
     GROUP BY current.commune_code, current.review_on
    """,
)


def _function(name: str, body: str) -> str:
    """Return a trigger function that sees every row, whoever wrote those it was called for."""
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = public, pg_temp AS $$ BEGIN {body} RETURN NULL; END $$"
    )


_CHANGE = (
    "INSERT INTO count_change (commune_code, province_code, region_code, measure, day, number)"
)

_FUNCTIONS = (
    _function(
        "count_added_persons",
        f"""
        {_CHANGE}
        SELECT commune_code, province_code, region_code, 'persons', NULL, count(*)
          FROM added WHERE status <> 'deceased' GROUP BY 1, 2, 3
         UNION ALL
        SELECT commune_code, province_code, region_code, 'persons-registered', registered_on,
               count(*)
          FROM added GROUP BY 1, 2, 3, 5;
        """,
    ),
    _function(
        "count_changed_persons",
        f"""
        {_CHANGE}
        SELECT commune_code, province_code, region_code, 'persons', NULL, sum(number)
          FROM (SELECT commune_code, province_code, region_code, status, 1 AS number FROM newer
                 UNION ALL
                SELECT commune_code, province_code, region_code, status, -1 FROM older) AS each
         WHERE status <> 'deceased' GROUP BY 1, 2, 3 HAVING sum(number) <> 0;
        """,
    ),
    # What stood before stands no more; what stands now is counted with its members.
    _function(
        "count_added_household_versions",
        f"""
        {_CHANGE}
        SELECT commune_code, province_code, region_code, 'households-registered',
               (recorded_at AT TIME ZONE 'Africa/Casablanca')::date, count(*)
          FROM added WHERE version = 1 GROUP BY 1, 2, 3, 5;
        IF EXISTS (SELECT FROM added WHERE version > 1) THEN
            {_CHANGE}
            SELECT earlier.commune_code, earlier.province_code, earlier.region_code,
                   counted.measure, counted.day, -sum(counted.number)
              FROM added
              JOIN household_version AS earlier
                ON earlier.household_id = added.household_id
               AND earlier.version = added.version - 1
             CROSS JOIN LATERAL (SELECT count(*) AS members FROM household_member AS member
                                  WHERE member.household_id = earlier.household_id
                                    AND member.version = earlier.version) AS listed
             CROSS JOIN LATERAL (VALUES ('households', NULL::date, 1),
                                        ('members', NULL, listed.members),
                                        ('reviews-due', earlier.review_on, 1))
                        AS counted (measure, day, number)
             WHERE listed.members > 0 GROUP BY 1, 2, 3, 4, 5;
        END IF;
        """,
    ),
    _function(
        "count_added_members",
        f"""
        {_CHANGE}
        SELECT standing.commune_code, standing.province_code, standing.region_code,
               counted.measure, counted.day, sum(counted.number)
          FROM (SELECT household_id, version, count(*) AS members
                  FROM added GROUP BY household_id, version) AS listed
          JOIN household_version AS standing USING (household_id, version)
         CROSS JOIN LATERAL (VALUES ('households', NULL::date, 1),
                                    ('members', NULL, listed.members),
                                    ('reviews-due', standing.review_on, 1))
                    AS counted (measure, day, number)
         GROUP BY 1, 2, 3, 4, 5;
        """,
    ),
)


def _trigger(table: str, event: str, rows: str, function: str) -> str:
    return (
        f"CREATE TRIGGER {function} AFTER {event} ON {table} REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


# One call for each statement: a block of an import adds a few rows of changes, whatever its size.
_TRIGGERS = (
    _trigger("person", "INSERT", "NEW TABLE AS added", "count_added_persons"),
    _trigger("person", "UPDATE", "OLD TABLE AS older NEW TABLE AS newer", "count_changed_persons"),
    _trigger("household_version", "INSERT", "NEW TABLE AS added", "count_added_household_versions"),
    _trigger("household_member", "INSERT", "NEW TABLE AS added", "count_added_members"),
)
