"""Callbacks over HTTP to addresses that partners stated: bounded in time and size, no detours."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

import httpx

ANSWER_BYTES_MAX = 64 * 1024
SECONDS_MAX = 10.0


class CallbackUnreachableError(Exception):
    """The partner's machine gave no answer; `word` says how."""

    def __init__(self, word: str) -> None:
        """Take one of our own words: what the network said may name people."""
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What a partner's machine answered, cut at `ANSWER_BYTES_MAX`."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class CallbackChannel:
    """Posts callbacks; it follows no redirect and obeys no proxy of the environment."""

    client: httpx.AsyncClient
    seconds_max: float = SECONDS_MAX

    async def post(self, uri: str, body: bytes, headers: Mapping[str, str]) -> CallbackAnswer:
        """Post a body and return the answer.

        Raises:
            CallbackUnreachableError: There was none in time.
        """
        try:
            async with (
                asyncio.timeout(self.seconds_max),
                self.client.stream("POST", uri, content=body, headers=dict(headers)) as response,
            ):
                return CallbackAnswer(response.status_code, await _beginning(response))
        except (TimeoutError, httpx.TimeoutException) as error:
            word = "timeout"
            raise CallbackUnreachableError(word) from error
        except httpx.ConnectError as error:
            word = "no-connection"
            raise CallbackUnreachableError(word) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            word = "broken-off"
            raise CallbackUnreachableError(word) from error


@asynccontextmanager
async def open_channel(*, seconds_max: float = SECONDS_MAX) -> AsyncIterator[CallbackChannel]:
    """Open a channel for some callbacks; connections to a host are shared among them."""
    async with httpx.AsyncClient(
        verify=_tls(), timeout=seconds_max, follow_redirects=False, trust_env=False
    ) as client:
        yield CallbackChannel(client, seconds_max)


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= ANSWER_BYTES_MAX:
            break
    return bytes(body[:ANSWER_BYTES_MAX])


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Read the trusted authorities once: it takes longer than a callback."""
    return httpx.create_ssl_context(trust_env=False)
