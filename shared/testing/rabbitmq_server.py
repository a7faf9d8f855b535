"""Runs a private RabbitMQ node: own ports, cookie and folder, loopback only, gone with its parent.

Why so careful: Erlang leaves a port mapper (epmd) behind as a daemon, and a node outlives whoever
started it. Here both are children that the kernel kills when this process ends, however it ends.
"""

import contextlib
import ctypes
import json
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.runtime.state_folder import temporary_folder
from shared.testing.tools import RabbitMQPrograms, provide_rabbitmq

START_SECONDS_MAX = 240.0
STOP_SECONDS_MAX = 60.0
CONTROL_SECONDS_MAX = 240.0
START_ATTEMPTS_MAX = 3
NODES = "sanad-rabbitmq-"
"""How the folders of nodes begin; those of killed runs go with the next start."""

_USER = "sanad"
_NODE = "sanad@localhost"
_AMQP_GREETING = b"AMQP\x00\x00\x09\x01"
_CONNECTION_START = b"\x00\x0a\x00\x0a"  # class 10, method 10: the server's first frame
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class RabbitMQStartError(Exception):
    """The node did not come up; the text ends with the last lines of its log."""


class RabbitMQServer:
    """A RabbitMQ node of our own. Use it as a context manager, from the main thread."""

    def __init__(self, programs: RabbitMQPrograms, folder: Path) -> None:
        """Keep everything in an empty folder, which its owner alone may enter."""
        self._programs = programs
        self._folder = folder
        self._password = secrets.token_hex(16)
        self._ports = _Ports()
        self._port_mapper: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the node; on other ports if someone took one of ours meanwhile."""
        for attempt in range(1, START_ATTEMPTS_MAX + 1):
            try:
                self.start()
            except RabbitMQStartError:
                if attempt == START_ATTEMPTS_MAX:
                    raise
                self._ports = _Ports()
            else:
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def port(self) -> int:
        """The AMQP port on 127.0.0.1."""
        return self._ports.amqp

    def url(self, vhost: str = "/") -> str:
        """Return the AMQP URL of a virtual host, with the password."""
        name = vhost.replace("/", "%2F")
        return f"amqp://{_USER}:{self._password}@127.0.0.1:{self.port}/{name}"

    def new_vhost(self) -> str:
        """Make an empty virtual host that nobody else uses and return its AMQP URL."""
        name = f"test-{secrets.token_hex(6)}"
        definitions = self._folder / f"{name}.json"
        definitions.write_text(
            json.dumps({"vhosts": [{"name": name}], "permissions": [_everything(name)]})
        )
        self.control("import_definitions", str(definitions))
        return self.url(name)

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl against this node and return what it printed.

        Raises:
            subprocess.CalledProcessError: The node refused.
        """
        done = subprocess.run(
            [str(self._programs.control), "--quiet", *arguments],
            env=self._environment(),
            cwd=self._folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=CONTROL_SECONDS_MAX,
        )
        return done.stdout

    def start(self) -> None:
        """Start the node on the data it has and wait until it answers as a broker.

        Raises:
            RabbitMQStartError: It did not answer within `START_SECONDS_MAX` seconds.
        """
        if threading.current_thread() is not threading.main_thread():
            # The kernel's promise to kill a child is kept when the *thread* that made it ends.
            message = "Start RabbitMQ from the main thread."
            raise RabbitMQStartError(message)
        self._write_configuration()
        self._port_mapper = self._child(
            ["epmd", "-port", str(self._ports.epmd), "-address", "127.0.0.1"]
        )
        self._await_port_mapper()
        self._node = self._child([str(self._programs.server)])
        deadline = time.monotonic() + START_SECONDS_MAX
        while not _greets_as_broker(self.port):
            if self._node.poll() is not None or time.monotonic() > deadline:
                self.kill()
                message = f"RabbitMQ did not start. Its log ends:\n{self._end_of_log()}"
                raise RabbitMQStartError(message)
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the node as an operator would; its data stay for the next `start`."""
        _end(self._node, signal.SIGTERM)
        _end(self._port_mapper, signal.SIGKILL)

    def kill(self) -> None:
        """Stop the node as a power cut would; what it had confirmed is there after `start`.

        But for queues of the last second: RabbitMQ 3 confirms those before it has noted for good
        that they exist, and does not serve them again.
        """
        _end(self._node, signal.SIGKILL)
        _end(self._port_mapper, signal.SIGKILL)

    def _child(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "node.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env=self._environment(),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the terminal is for the tests, not for the node
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock, no memory
            )

    def _await_port_mapper(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not _accepts(self._ports.epmd):
            if time.monotonic() > deadline:
                self.kill()
                message = f"Erlang's port mapper did not start:\n{self._end_of_log()}"
                raise RabbitMQStartError(message)
            time.sleep(0.02)

    def _end_of_log(self) -> str:
        lines = (self._folder / "node.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-20:])

    def _write_configuration(self) -> None:
        cookie = self._folder / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(mode=0o600)
            cookie.write_text(secrets.token_hex(16))
            cookie.chmod(0o400)
        (self._folder / "enabled_plugins").write_text("[].\n")
        (self._folder / "env.conf").touch()
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._ports.amqp}\n"
            f"default_user = {_USER}\n"
            f"default_pass = {self._password}\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "log.file = false\n"
            "vm_memory_high_watermark.absolute = 512MiB\n"
            "disk_free_limit.absolute = 50MB\n"
        )

    def _environment(self) -> dict[str, str]:
        own = self._folder
        return {
            **self._programs.environment,
            "HOME": str(own),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._ports.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_DIST_PORT": str(self._ports.cluster),
            "RABBITMQ_CTL_DIST_PORT_MIN": str(_Ports.CONTROL_FIRST),
            "RABBITMQ_CTL_DIST_PORT_MAX": str(_Ports.CONTROL_LAST),
            "RABBITMQ_MNESIA_BASE": str(own / "mnesia"),
            "RABBITMQ_LOG_BASE": str(own / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(own / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(own / "env.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(own / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(own / "enabled_plugins"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(own / "plugins-expand"),
            "RABBITMQ_PID_FILE": str(own / "rabbit.pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(own / "config"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +S 2:2"
            ),
            # Makes the script become the node instead of watching over it: signals reach it, and
            # the kernel's promise to kill our child covers it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }


@contextlib.contextmanager
def private_rabbitmq() -> Iterator[RabbitMQServer]:
    """Provide RabbitMQ's programs, start a node, and leave nothing behind.

    Raises:
        ToolUnavailableError: RabbitMQ is not here and cannot be fetched.
        RabbitMQStartError: It is here and does not start.
    """
    with temporary_folder(NODES) as passable:
        folder = passable / "node"
        folder.mkdir(mode=0o700)
        with RabbitMQServer(provide_rabbitmq(), folder) as server:
            yield server


class _Ports:
    """Free ports of the loopback interface, different from one another."""

    # Where rabbitmqctl listens while it runs: below the range that the kernel gives to clients.
    CONTROL_FIRST = 25_672
    CONTROL_LAST = 25_772

    def __init__(self) -> None:
        with contextlib.ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(3)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            numbers: list[int] = [one.getsockname()[1] for one in sockets]
        self.amqp, self.epmd, self.cluster = numbers


def _everything(vhost: str) -> dict[str, str]:
    return {"user": _USER, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(child: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    if child is None or child.poll() is not None:
        return
    child.send_signal(how)
    try:
        child.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _greets_as_broker(port: int) -> bool:
    """Say hello in AMQP 0-9-1; only a broker that is ready answers with Connection.Start."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(_AMQP_GREETING)
            answer = line.recv(11)
    except OSError:
        return False
    return answer[7:11] == _CONNECTION_START
