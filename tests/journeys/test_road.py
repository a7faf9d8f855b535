"""The whole road, twice: in one process, and as separate processes over RabbitMQ.

Register, score, decide, pay, tell. Both forms are the same code, so their sums must agree to the
centime, with each other and with what the bank and the SMS centre hold for true.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.storage.embedded import start_postgres
from shared.testing.rabbitmq_server import RabbitMQServer
from tests.journeys.processes import Processes, running_processes

# One worker walks both roads, so that the first is walked once.
pytestmark = [pytest.mark.xdist_group("rabbitmq"), pytest.mark.timeout(1_800)]

HOUSEHOLDS = 150
SEED = 1
# What differs between two walks of one road: time, and how files happen to be cut.
NOT_COMPARED = frozenset({"seconds", "healthz_ms"})


def last_line(output: str) -> dict[str, Any]:
    """Return the JSON object of a program's last line."""
    summary: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return summary


def run(module: str, *arguments: str) -> str:
    """Run a program to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def in_one_process() -> dict[str, Any]:
    """Walk the road in one process with the in-process broker."""
    return last_line(run("services", "demo", "--households", str(HOUSEHOLDS)))


def test_the_road_leads_from_a_file_to_money_and_messages(in_one_process: dict[str, Any]) -> None:
    assert in_one_process["households"] == in_one_process["indexes"] == HOUSEHOLDS
    assert in_one_process["rejected_lines"] == 0
    eligible = in_one_process["decisions"]["asd"]["eligible"]
    assert in_one_process["instructions"] + in_one_process["held"] == eligible
    assert in_one_process["settled"] == in_one_process["instructions"] > 0
    assert in_one_process["settled_centimes"] == in_one_process["centimes"]
    assert in_one_process["centimes"] >= 50_000 * in_one_process["instructions"]
    assert in_one_process["sms"]["assessment"] == HOUSEHOLDS
    assert in_one_process["sms"]["payment"] == in_one_process["settled"]


@pytest.mark.rabbitmq
def test_separate_processes_over_rabbitmq_agree_to_the_centime(
    in_one_process: dict[str, Any],
    rabbitmq: RabbitMQServer,
    tmp_path_factory: pytest.TempPathFactory,
    server_state: Path,
) -> None:
    state = tmp_path_factory.mktemp("distributed")
    server = start_postgres(server_state)
    try:
        with running_processes(
            state, admin_url=server.admin_url, amqp_url=rabbitmq.new_vhost()
        ) as processes:
            apart = _walk(processes, state)
            truths = _truths(processes)
    finally:
        server.stop()
    together = {name: in_one_process[name] for name in in_one_process.keys() - NOT_COMPARED}
    assert {name: apart[name] for name in apart.keys() - NOT_COMPARED} == together
    assert truths["bank"]["credits"] == apart["settled"]
    assert truths["bank"]["credited_centimes"] == apart["settled_centimes"]
    assert truths["handsets"]["messages"] == apart["sms_delivered"]


def _walk(processes: Processes, state: Path) -> dict[str, Any]:
    population = state / "population"
    run(
        *("simulators.population", "--households", str(HOUSEHOLDS), "--seed", str(SEED)),
        *("--out", str(population)),
    )
    return last_line(
        run(
            *("simulators.month", "--gateway", processes.gateway),
            *("--clients", str(state / "clients")),
            *("--population", str(population / "population.jsonl")),
        )
    )


def _truths(processes: Processes) -> dict[str, Any]:
    """Return what really arrived, as the outside world counts it."""
    assert processes.bank is not None
    assert processes.sms_centre is not None
    token = (processes.state / "bank-token").read_text()
    bank = httpx.get(
        f"http://127.0.0.1:{processes.bank.ready['port']}/v1/truth",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    handsets = httpx.get(
        f"http://127.0.0.1:{processes.sms_centre.ready['http_port']}/v1/truth", timeout=60
    )
    return {"bank": bank.json()["totals"], "handsets": handsets.json()}
