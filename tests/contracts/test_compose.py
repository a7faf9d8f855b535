"""Every variable, command, port and probe of docker-compose.yml exists in the code it starts."""

import copy
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.web.process import run_service
from tests.contracts.composition import containers, faults, read_composition
from tests.contracts.house import REPOSITORY, SERVICES, application, main_of

PROBES = ("/healthz", "/readyz", "/healthy")
NOT_FOUND = 404


def known_settings(service: str) -> frozenset[str]:
    return frozenset(name.upper() for name in main_of(service).Settings.model_fields)


def known_commands(service: str, capsys: pytest.CaptureFixture[str]) -> frozenset[str]:
    with pytest.raises(SystemExit):
        run_service(main_of(service), ["--help"])
    offered = re.search(r"\{([a-z,-]+)\}", capsys.readouterr().out)
    assert offered is not None
    return frozenset(offered[1].split(","))


async def known_routes(service: str) -> frozenset[str]:
    """Return the probes a service answers, be it to say that its storage is away."""
    transport = httpx.ASGITransport(application(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://probe") as http:
        answers = {path: await http.get(path) for path in PROBES}
    return frozenset(path for path, answer in answers.items() if answer.status_code != NOT_FOUND)


Examine = Callable[[dict[str, Any]], list[str]]


@pytest.fixture
async def examine(capsys: pytest.CaptureFixture[str]) -> Examine:
    commands = {service: known_commands(service, capsys) for service in SERVICES}
    settings = {service: known_settings(service) for service in SERVICES}
    routes = {service: await known_routes(service) for service in SERVICES}
    return lambda document: faults(document, settings=settings, commands=commands, routes=routes)


def test_the_composition_names_only_what_exists(examine: Examine) -> None:
    found = examine(read_composition())

    assert not found, "\n".join(found)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_understands_the_environment_it_is_given(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in containers(read_composition()).values():
        if one.service == service:
            with monkeypatch.context() as environment:
                for name, value in one.environment.items():
                    environment.setenv(name, value)

                main_of(service).Settings()


@pytest.mark.parametrize("name", ["bank", "sms-centre"])
def test_a_simulator_has_the_options_it_is_started_with(name: str) -> None:
    one = containers(read_composition())[name]

    done = subprocess.run(
        [sys.executable, "-m", one.command[0], "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert not [option for option in one.option_values if option not in done.stdout]


def test_the_servers_are_the_versions_this_house_is_made_for() -> None:
    known = containers(read_composition())

    assert known["postgres"].described["image"] == "postgres:18"
    assert known["rabbitmq"].described["image"] == "rabbitmq:4-management"


def test_only_the_gateway_is_reached_from_outside() -> None:
    open_to_all = {
        name for name, one in containers(read_composition()).items() if one.described.get("ports")
    }

    assert open_to_all == {"gateway-api"}


def planted(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(read_composition())
    change(document["services"])
    return document


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda known: known["registry-api"]["environment"].update(SANAD_COLOUR="blue"),
            "registry-api: registry reads no SANAD_COLOUR",
        ),
        (
            lambda known: known["registry-api"].update(command=["registry", "serve"]),
            "registry-api: registry has no command serve",
        ),
        (
            lambda known: known["registry-api"].update(command=["payments", "api"]),
            "registry-api: its image holds registry, its command names another",
        ),
        (
            lambda known: known["payments-worker"]["environment"].pop("AMQP_URL"),
            "payments-worker: worker needs AMQP_URL",
        ),
        (
            lambda known: known["payments-api"]["healthcheck"].update(
                test=["CMD", "web.urlopen('http://127.0.0.1:8080/healthy')"]
            ),
            "payments-api: nothing answers its probe of http://127.0.0.1:8080/healthy",
        ),
        (
            lambda known: known["gateway-api"]["environment"].update(
                SANAD_REGISTRY_URL="http://registry-api:8081"
            ),
            "gateway-api: nobody listens on registry-api:8081",
        ),
        (
            lambda known: known["eligibility-api"]["environment"].update(
                DATABASE_URL="postgresql://registry_api:x@postgres:5432/sanad_registry"
            ),
            "eligibility-api: it should be eligibility_api in sanad_eligibility",
        ),
        (lambda known: known.pop("gateway-worker"), "no container runs gateway worker"),
    ],
)
def test_a_planted_slip_in_the_composition_is_seen(
    change: Callable[[dict[str, Any]], object], complaint: str, examine: Examine
) -> None:
    assert complaint in examine(planted(change))
