"""Every guard of the house is seen to fail: a guard nobody saw fail guards nothing."""

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from typing_extensions import override

from tests.architecture import tidy
from tests.architecture.tidy import REPOSITORY, RULES, Rule, Source

PACKAGES = ("services", "shared", "simulators")


def code(path: str, text: str) -> Source:
    return Source(PurePosixPath(path), text)


VIOLATIONS: dict[Rule, list[Source]] = {
    tidy.functions_fit_on_a_screen: [
        code("shared/a.py", "def long() -> None:\n" + "    pass\n" * tidy.FUNCTION_LINES_MAX)
    ],
    tidy.files_hold_one_idea: [code("services/a.py", "A = 1\n" * (tidy.FILE_LINES_MAX + 1))],
    tidy.code_is_not_nested_deeply: [
        code(
            "shared/a.py",
            "def deep() -> None:\n"
            "    for a in b:\n"
            "        if a:\n"
            "            while a:\n"
            "                if b:\n"
            "                    pass\n",
        )
    ],
    tidy.modules_are_named_by_meaning: [
        code("services/registry/domain/utils.py", ""),
        code("services/registry/helpers/dates.py", ""),
    ],
    tidy.shared_knows_no_social_protection: [
        code("shared/a.py", "HOUSEHOLD_MEMBERS_MAX = 30\n"),
        code("shared/a.py", '"""Checks an IDCS."""\n'),
        code("shared/a.py", "def find(payee_id): ...\n"),
    ],
    tidy.reminders_have_a_number: [code("docs/a.md", "TO" + "DO: later\n")],
    tidy.nothing_is_left_unwritten: [
        code("services/a.py", "def later():\n    raise NotImple" + "mentedError\n")
    ],
    tidy.no_test_is_skipped: [
        code("tests/test_a.py", "@pytest.mark." + "skip\ndef test_a(): ...\n"),
        code("tests/test_a.py", "def test_a():\n    pytest." + "skip('no network')\n"),
    ],
    tidy.money_and_index_are_exact: [
        code("services/payments/domain/a.py", "RATE = 0.02\n"),
        code("services/payments/domain/a.py", "def pay(amount: float) -> None: ...\n"),
        code("services/eligibility/domain/a.py", "frame.cast(pl.Float64)\n"),
    ],
    tidy.sql_reads_no_clock: [
        code("services/registry/storage/a.py", 'QUERY = "SELECT 1 WHERE born < now()"\n'),
        code("services/registry/storage/a.py", 'QUERY = f"SELECT {x} < CURRENT_DATE"\n'),
        code("services/registry/storage/a.py", "default = func.now()\n"),
        code("services/registry/storage/a.sql", "SELECT current_timestamp;\n"),
    ],
    tidy.nothing_names_a_registry: [code("Dockerfile", "RUN pip -i https://pypi" + ".org\n")],
    tidy.nothing_names_a_machine_path: [code("docs/a.md", "See /ro" + "ot/notes.\n")],
    tidy.locks_hold_no_url: [code("requirements.lock", "a @ https://example.org/a.whl\n")],
}

# What looks like a violation and is none.
LAWFUL: dict[Rule, list[Source]] = {
    tidy.code_is_not_nested_deeply: [
        code(
            "shared/a.py",
            "def flat(a):\n"
            "    if a == 1:\n        pass\n"
            "    elif a == 2:\n        pass\n"
            "    elif a == 3:\n        pass\n"
            "    elif a == 4:\n        pass\n",
        )
    ],
    tidy.modules_are_named_by_meaning: [code("services/registry/domain/households.py", "")],
    tidy.shared_knows_no_social_protection: [
        code("shared/a.py", "registry: CollectorRegistry\ndescribe = prescribe\n"),
        code("services/registry/a.py", "HOUSEHOLD_MEMBERS_MAX = 30\n"),
    ],
    tidy.reminders_have_a_number: [code("docs/a.md", "TO" + "DO(#12): later\n")],
    tidy.money_and_index_are_exact: [
        code("services/payments/main.py", "IDLE_SECONDS = 0.5\n"),
        code("services/notifications/domain/a.py", "RATE = 0.02\n"),
    ],
    tidy.sql_reads_no_clock: [
        code("services/registry/storage/a.py", '"""Never use now() here."""\n'),
        code(
            "services/registry/storage/a.py",
            'QUERY = "SELECT 1 FROM chunk WHERE leased_until < now() FOR UPDATE"\n',
        ),
        code("services/registry/storage/a.py", "instant = clock.now()\n"),
    ],
    tidy.nothing_names_a_machine_path: [code("docs/a.md", "See services/ro" + "ot/notes.\n")],
}


def test_every_tidy_rule_is_broken_on_purpose() -> None:
    assert set(VIOLATIONS) == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_a_planted_violation_breaks_its_tidy_rule(rule: Rule) -> None:
    for source in VIOLATIONS[rule]:
        assert list(rule(source)), f"{rule.__name__} let pass:\n{source.text}"


@pytest.mark.parametrize("rule", LAWFUL, ids=lambda rule: str(rule.__name__))
def test_what_only_looks_like_a_violation_is_let_pass(rule: Rule) -> None:
    for source in LAWFUL[rule]:
        assert not list(rule(source)), f"{rule.__name__} refused:\n{source.text}"


@dataclass(frozen=True)
class Plant:
    """One line of code in one module that must break one contract between modules."""

    contract: str
    module: str
    line: str

    @override
    def __str__(self) -> str:
        return f"{self.contract}: {self.module}: {self.line}"


PLANTS = (
    Plant("rooms", "services/registry/domain/planted.py", "import services.registry.use_cases"),
    Plant("rooms", "services/payments/use_cases/planted.py", "import services.payments.api"),
    Plant("rooms", "services/payments/storage/planted.py", "import services.payments.integrations"),
    Plant("rooms", "services/payments/reports/__init__.py", ""),
    Plant("rooms", "services/gateway/domain/planted.py", "import services.gateway.main"),
    Plant("independence", "services/payments/main.py", "import services.registry.domain"),
    Plant("independence", "services/gateway/api/planted.py", "import services.registry.main"),
    Plant("launcher", "services/planted.py", "import services.registry.main"),
    Plant(
        "settings", "services/registry/use_cases/planted.py", "import services.registry.settings"
    ),
    Plant("settings", "services/launcher.py", "import services.registry.settings"),
    Plant("shared-knows-nobody", "shared/web/planted.py", "import services.registry"),
    Plant("shared-knows-nobody", "shared/testing/planted.py", "import simulators.bank"),
    Plant("shared-layers", "shared/kernel/planted.py", "import shared.runtime"),
    Plant("shared-layers", "shared/storage/planted.py", "import shared.web"),
    Plant("shared-layers", "shared/blocks/__init__.py", ""),
    Plant("simulators-know-nobody", "simulators/bank/planted.py", "import shared.kernel"),
    Plant("simulators-know-nobody", "simulators/bank/planted.py", "import services.payments"),
    Plant("nobody-knows-simulators", "services/payments/main.py", "import simulators.bank"),
    Plant("domain-is-pure", "services/registry/domain/planted.py", "import sqlmodel"),
    Plant("domain-is-pure", "services/eligibility/domain/planted.py", "import os"),
    Plant("domain-is-pure", "services/eligibility/domain/planted.py", "from time import time"),
    Plant("domain-is-pure", "shared/kernel/planted.py", "import pydantic"),
    Plant("domain-and-kernel", "services/registry/domain/planted.py", "import shared.runtime"),
    Plant("events-are-shapes", "services/registry/events/planted.py", "import shared.storage"),
    Plant(
        "events-are-shapes", "services/registry/events/planted.py", "import shared.messaging.relay"
    ),
    Plant("use-cases-know-no-http", "services/registry/use_cases/planted.py", "import fastapi"),
    Plant("use-cases-know-no-http", "services/registry/storage/planted.py", "import shared.web"),
    Plant("amqp", "services/payments/integrations/planted.py", "import aio_pika"),
    Plant("amqp", "shared/messaging/planted.py", "import aio_pika"),
    Plant("http-out", "services/registry/use_cases/planted.py", "import httpx"),
    Plant("http-out", "shared/storage/planted.py", "import aiohttp"),
    Plant("testing-stays-home", "services/registry/main.py", "import shared.testing"),
)


@pytest.fixture(scope="module")
def bare_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the house whose modules are all empty: only what is planted can break it."""
    house = tmp_path_factory.mktemp("house")
    (house / "pyproject.toml").write_bytes((REPOSITORY / "pyproject.toml").read_bytes())
    for package in PACKAGES:
        for module in (REPOSITORY / package).rglob("*.py"):
            copy = house / module.relative_to(REPOSITORY)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.touch()
    return house


def broken_contracts(house: Path) -> set[str]:
    program = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=house, capture_output=True, text=True, check=False
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    names = {contract["name"]: contract["id"] for contract in contracts()}
    return {identifier for name, identifier in names.items() if f"{name} BROKEN" in done.stdout}


def contracts() -> list[dict[str, str]]:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    found: list[dict[str, str]] = settings["tool"]["importlinter"]["contracts"]
    return found


def test_a_house_without_imports_keeps_every_contract(bare_house: Path) -> None:
    assert broken_contracts(bare_house) == set()


def test_every_contract_between_modules_is_broken_on_purpose() -> None:
    assert {plant.contract for plant in PLANTS} == {contract["id"] for contract in contracts()}


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_a_planted_import_breaks_its_contract(plant: Plant, bare_house: Path) -> None:
    module = bare_house / plant.module
    before = module.read_bytes() if module.exists() else None
    new_folder = not module.parent.exists()
    module.parent.mkdir(exist_ok=True)
    try:
        module.write_text(plant.line + "\n")

        assert plant.contract in broken_contracts(bare_house)
    finally:
        if before is None:
            module.unlink()
        else:
            module.write_bytes(before)
        if new_folder:
            module.parent.rmdir()
