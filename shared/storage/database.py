"""Connections and transactions on PostgreSQL, with the rows a caller may see bound to each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Transaction: TypeAlias = AsyncConnection[dict[str, Any]]

EVERYTHING = "*"
OPEN_TIMEOUT_SECONDS = 20.0
CONNECTION_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RowScope:
    """The regions and programmes whose rows a caller may touch; `*` means all of them."""

    regions: tuple[str, ...]
    programmes: tuple[str, ...]

    @classmethod
    def everything(cls) -> "RowScope":
        """Return the scope that hides nothing."""
        return cls(regions=(EVERYTHING,), programmes=(EVERYTHING,))

    @property
    def single_regions(self) -> tuple[str, ...] | None:
        """Return the regions one by one, None if they are all."""
        return None if EVERYTHING in self.regions else self.regions

    @property
    def single_programmes(self) -> tuple[str, ...] | None:
        """Return the programmes one by one, None if they are all."""
        return None if EVERYTHING in self.programmes else self.programmes


class Database:
    """A pool of connections under one role; a transaction is the only way to use one."""

    def __init__(
        self,
        url: str,
        *,
        pool_max: int = 8,
        pool_min: int = 1,
        application_name: str = "sanad",
    ) -> None:
        """Prepare a pool for the role in `url`; `open` connects.

        A connection is not tried before it is lent: that would be one more round trip for every
        transaction. After a restart of the server a few transactions fail, as they would anyway;
        consumers and loops try again, and callers are told 503 with Retry-After.
        """
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "application_name": application_name},
            min_size=pool_min,
            max_size=pool_max,
            timeout=CONNECTION_WAIT_SECONDS,
            open=False,
        )

    async def open(self) -> None:
        """Connect, or fail within `OPEN_TIMEOUT_SECONDS`."""
        await self._pool.open(wait=True, timeout=OPEN_TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Give every connection back to the server."""
        await self._pool.close()

    @asynccontextmanager
    async def snapshot(self, scope: RowScope | None = None) -> AsyncIterator[Transaction]:
        """Begin a transaction whose statements all see what its first one saw.

        For whatever is read in several statements and told as one: what somebody changes between
        two of them would be told by half. It may add rows (an access log's); of rows that others
        may be changing it changes none, since the server refuses that to one of the two.

        Args:
            scope: As for `transaction`.
        """
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await _bind(connection, scope)
            yield connection

    @asynccontextmanager
    async def transaction(
        self, scope: RowScope | None = None, *, pipelined: bool = False
    ) -> AsyncIterator[Transaction]:
        """Begin, then commit on a clean exit and roll back otherwise.

        Args:
            scope: The rows this transaction may see under row-level security. None shows an api
                role nothing at all; a worker role is not bound by it.
            pipelined: Wait for the server where rows are fetched and at the end alone, not for each
                statement: twice instead of five times for a look-up, between which a busy loop does
                all else first. A statement that fails may then be told of by a later one, or by
                the end; nothing is kept all the same.
        """
        async with (
            self._pool.connection() as connection,
            connection.pipeline() if pipelined else nullcontext(),
        ):
            await _bind(connection, scope)
            yield connection
            # Within the pipeline, which the pool's own commit is not.
            await connection.commit()


async def _bind(connection: Transaction, scope: RowScope | None) -> None:
    """Show an open transaction the rows of a scope."""
    if scope is not None:
        await connection.execute(
            "SELECT set_config('sanad.regions', %s, true),"
            " set_config('sanad.programmes', %s, true)",
            (",".join(scope.regions), ",".join(scope.programmes)),
        )
