"""Idempotency keys: the same POST twice has one effect and one answer.

The answer is stored in the transaction of the effect. Two requests at once meet on the primary
key: the second waits for the first to commit, then repeats its answer.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, ClassVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from shared.kernel.errors import DomainError, ErrorKind
from shared.storage.database import Transaction
from shared.web.auth import Principal

KEY_CHARACTERS_MAX = 128


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
        # Said here and not when the header is read: who may not call learns that first.
        if not self.key:
            message = "Send an Idempotency-Key, so that a repeated request acts once."
            raise IdempotencyKeyMissingError(message)
        principal: Principal = self.request.state.principal
        fingerprint = await self._fingerprint()
        client = principal.subject
        if not await _claim(tx, client=client, key=self.key, fingerprint=fingerprint):
            return await _repeat(tx, client=client, key=self.key, fingerprint=fingerprint)
        body = (await act()).model_dump_json().encode()
        await tx.execute(
            "UPDATE idempotency_key SET status = %s, body = %s WHERE client = %s AND key = %s",
            (status, body, client, self.key),
        )
        return Response(body, status_code=status, media_type="application/json")

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


async def _repeat(tx: Transaction, *, client: str, key: str, fingerprint: bytes) -> Response:
    cursor = await tx.execute(
        "SELECT fingerprint, status, body FROM idempotency_key WHERE client = %s AND key = %s",
        (client, key),
    )
    row = await cursor.fetchone()
    if row is None or bytes(row["fingerprint"]) != fingerprint:
        message = "This Idempotency-Key was used before with another request; choose a new one."
        raise IdempotencyKeyReusedError(message)
    return Response(
        bytes(row["body"]),
        status_code=int(row["status"]),
        media_type="application/json",
        headers={"Idempotent-Replayed": "true"},
    )


async def _idempotent_call(
    request: Request,
    key: Annotated[
        str | None, Header(alias="Idempotency-Key", max_length=KEY_CHARACTERS_MAX)
    ] = None,
) -> IdempotentCall:
    return IdempotentCall(request=request, key=(key or "").strip('"'))


Idempotent = Annotated[IdempotentCall, Depends(_idempotent_call)]
