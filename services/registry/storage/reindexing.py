"""Blind indexes and search tokens made anew under another index key, as the owner of the tables."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.persons import PersonVersion
from shared.storage.database import Transaction

PERSONS, HOUSEHOLDS = "person", "household"
TABLES = (PERSONS, HOUSEHOLDS)
FIRST = UUID(int=0)


class Progress(NamedTuple):
    """How far one table is under one index key."""

    last_id: UUID = FIRST
    rows: int = 0
    conflicts: int = 0
    completed: bool = False


class StoredPerson(NamedTuple):
    """What a person's indexes are made of, and the digest that may change with them."""

    person_id: UUID
    idcs_sealed: bytes
    content_digest: bytes
    version: PersonVersion


class PersonIndexes(NamedTuple):
    """What a person is found by, under one index key."""

    person_id: UUID
    idcs_blind: bytes
    document_blind: bytes | None
    search_tokens: list[int]
    content_digest: bytes


class StoredReference(NamedTuple):
    """A household's sealed reference."""

    household_id: UUID
    reference_sealed: bytes


class HouseholdIndex(NamedTuple):
    """What a household is found by, under one index key."""

    household_id: UUID
    reference_blind: bytes


async def read_progress(tx: Transaction, *, key_id: str, table: str) -> Progress:
    """Return how far a table is under a key."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT last_id, rows, conflicts, completed FROM reindexing"
        " WHERE key_id = %(key_id)s AND table_name = %(table)s",
        {"key_id": key_id, "table": table},
    )
    row = await cursor.fetchone()
    return Progress() if row is None else Progress(*row)


async def keep_progress(tx: Transaction, progress: Progress, *, key_id: str, table: str) -> None:
    """Remember how far a table is, in the transaction that brought it there."""
    await tx.execute(
        """
        INSERT INTO reindexing (key_id, table_name, last_id, rows, conflicts, completed)
        VALUES (%(key_id)s, %(table)s, %(last_id)s, %(rows)s, %(conflicts)s, %(completed)s)
        ON CONFLICT (key_id, table_name) DO UPDATE
           SET last_id = excluded.last_id, rows = excluded.rows, conflicts = excluded.conflicts,
               completed = excluded.completed
        """,
        {"key_id": key_id, "table": table, **progress._asdict()},
    )


async def lock_persons_after(tx: Transaction, last_id: UUID, *, at_most: int) -> list[StoredPerson]:
    """Return the next persons with their current versions, locked."""
    version = ", ".join(f"current.{name}" for name in PersonVersion._fields)
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT person.person_id, person.idcs_sealed, person.content_digest, {version}
          FROM person JOIN person_version AS current USING (person_id, version)
         WHERE person.person_id > %(last_id)s
         ORDER BY person.person_id LIMIT %(at_most)s FOR UPDATE OF person
        """.encode(),  # noqa: S608 -- our own column names
        {"last_id": last_id, "at_most": at_most},
    )
    return [
        StoredPerson(person_id, idcs, digest, PersonVersion(*rest))
        for person_id, idcs, digest, *rest in await cursor.fetchall()
    ]


async def taken_by_others(
    tx: Transaction, table: str, indexes: Sequence[tuple[UUID, bytes]]
) -> set[UUID]:
    """Return who cannot have their index, because another row of the table has it already.

    Why: two processes that learn of a new key a moment apart can each add the same person.
    """
    column, key = {
        PERSONS: ("idcs_blind", "person_id"),
        HOUSEHOLDS: ("reference_blind", "household_id"),
    }[table]
    cursor = await tx.execute(
        f"""
        SELECT wanted.id FROM unnest(%(ids)s::uuid[], %(blinds)s::bytea[]) AS wanted (id, blind)
          JOIN {table} AS other ON other.{column} = wanted.blind AND other.{key} <> wanted.id
        """.encode(),  # noqa: S608 -- two names from the line above
        {"ids": [row_id for row_id, _ in indexes], "blinds": [blind for _, blind in indexes]},
    )
    return {row["id"] for row in await cursor.fetchall()}


async def replace_person_indexes(tx: Transaction, indexes: Sequence[PersonIndexes]) -> None:
    """Let locked persons be found by other indexes."""
    await tx.execute(
        """
        UPDATE person
           SET idcs_blind = newer.idcs_blind, document_blind = newer.document_blind,
               search_tokens = newer.search_tokens::bigint[],
               content_digest = newer.content_digest
          FROM unnest(%(ids)s::uuid[], %(blinds)s::bytea[], %(documents)s::bytea[],
                      %(tokens)s::text[], %(digests)s::bytea[])
               AS newer (person_id, idcs_blind, document_blind, search_tokens, content_digest)
         WHERE person.person_id = newer.person_id
        """,
        {
            "ids": [one.person_id for one in indexes],
            "blinds": [one.idcs_blind for one in indexes],
            "documents": [one.document_blind for one in indexes],
            # Arrays of arrays must be of one length; as text each is its own.
            "tokens": ["{" + ",".join(map(str, one.search_tokens)) + "}" for one in indexes],
            "digests": [one.content_digest for one in indexes],
        },
    )


async def lock_references_after(
    tx: Transaction, last_id: UUID, *, at_most: int
) -> list[StoredReference]:
    """Return the next households with their sealed references, locked."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        "SELECT household_id, reference_sealed FROM household WHERE household_id > %(last_id)s"
        " ORDER BY household_id LIMIT %(at_most)s FOR UPDATE",
        {"last_id": last_id, "at_most": at_most},
    )
    return [StoredReference(*row) for row in await cursor.fetchall()]


async def replace_household_indexes(tx: Transaction, indexes: Sequence[HouseholdIndex]) -> None:
    """Let locked households be found by other indexes."""
    parameters: dict[str, Any] = {
        "ids": [one.household_id for one in indexes],
        "blinds": [one.reference_blind for one in indexes],
    }
    await tx.execute(
        """
        UPDATE household SET reference_blind = newer.reference_blind
          FROM unnest(%(ids)s::uuid[], %(blinds)s::bytea[])
               AS newer (household_id, reference_blind)
         WHERE household.household_id = newer.household_id
        """,
        parameters,
    )
