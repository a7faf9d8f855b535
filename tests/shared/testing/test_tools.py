"""Tools come from the machine, or from its own packages, and say in a sentence why not."""

import os
from pathlib import Path

import pytest

from shared.testing import tools
from shared.testing.tools import ToolUnavailableError, find_rabbitmq, main, provide_rabbitmq


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is all the machine's PATH leads to."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("AMQP_URL", raising=False)
    monkeypatch.setattr(tools, "_SYSTEM_SCRIPTS", tmp_path / "no-such-folder")
    return programs


def a_program(path: Path, text: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_machine_without_rabbitmq_and_apt_is_told_so_in_one_sentence(
    bare_machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bare_machine.exists()

    assert main(["--into", str(tmp_path / "tools")]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(
        "rabbitmq-server is not on this machine, and there is no apt-get to fetch it."
    )


def test_an_unwritable_folder_is_told_in_one_sentence(bare_machine: Path, tmp_path: Path) -> None:
    assert bare_machine.exists()
    (tmp_path / "file").touch()

    with pytest.raises(ToolUnavailableError, match="cannot be written"):
        provide_rabbitmq(tmp_path / "file" / "tools")


def test_the_servers_own_address_wins_over_everything(
    bare_machine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bare_machine.exists()
    monkeypatch.setenv("AMQP_URL", "amqp://somewhere")

    assert main(["--into", str(tmp_path / "tools")]) == 0

    assert capsys.readouterr().out == "RabbitMQ: the server at AMQP_URL\n"


def test_rabbitmq_on_path_is_used_as_it_is(bare_machine: Path, tmp_path: Path) -> None:
    scripts = tmp_path / "opt/sbin"
    for name in ("rabbitmq-server", "rabbitmqctl"):
        (bare_machine / name).symlink_to(a_program(scripts / name))
    a_program(bare_machine / "erl")

    found = find_rabbitmq(tmp_path / "tools")

    assert found is not None
    assert found.server == scripts / "rabbitmq-server"


def test_an_unpacked_rabbitmq_is_found_with_the_erlang_beside_it(
    bare_machine: Path, tmp_path: Path
) -> None:
    assert bare_machine.exists()
    root = tmp_path / "tools/rabbitmq"
    a_program(root / "usr/lib/rabbitmq/bin/rabbitmq-server")

    found = find_rabbitmq(tmp_path / "tools")

    assert found is not None
    assert found.environment["PATH"].split(os.pathsep)[0] == str(root / "usr/lib/erlang/bin")


def test_a_half_fetched_tool_is_not_taken_for_a_whole_one(
    bare_machine: Path, tmp_path: Path
) -> None:
    a_program(bare_machine / "dpkg-deb")
    a_program(bare_machine / "apt-get", 'echo "the lists cannot be had" >&2; exit 100')

    with pytest.raises(ToolUnavailableError, match="the lists cannot be had"):
        provide_rabbitmq(tmp_path / "tools")

    assert find_rabbitmq(tmp_path / "tools") is None
    assert not list((tmp_path / "tools").glob("fetching-*"))
