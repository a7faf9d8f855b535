"""Persons: a current row each, and every version there ever was."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class PersonRow(RegistryTable, table=True):
    """A person's current version, found by the blind index of their IDCS or by search tokens.

    `document_blind` is the blind index of the identity card or residence permit. Search tokens are
    keyed 64-bit digests of how names sound, of documents and of phones.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("idcs_blind"),
        Index("person_by_search_token", "search_tokens", postgresql_using="gin"),
        Index("person_by_birth", "birth_date", "province_code"),
    )

    person_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    province_code: str = Field(sa_column=text_column())
    commune_code: str = Field(sa_column=text_column())
    idcs_blind: bytes = Field(sa_column=sealed_column())
    idcs_sealed: bytes = Field(sa_column=sealed_column())
    document_blind: bytes | None = Field(sa_column=sealed_column(nullable=True))
    search_tokens: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    birth_date: date
    sex: str = Field(sa_column=text_column())
    status: str = Field(sa_column=text_column())
    registered_on: date
    version: int
    content_digest: bytes = Field(sa_column=sealed_column())
    seen_in: UUID


class PersonVersionRow(RegistryTable, table=True):
    """What was known of a person from a date on, as recorded at an instant; never changed.

    Names, CNIE and phone are sealed as one JSON document: they are read together or not at all.
    """

    __tablename__ = "person_version"

    person_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version_id: UUID
    region_code: str = Field(sa_column=text_column())
    province_code: str = Field(sa_column=text_column())
    commune_code: str = Field(sa_column=text_column())
    particulars_sealed: bytes = Field(sa_column=sealed_column())
    sex: str = Field(sa_column=text_column())
    birth_date: date
    birth_commune_code: str | None = Field(sa_column=text_column(nullable=True))
    nationality: str = Field(sa_column=text_column())
    status: str = Field(sa_column=text_column())
    valid_from: date
    recorded_at: datetime = Field(sa_column=instant_column())
