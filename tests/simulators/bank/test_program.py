"""The bank as a program: it ends when it should, and says in one sentence why it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulators.bank.conftest import StartBank
from tests.simulators.bank.payer import TOKEN
from tests.simulators.bank.payment_files import AnOrder, APaymentFile, rib
from tests.simulators.programs import ROOT, refused

PARENT = """
import json, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", *sys.argv[1:]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start_bank: StartBank, asked: signal.Signals) -> None:
    bank = start_bank()
    bank.payer.truth()
    bank.program.process.send_signal(asked)
    assert bank.program.process.wait(60) == 0


def test_it_ends_although_a_request_is_being_delayed(start_bank: StartBank) -> None:
    bank = start_bank()
    bank.payer.arm("delay", times=1, seconds=600)
    with socket.create_connection(("127.0.0.1", bank.program.ready["port"])) as connection:
        request = f"GET /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        connection.sendall(request.encode())
        while bank.payer.client.get("/v1/faults").json():
            time.sleep(0.01)
        assert bank.program.terminate() == 0


def test_it_dies_with_its_parent(tmp_path: Path, token_file: Path) -> None:
    options = ["--state", str(tmp_path / "bank"), "--token-file", str(token_file)]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, "simulators.bank", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        deadline = time.monotonic() + 60
        while is_running(child):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_port_in_use_is_one_sentence_and_a_failure(tmp_path: Path, token_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, complaint = refused(
            "simulators.bank", "--port", port, "--state", tmp_path, "--token-file", token_file
        )
    assert code == 1
    assert complaint == (
        f"bank simulator: Cannot listen on 127.0.0.1 port {port}: it is in use or not allowed.\n"
    )


def test_a_state_folder_that_cannot_be_written_is_one_sentence(token_file: Path) -> None:
    code, complaint = refused(
        "simulators.bank", "--state", token_file / "below", "--token-file", token_file
    )
    assert code == 1
    assert "cannot be written" in complaint
    assert complaint.count("\n") == 1


def test_a_database_that_is_none_is_one_sentence(tmp_path: Path, token_file: Path) -> None:
    (tmp_path / "bank.sqlite3").write_bytes(b"something else" * 100)
    code, complaint = refused("simulators.bank", "--state", tmp_path, "--token-file", token_file)
    assert code == 1
    assert "cannot be used" in complaint
    assert complaint.count("\n") == 1


def test_two_banks_never_share_a_state_folder(start_bank: StartBank, tmp_path: Path) -> None:
    start_bank()
    code, complaint = refused(
        "simulators.bank", "--state", tmp_path / "bank", "--token-file", tmp_path / "token"
    )
    assert code == 1
    assert "in use by another simulator" in complaint


@pytest.mark.parametrize("content", [None, "", "two words"])
def test_a_token_file_without_a_token_is_one_sentence(tmp_path: Path, content: str | None) -> None:
    token_file = tmp_path / "token"
    if content is not None:
        token_file.write_text(content)
    code, complaint = refused("simulators.bank", "--state", tmp_path, "--token-file", token_file)
    assert code == 1
    assert complaint.startswith("bank simulator: The secret file ")


def test_a_clock_offset_that_is_no_number_is_one_sentence(tmp_path: Path, token_file: Path) -> None:
    code, complaint = refused(
        *("simulators.bank", "--state", tmp_path, "--token-file", token_file),
        *("--clock-offset", token_file),
    )
    assert code == 1
    assert complaint == "bank simulator: The clock offset file does not hold one integer.\n"


def test_nothing_it_writes_besides_its_books_names_a_payee(start_bank: StartBank) -> None:
    bank = start_bank("--settle-after", "0")
    bank.payer.send(APaymentFile("FILE-1", [AnOrder("E1", account=rib(4_242))]))
    bank.payer.send_bytes("FILE-2", b"<broken>" + rib(4_242).encode())
    bank.payer.reports(at_least=2)
    bank.program.process.terminate()
    written, complained = bank.program.process.communicate(timeout=60)
    assert rib(4_242).encode() not in written + complained
    assert b"E1" not in written + complained


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
