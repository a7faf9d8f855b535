"""Registered clients: what each may be granted, and what a sound registration looks like."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.gateway.domain.errors import (
    ClientChangeRefusedError,
    ClientMalformedError,
    ScopeRefusedError,
)
from services.gateway.domain.roles import Role, RoleBook

PublicKey = Mapping[str, str]

CLIENT_ID_CHARACTERS_MAX = 64
CLIENT_KEYS_MAX = 4
SCOPE_CHARACTERS_MAX = 2_048
KEY_FIELDS = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg"})

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
_REGION = re.compile(r"\*|0[1-9]|1[0-2]")
_PROGRAMME = re.compile(r"\*|[a-z][a-z0-9-]{1,63}")
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")


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

    def with_key(self, key: PublicKey) -> "Client":
        """Return the client with one key more.

        Raises:
            ClientMalformedError: The key is not acceptable, or the client has enough.
        """
        keys = (*self.public_keys, key)
        _check_keys(keys)
        return replace(self, public_keys=keys)

    def without_key(self, kid: str) -> "Client":
        """Return the client without one of its keys.

        Raises:
            ClientChangeRefusedError: It has no such key, or no other.
        """
        kept = tuple(key for key in self.public_keys if key["kid"] != kid)
        if len(kept) == len(self.public_keys):
            message = "The client has no key of that kid; `clients list` names its keys."
            raise ClientChangeRefusedError(message)
        if not kept:
            message = "It is the client's only key; add its successor first, or disable the client."
            raise ClientChangeRefusedError(message)
        return replace(self, public_keys=kept)

    def with_rights(
        self,
        role: Role | None,
        *,
        regions: tuple[str, ...] | None,
        programmes: tuple[str, ...] | None,
    ) -> "Client":
        """Return the client with other rights; what is None stays as it was.

        Args:
            role: Its only role from now on, of which it may do everything.
            regions: Where.
            programmes: For which programmes.
        """
        of_role = (
            self
            if role is None
            else replace(self, roles=(role.name,), scopes=role.scopes, purposes=role.purposes)
        )
        return replace(
            of_role,
            regions=self.regions if regions is None else regions,
            programmes=self.programmes if programmes is None else programmes,
        )


def client_of_role(
    client_id: str,
    role: Role,
    key: PublicKey,
    *,
    regions: tuple[str, ...] | None = None,
    programmes: tuple[str, ...] | None = None,
) -> Client:
    """Return a client that may do whatever its role may.

    Args:
        client_id: Its name.
        role: Its only role.
        key: The public half of its key.
        regions: Where; by default wherever its role may.
        programmes: For which programmes; by default for those of its role.
    """
    return Client(
        client_id=client_id,
        public_keys=(key,),
        roles=(role.name,),
        scopes=role.scopes,
        regions=role.regions if regions is None else regions,
        programmes=role.programmes if programmes is None else programmes,
        purposes=role.purposes,
    )


def check_registration(client: Client, *, book: RoleBook) -> None:
    """Refuse a client that could never authenticate, or that exceeds its roles.

    Raises:
        ClientMalformedError: The id, a key, a scope, a purpose or a place is not acceptable.
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
    if not all(map(_REGION.fullmatch, client.regions)):
        message = "A region is one of 01 to 12, or * for all."
        raise ClientMalformedError(message)
    if not all(map(_PROGRAMME.fullmatch, client.programmes)):
        message = "A programme is a name as in asd, or * for all."
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
        key.keys() <= KEY_FIELDS
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
