"""Officers: each signs in with a key of their own and does only what their role may do."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
RENEW_BEFORE_SECONDS = 60.0
UPLOAD_BLOCK_BYTES = 256 * 1024
REQUEST_SECONDS_MAX = 600.0


class RefusedError(Exception):
    """The platform refused a request; the message holds its problem code and sentence."""


@dataclass
class Officer:
    """One role at one gateway."""

    gateway: str
    key_file: Path
    http: httpx.Client
    _token: str = ""
    _renew_at: float = 0.0
    _card: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str) -> dict[str, Any]:
        """Read a resource."""
        return self._answer(self.http.get(self.gateway + path, headers=self._headers()))

    def post(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        """Change something, once for each `key`."""
        headers = {**self._headers(), "Idempotency-Key": key}
        return self._answer(self.http.post(self.gateway + path, json=body, headers=headers))

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Put something in force."""
        return self._answer(self.http.put(self.gateway + path, json=body, headers=self._headers()))

    def upload(self, path: str, file: Path, *, key: str) -> dict[str, Any]:
        """Stream a file of JSON Lines, with its digest."""
        digest = base64.b64encode(file_digest(file)).decode()
        headers = {
            **self._headers(),
            "Idempotency-Key": key,
            "Content-Digest": f"sha-256=:{digest}:",
            "Content-Type": "application/jsonl",
        }
        response = self.http.post(self.gateway + path, content=_blocks(file), headers=headers)
        return self._answer(response)

    def _headers(self) -> dict[str, str]:
        if time.monotonic() > self._renew_at:
            self._sign_in()
        return {"Authorization": f"Bearer {self._token}"}

    def _sign_in(self) -> None:
        response = self.http.post(
            f"{self.gateway}/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(),
            },
        )
        if response.status_code != httpx.codes.OK:
            message = f"The gateway gave no token to {self.key_file.stem} ({response.status_code})."
            raise RefusedError(message)
        answer = response.json()
        self._token = answer["access_token"]
        self._renew_at = time.monotonic() + float(answer["expires_in"]) - RENEW_BEFORE_SECONDS

    def _assertion(self) -> str:
        if not self._card:
            self._card = json.loads(self.key_file.read_text("utf-8"))
        key = ECKey.import_key(self._card["private_key"])
        now = int(time.time())  # noqa: TID251 -- credentials expire by real time
        claims = {
            "iss": self._card["client_id"],
            "sub": self._card["client_id"],
            "aud": self._card["issuer"],
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_hex(16),
        }
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        if response.is_success:
            body: dict[str, Any] = response.json()
            return body
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        reason = problem.get("detail", "no reason was given")
        code = problem.get("code", response.status_code)
        message = f"{response.request.method} {response.request.url.path}: {code}: {reason}"
        raise RefusedError(message)


def file_digest(file: Path) -> bytes:
    """Return the SHA-256 of a file, read in blocks."""
    digest = sha256()
    for block in _blocks(file):
        digest.update(block)
    return digest.digest()


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(UPLOAD_BLOCK_BYTES):
            yield block
