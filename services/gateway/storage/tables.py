"""The gateway's tables."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from shared.storage.tables import Instant, platform_tables, service_metadata


class GatewayTable(SQLModel):
    """Carries the metadata of every table of this service."""

    metadata: ClassVar[MetaData] = service_metadata()


platform_tables(GatewayTable.metadata)


def _names() -> Column[Any]:
    return Column(ARRAY(Text), nullable=False)


class ClientRow(GatewayTable, table=True):
    """A machine that may ask for tokens, with the public halves of its keys."""

    __tablename__ = "client"

    client_id: str = Field(sa_column=Column(Text, primary_key=True))
    public_keys: list[dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))
    roles: list[str] = Field(sa_column=_names())
    scopes: list[str] = Field(sa_column=_names())
    regions: list[str] = Field(sa_column=_names())
    programmes: list[str] = Field(sa_column=_names())
    purposes: list[str] = Field(sa_column=_names())
    flags: list[str] = Field(sa_column=_names())
    disabled: bool = Field(sa_column_kwargs={"server_default": text("false")})
    registered_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class SigningKeyRow(GatewayTable, table=True):
    """A key that signs tokens; its private half is sealed to this row."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("state IN ('next', 'active', 'retiring')", name="state_known"),
        # Two processes that rotate at once must not leave two keys in the same place.
        Index(
            "signing_key_one_per_state",
            "state",
            unique=True,
            postgresql_where=text("state <> 'retiring'"),
        ),
    )

    key_id: UUID = Field(primary_key=True)
    kid: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    private_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    public_key: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    since: datetime = Field(sa_column=Column(Instant, nullable=False))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class AssertionJtiRow(GatewayTable, table=True):
    """A client assertion that was accepted, kept until it could not be accepted anyway."""

    __tablename__ = "assertion_jti"
    __table_args__ = (Index("assertion_jti_expires_at", "expires_at"),)

    client_id: str = Field(sa_column=Column(Text, primary_key=True))
    jti: str = Field(sa_column=Column(Text, primary_key=True))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
