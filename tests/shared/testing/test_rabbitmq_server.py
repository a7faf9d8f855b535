"""A private RabbitMQ node works as a broker and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import psutil
import pytest
from aiormq.abc import FieldTable

from shared.runtime.state_folder import temporary_folder
from shared.testing.rabbitmq_server import NODES, RabbitMQServer, private_rabbitmq

pytestmark = pytest.mark.rabbitmq

QUORUM: FieldTable = {"x-queue-type": "quorum", "x-delivery-limit": 5}
STARTS_A_NODE = """
import sys, time
from shared.testing.rabbitmq_server import private_rabbitmq
with private_rabbitmq() as server:
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RabbitMQServer]:
    with private_rabbitmq() as running:
        yield running


async def test_a_quorum_queue_keeps_what_it_confirmed_over_a_restart(
    server: RabbitMQServer,
) -> None:
    url = server.new_vhost()
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.declare_queue("kept", durable=True, arguments=QUORUM)
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key="kept")

    server.stop()
    server.start()

    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("kept", durable=True, arguments=QUORUM)
        delivered = await queue.get(timeout=60)
        assert delivered.body == b"kept"
        await delivered.ack()


async def test_each_caller_has_a_virtual_host_of_its_own(server: RabbitMQServer) -> None:
    mine, theirs = server.new_vhost(), server.new_vhost()
    async with await aio_pika.connect(mine) as connection:
        channel = await connection.channel()
        await channel.declare_queue("mine", durable=True, arguments=QUORUM)

    async with await aio_pika.connect(theirs) as connection:
        channel = await connection.channel()
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await channel.get_queue("mine")


def test_the_node_listens_on_the_loopback_interface_alone(server: RabbitMQServer) -> None:
    addresses = {
        connection.laddr.ip
        for process in descendants(psutil.Process())
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert addresses <= {"127.0.0.1", "::1"}
    assert server.port > 0


def test_nothing_of_a_node_outlives_a_killed_parent_and_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_NODE],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # noqa: TID251 -- a copy with one change
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    children = descendants(psutil.Process(parent.pid))
    assert {"beam.smp", "epmd"} <= {child.name() for child in children}

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    assert not still_running(children)
    (left,) = tmp_path.glob(f"{NODES}*")
    assert (left / "node" / "mnesia").is_dir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_folder(NODES):
        assert not left.exists()


def descendants(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def still_running(processes: list[psutil.Process]) -> list[str]:
    deadline = time.monotonic() + 60
    alive = processes
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [process for process in alive if is_running(process)]
    return [str(process) for process in alive]


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
