import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine

from services.gateway.main import METADATA
from shared.storage.database import Transaction
from shared.testing.databases import ServiceDatabases


def test_the_migrated_database_is_what_the_tables_declare(database: ServiceDatabases) -> None:
    url = database.urls.owner.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


async def test_the_api_role_cannot_delete_a_key_or_a_spent_assertion(
    database: ServiceDatabases,
) -> None:
    async def delete(tx: Transaction, statement: bytes) -> None:
        await tx.execute(statement)

    for statement in (b"DELETE FROM signing_key", b"DELETE FROM assertion_jti"):
        with pytest.raises(InsufficientPrivilege):
            async with database.api.transaction() as tx:
                await delete(tx, statement)
