from dataclasses import replace

import pytest
from joserfc.jwk import ECKey

from services.gateway.domain.clients import SCOPE_CHARACTERS_MAX, Client, check_registration
from services.gateway.domain.errors import (
    ClientMalformedError,
    ScopeRefusedError,
    UnknownRoleError,
)
from services.gateway.domain.roles import role_book

BOOK = role_book()


def test_a_client_that_asks_for_nothing_gets_all_it_has(client: Client) -> None:
    assert client.granted(None, book=BOOK) == ("registry.imports:read", "registry.imports:write")


def test_a_client_may_ask_for_less(client: Client) -> None:
    assert client.granted("registry.imports:read", book=BOOK) == ("registry.imports:read",)


@pytest.mark.parametrize(
    "scope",
    [
        "",
        " registry.imports:read",
        "registry.persons:read",
        "registry.imports:read payments.cycles:write",
        "x" * (SCOPE_CHARACTERS_MAX + 1),
    ],
)
def test_a_client_never_gets_more_than_it_has(client: Client, scope: str) -> None:
    with pytest.raises(ScopeRefusedError):
        client.granted(scope, book=BOOK)


def test_a_scope_that_left_the_role_is_no_longer_granted(client: Client) -> None:
    moved = replace(client, roles=("partner",))
    with pytest.raises(ScopeRefusedError):
        moved.granted(None, book=BOOK)


def test_a_sound_registration_is_accepted(client: Client) -> None:
    check_registration(client, book=BOOK)


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "Ministry of Health"},
        {"client_id": "x"},
        {"scopes": frozenset({"payments.cycles:write"})},
        {"purposes": ("gossip",)},
        {"public_keys": ()},
    ],
)
def test_a_registration_that_exceeds_its_roles_or_cannot_work_is_refused(
    client: Client, change: dict[str, object]
) -> None:
    with pytest.raises(ClientMalformedError):
        check_registration(replace(client, **change), book=BOOK)  # type: ignore[arg-type] # by name


def test_an_unknown_role_is_refused(client: Client) -> None:
    with pytest.raises(UnknownRoleError):
        check_registration(replace(client, roles=("director",)), book=BOOK)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"x": "short"},
        {"use": "enc"},
        {"alg": "HS256"},
        {"kid": ""},
        {"x5u": "https://elsewhere.test/"},
    ],
)
def test_a_key_of_another_kind_is_refused(client: Client, change: dict[str, str]) -> None:
    spoilt = replace(client, public_keys=({**client.public_keys[0], **change},))
    with pytest.raises(ClientMalformedError):
        check_registration(spoilt, book=BOOK)


def test_two_keys_under_one_kid_are_refused(client: Client) -> None:
    with pytest.raises(ClientMalformedError):
        check_registration(replace(client, public_keys=client.public_keys * 2), book=BOOK)


def test_a_private_key_is_refused_by_name(client: Client, client_key: ECKey) -> None:
    private = {name: str(value) for name, value in client_key.as_dict(private=True).items()}
    with pytest.raises(ClientMalformedError, match="private"):
        check_registration(replace(client, public_keys=(private,)), book=BOOK)
