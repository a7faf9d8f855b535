"""The registry at a terminal: an export that anybody verifies, and keys that are changed."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.registry.domain.access_chain import Fault
from services.registry.main import COMMANDS, OWN_KEYS
from services.registry.settings import Settings
from services.registry.storage.access_log import Access, Disclosed, log_access
from services.registry.use_cases.export_access_log import (
    ExportUnreadableError,
    export_access_log,
    verify_export,
)
from services.registry.use_cases.seal_access_log import AccessLogSealer
from shared.runtime.ids import new_id
from shared.runtime.keys import load_key_ring, make_key
from shared.storage.database import RowScope
from shared.testing.platforms import make_test_keys
from shared.web.process import UsageError
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_person

Lines = list[str]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return keys of this test's own, since it changes them."""
    folder = tmp_path / "keys"
    make_test_keys(folder, "registry", "payments", "notifications")
    for name in OWN_KEYS:
        make_key(folder / "registry" / name)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return where to export to; the command makes the folder."""
    return tmp_path / "evidence" / "export"


@pytest.fixture
def settings(registry: Registry, keys: Path) -> Settings:
    """Return what an operator's environment says."""
    return Settings(
        sanad_profile="demo",
        sanad_key_dir=keys,
        database_url=SecretStr(registry.databases.urls.worker),
        owner_database_url=SecretStr(registry.databases.urls.owner),
    )


async def sealed_log(registry: Registry, *counts: int) -> list[UUID]:
    """Log and seal a block of each of these sizes; return the ids of the rows."""
    ids: list[UUID] = []
    for count in counts:
        now = registry.clock.now()
        access = Access("a-hospital", "care", "verify", now.date(), now, now, ("name", "الاسم"))
        subjects = [Disclosed(new_id(), "01", new_id()) for _ in range(count)]
        async with registry.api.database.transaction(RowScope.everything()) as tx:
            await log_access(tx, access, subjects)
        await AccessLogSealer(registry.worker).seal_next_block()
        ids += [subject.access_id for subject in subjects]
    return ids


def rewrite(path: Path, change: Callable[[Lines], Lines]) -> None:
    """Tamper with the lines of a file."""
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(change(lines)) + "\n", "utf-8")


async def run(settings: Settings, *command: str) -> None:
    """Run a command as a process would: in a thread with a loop of its own."""
    name, *arguments = command
    await asyncio.to_thread(COMMANDS[name], settings, arguments)


async def test_an_export_is_verified_without_database_or_secret(
    registry: Registry,
    settings: Settings,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await sealed_log(registry, 3, 2)
    await run(settings, "access-log", "export", "--out", str(out))
    stranger = Settings(sanad_profile="demo", sanad_key_dir=out / "no-keys-here")
    await run(stranger, "access-log", "verify", str(out))
    assert capsys.readouterr().out.count("2 blocks with 5 rows are as they were sealed") == 2
    modes = [path.stat().st_mode & 0o777 for path in (out, out / "rows.jsonl")]
    assert modes == [0o700, 0o600]
    private = load_key_ring(settings.key_dir / "registry" / "access-seal").active
    assert private not in (out / "keys.json").read_bytes()


def in_another_place(line: str) -> str:
    """Return a row that claims to have been written behind the others."""
    return line.replace('"access_id":"0', '"access_id":"f')


TAMPERINGS: dict[str, tuple[Callable[[Lines], Lines], str, int, int | None]] = {
    "changed": (lambda rows: [*rows[:3], rows[3].replace("care", "war"), rows[4]], "altered", 2, 1),
    "said twice": (
        lambda rows: [*rows[:3], rows[3].replace('{"acc', '{"client":"nobody","acc'), rows[4]],
        "altered",
        2,
        1,
    ),
    "garbled": (lambda rows: [*rows[:3], "{garbled", rows[4]], "altered", 2, 1),
    "removed": (lambda rows: [rows[0], *rows[2:]], "missing", 1, 2),
    "cut": (lambda rows: rows[:4], "missing", 2, 2),
    "doubled": (lambda rows: [rows[0], rows[1], rows[1], *rows[2:]], "inserted", 1, 3),
    "swapped": (lambda rows: [rows[1], rows[0], *rows[2:]], "reordered", 1, 1),
    "added": (lambda rows: [*rows, in_another_place(rows[4])], "inserted", 2, None),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_the_first_bad_line_of_an_export_is_named(
    registry: Registry, out: Path, tampering: str
) -> None:
    change, fault, block, row = TAMPERINGS[tampering]
    await sealed_log(registry, 3, 2)
    await export_access_log(out, using=registry.worker)
    rewrite(out / "rows.jsonl", change)
    broken = verify_export(out).broken
    assert broken is not None
    assert (broken.fault, broken.block, broken.row) == (f"row-{fault}", block, row)


async def test_a_tampered_export_fails_the_command_and_names_the_row(
    registry: Registry, settings: Settings, out: Path
) -> None:
    ids = await sealed_log(registry, 3, 2)
    await run(settings, "access-log", "export", "--out", str(out))
    rewrite(
        out / "rows.jsonl",
        lambda rows: [rows[0], rows[1].replace("a-hospital", "nobody"), *rows[2:]],
    )
    with pytest.raises(UsageError, match=f"row-altered: block 1, row 2, access_id {ids[1]}"):
        await run(settings, "access-log", "verify", str(out))


async def test_an_export_of_a_tampered_log_says_so(
    registry: Registry, settings: Settings, out: Path
) -> None:
    (access_id,) = await sealed_log(registry, 1)
    async with registry.databases.owner.transaction() as tx:
        await tx.execute("UPDATE access_log SET purpose = 'audit'")
    with pytest.raises(UsageError, match=f"row-altered: block 1, row 1, access_id {access_id}"):
        await run(settings, "access-log", "export", "--out", str(out))


async def test_a_log_tampered_with_in_the_database_fails_the_command(
    registry: Registry, settings: Settings
) -> None:
    ids = await sealed_log(registry, 2)
    await run(settings, "access-log", "verify", "--database")
    async with registry.databases.owner.transaction() as tx:
        await tx.execute(
            "DELETE FROM access_log WHERE access_id = %(access_id)s", {"access_id": ids[0]}
        )
    with pytest.raises(UsageError, match="row-missing: block 1, row 1"):
        await run(settings, "access-log", "verify", "--database")


async def test_an_export_forged_whole_does_not_fit_a_key_that_came_another_way(
    registry: Registry, settings: Settings, keys: Path, out: Path, tmp_path: Path
) -> None:
    await sealed_log(registry, 2)
    await run(settings, "access-log", "export", "--out", str(out))
    trusted = tmp_path / "trusted.json"
    document = json.loads((out / "keys.json").read_text())
    trusted.write_text(json.dumps(document))
    await run(settings, "access-log", "verify", str(out), "--keys", str(trusted))
    (keys / "registry" / "access-seal" / "k1.key").unlink()
    make_key(keys / "registry" / "access-seal")
    async with registry.databases.owner.transaction() as tx:
        await tx.execute("DELETE FROM access_block")
    await AccessLogSealer(registry.worker).seal_next_block()
    forged = tmp_path / "forged"
    forged.mkdir()
    await run(settings, "access-log", "export", "--out", str(forged))
    await run(settings, "access-log", "verify", str(forged))
    with pytest.raises(UsageError, match="signature-wrong: block 1"):
        await run(settings, "access-log", "verify", str(forged), "--keys", str(trusted))


async def test_a_part_of_the_log_can_be_exported_and_verified(
    registry: Registry, out: Path
) -> None:
    await sealed_log(registry, 2, 3, 1)
    verdict = await export_access_log(out, using=registry.worker, after_block=1)
    assert (verdict.blocks, verdict.rows, verdict.broken) == (2, 4, None)


async def test_an_export_that_lacks_its_last_block_is_known_by_a_head_kept_elsewhere(
    registry: Registry, out: Path
) -> None:
    await sealed_log(registry, 2, 3)
    head = (await export_access_log(out, using=registry.worker)).head
    assert verify_export(out, expected_head=head).broken is None
    rewrite(out / "rows.jsonl", lambda rows: rows[:2])
    rewrite(out / "blocks.jsonl", lambda blocks: blocks[:1])
    assert verify_export(out).broken is None
    broken = verify_export(out, expected_head=head).broken
    assert broken is not None
    assert broken.fault is Fault.CUT_SHORT


async def test_what_is_no_export_is_refused_in_one_sentence(
    registry: Registry, settings: Settings, out: Path
) -> None:
    for command in (
        ("verify", str(out)),
        ("verify",),
        ("export", "--out", str(settings.key_dir / "registry" / "access-seal" / "k1.key")),
        ("verify", str(out), "--head", "short"),
    ):
        with pytest.raises(UsageError):
            await run(settings, "access-log", *command)
    await sealed_log(registry, 1)
    await export_access_log(out, using=registry.worker)
    with pytest.raises(ExportUnreadableError):
        await export_access_log(out, using=registry.worker)
    (block,) = (out / "blocks.jsonl").read_text().splitlines()
    for no_block in ("{}", "[]", "{", block.replace('"rows":1', '"rows":"1"')):
        (out / "blocks.jsonl").write_text(no_block + "\n")
        with pytest.raises(UsageError, match=r"Line 1 of blocks\.jsonl is no block"):
            await run(settings, "access-log", "verify", str(out))


async def test_keys_are_made_listed_and_changed_step_by_step(
    settings: Settings, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(settings, "keys")
    await run(settings, "keys", "add", "columns")
    await run(settings, "keys", "list")
    assert "columns: k1 (active) k2" in capsys.readouterr().out
    await run(settings, "keys", "activate", "columns", "k2")
    assert load_key_ring(keys / "registry" / "columns").active_id == "k2"
    with pytest.raises(UsageError, match="is the active one"):
        await run(settings, "keys", "retire", "columns", "k2")


async def test_a_whole_rotation_at_the_terminal(
    registry: Registry, settings: Settings, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await registry.load(a_file(a_person(1)), key="k")
    for name in ("columns", "index"):
        await run(settings, "keys", "add", name)
        await run(settings, "keys", "activate", name, "k2")
        with pytest.raises(UsageError, match="first"):
            await run(settings, "keys", "retire", name, "k1", "--after-seconds", "0")
    await run(settings, "reseal")
    await run(settings, "reindex")
    for name in ("columns", "index"):
        with pytest.raises(UsageError, match="too young"):
            await run(settings, "keys", "retire", name, "k1")
        await run(settings, "keys", "retire", name, "k1", "--after-seconds", "0")
        assert load_key_ring(keys / "registry" / name).ids == ("k2",)
    told = capsys.readouterr().out
    assert "2 values are sealed anew with k2." in told
    assert "1 rows are indexed with k2; 0 were left" in told
