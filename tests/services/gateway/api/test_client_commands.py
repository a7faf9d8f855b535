"""Clients at a terminal: an administrator lets a machine in, changes its keys, shuts it out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from services.gateway.domain.assertions import ASSERTION_TYPE
from services.gateway.domain.errors import ClientRefusedError
from services.gateway.integrations.token_client import signed_assertion
from services.gateway.main import COMMANDS
from services.gateway.settings import Settings
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.ensure_signing_key import ensure_signing_key
from services.gateway.use_cases.issue_token import IssuedToken, TokenRequest, issue_token
from shared.testing.databases import ServiceDatabases
from shared.web.process import UsageError
from tests.services.gateway.conftest import ISSUER

NAME = "hospital-avicenne"

AskToken = Callable[[ECKey], Awaitable[IssuedToken]]


class Terminal:
    """Where an administrator types."""

    def __init__(
        self, settings: Settings, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Prepare a folder for keys."""
        self._settings = settings
        self._folder = folder
        self._capsys = capsys

    async def __call__(self, *words: str) -> str:
        """Run a command as a process would, with a loop of its own; return what it says."""
        await asyncio.to_thread(COMMANDS["clients"], self._settings, words)
        return self._capsys.readouterr().out

    async def refusal(self, *words: str) -> str:
        """Return the one sentence with which a command is refused."""
        with pytest.raises(UsageError) as refused:
            await self(*words)
        return str(refused.value)

    def file(self, content: bytes) -> str:
        """Return the name of a file with this content."""
        path = self._folder / f"{abs(hash(content))}.key"
        path.write_bytes(content)
        return str(path)

    async def register(
        self, key: ECKey, *more: str, name: str = NAME, role: str = "partner"
    ) -> str:
        """Register a client with a key in PEM."""
        file = self.file(key.as_pem(private=False))
        return await self("register", name, "--role", role, "--public-key", file, *more)


@pytest.fixture
def terminal(
    database: ServiceDatabases, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """Return a terminal on the database of the test."""
    settings = Settings(
        sanad_profile="demo",
        sanad_key_dir=keys,
        sanad_state_dir=tmp_path,
        database_url=SecretStr(database.urls.api),
    )
    return Terminal(settings, tmp_path, capsys)


def new_key() -> ECKey:
    """Return a key that knows its thumbprint."""
    key = ECKey.generate_key("P-256", private=True)
    key.ensure_kid()
    return key


@pytest.fixture
def token(collaborators: Collaborators, tmp_path: Path) -> AskToken:
    """Return what asks for a token with a private key."""

    async def ask(key: ECKey) -> IssuedToken:
        await ensure_signing_key(collaborators=collaborators)
        card = tmp_path / "card.json"
        private = key.as_dict(private=True)
        card.write_text(json.dumps({"client_id": NAME, "private_key": private}))
        assertion = signed_assertion(card, audience=ISSUER, now=collaborators.clock.now())
        asked = TokenRequest("client_credentials", ASSERTION_TYPE, assertion, None, None)
        return await issue_token(asked, collaborators=collaborators)

    return ask


async def test_a_client_registered_with_a_pem_gets_tokens_of_its_role(
    terminal: Terminal, token: AskToken, collaborators: Collaborators
) -> None:
    key = new_key()
    said = await terminal.register(key, "--regions", "01,04", "--programmes", "asd")
    assert said == (f"{NAME}: partner in regions 01,04 for programmes asd with keys {key.kid}\n")
    given = await token(key)
    assert set(given.scopes) == collaborators.book.role("partner").scopes


async def test_keys_rotate_without_a_moment_in_which_none_is_taken(
    terminal: Terminal, token: AskToken
) -> None:
    first, second = new_key(), new_key()
    await terminal.register(first)
    jwk = json.dumps(second.as_dict(private=False) | {"key_ops": ["verify"], "ext": True})
    await terminal("key", "add", NAME, "--public-key", terminal.file(jwk.encode()))
    await token(first)
    await token(second)
    assert "only" not in await terminal("key", "retire", NAME, str(first.kid))
    with pytest.raises(ClientRefusedError):
        await token(first)
    await token(second)
    assert "only key" in await terminal.refusal("key", "retire", NAME, str(second.kid))


async def test_a_disabled_client_gets_no_token_until_it_is_enabled(
    terminal: Terminal, token: AskToken
) -> None:
    key = new_key()
    await terminal.register(key)
    assert "(disabled)" in await terminal("disable", NAME)
    with pytest.raises(ClientRefusedError):
        await token(key)
    await terminal("enable", NAME)
    await token(key)


async def test_a_client_is_given_other_rights_and_keeps_its_keys(
    terminal: Terminal, token: AskToken, collaborators: Collaborators
) -> None:
    key = new_key()
    await terminal.register(key, "--regions", "01", "--programmes", "asd")
    said = await terminal("grant", NAME, "--role", "auditor", "--regions", "02,04")
    assert said == f"{NAME}: auditor in regions 02,04 for programmes asd with keys {key.kid}\n"
    given = await token(key)
    assert set(given.scopes) == collaborators.book.role("auditor").scopes
    said = await terminal("grant", NAME, "--programmes", "amo-tadamon")
    assert "auditor in regions 02,04 for programmes amo-tadamon" in said
    assert await terminal("list") == said


async def test_rights_given_to_a_disabled_client_do_not_let_it_in(
    terminal: Terminal, token: AskToken
) -> None:
    key = new_key()
    await terminal.register(key)
    await terminal("disable", NAME)
    assert "(disabled)" in await terminal("grant", NAME, "--regions", "04")
    with pytest.raises(ClientRefusedError):
        await token(key)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--role", "minister"), "the roles are"),
        (("--role", "citizen"), "signs in with a code"),
        (("--regions", "01,13"), "region"),
        (("--regions", ""), "region"),
        (("--programmes", "ASD!"), "programme"),
        ((), "Say which"),
    ],
)
async def test_rights_that_nobody_has_are_not_given(
    terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    before = await terminal.register(new_key())
    assert sentence in await terminal.refusal("grant", NAME, *words)
    assert await terminal("list") == before


async def test_clients_are_listed_by_name(terminal: Terminal) -> None:
    for name in ("school", "bank", "hospital"):
        await terminal.register(new_key(), name=name)
    listed = (await terminal("list")).splitlines()
    assert [line.partition(":")[0] for line in listed] == ["bank", "hospital", "school"]


async def test_a_name_is_given_once(terminal: Terminal, token: AskToken) -> None:
    key = new_key()
    await terminal.register(key)
    again = terminal.file(new_key().as_pem(private=False))
    assert "a client of that name" in await terminal.refusal(
        "register", NAME, "--role", "auditor", "--public-key", again
    )
    assert (await token(key)).client_id == NAME


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("register", "Hospital", "--role", "partner"), "lower-case"),
        (("register", NAME, "--role", "minister"), "the roles are"),
        (("register", NAME, "--role", "citizen"), "signs in with a code"),
        (("register", NAME, "--role", "partner", "--regions", "13"), "region"),
        (("register", NAME, "--role", "partner", "--regions", ""), "region"),
        (("register", NAME, "--role", "partner", "--programmes", "ASD!"), "programme"),
        (("key", "add", NAME), "no client of that name"),
    ],
)
async def test_what_cannot_be_registered_is_refused_in_one_sentence(
    terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    file = terminal.file(new_key().as_pem(private=False))
    assert sentence in await terminal.refusal(*words, "--public-key", file)
    assert await terminal("list") == ""


async def test_a_file_without_a_public_key_of_the_curve_is_refused(terminal: Terminal) -> None:
    words = ("register", NAME, "--role", "partner", "--public-key")
    wide = ECKey.generate_key("P-384", private=False)
    for content, sentence in (
        (b"", "no P-256 public key"),
        (b"{", "no P-256 public key"),
        (b'{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}', "no P-256 public key"),
        (wide.as_pem(private=False), "P-256"),
        (new_key().as_pem(private=True), "private key"),
        (json.dumps(new_key().as_dict(private=True)).encode(), "private key"),
    ):
        assert sentence in await terminal.refusal(*words, terminal.file(content))
    assert "cannot be read" in await terminal.refusal(*words, "nowhere.pem")
    assert await terminal("list") == ""


async def test_changes_of_nobody_and_of_unknown_keys_are_refused(terminal: Terminal) -> None:
    assert "no client of that name" in await terminal.refusal("disable", NAME)
    assert "no client of that name" in await terminal.refusal("grant", NAME, "--regions", "01")
    await terminal.register(new_key())
    assert "no key of that kid" in await terminal.refusal("key", "retire", NAME, "k9")


async def test_the_same_key_is_not_added_twice_and_keys_are_bounded(terminal: Terminal) -> None:
    first = new_key()
    await terminal.register(first)
    same = terminal.file(first.as_pem(private=False))
    assert "kid of its own" in await terminal.refusal("key", "add", NAME, "--public-key", same)
    for _ in range(3):
        file = terminal.file(new_key().as_pem(private=False))
        await terminal("key", "add", NAME, "--public-key", file)
    file = terminal.file(new_key().as_pem(private=False))
    assert "1 to 4" in await terminal.refusal("key", "add", NAME, "--public-key", file)


def test_a_database_that_is_away_is_refused_in_one_sentence(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.storage.database.OPEN_TIMEOUT_SECONDS", 0.2)
    away = SecretStr("postgresql://gateway_api:x@127.0.0.1:1/sanad_gateway")
    settings = Settings(sanad_profile="demo", sanad_key_dir=keys, database_url=away)
    with pytest.raises(UsageError, match="does not answer"):
        COMMANDS["clients"](settings, ["list"])


def test_without_a_database_the_command_says_what_it_needs() -> None:
    with pytest.raises(UsageError, match="DATABASE_URL"):
        COMMANDS["clients"](Settings(sanad_profile="demo"), ["list"])
