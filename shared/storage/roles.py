"""Roles and databases: one database per service, and three roles with what each may do in it.

`<s>_owner` migrates; `<s>_api` is bound by row-level security and never deletes; `<s>_worker` sees
every row and may COPY and delete, but changes no table's shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROLE_KINDS = ("owner", "api", "worker")


@dataclass(frozen=True, slots=True, repr=False)
class ServiceUrls:
    """Where a service's three roles connect; passwords included, so it has no repr."""

    owner: str
    api: str
    worker: str


def provision(
    admin_url: str, service: str, *, passwords: Mapping[str, str], database: str | None = None
) -> ServiceUrls:
    """Make a service's roles and its empty database, or bring them to what they should be.

    Args:
        admin_url: A superuser's address on the server.
        service: The service's name; roles are `<service>_owner`, `_api`, `_worker`.
        passwords: A password per kind of role.
        database: The database's name, `sanad_<service>` unless stated.
    """
    database = database or f"sanad_{service}"
    with psycopg.connect(admin_url, autocommit=True) as admin:  # noqa: TID251 -- makes the roles
        for kind in ROLE_KINDS:
            _make_role(admin, f"{service}_{kind}", kind=kind, password=passwords[kind])
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
        if known.fetchone() is None:
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(database), sql.Identifier(f"{service}_owner")
                )
            )
    with psycopg.connect(  # noqa: TID251 -- makes the roles
        _with_database(admin_url, database), autocommit=True
    ) as inside:
        _grant(inside, service, database)
    return urls_of(admin_url, service, passwords=passwords, database=database)


def urls_of(
    server_url: str, service: str, *, passwords: Mapping[str, str], database: str | None = None
) -> ServiceUrls:
    """Return the addresses of a service's roles on a server."""
    database = database or f"sanad_{service}"
    addresses = {
        kind: _with_user(_with_database(server_url, database), f"{service}_{kind}", passwords[kind])
        for kind in ROLE_KINDS
    }
    return ServiceUrls(**addresses)


def _make_role(admin: psycopg.Connection, role: str, *, kind: str, password: str) -> None:
    known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
    verb = sql.SQL("CREATE" if known.fetchone() is None else "ALTER")
    bypass = sql.SQL("BYPASSRLS" if kind == "worker" else "NOBYPASSRLS")
    admin.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE {} PASSWORD {}").format(
            verb, sql.Identifier(role), bypass, sql.Literal(password)
        )
    )


def _grant(inside: psycopg.Connection, service: str, database: str) -> None:
    owner, api, worker = (sql.Identifier(f"{service}_{kind}") for kind in ROLE_KINDS)
    names = {"db": sql.Identifier(database), "owner": owner, "api": api, "worker": worker}
    for statement in (
        "REVOKE ALL ON DATABASE {db} FROM PUBLIC",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {db} TO {owner}, {api}, {worker}",
        # A worker stages rows in temporary tables; that is no change of any table's shape.
        "GRANT TEMPORARY ON DATABASE {db} TO {owner}, {worker}",
        "GRANT ALL ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {api}, {worker}",
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT SELECT, INSERT, UPDATE ON TABLES TO {api}"
        ),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {worker}"
        ),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT USAGE ON SEQUENCES TO {api}, {worker}"
        ),
    ):
        inside.execute(sql.SQL(statement).format(**names))


def _with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password, safe='')}@{place}"))
