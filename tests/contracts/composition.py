"""docker-compose.yml, read as what it says about each container of this house."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.contracts.house import REPOSITORY, SERVICES

COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
HTTP_PORT = 8080
# What the servers that are not ours listen on.
_SERVER_PORTS = {"postgres": {5432}, "rabbitmq": {5672}}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

# Settings that each command refuses to start without.
NEEDED_BY = {
    "provision": {
        "ADMIN_DATABASE_URL",
        "API_DATABASE_PASSWORD",
        "OWNER_DATABASE_PASSWORD",
        "WORKER_DATABASE_PASSWORD",
    },
    "keys": set(),
    "migrate": {"OWNER_DATABASE_URL"},
    "api": {"DATABASE_URL", "SANAD_ISSUER", "SANAD_JWKS_URL"},
    "worker": {"AMQP_URL", "DATABASE_URL", "SANAD_JWKS_URL"},
    "seed-demo-clients": {"DATABASE_URL"},
}
_ROLE_OF = {"migrate": "owner", "api": "api", "worker": "worker", "seed-demo-clients": "worker"}


@dataclass(frozen=True)
class Container:
    """One entry below `services:`."""

    name: str
    described: Mapping[str, Any]

    @property
    def service(self) -> str | None:
        """Which of our services its image holds, if any."""
        build = self.described.get("build", {})
        name: str | None = build.get("args", {}).get("SERVICE")
        return name

    @property
    def command(self) -> list[str]:
        """The arguments of the image's entry point."""
        return [str(word) for word in self.described.get("command", [])]

    @property
    def environment(self) -> dict[str, str]:
        """The environment it runs in, with stand-ins for what the operator must state."""
        stated = self.described.get("environment", {})
        return {name: filled(str(value)) for name, value in stated.items()}

    @property
    def probe(self) -> str:
        """What its health check runs."""
        return " ".join(self.described.get("healthcheck", {}).get("test", []))

    @property
    def option_values(self) -> dict[str, str]:
        """The options on its command line, as `--name=value`."""
        return dict(word.split("=", 1) for word in self.command if word.startswith("--"))

    @property
    def listens_on(self) -> set[int]:
        """The ports its program opens."""
        if self.service is not None:
            return {HTTP_PORT}
        stated = {int(value) for name, value in self.option_values.items() if name.endswith("port")}
        return stated | _SERVER_PORTS.get(self.name, set())


def filled(text: str) -> str:
    """Return a value as compose would: the default of a variable, or a stand-in if it has none."""
    return _VARIABLE.sub(lambda found: found[3] if found[2] == "-" else "stated", text)


def read_composition() -> dict[str, Any]:
    """Return the whole document."""
    document: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
    return document


def containers(document: Mapping[str, Any]) -> dict[str, Container]:
    """Return the containers by name."""
    return {name: Container(name, one) for name, one in document["services"].items()}


def faults(
    document: Mapping[str, Any],
    *,
    settings: Mapping[str, frozenset[str]],
    commands: Mapping[str, frozenset[str]],
    routes: Mapping[str, frozenset[str]],
) -> list[str]:
    """Return what in the document does not exist in the code.

    Args:
        document: The composition.
        settings: The environment variables each service reads.
        commands: The commands each service has.
        routes: The paths each service answers.
    """
    known = containers(document)
    found: list[str] = []
    for one in known.values():
        found += _faults_of_addresses(one, known)
        found += _faults_of_names(one, document, known)
        if one.service is not None:
            found += _faults_of_settings(one, settings[one.service])
            found += _faults_of_command(one, commands[one.service])
            found += _faults_of_probe(one, routes[one.service])
            found += _faults_of_database(one)
    return [*found, *_missing_containers(known)]


def _faults_of_settings(one: Container, known: frozenset[str]) -> Iterator[str]:
    for name in sorted(one.environment.keys() - known):
        yield f"{one.name}: {one.service} reads no {name}"


def _faults_of_command(one: Container, known: frozenset[str]) -> Iterator[str]:
    if one.command[:1] != [one.service]:
        yield f"{one.name}: its image holds {one.service}, its command names another"
    command = one.command[1]
    if command not in known:
        yield f"{one.name}: {one.service} has no command {command}"
    for name in sorted(NEEDED_BY.get(command, set()) - one.environment.keys()):
        yield f"{one.name}: {command} needs {name}"


def _faults_of_probe(one: Container, known: frozenset[str]) -> Iterator[str]:
    if one.command[1] not in {"api", "worker"}:
        return
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/\w*)", one.probe)
    if address is None:
        yield f"{one.name}: nothing probes it"
    elif int(address[1]) not in one.listens_on or address[2] not in known:
        yield f"{one.name}: nothing answers its probe of {address[0]}"


def _faults_of_database(one: Container) -> Iterator[str]:
    role = _ROLE_OF.get(one.command[1])
    url = one.environment.get("OWNER_DATABASE_URL" if role == "owner" else "DATABASE_URL")
    if role is None or url is None:
        return
    parts = urlsplit(url)
    if (parts.username, parts.path) != (f"{one.service}_{role}", f"/sanad_{one.service}"):
        yield f"{one.name}: it should be {one.service}_{role} in sanad_{one.service}"


def _faults_of_addresses(one: Container, known: Mapping[str, Container]) -> Iterator[str]:
    for value in one.environment.values():
        parts = urlsplit(value)
        if not parts.scheme or parts.hostname in {None, "127.0.0.1"}:
            continue
        listener = known.get(str(parts.hostname))
        if listener is None or parts.port not in listener.listens_on:
            yield f"{one.name}: nobody listens on {parts.hostname}:{parts.port}"


def _faults_of_names(
    one: Container, document: Mapping[str, Any], known: Mapping[str, Container]
) -> Iterator[str]:
    volumes = [volume.partition(":")[0] for volume in one.described.get("volumes", [])]
    for kind, named, present in (
        ("container", one.described.get("depends_on", {}), known),
        ("secret", one.described.get("secrets", []), document["secrets"]),
        ("volume", volumes, document["volumes"]),
    ):
        for name in named:
            if name not in present:
                yield f"{one.name}: there is no {kind} {name}"


def _missing_containers(known: Mapping[str, Container]) -> Iterator[str]:
    present = {(one.service, *one.command[1:2]) for one in known.values()}
    for service in SERVICES:
        for command in ("provision", "keys", "migrate", "api", "worker"):
            if (service, command) not in present:
                yield f"no container runs {service} {command}"
