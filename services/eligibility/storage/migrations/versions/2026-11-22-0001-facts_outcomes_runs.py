"""Facts, assessments, outcomes, months and runs."""

from alembic import op

from shared.storage.migrations import append_only, create_platform_tables, row_security

revision = "eligibility_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables, with the guards that are dear to add later."""
    create_platform_tables(op)
    for statement in (*_FACTS, *_OUTCOMES, *_NOTICES, *_RUNS):
        op.execute(statement)
    for table in ("household", "household_fact_version", "household_member_fact", "attestation"):
        row_security(op, table)
    for table in ("assessment", "notice"):
        row_security(op, table)
    for table in ("application", "outcome"):
        row_security(op, table, programme=True)
    for table in (
        "household_fact_version",
        "household_member_fact",
        "attestation",
        "application",
        "assessment",
        "outcome",
    ):
        append_only(op, table)


_FACTS = (
    """
    CREATE TABLE household (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        fact_version integer NOT NULL,
        CONSTRAINT pk_household PRIMARY KEY (household_id)
    )
    """,
    """
    CREATE TABLE household_fact_version (
        household_id uuid NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        province_code text NOT NULL,
        commune_code text NOT NULL,
        milieu text NOT NULL,
        valid_from date NOT NULL,
        recorded_at timestamptz NOT NULL,
        dwelling text NOT NULL,
        rooms smallint NOT NULL,
        family_nuclei smallint NOT NULL,
        bath_or_shower boolean NOT NULL,
        electricity_meter boolean NOT NULL,
        computer boolean NOT NULL,
        satellite_dish boolean NOT NULL,
        fixed_telephone boolean NOT NULL,
        bank_loan boolean NOT NULL,
        secondary_dwelling boolean NOT NULL,
        garage boolean NOT NULL,
        business_premises boolean NOT NULL,
        mobile_phones smallint NOT NULL,
        cars smallint NOT NULL,
        motorcycles smallint NOT NULL,
        non_agricultural_land boolean NOT NULL,
        irrigated_land boolean NOT NULL,
        cows smallint NOT NULL,
        butane_yearly_centimes bigint NOT NULL,
        water_electricity_yearly_centimes bigint NOT NULL,
        phone_internet_yearly_centimes bigint NOT NULL,
        family_allowances boolean NOT NULL,
        CONSTRAINT pk_household_fact_version PRIMARY KEY (household_id, version),
        CONSTRAINT ck_household_fact_version_milieu CHECK (milieu IN ('urban', 'rural'))
    )
    """,
    """
    CREATE TABLE household_member_fact (
        household_id uuid NOT NULL,
        version integer NOT NULL,
        position smallint NOT NULL,
        region_code text NOT NULL,
        person_id uuid NOT NULL,
        birth_date date NOT NULL,
        sex text NOT NULL,
        kinship text NOT NULL,
        head boolean NOT NULL,
        declarant boolean NOT NULL,
        schooling text NOT NULL,
        education text NOT NULL,
        literate boolean NOT NULL,
        activity text NOT NULL,
        occupation text NOT NULL,
        sector text NOT NULL,
        health_cover text NOT NULL,
        orphan_of_father boolean NOT NULL,
        severe_disability boolean NOT NULL,
        birth_rank smallint,
        pension boolean NOT NULL,
        CONSTRAINT pk_household_member_fact PRIMARY KEY (household_id, version, position)
    )
    """,
    """
    CREATE TABLE attestation (
        household_id uuid NOT NULL,
        version integer NOT NULL,
        position smallint NOT NULL,
        region_code text NOT NULL,
        person_id uuid NOT NULL,
        fact text NOT NULL,
        value jsonb NOT NULL,
        source text NOT NULL,
        valid_from date NOT NULL,
        CONSTRAINT pk_attestation PRIMARY KEY (household_id, version, position)
    )
    """,
    """
    CREATE TABLE application (
        household_id uuid NOT NULL,
        programme text NOT NULL,
        region_code text NOT NULL,
        applied_on date NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_application PRIMARY KEY (household_id, programme)
    )
    """,
)

_OUTCOMES = (
    """
    CREATE TABLE assessment (
        household_id uuid NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        fact_version integer NOT NULL,
        milieu text NOT NULL,
        formula_version text NOT NULL,
        index_points numeric(13, 10) NOT NULL,
        assessed_on date NOT NULL,
        assessed_at timestamptz NOT NULL,
        run_id uuid,
        CONSTRAINT pk_assessment PRIMARY KEY (household_id, version)
    )
    """,
    """
    CREATE TABLE outcome (
        household_id uuid NOT NULL,
        programme text NOT NULL,
        version integer NOT NULL,
        decision_id uuid NOT NULL,
        region_code text NOT NULL,
        standing text NOT NULL,
        outcome text NOT NULL,
        reasons text[] NOT NULL,
        components jsonb NOT NULL,
        amount_centimes bigint NOT NULL,
        terms_digest bytea NOT NULL,
        threshold_points numeric(13, 10) NOT NULL,
        fact_version integer NOT NULL,
        assessment_version integer NOT NULL,
        effective_month date NOT NULL,
        decided_on date NOT NULL,
        decided_at timestamptz NOT NULL,
        run_id uuid,
        CONSTRAINT pk_outcome PRIMARY KEY (household_id, programme, version),
        CONSTRAINT uq_outcome_decision_id UNIQUE (decision_id),
        CONSTRAINT ck_outcome_standing CHECK (standing IN ('decision', 'prospect')),
        CONSTRAINT ck_outcome_outcome CHECK (outcome IN ('eligible', 'refused')),
        CONSTRAINT ck_outcome_reasons CHECK (cardinality(reasons) > 0),
        CONSTRAINT ck_outcome_amount CHECK
            (amount_centimes >= 0 AND (outcome = 'eligible' OR amount_centimes = 0)),
        CONSTRAINT ck_outcome_effective_month CHECK
            (extract(day FROM effective_month) = 1)
    )
    """,
)

_NOTICES = (
    """
    CREATE TABLE notice (
        message_id uuid NOT NULL,
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        stage text NOT NULL,
        outcome text NOT NULL,
        at timestamptz NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_notice PRIMARY KEY (message_id)
    )
    """,
    "CREATE INDEX notice_of_household ON notice (household_id)",
)

_RUNS = (
    """
    CREATE TABLE programme_month (
        programme text NOT NULL,
        open_month date NOT NULL,
        CONSTRAINT pk_programme_month PRIMARY KEY (programme),
        CONSTRAINT ck_programme_month_first CHECK (extract(day FROM open_month) = 1)
    )
    """,
    """
    CREATE TABLE run (
        run_id uuid NOT NULL,
        programme text NOT NULL,
        month date NOT NULL,
        state text NOT NULL,
        assessed_on date NOT NULL,
        opened_at timestamptz NOT NULL,
        completed_at timestamptz,
        households_total integer NOT NULL,
        events integer NOT NULL,
        items integer NOT NULL,
        households_eligible integer NOT NULL,
        amount_centimes bigint NOT NULL,
        CONSTRAINT pk_run PRIMARY KEY (run_id),
        CONSTRAINT ck_run_state CHECK (state IN ('planned', 'assessing', 'completed', 'failed')),
        CONSTRAINT ck_run_month_first CHECK (extract(day FROM month) = 1)
    )
    """,
    "CREATE UNIQUE INDEX run_of_month ON run (programme, month) WHERE state <> 'failed'",
    """
    CREATE TABLE run_chunk (
        run_id uuid NOT NULL,
        number integer NOT NULL,
        first_household_id uuid NOT NULL,
        last_household_id uuid NOT NULL,
        households integer NOT NULL,
        is_done boolean NOT NULL,
        lease_token integer NOT NULL,
        leased_until timestamptz,
        events integer NOT NULL,
        items integer NOT NULL,
        CONSTRAINT pk_run_chunk PRIMARY KEY (run_id, number)
    )
    """,
)
