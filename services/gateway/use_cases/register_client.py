"""Register machines that may ask for tokens."""

from collections.abc import Sequence

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.gateway.domain.clients import Client, check_registration
from services.gateway.domain.errors import ClientMalformedError
from services.gateway.storage.clients import save_clients
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


def _check_points(client: Client) -> None:
    """Let the library refuse coordinates that are no point of the curve."""
    try:
        for key in client.public_keys:
            _ = ECKey.import_key(dict(key)).public_key
    except (JoseError, ValueError) as error:
        message = "A client key is not a point of P-256."
        raise ClientMalformedError(message) from error
