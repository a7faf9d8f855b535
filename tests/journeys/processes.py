"""The distributed form on one machine: every service as its own processes, over RabbitMQ.

The commands and variables are those of the compose file; only hosts and ports differ.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from shared.runtime.children import Child, end_with_parent, start_child
from shared.runtime.clock import SystemClock, demonstration_offset
from shared.storage.roles import ROLE_KINDS, urls_of

SERVICES = ("registry", "eligibility", "payments", "notifications", "gateway")
READY_SECONDS_MAX = 240.0
SMPP_PASSWORD_CHARACTERS = 8


@dataclass
class Processes:
    """A running distributed stack."""

    state: Path
    admin_url: str
    amqp_url: str
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    bank: Child | None = None
    sms_centre: Child | None = None
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def gateway(self) -> str:
        """Return the gateway's address."""
        return f"http://127.0.0.1:{self.ports['gateway-api']}"

    def command(self, service: str, *words: str) -> None:
        """Run a one-off command of a service to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "services", service, *words],
            env=self.environment(service, "once"),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def start(self, service: str, kind: str) -> None:
        """Start the api or the worker of a service."""
        with (self.state / f"{service}-{kind}.log").open("ab") as log:
            self.running[f"{service}-{kind}"] = subprocess.Popen(
                [sys.executable, "-m", "services", service, kind],
                env=self.environment(service, kind),
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent,  # noqa: PLW1509 -- one system call
            )

    def wait_until_ready(self, name: str) -> None:
        """Wait until a process says that it is ready."""
        address = f"http://127.0.0.1:{self.ports[name]}/readyz"
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self.running[name].poll() is None, self.log_of(name)
            try:
                if httpx.get(address, timeout=30).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        message = f"{name} did not become ready: {self.log_of(name)}"
        raise AssertionError(message)

    def log_of(self, name: str) -> str:
        """Return the end of a process's log."""
        return (self.state / f"{name}.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """Ask every process to end, and wait for it."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(120)

    def environment(self, service: str, kind: str) -> dict[str, str]:
        """Return the variables of one process."""
        urls = urls_of(
            self.admin_url, service, passwords=self.passwords, database=f"sanad_{service}"
        )
        own = {
            "SANAD_PROFILE": "demo",
            "SANAD_STATE_DIR": str(self.state),
            "SANAD_PORT": str(self.ports.get(f"{service}-{kind}", 0)),
            "SANAD_ISSUER": self.gateway,
            "SANAD_JWKS_URL": f"{self.gateway}/.well-known/jwks.json",
            "SANAD_POOL_MAX": "6",
            "DATABASE_URL": urls.api if kind == "api" else urls.worker,
            "OWNER_DATABASE_URL": urls.owner,
            "ADMIN_DATABASE_URL": self.admin_url,
            "AMQP_URL": self.amqp_url,
            **{f"{role.upper()}_DATABASE_PASSWORD": self.passwords[role] for role in ROLE_KINDS},
        }
        for name in SERVICES[:-1]:
            own[f"SANAD_{name.upper()}_URL"] = f"http://127.0.0.1:{self.ports[f'{name}-api']}"
        if self.bank is not None and self.sms_centre is not None:
            own |= {
                "BANK_URL": f"http://127.0.0.1:{self.bank.ready['port']}",
                "BANK_TOKEN_FILE": str(self.state / "bank-token"),
                "SMS_PORT": str(self.sms_centre.ready["port"]),
                "SMS_PASSWORD_FILE": str(self.state / "smsc-password"),
            }
        # Only what finds Python and its packages comes from outside.
        kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH")
        inherited = {name: os.environ[name] for name in kept if name in os.environ}  # noqa: TID251
        return inherited | own

    def begin(self, stack: ExitStack) -> None:
        """Set time and secrets, start the outside world, then every service."""
        offset = demonstration_offset(SystemClock().now(), None)
        (self.state / "clock-offset").write_text(str(int(offset.total_seconds())))
        self._start_outside_world(stack)
        stack.callback(self.stop)
        for service in SERVICES:
            for words in (("provision",), ("keys",), ("migrate",)):
                self.command(service, *words)
        self.command("gateway", "seed-demo-clients")
        for service in SERVICES:
            self.start(service, "api")
            self.start(service, "worker")
        for name in self.running:
            self.wait_until_ready(name)

    def _start_outside_world(self, stack: ExitStack) -> None:
        (self.state / "bank-token").write_text(secrets.token_hex(16))
        password = secrets.token_hex(SMPP_PASSWORD_CHARACTERS // 2)
        (self.state / "smsc-password").write_text(password)
        clock = ("--clock-offset", str(self.state / "clock-offset"))
        self.bank = start_child(
            "simulators.bank",
            [
                *("--port", "0", "--state", str(self.state / "bank"), *clock),
                *("--token-file", str(self.state / "bank-token")),
            ],
            log=self.state / "bank.log",
        )
        stack.callback(self.bank.stop)
        self.sms_centre = start_child(
            "simulators.sms_centre",
            [
                *("--port", "0", "--http-port", "0", "--state", str(self.state / "sms"), *clock),
                *("--system-id", "sanad", "--password-file", str(self.state / "smsc-password")),
            ],
            log=self.state / "sms-centre.log",
        )
        stack.callback(self.sms_centre.stop)


@contextmanager
def running_processes(state: Path, *, admin_url: str, amqp_url: str) -> Iterator[Processes]:
    """Run the distributed stack for as long as the context lasts."""
    names = [f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker")]
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    passwords = {kind: secrets.token_hex(12) for kind in ROLE_KINDS}
    processes = Processes(state, admin_url, amqp_url, ports, passwords)
    with ExitStack() as stack:
        processes.begin(stack)
        yield processes


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for probe in sockets:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in sockets]
    for probe in sockets:
        probe.close()
    return ports
