"""Idempotency keys: the same POST twice has one effect and one answer.

The answer is stored in the transaction of the effect, sealed: it may be about people. Two requests
at once meet on the primary key: the second waits for the first to commit, then repeats its answer.
A service whose routes take keys lends its `SealedColumns` as `sealed` on the application's state.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns
from shared.storage.tables import ANSWER_COLUMN, ANSWERS_TABLE
from shared.web.auth import Principal

KEY_CHARACTERS_MAX = 128
REPLAYED = "Idempotent-Replayed"


class IdempotencyKeyMissingError(DomainError):
    """A request that changes something must carry an Idempotency-Key."""

    code: ClassVar[str] = "shared.idempotency-key-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


class IdempotencyKeyReusedError(DomainError):
    """The key was used before with another request."""

    code: ClassVar[str] = "shared.idempotency-key-reused"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True)
class IdempotentCall:
    """One request that changes something, and the key it came with."""

    request: Request
    key: str

    async def kept_answer(self, tx: Transaction) -> Response | None:
        """Return the answer that an equal request already got, if there is one by now.

        For what must be paid for before the transaction of the effect begins, and once only.

        Raises:
            IdempotencyKeyMissingError: The request carries none.
            IdempotencyKeyReusedError: The key came before with another body or route.
        """
        self._check_key()
        row = await _read(tx, client=self._client, key=self.key)
        return None if row is None else self._repeated(row, await self._fingerprint())

    async def once(
        self, tx: Transaction, act: Callable[[], Awaitable[BaseModel]], *, status: int = 200
    ) -> Response:
        """Act in `tx`, or repeat the answer that an equal request already got.

        Args:
            tx: The transaction of the effect; the answer is stored in it.
            act: Does the work and returns the answer's body.
            status: The answer's status.

        Raises:
            IdempotencyKeyMissingError: The request carries none.
            IdempotencyKeyReusedError: The key came before with another body or route.
        """
        self._check_key()
        fingerprint = await self._fingerprint()
        if not await _claim(tx, client=self._client, key=self.key, fingerprint=fingerprint):
            return self._repeated(await _read(tx, client=self._client, key=self.key), fingerprint)
        body = (await act()).model_dump_json().encode()
        answer_id = new_id()
        sealed = self._sealed.seal_bytes(
            body, table=ANSWERS_TABLE, column=ANSWER_COLUMN, row_id=answer_id
        )
        await tx.execute(
            "UPDATE idempotency_key SET status = %s, answer_id = %s, body_sealed = %s"
            " WHERE client = %s AND key = %s",
            (status, answer_id, sealed, self._client, self.key),
        )
        return Response(body, status_code=status, media_type="application/json")

    @property
    def _client(self) -> str:
        principal: Principal = self.request.state.principal
        return principal.subject

    @property
    def _sealed(self) -> SealedColumns:
        sealed: SealedColumns = self.request.app.state.sealed
        return sealed

    def _check_key(self) -> None:
        # Said here and not when the header is read: who may not call learns that first.
        if not self.key:
            message = "Send an Idempotency-Key, so that a repeated request acts once."
            raise IdempotencyKeyMissingError(message)

    def _repeated(self, row: Mapping[str, Any] | None, fingerprint: bytes) -> Response:
        if row is None or bytes(row["fingerprint"]) != fingerprint:
            message = "This Idempotency-Key was used before with another request; choose a new one."
            raise IdempotencyKeyReusedError(message)
        body = row["body"]
        if row["body_sealed"] is not None:
            body = self._sealed.unseal_bytes(
                row["body_sealed"],
                table=ANSWERS_TABLE,
                column=ANSWER_COLUMN,
                row_id=row["answer_id"],
            )
        return Response(
            bytes(body),
            status_code=int(row["status"]),
            media_type="application/json",
            headers={REPLAYED: "true"},
        )

    async def _fingerprint(self) -> bytes:
        digest = sha256(f"{self.request.method} {self.request.url.path}\n".encode())
        digest.update(await self.request.body())
        return digest.digest()


async def _claim(tx: Transaction, *, client: str, key: str, fingerprint: bytes) -> bool:
    cursor = await tx.execute(
        "INSERT INTO idempotency_key (client, key, fingerprint) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (client, key, fingerprint),
    )
    return cursor.rowcount == 1


async def _read(tx: Transaction, *, client: str, key: str) -> Mapping[str, Any] | None:
    cursor = await tx.execute(
        "SELECT fingerprint, status, answer_id, body_sealed, body FROM idempotency_key"
        " WHERE client = %s AND key = %s",
        (client, key),
    )
    return await cursor.fetchone()


async def _idempotent_call(
    request: Request,
    key: Annotated[
        str | None, Header(alias="Idempotency-Key", max_length=KEY_CHARACTERS_MAX)
    ] = None,
) -> IdempotentCall:
    return IdempotentCall(request=request, key=(key or "").strip('"'))


Idempotent = Annotated[IdempotentCall, Depends(_idempotent_call)]
