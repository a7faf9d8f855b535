"""The centre as a program: it ends when it should, and says in one sentence why it cannot start."""

import socket
from pathlib import Path

import pytest

from tests.simulators.programs import refused
from tests.simulators.sms_centre.conftest import RunningCentre, StartCentre
from tests.simulators.sms_centre.esme import DELIVER


def options(tmp_path: Path, password_file: Path) -> list[str | Path]:
    return [
        *("simulators.sms_centre", "--state", tmp_path / "centre"),
        *("--system-id", "sanad", "--password-file", password_file),
    ]


def test_a_signal_ends_it_cleanly_with_clients_bound_and_receipts_owed(
    start_centre: StartCentre,
) -> None:
    centre = start_centre("--receipt-delay", "0")
    esme = centre.bound()
    esme.submit(registered_delivery=1)
    esme.next(DELIVER)
    assert centre.program.terminate() == 0
    again = start_centre()
    assert again.bound().next(DELIVER).receipt["stat"] == "DELIVRD"


@pytest.mark.parametrize("port_option", ["--port", "--http-port"])
def test_a_port_in_use_is_one_sentence_and_a_failure(
    tmp_path: Path, password_file: Path, port_option: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, complaint = refused(*options(tmp_path, password_file), port_option, port)
    assert code == 1
    assert complaint == (
        f"SMS centre simulator: Cannot listen on 127.0.0.1 port {port}:"
        " it is in use or not allowed.\n"
    )


def test_a_password_that_smpp_cannot_carry_is_one_sentence(tmp_path: Path) -> None:
    password_file = tmp_path / "password"
    password_file.write_text("123456789")
    code, complaint = refused(*options(tmp_path, password_file))
    assert code == 1
    assert complaint == ("SMS centre simulator: An SMPP password has at most 8 characters.\n")


def test_nothing_it_writes_besides_its_truth_names_a_handset(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    esme.submit(b"private", destination="212699887766")
    esme.submit(b"private", destination="212699887766", length=200)
    own_centre.program.process.terminate()
    written, complained = own_centre.program.process.communicate(timeout=60)
    assert b"212699887766" not in written + complained
    assert b"private" not in written + complained
