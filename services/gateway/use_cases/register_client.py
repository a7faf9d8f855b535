"""Register machines that may ask for tokens."""

import json
from collections.abc import Sequence

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.gateway.domain.clients import KEY_FIELDS, Client, PublicKey, check_registration
from services.gateway.domain.errors import ClientChangeRefusedError, ClientMalformedError
from services.gateway.storage.clients import add_client, save_clients
from services.gateway.use_cases.collaborators import Collaborators

CLIENTS_MAX = 200


async def register_clients(clients: Sequence[Client], *, collaborators: Collaborators) -> None:
    """Store clients, replacing earlier registrations of the same ids; all of them or none.

    Raises:
        ClientMalformedError: A client could never authenticate, or exceeds its roles.
        UnknownRoleError: A role is not in the role file.
    """
    if len(clients) > CLIENTS_MAX:
        message = f"At most {CLIENTS_MAX} clients are registered at once."
        raise ClientMalformedError(message)
    for client in clients:
        check_registration(client, book=collaborators.book)
        _check_points(client)
    async with collaborators.database.transaction() as tx:
        await save_clients(tx, clients, at=collaborators.clock.now())


async def register_new_client(client: Client, *, collaborators: Collaborators) -> None:
    """Store a client whose name nobody has.

    Raises:
        ClientChangeRefusedError: There is a client of this name.
        ClientMalformedError: It could never authenticate, or exceeds its roles.
        UnknownRoleError: A role is not in the role file.
    """
    check_registration(client, book=collaborators.book)
    _check_points(client)
    async with collaborators.database.transaction() as tx:
        if not await add_client(tx, client, at=collaborators.clock.now()):
            message = "There is a client of that name; `clients key add` gives it another key."
            raise ClientChangeRefusedError(message)


def read_public_key(document: bytes) -> PublicKey:
    """Return the P-256 public key that a file holds as a JWK or as PEM.

    A key without a `kid` gets its thumbprint (RFC 7638) for one.

    Raises:
        ClientMalformedError: It holds none, or one that is to be kept secret.
    """
    try:
        is_jwk = document.lstrip().startswith(b"{")
        key = ECKey.import_key(json.loads(document) if is_jwk else document)
        if key.is_private:
            message = "This is a private key; register its public half and keep this one secret."
            raise ClientMalformedError(message)
        key.ensure_kid()
        public = key.as_dict(private=False)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        message = "The file holds no P-256 public key as a JWK or as PEM."
        raise ClientMalformedError(message) from error
    return {name: str(value) for name, value in public.items() if name in KEY_FIELDS}


def _check_points(client: Client) -> None:
    """Let the library refuse coordinates that are no point of the curve."""
    try:
        for key in client.public_keys:
            _ = ECKey.import_key(dict(key)).public_key
    except (JoseError, ValueError) as error:
        message = "A client key is not a point of P-256."
        raise ClientMalformedError(message) from error
