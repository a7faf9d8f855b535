"""Fixtures of the gateway: its database, its use cases' collaborators, and a client's key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from services.gateway.domain.clients import Client
from services.gateway.domain.roles import role_book
from services.gateway.domain.signing_keys import RotationPolicy
from services.gateway.domain.tokens import TokenPolicy
from services.gateway.use_cases.collaborators import Collaborators
from shared.runtime.ids import new_id
from shared.storage.sealed import load_sealed_columns
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.fixed_clock import FixedClock

ISSUER = "https://gateway.test"

Sign = Callable[..., str]


@pytest.fixture
async def database(databases: DatabaseFactory) -> ServiceDatabases:
    return await databases.make("gateway")


@pytest.fixture
def collaborators(database: ServiceDatabases, clock: FixedClock, keys: Path) -> Collaborators:
    """Return what the API process works with: the role that may not delete."""
    return Collaborators(
        database=database.api,
        clock=clock,
        sealed=load_sealed_columns(keys / "gateway"),
        book=role_book(),
        tokens=TokenPolicy(ISSUER, "sanad"),
        rotation=RotationPolicy(
            life=timedelta(days=90), lead=timedelta(hours=1), overlap=timedelta(hours=1)
        ),
        audiences=frozenset({ISSUER, f"{ISSUER}/oauth2/token"}),
        is_demo=True,
    )


@pytest.fixture
def worker(collaborators: Collaborators, database: ServiceDatabases) -> Collaborators:
    """Return what the worker process works with."""
    return replace(collaborators, database=database.worker)


@pytest.fixture
def client_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "first"}, private=True)


@pytest.fixture
def client(client_key: ECKey) -> Client:
    public = client_key.as_dict(private=False)
    return Client(
        client_id="ministry-of-health",
        public_keys=({name: str(value) for name, value in public.items()},),
        roles=("registrar",),
        scopes=frozenset({"registry.imports:write", "registry.imports:read"}),
        regions=("01", "02"),
        programmes=("asd",),
        purposes=("registration",),
    )


@pytest.fixture
def sign(client: Client, client_key: ECKey, clock: FixedClock) -> Sign:
    """Return what signs an assertion; keywords override its claims, None leaves one out."""

    def signed(
        *, key: object = client_key, alg: str = "ES256", kid: str | None = "first", **claims: object
    ) -> str:
        now = int(clock.now().timestamp())
        usual: dict[str, object] = {
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": ISSUER,
            "exp": now + 120,
            "iat": now,
            "jti": str(new_id()),
        }
        stated = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        header = {"alg": alg} if kid is None else {"alg": alg, "kid": kid}
        return jwt.encode(header, stated, key, algorithms=[alg])  # type: ignore[arg-type] # any key

    return signed
