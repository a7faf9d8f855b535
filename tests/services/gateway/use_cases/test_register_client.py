from dataclasses import replace

import pytest

from services.gateway.domain.clients import Client
from services.gateway.domain.errors import ClientMalformedError
from services.gateway.storage.clients import find_client
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.register_client import CLIENTS_MAX, register_clients


async def stored(collaborators: Collaborators, client_id: str) -> Client | None:
    async with collaborators.database.transaction() as tx:
        return await find_client(tx, client_id)


async def test_a_client_is_found_as_it_was_registered(
    collaborators: Collaborators, client: Client
) -> None:
    flagged = replace(client, flags=("dci",))
    await register_clients([flagged], collaborators=collaborators)
    assert await stored(collaborators, client.client_id) == flagged


async def test_registering_again_replaces(collaborators: Collaborators, client: Client) -> None:
    await register_clients([client], collaborators=collaborators)
    narrowed = replace(client, scopes=frozenset({"registry.imports:read"}), regions=("03",))
    await register_clients([narrowed], collaborators=collaborators)
    assert await stored(collaborators, client.client_id) == narrowed


async def test_one_malformed_client_keeps_all_out(
    collaborators: Collaborators, client: Client
) -> None:
    spoilt = replace(client, client_id="ministry-of-justice", scopes=frozenset({"x.y:z"}))
    with pytest.raises(ClientMalformedError):
        await register_clients([client, spoilt], collaborators=collaborators)
    assert await stored(collaborators, client.client_id) is None


async def test_coordinates_that_are_no_point_of_the_curve_are_refused(
    collaborators: Collaborators, client: Client
) -> None:
    crooked = {**client.public_keys[0], "x": "A" * 43}
    with pytest.raises(ClientMalformedError):
        await register_clients(
            [replace(client, public_keys=(crooked,))], collaborators=collaborators
        )


async def test_a_block_of_clients_is_bounded(collaborators: Collaborators, client: Client) -> None:
    with pytest.raises(ClientMalformedError):
        await register_clients([client] * (CLIENTS_MAX + 1), collaborators=collaborators)
