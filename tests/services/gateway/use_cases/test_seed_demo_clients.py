import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from services.gateway.domain.assertions import ASSERTION_TYPE
from services.gateway.integrations.token_client import issuer_in, signed_assertion
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.ensure_signing_key import ensure_signing_key
from services.gateway.use_cases.issue_token import TokenRequest, issue_token
from services.gateway.use_cases.seed_demo_clients import (
    DemoProfileRequiredError,
    seed_demo_clients,
)
from shared.testing.databases import ServiceDatabases
from tests.services.gateway.conftest import ISSUER


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_every_role_gets_a_client_whose_key_works(
    collaborators: Collaborators, tmp_path: Path
) -> None:
    await ensure_signing_key(collaborators=collaborators)
    roles = await seed_demo_clients(tmp_path / "clients", collaborators=collaborators)
    assert set(roles) == set(collaborators.book.roles)
    for role in roles:
        key_file = tmp_path / "clients" / f"{role}.json"
        assertion = signed_assertion(
            key_file, audience=issuer_in(key_file), now=collaborators.clock.now()
        )
        asked = TokenRequest("client_credentials", ASSERTION_TYPE, assertion, None, None)
        token = await issue_token(asked, collaborators=collaborators)
        assert token.client_id == f"demo-{role}"
        assert set(token.scopes) == collaborators.book.role(role).scopes


async def test_nobody_else_can_read_the_private_keys(
    collaborators: Collaborators, tmp_path: Path
) -> None:
    folder = tmp_path / "clients"
    await seed_demo_clients(folder, collaborators=collaborators)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


async def test_seeding_again_changes_nothing(
    collaborators: Collaborators, database: ServiceDatabases, tmp_path: Path
) -> None:
    roles = await seed_demo_clients(tmp_path, collaborators=collaborators)
    before = contents(tmp_path)
    await seed_demo_clients(tmp_path, collaborators=collaborators)
    assert contents(tmp_path) == before
    assert await database.value("SELECT count(*) FROM client") == len(roles)


async def test_on_another_port_the_files_follow_and_the_keys_stay(
    collaborators: Collaborators, tmp_path: Path
) -> None:
    await seed_demo_clients(tmp_path, collaborators=collaborators)
    before = json.loads((tmp_path / "partner.json").read_text())
    moved = replace(collaborators.tokens, issuer="http://127.0.0.1:9000")
    await seed_demo_clients(tmp_path, collaborators=replace(collaborators, tokens=moved))
    after = json.loads((tmp_path / "partner.json").read_text())
    assert (before.pop("issuer"), after.pop("issuer")) == (ISSUER, "http://127.0.0.1:9000")
    assert before == after


async def test_production_refuses(collaborators: Collaborators, tmp_path: Path) -> None:
    with pytest.raises(DemoProfileRequiredError):
        await seed_demo_clients(tmp_path, collaborators=replace(collaborators, is_demo=False))
    assert not contents(tmp_path)
