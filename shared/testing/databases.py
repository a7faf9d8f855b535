"""Migrated databases for tests: one template per service, one copy per test."""

import importlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from shared.storage.database import Database, RowScope, Transaction
from shared.storage.migrations import migrate
from shared.storage.roles import ROLE_KINDS, ServiceUrls, provision, urls_of

PASSWORDS = {kind: f"only-for-tests-{kind}" for kind in ROLE_KINDS}
TODAY = date(2026, 11, 20)


@dataclass
class ServiceDatabases:
    """One service's database, as each of its roles sees it."""

    service: str
    urls: ServiceUrls
    owner: Database
    api: Database
    worker: Database

    async def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """Return what a query shows to the worker, who sees every row."""
        async with self.worker.transaction(RowScope.everything()) as tx:
            return await fetch(tx, query, **parameters)

    async def value(self, query: str, **parameters: object) -> Any:  # noqa: ANN401 -- any column
        """Return the first column of the first row."""
        rows = await self.rows(query, **parameters)
        return next(iter(rows[0].values()))

    async def open(self) -> None:
        """Connect as every role."""
        for database in (self.owner, self.api, self.worker):
            await database.open()

    async def close(self) -> None:
        """Disconnect."""
        for database in (self.owner, self.api, self.worker):
            await database.close()


async def fetch(tx: Transaction, query: str, **parameters: object) -> list[dict[str, Any]]:
    """Return all rows of a query."""
    cursor = await tx.execute(query.encode(), parameters)
    return await cursor.fetchall()


@dataclass
class DatabaseFactory:
    """Makes databases on one server, and removes them."""

    admin_url: str
    _templates: dict[str, str] = field(default_factory=dict)
    _made: list[ServiceDatabases] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def make(self, service: str, *, migrations: Path | None = None) -> ServiceDatabases:
        """Return an open, freshly migrated database of a service.

        Args:
            service: The service's name.
            migrations: Its history, by default the one its `main` names.
        """
        template = self._template(service, migrations)
        name = f"test_{service}_{next(self._numbers)}"
        with self._admin() as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name),
                    sql.Identifier(template),
                    sql.Identifier(f"{service}_owner"),
                )
            )
        urls = urls_of(self.admin_url, service, passwords=PASSWORDS, database=name)
        made = ServiceDatabases(
            service,
            urls,
            owner=Database(urls.owner, pool_min=0, pool_max=2),
            api=Database(urls.api, pool_min=0, pool_max=8),
            worker=Database(urls.worker, pool_min=0, pool_max=8),
        )
        await made.open()
        self._made.append(made)
        return made

    async def drop_all(self) -> None:
        """Close and remove what this factory made, keeping the templates."""
        for made in self._made:
            await made.close()
            name = urlsplit(made.urls.owner).path.lstrip("/")
            with self._admin() as admin:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                admin.execute(drop.format(sql.Identifier(name)))
        self._made.clear()

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.admin_url, autocommit=True)  # noqa: TID251 -- makes databases

    def _template(self, service: str, migrations: Path | None) -> str:
        known = self._templates.get(service)
        if known is not None:
            return known
        name = f"test_{service}_template"
        urls = provision(self.admin_url, service, passwords=PASSWORDS, database=name)
        location = migrations
        if location is None:
            location = importlib.import_module(f"services.{service}.main").MIGRATIONS
        migrate(urls.owner, location, today=TODAY)
        self._templates[service] = name
        return name
