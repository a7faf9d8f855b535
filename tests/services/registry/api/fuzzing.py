"""What fuzzing needs beside schemathesis: callers, known subjects, and the state of the tables."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.testing.databases import ServiceDatabases
from shared.testing.tokens import Issuer

REPOSITORY = Path(__file__).parents[4]
ROLES = tomllib.loads((REPOSITORY / "services/gateway/domain/roles.toml").read_text("utf-8"))
# What a refused request may leave: that a file arrived broken is a job of its own, with the lease
# of its upload; and quotas count what was asked for.
KEPT_OF_REFUSALS = frozenset({"import_job", "import_block", "lease", "partner_quota"})


@dataclass(frozen=True)
class Callers:
    """Tokens of the roles that may do what an operation asks for."""

    issuer: Issuer
    subjects: Mapping[str, str]
    """By role, who calls if it matters."""
    signed: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def headers(self, operation: Mapping[str, Any]) -> dict[str, str]:
        """Return the headers of the first role that holds the operation's scopes."""
        scopes = tuple(scope for need in operation["security"] for scope in need["oauth2"])
        if scopes not in self.signed:
            self.signed[scopes] = self._sign(scopes)
        return self.signed[scopes]

    def _sign(self, scopes: tuple[str, ...]) -> dict[str, str]:
        role = next(
            (name for name, each in ROLES["roles"].items() if {*scopes} <= {*each["scopes"]}), ""
        )
        purposes = ROLES["roles"].get(role, {}).get("purposes") or ["enrolment-check"]
        headers = self.issuer.headers(
            *scopes,
            subject=self.subjects.get(role, "client-under-test"),
            roles=[role],
            purposes=purposes,
        )
        return headers | {"Sanad-Purpose": purposes[0]}


@dataclass(frozen=True)
class Known:
    """Values that stand for somebody or something, by the names of fields."""

    values: Mapping[str, Any]

    def put_into(self, document: Any) -> Any:  # noqa: ANN401 -- any JSON
        """Return a JSON document whose fields of these names speak of what is known."""
        if isinstance(document, dict):
            return {
                name: self.values.get(name, self.put_into(value))
                for name, value in document.items()
            }
        if isinstance(document, list):
            return [self.put_into(item) for item in document]
        return document


@dataclass
class Tables:
    """Every table of a database, and a text that changes with any row of any of them."""

    databases: ServiceDatabases
    _query: str = ""

    async def state(self) -> Mapping[str, str]:
        """Return, by table, how many rows it has and the newest transaction that wrote one."""
        if not self._query:
            rows = await self.databases.rows(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace ORDER BY relname"
            )
            names = [row["relname"] for row in rows if row["relname"] not in KEPT_OF_REFUSALS]
            self._query = " UNION ALL ".join(
                f"SELECT '{name}' AS name, count(*) || '/' || coalesce(max(xmin::text::bigint), 0)"  # noqa: S608 -- our own tables
                f" AS state FROM {name}"
                for name in names
            )
        async with self.databases.owner.transaction() as tx:
            cursor = await tx.execute(self._query.encode())
            return {row["name"]: row["state"] for row in await cursor.fetchall()}
