"""A token at a terminal: what will not do is said in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from services.gateway.api.commands import main
from services.gateway.main import COMMANDS
from services.gateway.settings import Settings
from shared.web.process import UsageError
from tests.services.gateway.stub_service import unused_address

SOMEBODY = "019aab3c-5b5a-7cc0-8f5e-0d9a51f3a001"
SLOW_TO_IMPORT = {"fastapi", "sqlalchemy", "psycopg", "aiohttp", "uvicorn", "polars"}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the state folder of a demonstration with three roles, which is not running."""
    clients = tmp_path / "clients"
    clients.mkdir()
    card = {"client_id": "demo", "issuer": unused_address(), "private_key": None}
    for role in ("auditor", "citizen", "partner"):
        (clients / f"{role}.json").write_text(json.dumps(card))
    monkeypatch.setenv("SANAD_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("SUBJECT", raising=False)
    return tmp_path


def refusal(role: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one sentence with which a token is refused."""
    assert main(["--role", role]) == 1
    said = capsys.readouterr()
    (sentence,) = said.err.splitlines()
    assert said.out == ""
    return sentence


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("subject", ["", "xyz", "4820193756"])
def test_a_citizen_must_be_named_by_the_id_of_a_person(
    subject: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBJECT", subject)
    sentence = refusal("citizen", capsys)
    assert "SUBJECT" in sentence
    assert "UUID" in sentence
    assert subject not in sentence or not subject


@pytest.mark.usefixtures("state")
def test_no_other_role_names_a_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBJECT", SOMEBODY)
    assert "SUBJECT" in refusal("auditor", capsys)


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("role", ["minister", "", "../keys"])
def test_who_names_no_role_is_told_the_roles(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "auditor, citizen, partner" in refusal(role, capsys)


def test_before_the_first_start_there_is_nobody(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key_file in (state / "clients").iterdir():
        key_file.unlink()
    assert "start the demonstration first" in refusal("auditor", capsys)


def test_a_gateway_that_is_away_is_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key_file = state / "clients" / "auditor.json"
    card = json.loads(key_file.read_text())
    card["private_key"] = ECKey.generate_key("P-256", {"kid": "one"}).as_dict(private=True)
    key_file.write_text(json.dumps(card))
    assert card["issuer"] in refusal("auditor", capsys)


def test_production_hands_out_no_token_at_a_terminal(state: Path) -> None:
    settings = Settings(sanad_profile="production", sanad_state_dir=state)
    with pytest.raises(UsageError, match="demo profile"):
        COMMANDS["token"](settings, ["auditor"])


@pytest.mark.parametrize("arguments", [[], ["minister"], ["citizen"], ["citizen", SOMEBODY, "x"]])
def test_the_command_of_the_gateway_refuses_the_same(state: Path, arguments: list[str]) -> None:
    settings = Settings(sanad_profile="demo", sanad_state_dir=state)
    with pytest.raises(UsageError):
        COMMANDS["token"](settings, arguments)


def test_a_token_waits_for_no_framework() -> None:
    program = (
        "import sys; from services.__main__ import main; main(['token', '--role', 'nobody']);"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    imported = set(done.stdout.split())
    assert "services.gateway.api.commands" in imported
    assert imported & SLOW_TO_IMPORT == set()
