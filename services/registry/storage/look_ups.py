"""Many look-ups in two statements: who is asked about, and that it was answered."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import tuple_row

from services.registry.storage.packed_arrays import (
    packed_bytes,
    packed_texts,
    packed_uuids,
    take_packed_arrays,
)
from services.registry.storage.persons import PersonVersion
from shared.storage.database import Transaction


class FoundPerson(NamedTuple):
    """A person's current row, as far as questions about one need it; ids are their 16 bytes."""

    idcs_blind: bytes
    id_bytes: bytes
    region_code: str
    province_code: str
    commune_code: str
    birth_date: date
    sex: str
    status: str
    document_blind: bytes | None

    @property
    def person_id(self) -> UUID:
        """Return the person's id."""
        return UUID(bytes=self.id_bytes)


class WholePerson(NamedTuple):
    """What only some questions need of a person."""

    version: PersonVersion
    """The current version."""
    idcs_sealed: bytes
    household_id: UUID | None
    """Where the person lives now."""


class StandingConsent(NamedTuple):
    """A consent that is in force on the day of a question."""

    id_bytes: bytes
    client: str
    purpose: str
    consent_id: UUID
    attributes: list[str]


class AnsweredQuestion(NamedTuple):
    """A row of the access log; ids are their 16 bytes."""

    access_id: bytes
    client: str
    purpose: str
    action: str
    attributes: str
    """The literal of an array of attribute names."""
    result: str
    consent_id: bytes | None
    person_id: bytes
    household_id: bytes | None
    region_code: str


class AnsweredQuestions(NamedTuple):
    """Rows of the access log, column by column as `AnsweredQuestion` names them."""

    access_ids: Sequence[bytes]
    clients: Sequence[str]
    purposes: Sequence[str]
    actions: Sequence[str]
    attributes: Sequence[str]
    results: Sequence[str]
    consent_ids: Sequence[bytes | None]
    person_ids: Sequence[bytes]
    household_ids: Sequence[bytes | None]
    region_codes: Sequence[str]


class AnsweredBatch(NamedTuple):
    """Rows of the access log that one request left: what they share, and columns of the rest."""

    client: str
    purpose: str
    action: str
    access_ids: Sequence[bytes]
    attributes: Sequence[str]
    results: Sequence[str]
    consent_ids: Sequence[bytes | None]
    person_ids: Sequence[bytes]
    region_codes: Sequence[str]


def attributes_literal(attributes: Iterable[str]) -> str:
    """Return the literal of an array of attribute names."""
    return "{" + ",".join(attributes) + "}"


def _cursor(tx: Transaction) -> AsyncCursor[tuple[Any, ...]]:
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    take_packed_arrays(cursor)
    return cursor


async def find_persons(
    tx: Transaction, *, blinds: Sequence[bytes], ids: Sequence[bytes]
) -> list[FoundPerson]:
    """Return the persons of the caller's regions with these blind indexes or these ids."""
    cursor = _cursor(tx)
    found: list[FoundPerson] = []
    if blinds:
        await cursor.execute(_FOUND + _BY_BLIND, {"blinds": packed_bytes(blinds)})
        found += map(_AS_FOUND, await cursor.fetchall())
    if ids:
        await cursor.execute(_FOUND + _BY_ID, {"ids": packed_uuids(ids)})
        found += map(_AS_FOUND, await cursor.fetchall())
    return found


# What `FoundPerson._make` does, at half the cost.
_AS_FOUND = partial(tuple.__new__, FoundPerson)
_FOUND_COLUMNS = """
           idcs_blind, uuid_send(person.person_id), person.region_code, person.province_code,
           person.commune_code, person.birth_date, person.sex, person.status, document_blind
"""
_FOUND = f"SELECT {_FOUND_COLUMNS} FROM person".encode()  # noqa: S608 -- our own column names
_BY_BLIND = b" WHERE idcs_blind = ANY(%(blinds)s)"
_BY_ID = b" WHERE person.person_id = ANY(%(ids)s)"


async def find_whole_persons(
    tx: Transaction, *, blinds: Sequence[bytes], ids: Sequence[bytes]
) -> list[tuple[FoundPerson, WholePerson | None]]:
    """Return what `find_persons` does, and `read_whole_persons` of each of them.

    Why in one: a statement more costs a turn of a few questions as much as what it reads.
    """
    cursor = _cursor(tx)
    rows: list[tuple[Any, ...]] = []
    if blinds:
        await cursor.execute(_FOUND_WHOLE + _BY_BLIND, {"blinds": packed_bytes(blinds)})
        rows += await cursor.fetchall()
    if ids:
        await cursor.execute(_FOUND_WHOLE + _BY_ID, {"ids": packed_uuids(ids)})
        rows += await cursor.fetchall()
    own = len(FoundPerson._fields)
    return [(_AS_FOUND(row[:own]), _as_whole(row[own:])) for row in rows]


def _as_whole(row: tuple[Any, ...]) -> WholePerson | None:
    idcs_sealed, household_id, *version = row
    # A person whose version is hidden from the caller is known, and nothing more of them.
    return WholePerson(PersonVersion(*version), idcs_sealed, household_id) if version[0] else None


async def find_by_document(
    tx: Transaction, blinds: Sequence[bytes], *, tokens: Sequence[int]
) -> list[UUID]:
    """Return at most two persons who carry a document.

    Args:
        tx: The open transaction, which sees the caller's regions only.
        blinds: The blind indexes that the document may have.
        tokens: Its search tokens, which alone are indexed.
    """
    cursor = await tx.execute(
        """
        SELECT person_id FROM person
         WHERE search_tokens && %(tokens)s::bigint[] AND document_blind = ANY(%(blinds)s)
         ORDER BY person_id LIMIT 2
        """,
        {"tokens": list(tokens), "blinds": list(blinds)},
    )
    return [row["person_id"] for row in await cursor.fetchall()]


async def read_whole_persons(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, WholePerson]:
    """Return the current versions of persons, and where they live, by id."""
    cursor = _cursor(tx)
    await cursor.execute(_WHOLE, {"ids": packed_uuids(ids)})
    rows: list[tuple[Any, ...]] = await cursor.fetchall()
    return {
        row[0]: WholePerson(PersonVersion(*row[3:]), idcs_sealed=row[1], household_id=row[2])
        for row in rows
    }


_WHOLE_COLUMNS = f"""
           idcs_sealed, household_id,
           {", ".join(f"person_version.{column}" for column in PersonVersion._fields)}
"""
_FOUND_WHOLE = f"""
    SELECT {_FOUND_COLUMNS}, {_WHOLE_COLUMNS}
      FROM person
      LEFT JOIN person_version USING (person_id, version)
      LEFT JOIN residence USING (person_id)
""".encode()  # noqa: S608 -- our own column names
_WHOLE = f"""
    SELECT uuid_send(person.person_id), {_WHOLE_COLUMNS}
      FROM person
      JOIN person_version USING (person_id, version)
      LEFT JOIN residence USING (person_id)
     WHERE person.person_id = ANY(%(ids)s)
""".encode()  # noqa: S608 -- our own column names


async def read_standing_consents(
    tx: Transaction, ids: Sequence[bytes], *, clients: Sequence[str], on: date
) -> list[StandingConsent]:
    """Return the consents of persons to these clients that are in force on a day."""
    cursor = _cursor(tx)
    await cursor.execute(
        b"""
        SELECT uuid_send(person_id), client, purpose, consent_id, attributes
          FROM consent
         WHERE person_id = ANY(%(ids)s) AND client = ANY(%(clients)s)
           AND valid_from <= %(on)s AND valid_until >= %(on)s
           AND NOT EXISTS (SELECT FROM consent_withdrawal
                            WHERE consent_withdrawal.consent_id = consent.consent_id)
         ORDER BY valid_until DESC, consent_id
        """,
        {"ids": packed_uuids(ids), "clients": packed_texts(clients), "on": on},
    )
    return [StandingConsent(*row) for row in await cursor.fetchall()]


async def log_answers(tx: Transaction, rows: AnsweredQuestions, *, at: datetime, on: date) -> None:
    """Add a row of the access log per answer about a person.

    Args:
        tx: The open transaction; the answers leave only once it has committed.
        rows: What was answered to whom.
        at: The instant of all of them, in UTC: the state of the registry that they speak of.
        on: The day they speak of.
    """
    await _cursor(tx).execute(
        b"""
        INSERT INTO access_log (access_id, accessed_at, client, purpose, action, attributes,
                                result, consent_id, person_id, household_id, region_code,
                                valid_on, known_at)
        SELECT answer.access_id, %(at)s, answer.client, answer.purpose, answer.action,
               answer.attributes::text[], answer.result, answer.consent_id, answer.person_id,
               answer.household_id, answer.region_code, %(on)s, %(at)s
          FROM unnest(%(access)s, %(clients)s, %(purposes)s, %(actions)s, %(attributes)s,
                      %(results)s, %(consents)s, %(persons)s, %(households)s, %(regions)s)
               AS answer (access_id, client, purpose, action, attributes, result, consent_id,
                          person_id, household_id, region_code)
        """,
        {
            "at": at,
            "on": on,
            "access": packed_uuids(rows.access_ids),
            "clients": packed_texts(rows.clients),
            "purposes": packed_texts(rows.purposes),
            "actions": packed_texts(rows.actions),
            "attributes": packed_texts(rows.attributes),
            "results": packed_texts(rows.results),
            "consents": packed_uuids(rows.consent_ids),
            "persons": packed_uuids(rows.person_ids),
            "households": packed_uuids(rows.household_ids),
            "regions": packed_texts(rows.region_codes),
        },
    )


async def log_batch(tx: Transaction, rows: AnsweredBatch, *, at: datetime, on: date) -> None:
    """Add a row of the access log per answer of one request, as `log_answers` does.

    What the rows share travels once: by the thousand that is a fifth of the statement.
    """
    await _cursor(tx).execute(
        b"""
        INSERT INTO access_log (access_id, accessed_at, client, purpose, action, attributes,
                                result, consent_id, person_id, region_code, valid_on, known_at)
        SELECT answer.access_id, %(at)s, %(client)s, %(purpose)s, %(action)s,
               answer.attributes::text[], answer.result, answer.consent_id, answer.person_id,
               answer.region_code, %(on)s, %(at)s
          FROM unnest(%(access)s, %(attributes)s, %(results)s, %(consents)s, %(persons)s,
                      %(regions)s)
               AS answer (access_id, attributes, result, consent_id, person_id, region_code)
        """,
        {
            "at": at,
            "on": on,
            "client": rows.client,
            "purpose": rows.purpose,
            "action": rows.action,
            "access": packed_uuids(rows.access_ids),
            "attributes": packed_texts(rows.attributes),
            "results": packed_texts(rows.results),
            "consents": packed_uuids(rows.consent_ids),
            "persons": packed_uuids(rows.person_ids),
            "regions": packed_texts(rows.region_codes),
        },
    )
