"""Who may be registered twice, and whom an older list names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    NO_COUNT,
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class DuplicateSearchRow(RegistryTable, table=True):
    """A search of the whole registry for persons or households recorded twice."""

    __tablename__ = "duplicate_search"
    __table_args__ = (
        CheckConstraint("kind IN ('persons', 'households')", name="kind_known"),
        CheckConstraint("state IN ('planned', 'searching', 'completed')", name="state_known"),
        Index(
            "duplicate_search_unfinished",
            "created_at",
            postgresql_where=text("state <> 'completed'"),
        ),
    )

    search_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text_column())
    requested_by: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    chunks_done: int = Field(sa_column_kwargs=NO_COUNT)
    chunks_total: int = Field(sa_column_kwargs=NO_COUNT)
    pairs_compared: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("0"))
    )
    proposed: int = Field(sa_column_kwargs=NO_COUNT)
    created_at: datetime = Field(sa_column=instant_column())
    completed_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class DuplicateProposalRow(RegistryTable, table=True):
    """Two persons or households that may be one, why, and what a registrar said.

    `first_id` is the one recorded first; a pair is shown to those who may see both regions.
    """

    __tablename__ = "duplicate_proposal"
    __table_args__ = (
        UniqueConstraint("kind", "first_id", "second_id"),
        CheckConstraint("kind IN ('persons', 'households')", name="kind_known"),
        CheckConstraint("state IN ('proposed', 'confirmed', 'dismissed')", name="state_known"),
        CheckConstraint("first_id < second_id", name="in_order"),
        CheckConstraint(
            "(state = 'proposed') = (reviewed_by IS NULL)", name="reviewed_by_somebody"
        ),
        Index("duplicate_proposal_to_review", "kind", "state", text("score DESC"), "proposal_id"),
    )

    proposal_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text_column())
    first_id: UUID
    second_id: UUID
    region_code: str = Field(sa_column=text_column())
    second_region_code: str = Field(sa_column=text_column())
    score: int
    evidence: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=text_column())
    proposed_at: datetime = Field(sa_column=instant_column())
    reviewed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    reviewed_by: str | None = Field(sa_column=text_column(nullable=True))
    reason: str | None = Field(sa_column=text_column(nullable=True))


class RamedMatchingRow(RegistryTable, table=True):
    """A list of RAMED that is matched to the registry, and how far that is."""

    __tablename__ = "ramed_matching"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'matching', 'completed')", name="state_known"),
        Index(
            "ramed_matching_unfinished", "created_at", postgresql_where=text("state <> 'completed'")
        ),
    )

    matching_id: UUID = Field(primary_key=True)
    client: str = Field(sa_column=text_column())
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=text_column())
    blocks_total: int
    blocks_done: int = Field(sa_column_kwargs=NO_COUNT)
    rows_total: int
    matched: int = Field(sa_column_kwargs=NO_COUNT)
    ambiguous: int = Field(sa_column_kwargs=NO_COUNT)
    unknown: int = Field(sa_column_kwargs=NO_COUNT)
    malformed: int = Field(sa_column_kwargs=NO_COUNT)
    created_at: datetime = Field(sa_column=instant_column())
    completed_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class RamedBlockRow(RegistryTable, table=True):
    """Rows of a list that are still to be matched, sealed; they go once they are."""

    __tablename__ = "ramed_block"

    matching_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    block_id: UUID
    first_line: int
    body_sealed: bytes = Field(sa_column=sealed_column())
    repeated_lines: list[int] = Field(
        sa_column=Column(ARRAY(Integer), nullable=False, server_default=text("'{}'"))
    )


class RamedRowRow(RegistryTable, table=True):
    """What became of one row of a list; of the row itself only its number is kept, sealed."""

    __tablename__ = "ramed_row"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('matched', 'ambiguous', 'unknown', 'malformed')", name="outcome_known"
        ),
    )

    matching_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    row_id: UUID
    region_code: str = Field(sa_column=text_column())
    number_sealed: bytes = Field(sa_column=sealed_column())
    outcome: str = Field(sa_column=text_column())
    person_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    score: int
    reasons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
