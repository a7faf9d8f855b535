"""Change what a registered client is known by, what it may do, or whether it gets tokens."""

from collections.abc import Callable

from services.gateway.domain.clients import Client
from services.gateway.domain.errors import ClientChangeRefusedError
from services.gateway.storage.clients import lock_client, save_clients
from services.gateway.use_cases.collaborators import Collaborators


async def change_client(
    client_id: str, change: Callable[[Client], Client], *, collaborators: Collaborators
) -> Client:
    """Replace a client by what `change` makes of it, and return that.

    Tokens that it was given live on until they end, at most ten minutes.

    Raises:
        ClientChangeRefusedError: There is no such client, or it cannot be changed so.
        ClientMalformedError: A key or a right is not acceptable.
    """
    async with collaborators.database.transaction() as tx:
        client = await lock_client(tx, client_id)
        if client is None:
            message = "There is no client of that name; `clients list` names them."
            raise ClientChangeRefusedError(message)
        changed = change(client)
        await save_clients(tx, [changed], at=collaborators.clock.now())
    return changed
