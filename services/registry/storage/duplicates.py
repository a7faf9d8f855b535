"""Searches for duplicates: the pairs worth comparing, and what was proposed of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.duplicates import Evidence
from services.registry.storage.persons import PersonVersion
from shared.storage.database import Transaction

WORK_MEMORY = "64MB"
PAIRS_READ_AT_ONCE = 20_000
BLOCK_RECORDS_MAX = 200
"""Records that share a key, beyond which the key tells nothing and proposes no pair: equal lines of
a template, or a frequent name on the first of January."""
# Any constant does; it only has to differ from the other advisory locks of this database.
_PLANNING_LOCK = 7_236_231_014
_VERSION = ", ".join(f"known.{column}" for column in PersonVersion._fields)
_SEARCH = (
    "search_id, kind, requested_by, state, chunks_done, chunks_total, pairs_compared, proposed,"
    " created_at, completed_at"
)
_PAIRS_OF_DOCUMENT = """
    SELECT DISTINCT min(person_id::text)::uuid, max(person_id::text)::uuid
      FROM person WHERE document_blind IS NOT NULL
     GROUP BY document_blind HAVING count(*) > 1
     LIMIT %(most)s
"""
_PAIRS_OF_BIRTH = """
    WITH near AS MATERIALIZED (
        SELECT person_id, birth_date, province_code, search_tokens FROM person
         WHERE birth_date >= %(first)s AND birth_date < %(after_next)s AND sex = %(sex)s),
    held AS (
        SELECT person_id, province_code, birth_date, token,
               count(*) OVER (PARTITION BY token, birth_date) AS holders
          FROM near, unnest(search_tokens) AS token),
    other AS MATERIALIZED (
        SELECT person_id, province_code, birth_date, token
          FROM held WHERE holders <= %(most)s),
    probe AS MATERIALIZED (
        SELECT DISTINCT person_id, date
          FROM near,
               LATERAL (VALUES
                   (birth_date),
                   (date_trunc('year', birth_date)::date),
                   ((birth_date + interval '1 year')::date),
                   (CASE WHEN extract(day FROM birth_date) <= 12
                         THEN make_date(extract(year FROM birth_date)::int,
                                        extract(day FROM birth_date)::int,
                                        extract(month FROM birth_date)::int)
                         ELSE birth_date END)) AS probed (date)
         WHERE birth_date < %(next)s),
    mine AS MATERIALIZED (
        SELECT person_id, other.province_code, other.token, probe.date
          FROM probe JOIN other USING (person_id)),
    shared AS (
        SELECT mine.person_id AS one, other.person_id AS another,
               mine.province_code = other.province_code AS in_one_province
          FROM mine JOIN other
            ON other.token = mine.token AND other.birth_date = mine.date
         WHERE mine.person_id <> other.person_id)
    SELECT least(one, another), greatest(one, another)
      FROM shared
     GROUP BY 1, 2
    HAVING bool_or(in_one_province) OR count(*) > 1
"""
_PAIRS_OF_PROVINCE = """
    WITH standing AS (
        SELECT household_id, known.commune_code,
               md5((known.facts - 'family_nuclei')::text) AS facts
          FROM household JOIN household_version AS known USING (household_id, version)
         WHERE known.province_code = %(province)s AND household.state = 'standing'),
    declared AS MATERIALIZED (
        SELECT household_id, commune_code, facts,
               count(*) OVER (PARTITION BY commune_code, facts) AS declarers
          FROM standing),
    equal AS (
        SELECT one.household_id AS one, another.household_id AS another
          FROM declared AS one
          JOIN declared AS another USING (commune_code, facts)
         WHERE one.household_id < another.household_id AND one.declarers <= %(most)s
           AND another.declarers <= %(most)s),
    twice AS (
        SELECT least(one.household_id, another.household_id) AS one,
               greatest(one.household_id, another.household_id) AS another
          FROM duplicate_proposal AS proposal
          JOIN residence AS one ON one.person_id = proposal.first_id
          JOIN residence AS another ON another.person_id = proposal.second_id
          JOIN declared ON declared.household_id = one.household_id
         WHERE proposal.kind = 'persons' AND proposal.state <> 'dismissed'
           AND one.household_id <> another.household_id)
    SELECT one, another, bool_or(facts_same), bool_or(registered_twice)
      FROM (SELECT one, another, true AS facts_same, false AS registered_twice FROM equal
             UNION ALL
            SELECT one, another, false, true FROM twice) AS pair
     GROUP BY one, another
"""


@dataclass(frozen=True, slots=True)
class DuplicateSearch:
    """A search of the whole registry and its progress."""

    search_id: UUID
    kind: str
    requested_by: str
    state: str
    chunks_done: int
    chunks_total: int
    pairs_compared: int
    proposed: int
    created_at: datetime
    completed_at: datetime | None


class Birth(NamedTuple):
    """Everybody of one sex born in one year."""

    year: int
    sex: str


class Pair(NamedTuple):
    """Two records worth comparing, the one recorded first before the other."""

    first_id: UUID
    second_id: UUID


class HouseholdPair(NamedTuple):
    """Two households worth comparing, and what is known of them already."""

    first_id: UUID
    second_id: UUID
    facts_same: bool
    member_registered_twice: bool


_Shape = TypeVar("_Shape", Pair, HouseholdPair)


class ComparableHousehold(NamedTuple):
    """The current version of a household and its head, as far as they are compared."""

    household_id: UUID
    version_id: UUID
    region_code: str
    commune_code: str
    phone_sealed: bytes | None
    head_sex: str
    head_has_spouse: bool


class Proposal(NamedTuple):
    """Two records that may be of one person or household."""

    proposal_id: UUID
    first_id: UUID
    second_id: UUID
    region_code: str
    second_region_code: str
    evidence: Evidence


async def add_search(
    tx: Transaction, search_id: UUID, *, kind: str, requested_by: str, at: datetime
) -> None:
    """Plan a search."""
    await tx.execute(
        "INSERT INTO duplicate_search (search_id, kind, requested_by, state, created_at)"
        " VALUES (%(search_id)s, %(kind)s, %(requested_by)s, 'planned', %(at)s)",
        {"search_id": search_id, "kind": kind, "requested_by": requested_by, "at": at},
    )


async def read_search(tx: Transaction, search_id: UUID) -> DuplicateSearch | None:
    """Return a search."""
    cursor = await tx.execute(
        f"SELECT {_SEARCH} FROM duplicate_search WHERE search_id = %(search_id)s",  # noqa: S608 -- our own column names
        {"search_id": search_id},
    )
    row = await cursor.fetchone()
    return None if row is None else DuplicateSearch(**row)


async def lock_unfinished_search(tx: Transaction, kind: str) -> DuplicateSearch | None:
    """Return the search of a kind that is not completed; nobody else plans one meanwhile."""
    await tx.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _PLANNING_LOCK})
    cursor = await tx.execute(
        f"SELECT {_SEARCH} FROM duplicate_search"  # noqa: S608 -- our own column names
        " WHERE kind = %(kind)s AND state <> 'completed' ORDER BY created_at, search_id LIMIT 1",
        {"kind": kind},
    )
    row = await cursor.fetchone()
    return None if row is None else DuplicateSearch(**row)


async def next_unfinished_search(tx: Transaction) -> DuplicateSearch | None:
    """Return the oldest search that is not completed."""
    cursor = await tx.execute(
        f"SELECT {_SEARCH} FROM duplicate_search WHERE state <> 'completed'"  # noqa: S608 -- our own column names
        " ORDER BY created_at, search_id LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else DuplicateSearch(**row)


async def record_chunk(
    tx: Transaction, search: DuplicateSearch, *, chunks_total: int, pairs: int, proposed: int
) -> bool:
    """Count a chunk as done; False if another worker has counted it already."""
    cursor = await tx.execute(
        """
        UPDATE duplicate_search
           SET state = 'searching', chunks_done = chunks_done + 1, chunks_total = %(total)s,
               pairs_compared = pairs_compared + %(pairs)s, proposed = proposed + %(proposed)s
         WHERE search_id = %(search_id)s AND chunks_done = %(done)s AND state <> 'completed'
        """,
        {
            "search_id": search.search_id,
            "done": search.chunks_done,
            "total": chunks_total,
            "pairs": pairs,
            "proposed": proposed,
        },
    )
    return cursor.rowcount == 1


async def complete_search(tx: Transaction, search_id: UUID, *, at: datetime) -> None:
    """Close a search."""
    await tx.execute(
        "UPDATE duplicate_search SET state = 'completed', completed_at = %(at)s"
        " WHERE search_id = %(search_id)s",
        {"search_id": search_id, "at": at},
    )


async def birth_chunks(tx: Transaction) -> list[Birth]:
    """Return the years and sexes that anybody was born in, in order."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        WITH range AS (
            SELECT extract(year FROM min(birth_date))::int AS first,
                   extract(year FROM max(birth_date))::int AS last
              FROM person)
        SELECT year, sex FROM range, generate_series(range.first, range.last) AS year,
               unnest(ARRAY['F', 'M']) AS sex
         ORDER BY year, sex
        """
    )
    return [Birth(*row) for row in await cursor.fetchall()]


def pairs_of_birth(tx: Transaction, birth: Birth) -> AsyncIterator[list[Pair]]:
    """Yield the persons who share a sound, document or phone and a birth as it may be written.

    In one province a single shared token is enough, elsewhere it takes two. The other one of a pair
    is born on the same day, with day and month swapped, on the first of January of that year, or a
    year later: pairs a year earlier stand in the chunk before. A token that more than
    `BLOCK_RECORDS_MAX` born on one day share proposes none of them.
    """
    parameters = {
        "first": date(birth.year, 1, 1),
        "next": date(birth.year + 1, 1, 1),
        "after_next": date(birth.year + 2, 1, 1),
        "sex": birth.sex,
        "most": BLOCK_RECORDS_MAX,
    }
    return _read_pairs(tx, _PAIRS_OF_BIRTH, parameters, Pair)


def pairs_of_document(tx: Transaction, *, most: int) -> AsyncIterator[list[Pair]]:
    """Yield persons who carry the very same document, whatever their birth."""
    return _read_pairs(tx, _PAIRS_OF_DOCUMENT, {"most": most}, Pair)


async def read_comparable_persons(
    tx: Transaction, person_ids: Sequence[UUID]
) -> dict[UUID, tuple[PersonVersion, UUID | None]]:
    """Return the current versions of persons, and where they live."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT {_VERSION}, residence.household_id
          FROM person JOIN person_version AS known USING (person_id, version)
          LEFT JOIN residence USING (person_id)
         WHERE person.person_id = ANY(%(ids)s)
        """,  # noqa: S608 -- our own column names
        {"ids": list(person_ids)},
    )
    return {row[0]: (PersonVersion(*row[:-1]), row[-1]) for row in await cursor.fetchall()}


async def province_chunks(tx: Transaction) -> list[str]:
    """Return the provinces that households live in, in order."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT DISTINCT known.province_code FROM household"
        " JOIN household_version AS known USING (household_id, version) ORDER BY 1"
    )
    return [str(row[0]) for row in await cursor.fetchall()]


def pairs_of_province(tx: Transaction, province_code: str) -> AsyncIterator[list[HouseholdPair]]:
    """Yield households with equal facts in a commune, or with a member who may be one person.

    The number of family nuclei does not count: a household that was split has fewer. Facts that
    more than `BLOCK_RECORDS_MAX` households of a commune declare propose none of them.
    """
    parameters = {"province": province_code, "most": BLOCK_RECORDS_MAX}
    return _read_pairs(tx, _PAIRS_OF_PROVINCE, parameters, HouseholdPair)


async def read_comparable_households(
    tx: Transaction, household_ids: Sequence[UUID]
) -> dict[UUID, ComparableHousehold]:
    """Return what is compared of households."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT household.household_id, known.version_id, known.region_code, known.commune_code,
               known.phone_sealed, head.sex,
               EXISTS (SELECT 1 FROM household_member AS spouse
                        WHERE spouse.household_id = household.household_id
                          AND spouse.version = household.version AND spouse.kinship = 'spouse')
          FROM household JOIN household_version AS known USING (household_id, version)
          JOIN household_member AS head USING (household_id, version)
         WHERE head.head AND household.household_id = ANY(%(ids)s)
        """,
        {"ids": list(household_ids)},
    )
    return {row[0]: ComparableHousehold(*row) for row in await cursor.fetchall()}


async def add_proposals(
    tx: Transaction, proposals: Sequence[Proposal], *, kind: str, at: datetime
) -> int:
    """Propose pairs and return how many are new; one that a registrar settled stays settled."""
    cursor = await tx.execute(
        """
        INSERT INTO duplicate_proposal (proposal_id, kind, first_id, second_id, region_code,
                                        second_region_code, score, evidence, state, proposed_at)
        SELECT found.proposal_id, %(kind)s, found.first_id, found.second_id, found.region,
               found.second_region, found.score, string_to_array(found.evidence, ','),
               'proposed', %(at)s
          FROM unnest(%(ids)s::uuid[], %(firsts)s::uuid[], %(seconds)s::uuid[],
                      %(regions)s::text[], %(second_regions)s::text[], %(scores)s::int[],
                      %(evidence)s::text[])
               AS found (proposal_id, first_id, second_id, region, second_region, score, evidence)
            ON CONFLICT (kind, first_id, second_id) DO UPDATE
           SET score = excluded.score, evidence = excluded.evidence,
               region_code = excluded.region_code,
               second_region_code = excluded.second_region_code
         WHERE duplicate_proposal.state = 'proposed'
        RETURNING (xmax = 0) AS is_new
        """,
        {
            "kind": kind,
            "at": at,
            "ids": [one.proposal_id for one in proposals],
            "firsts": [one.first_id for one in proposals],
            "seconds": [one.second_id for one in proposals],
            "regions": [one.region_code for one in proposals],
            "second_regions": [one.second_region_code for one in proposals],
            "scores": [one.evidence.score for one in proposals],
            "evidence": [",".join(one.evidence.codes) for one in proposals],
        },
    )
    rows: list[dict[str, Any]] = await cursor.fetchall()
    return sum(row["is_new"] for row in rows)


async def _read_pairs(
    tx: Transaction, query: str, parameters: Mapping[str, Any], shape: type[_Shape]
) -> AsyncIterator[list[_Shape]]:
    """Yield what a query finds in parts that memory holds, however many there are."""
    await tx.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
    # All of it is read: a plan that is quick with its first rows only would be the wrong one.
    await tx.execute("SET LOCAL cursor_tuple_fraction = 1")
    async with tx.cursor("pairs", binary=True, row_factory=tuple_row) as cursor:
        await cursor.execute(query, parameters)
        while rows := await cursor.fetchmany(PAIRS_READ_AT_ONCE):
            yield [shape(*row) for row in rows]
