import json
import re
from pathlib import Path

import httpx
import pytest

from services.gateway.api.tokens import FORM_BYTES_MAX
from services.gateway.integrations.token_client import (
    TokenNotGivenError,
    request_token,
    signed_assertion,
)
from services.gateway.main import create_worker, seed
from services.gateway.settings import Settings
from shared.runtime.clock import SystemClock
from shared.testing.databases import ServiceDatabases
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.gateway.api.conftest import Front, caller
from tests.services.gateway.conftest import ISSUER

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def renamed_client(key_file: Path, name: str) -> Path:
    card = json.loads(key_file.read_text())
    renamed = key_file.with_name(f"{name}.json")
    renamed.write_text(json.dumps({**card, "client_id": name}))
    return renamed


@pytest.fixture
async def partner(database: ServiceDatabases, keys: Path, issuer: Issuer, tmp_path: Path) -> Path:
    """Return the key file of a demonstration's partner."""
    settings = Settings(sanad_profile="demo", sanad_state_dir=tmp_path, sanad_issuer=ISSUER)
    platform = platform_for_tests(
        "gateway", database.api, clock=SystemClock(), keys=keys, verifier=issuer.verifier()
    )
    await seed(settings, platform)
    return tmp_path / "clients" / "partner.json"


async def token_for(key_file: Path, http: httpx.AsyncClient) -> str:
    return await request_token(ISSUER, key_file, http, now=SystemClock().now())


async def test_the_front_door_admits_the_tokens_it_issues(front: Front, partner: Path) -> None:
    async with front(own_keys=True) as app, caller(app) as http:
        token = await token_for(partner, http)
        refused = await http.get(
            "/registry/v1/things/1", headers={"Authorization": f"Bearer {token}"}
        )
        # A partner's scopes do not hold the stub's: known, verified, and not allowed.
        assert (refused.status_code, refused.json()["code"]) == (403, "shared.scope-missing")


async def test_a_token_answer_is_never_cached(front: Front, partner: Path) -> None:
    async with front() as app, caller(app) as http:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": signed_assertion(partner, audience=ISSUER, now=SystemClock().now()),
        }
        first = await http.post("/oauth2/token", data=form)
        replayed = await http.post("/oauth2/token", data=form)
    assert first.status_code == 200
    assert first.json()["token_type"] == "Bearer"
    assert first.json()["expires_in"] == 600
    assert first.headers["cache-control"] == replayed.headers["cache-control"] == "no-store"
    assert replayed.status_code == 401
    assert replayed.json()["error"] == "invalid_client"


async def test_a_client_that_is_not_known_here_gets_no_token(front: Front, partner: Path) -> None:
    nobody = renamed_client(partner, "nobody")
    async with front() as app, caller(app) as http:
        with pytest.raises(TokenNotGivenError, match="invalid_client"):
            await token_for(nobody, http)


async def test_a_refusal_has_the_shape_that_oauth_gives_it(front: Front) -> None:
    refusals = [
        ("", 400, "invalid_request"),
        ("grant_type", 400, "invalid_request"),
        ("scope=a", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=password", 400, "invalid_request"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("&".join(f"a{number}=1" for number in range(20)), 400, "invalid_request"),
        ("grant_type=" + "x" * FORM_BYTES_MAX, 413, "invalid_request"),
    ]
    async with front() as app, caller(app) as http:
        for body, status, error in refusals:
            refused = await http.post("/oauth2/token", content=body, headers=FORM)
            answer = (body[:60], refused.status_code, refused.json()["error"])
            assert answer == (body[:60], status, error)
            assert set(refused.json()) == {"error", "error_description"}


async def test_a_token_request_is_a_form(front: Front) -> None:
    async with front() as app, caller(app) as http:
        refused = await http.post("/oauth2/token", json={"grant_type": "client_credentials"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_keys_and_metadata_are_published(front: Front) -> None:
    async with front() as app, caller(app) as http:
        keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
        metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert len(keys) == 1
    assert "d" not in keys[0]
    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint"] == f"{ISSUER}/oauth2/token"
    assert "registry.imports:write" in metadata["scopes_supported"]


async def test_health_readiness_and_measures_answer(front: Front) -> None:
    async with front() as app, caller(app) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        await http.post("/oauth2/token", content="grant_type=password", headers=FORM)
        measures = (await http.get("/metrics")).text
    pattern = r'sanad_gateway_tokens_total\{outcome="unsupported_grant_type"\} 1'
    assert re.search(pattern, measures)


async def test_the_worker_keeps_keys_and_forgets_assertions(
    database: ServiceDatabases, keys: Path, issuer: Issuer, tmp_path: Path
) -> None:
    platform = platform_for_tests(
        "gateway", database.worker, clock=SystemClock(), keys=keys, verifier=issuer.verifier()
    )
    worker = create_worker(Settings(sanad_profile="demo", sanad_state_dir=tmp_path), platform)
    assert [await loop.step() for loop in worker.loops] == [False, False]
    assert await database.value("SELECT count(*) FROM signing_key") == 1
