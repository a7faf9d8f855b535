"""Registered clients: what each may be granted, and what a sound registration looks like."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.gateway.domain.errors import ClientMalformedError, ScopeRefusedError
from services.gateway.domain.roles import RoleBook

PublicKey = Mapping[str, str]

CLIENT_ID_CHARACTERS_MAX = 64
CLIENT_KEYS_MAX = 4
SCOPE_CHARACTERS_MAX = 2_048

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY_FIELDS = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg"})


@dataclass(frozen=True, slots=True)
class Client:
    """A machine that may ask for tokens; it holds the private halves of `public_keys`."""

    client_id: str
    public_keys: tuple[PublicKey, ...]
    roles: tuple[str, ...]
    scopes: frozenset[str]
    regions: tuple[str, ...]
    programmes: tuple[str, ...]
    purposes: tuple[str, ...]
    flags: tuple[str, ...] = ()
    disabled: bool = False

    def granted(self, requested: str | None, *, book: RoleBook) -> tuple[str, ...]:
        """Return the scopes of a token, sorted.

        Args:
            requested: The `scope` parameter: names separated by one space; None asks for all.
            book: Today's roles. A scope that left the client's roles is no longer granted.

        Raises:
            ScopeRefusedError: A requested scope is not the client's, or nothing would be granted.
        """
        held = self.scopes & book.scopes_of(name for name in self.roles if name in book.roles)
        if requested is None:
            asked = held
        elif len(requested) > SCOPE_CHARACTERS_MAX:
            message = "The scope parameter is too long."
            raise ScopeRefusedError(message)
        else:
            asked = frozenset(requested.split(" "))
        if not asked or not asked <= held:
            message = "The client does not have every scope it asked for."
            raise ScopeRefusedError(message)
        return tuple(sorted(asked))


def check_registration(client: Client, *, book: RoleBook) -> None:
    """Refuse a client that could never authenticate, or that exceeds its roles.

    Raises:
        ClientMalformedError: The id, a key, a role, a scope or a purpose is not acceptable.
        UnknownRoleError: A role is not in the role book.
    """
    if not _CLIENT_ID.fullmatch(client.client_id):
        message = "A client id is 2 to 64 lower-case letters, digits and hyphens."
        raise ClientMalformedError(message)
    if not client.scopes <= book.scopes_of(client.roles):
        message = "The client has a scope that none of its roles has."
        raise ClientMalformedError(message)
    if not set(client.purposes) <= book.purposes.keys():
        message = "The client states a purpose that is not in the role file."
        raise ClientMalformedError(message)
    _check_keys(client.public_keys)


def _check_keys(keys: Iterable[PublicKey]) -> None:
    keys = tuple(keys)
    if not 1 <= len(keys) <= CLIENT_KEYS_MAX:
        message = f"A client has 1 to {CLIENT_KEYS_MAX} public keys."
        raise ClientMalformedError(message)
    if len({key.get("kid", "") for key in keys}) < len(keys):
        message = "Every key of a client has a kid of its own."
        raise ClientMalformedError(message)
    for key in keys:
        _check_key(key)


def _check_key(key: PublicKey) -> None:
    if "d" in key:
        message = "This is a private key; register its public half and keep this one secret."
        raise ClientMalformedError(message)
    sound = (
        key.keys() <= _KEY_FIELDS
        and (key.get("kty"), key.get("crv")) == ("EC", "P-256")
        and _COORDINATE.fullmatch(key.get("x", "")) is not None
        and _COORDINATE.fullmatch(key.get("y", "")) is not None
        and key.get("use", "sig") == "sig"
        and key.get("alg", "ES256") == "ES256"
        and 1 <= len(key.get("kid", "")) <= CLIENT_ID_CHARACTERS_MAX
    )
    if not sound:
        message = "A client key is a P-256 public signing key with a kid (RFC 7517)."
        raise ClientMalformedError(message)
