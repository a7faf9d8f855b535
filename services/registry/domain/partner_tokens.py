"""What a partner's token for a person looks like: the key it was made with, and sealed bytes."""

import base64
import re
from typing import NamedTuple

from typing_extensions import override

TOKEN_BYTES = 32
"""A synthetic initialisation vector and the 16 bytes of a person's id."""
TOKEN_PATTERN = r"^[a-z0-9-]{1,16}\.[A-Za-z0-9_-]{43}$"  # noqa: S105 -- a shape, not a secret

_TOKEN = re.compile(TOKEN_PATTERN)


class PartnerToken(NamedTuple):
    """A token taken apart."""

    key_id: str
    sealed: bytes

    @override
    def __str__(self) -> str:
        """Return the text that partners store."""
        return f"{self.key_id}.{base64.urlsafe_b64encode(self.sealed).rstrip(b'=').decode()}"


def read_token(text: str) -> PartnerToken | None:
    """Return a token taken apart, or None if this is none."""
    if _TOKEN.fullmatch(text) is None:
        return None
    key_id, _, body = text.partition(".")
    token = PartnerToken(key_id, base64.urlsafe_b64decode(body + "="))
    # The last letter of 32 bytes has two idle bits: only one spelling of a token is a token.
    return token if str(token) == text else None
