"""What every table of the registry is made of."""

from typing import Any, ClassVar

from sqlalchemy import Column, LargeBinary, MetaData, Text, text
from sqlmodel import SQLModel

from shared.storage.tables import Instant, platform_tables, service_metadata

NO_COUNT = {"server_default": text("0")}


class RegistryTable(SQLModel):
    """Carries the metadata that only this service's tables live on."""

    metadata: ClassVar[MetaData] = service_metadata()


platform_tables(RegistryTable.metadata)


def text_column(*, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """Return a column of text without a limit; the rules of lines have one."""
    return Column(Text, nullable=nullable, primary_key=primary_key)


def sealed_column(*, nullable: bool = False) -> Column[Any]:
    """Return a column of bytes: a sealed value, a blind index or a digest."""
    return Column(LargeBinary, nullable=nullable)


def instant_column(*, nullable: bool = False) -> Column[Any]:
    """Return a column of instants in UTC."""
    return Column(Instant, nullable=nullable)
