"""Searching the registers: the ids of a page first, then all that its records need."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.registry.domain.dci_attributes import Of
from services.registry.domain.dci_conditions import (
    RECORDS_MAX,
    Among,
    Comparison,
    Condition,
    leaves,
)
from services.registry.domain.dci_queries import SortKey
from services.registry.domain.dci_record_types import RecordType
from services.registry.storage.dci_expressions import (
    Parameters,
    condition_sql,
    order_sql,
    regions_sql,
    sort_columns,
)
from shared.storage.database import Transaction

SEARCH_SECONDS_MAX = 5

_GROUP_JOINS = """
      JOIN household_version AS ver
        ON ver.household_id = grp.household_id AND ver.version = grp.version
      LEFT JOIN household_version AS first
        ON first.household_id = grp.household_id AND first.version = 1
      LEFT JOIN household_index AS idx ON idx.household_id = grp.household_id
"""
_MEMBER_JOINS = """
      JOIN household_member AS mem
        ON mem.household_id = grp.household_id AND mem.version = grp.version
       AND mem.person_id = res.person_id
      JOIN person AS per ON per.person_id = res.person_id
"""
_FROM: Mapping[RecordType, str] = {
    RecordType.GROUP: f"FROM household AS grp {_GROUP_JOINS}",
    RecordType.MEMBER: (
        "FROM residence AS res JOIN household AS grp ON grp.household_id = res.household_id"
        f" {_GROUP_JOINS} {_MEMBER_JOINS}"
    ),
    RecordType.CIVIL_PERSON: """
        FROM person AS per
        JOIN person_version AS pv ON pv.person_id = per.person_id AND pv.version = per.version
    """,
}
_IDS: Mapping[RecordType, str] = {
    RecordType.GROUP: "grp.household_id",
    RecordType.MEMBER: "res.person_id",
    RecordType.CIVIL_PERSON: "per.person_id",
}
_REGIONS: Mapping[RecordType, tuple[str, ...]] = {
    RecordType.GROUP: ("grp.region_code",),
    RecordType.MEMBER: ("grp.region_code", "per.region_code"),
    RecordType.CIVIL_PERSON: ("per.region_code",),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for, identifiers already looked up."""

    record_type: RecordType
    condition: Condition
    regions: Collection[str]
    sort: Sequence[SortKey] = ()
    page_size: int = 1
    page_number: int = 1


@dataclass(frozen=True, slots=True)
class FoundPage:
    """The subjects of a page in their order, and how many there are on all pages.

    The count stops one above `RECORDS_MAX`.
    """

    ids: tuple[UUID, ...]
    total: int


async def limit_search_time(tx: Transaction) -> None:
    """Have the database give up a statement after `SEARCH_SECONDS_MAX`."""
    await tx.execute(
        "SELECT set_config('statement_timeout', %(limit)s, true)",
        {"limit": f"{SEARCH_SECONDS_MAX}s"},
    )


async def find_page(tx: Transaction, search: Search) -> FoundPage:
    """Return one page of the subjects that a condition is true of."""
    parameters = Parameters(
        most=RECORDS_MAX + 1,
        size=search.page_size,
        skip=search.page_size * (search.page_number - 1),
    )
    where = _found_where(search.record_type, search.condition, search.regions, parameters)
    columns = ", ".join([f"{_IDS[search.record_type]} AS id", *sort_columns(search.sort)])
    order = order_sql(search.sort, last="id")
    cursor = await tx.execute(
        f"""
        WITH found AS (
             SELECT {columns} {_FROM[search.record_type]} WHERE {where} LIMIT %(most)s)
        SELECT counted.total, page.*
          FROM (SELECT count(*) AS total FROM found) AS counted
          LEFT JOIN LATERAL (
               SELECT * FROM found ORDER BY {order} LIMIT %(size)s OFFSET %(skip)s) AS page ON true
         ORDER BY {order}
        """.encode(),  # noqa: S608 -- expressions of ours; values are bound
        parameters.values,
    )
    rows = await cursor.fetchall()
    ids = tuple(row["id"] for row in rows if row["id"] is not None)
    return FoundPage(ids, rows[0]["total"])


def select_ids(
    record_type: RecordType,
    condition: Condition,
    regions: Collection[str],
    parameters: Parameters,
    *,
    among: str,
) -> str:
    """Return the statement that tells of whom among some subjects a condition is true.

    Args:
        record_type: What the subjects are.
        condition: The condition.
        regions: Where subjects must lie.
        parameters: Where values are bound.
        among: The placeholder of the subjects' ids.
    """
    where = _found_where(record_type, condition, regions, parameters)
    column = _IDS[record_type]
    return f"""
        SELECT {column} AS id {_FROM[record_type]}
         WHERE {column} = ANY({among}::uuid[]) AND {where}
    """


def _found_where(
    record_type: RecordType,
    condition: Condition,
    regions: Collection[str],
    parameters: Parameters,
) -> str:
    """Return the rows of a record type that a condition is true of.

    What a query says of members is said of one and the same member: a group is found if there is
    one of whom the whole query is true.
    """
    if record_type is RecordType.GROUP and _is_about_members(condition):
        # OFFSET 0 has the pairs of household and member planned by themselves. Else there are more
        # tables than the planner reorders, and it reads every household to find one person's.
        pairs = _found_where(RecordType.MEMBER, condition, regions, parameters)
        return f"""
            grp.household_id IN (
                SELECT grp.household_id {_FROM[RecordType.MEMBER]} WHERE {pairs} OFFSET 0)
        """
    within = [regions_sql(regions, column, parameters) for column in _REGIONS[record_type]]
    standing = [] if record_type is RecordType.CIVIL_PERSON else ["grp.state = 'standing'"]
    return " AND ".join([*standing, *within, condition_sql(condition, parameters)])


def _is_about_members(condition: Condition) -> bool:
    return any(
        (leaf.attribute.of if isinstance(leaf, Comparison) else leaf.of) is Of.PERSON
        for leaf in leaves(condition)
        if isinstance(leaf, Comparison | Among)
    )


async def find_by_blinds(tx: Transaction, blinds: Sequence[bytes], *, of: Of) -> dict[bytes, UUID]:
    """Return whom blind indexes of IDCS or of household references stand for.

    Only those are found whom the transaction's scope lets see.
    """
    column = "idcs_blind" if of is Of.PERSON else "reference_blind"
    cursor = await tx.execute(
        f"SELECT {of}_id AS id, {column} AS blind FROM {of}"  # noqa: S608 -- words of ours
        f" WHERE {column} = ANY(%(blinds)s)".encode(),
        {"blinds": list(blinds)},
    )
    return {bytes(row["blind"]): row["id"] for row in await cursor.fetchall()}


async def find_by_documents(
    tx: Transaction, blinds: Sequence[bytes], *, tokens: Sequence[int]
) -> dict[bytes, UUID]:
    """Return who bears identity documents; more than one person may, the newest is returned.

    Args:
        tx: The open transaction.
        blinds: Every blind index that a row may hold for the documents.
        tokens: Their search tokens, which an index finds.
    """
    cursor = await tx.execute(
        """
        SELECT person_id AS id, document_blind AS blind FROM person
         WHERE search_tokens && %(tokens)s::bigint[] AND document_blind = ANY(%(blinds)s)
         ORDER BY person_id
        """,
        {"blinds": list(blinds), "tokens": list(tokens)},
    )
    return {bytes(row["blind"]): row["id"] for row in await cursor.fetchall()}


async def find_regions(
    tx: Transaction, ids: Sequence[UUID], *, of: Of, regions: Collection[str]
) -> dict[UUID, str]:
    """Return the region codes of those of these subjects that lie in some regions."""
    parameters = Parameters(ids=list(ids))
    rows = regions_sql(regions, "region_code", parameters)
    cursor = await tx.execute(
        f"SELECT {of}_id AS id, region_code FROM {of}"  # noqa: S608 -- a word of ours
        f" WHERE {of}_id = ANY(%(ids)s) AND {rows}".encode(),
        parameters.values,
    )
    return {row["id"]: row["region_code"] for row in await cursor.fetchall()}


def row_of(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the columns of a row that carry a prefix, without it."""
    return {
        name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)
    }
