"""Receiving files of declarations."""

import gzip
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.registry.domain.csv_rows import CSV_HEADER
from services.registry.storage.import_jobs import ImportRequest
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.collaborators import ImportRules
from services.registry.use_cases.fail_abandoned_imports import fail_abandoned_imports
from services.registry.use_cases.read_import import (
    ImportNotFoundError,
    read_import,
    read_import_rejects,
)
from services.registry.use_cases.receive_import import (
    CsvHeaderError,
    DigestMismatchError,
    ImportKeyReusedError,
    ImportUnderWayError,
    UploadCutError,
    UploadEmptyError,
    UploadEncodingError,
    UploadTooLargeError,
    receive_import,
)
from shared.runtime.ids import new_id
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_csv_file, a_file, a_person, in_chunks

FILE = a_file(a_person(1), a_person(2), a_person(3))


def a_request(file: bytes = FILE, *, key: str = "k") -> ImportRequest:
    """Return the request to import a file."""
    return ImportRequest("a-client", key, hashlib.sha256(file).digest(), ("*",))


async def cut_off() -> AsyncIterator[bytes]:
    """Yield most of the file, then lose the connection as the api tells it."""
    yield FILE[:-10]
    message = "The connection ended."
    raise UploadCutError(message)


async def applied(registry: Registry) -> int:
    """Apply whatever waits, and return how many persons are registered."""
    applier = ImportApplier(registry.worker)
    while await applier.apply_next_blocks():
        pass
    return int(await registry.databases.value("SELECT count(*) FROM person"))


async def only_job(registry: Registry) -> tuple[str, str | None]:
    """Return state and failure of the one job there is."""
    (row,) = await registry.databases.rows("SELECT state, failure_code FROM import_job")
    return row["state"], row["failure_code"]


async def test_a_received_file_waits_whole_and_sealed(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=2))
    job = await cut.receive(FILE, key="k")
    assert (job.state, job.lines_total, job.blocks_total) == ("received", 3, 2)
    blocks = await cut.databases.rows("SELECT body_sealed FROM import_block ORDER BY number")
    assert len(blocks) == 2
    assert all(b"person" not in bytes(row["body_sealed"]) for row in blocks)


async def test_the_same_key_and_file_is_the_same_job_and_is_not_read_again(
    registry: Registry,
) -> None:
    async def unread() -> AsyncIterator[bytes]:
        yield b"this is never read"
        pytest.fail("the file was read again")

    first = await registry.receive(FILE, key="k")
    again = await receive_import(a_request(), unread(), using=registry.api)
    assert again.job_id == first.job_id
    assert await registry.databases.value("SELECT count(*) FROM import_job") == 1


async def test_the_same_key_for_another_file_is_refused(registry: Registry) -> None:
    await registry.receive(FILE, key="k")
    with pytest.raises(ImportKeyReusedError):
        await registry.receive(a_file(a_person(9)), key="k")


async def test_a_cut_file_fails_its_job_and_nothing_is_applied(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=1))
    with pytest.raises(UploadCutError):
        await receive_import(a_request(), cut_off(), using=cut.api)
    assert await only_job(cut) == ("failed", "registry.upload-cut")
    assert await applied(cut) == 0


async def test_a_cut_file_may_be_sent_again_under_its_key(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=1))
    with pytest.raises(UploadCutError):
        await receive_import(a_request(), cut_off(), using=cut.api)
    job = await cut.receive(FILE, key="k")
    assert await applied(cut) == 3
    assert (await read_import(job.job_id, using=cut.api)).state == "completed"
    assert await cut.databases.value("SELECT count(*) FROM import_block") == 0


async def test_a_file_with_another_digest_fails_its_job(registry: Registry) -> None:
    with pytest.raises(DigestMismatchError):
        await receive_import(a_request(), in_chunks(FILE + b"\n"), using=registry.api)
    assert await only_job(registry) == ("failed", "registry.upload-digest-mismatch")
    assert await applied(registry) == 0


async def test_a_file_over_the_limit_fails_its_job(registry: Registry) -> None:
    small = registry.with_rules(ImportRules(file_bytes_max=len(FILE) - 1, block_lines_max=1))
    with pytest.raises(UploadTooLargeError):
        await small.receive(FILE, key="k")
    assert await only_job(small) == ("failed", "registry.upload-too-large")
    assert await applied(small) == 0


async def test_an_empty_file_fails_its_job(registry: Registry) -> None:
    with pytest.raises(UploadEmptyError):
        await registry.receive(b"", key="k")
    assert await only_job(registry) == ("failed", "registry.upload-empty")


@pytest.mark.parametrize(
    "file",
    [
        FILE.decode().encode("utf-16"),
        FILE.decode().encode("utf-16-le"),
        FILE.decode().encode("utf-32"),
        gzip.compress(FILE),
        b"PK\x03\x04" + FILE,
    ],
)
async def test_a_file_that_is_no_utf_8_text_fails_its_job(registry: Registry, file: bytes) -> None:
    with pytest.raises(UploadEncodingError):
        await registry.receive(file, key="k")
    assert await only_job(registry) == ("failed", "registry.upload-encoding")
    assert await registry.databases.value("SELECT count(*) FROM import_block") == 0


@pytest.mark.parametrize(
    "file",
    [
        a_csv_file(a_person(1)).partition(b"\n")[2],
        CSV_HEADER + b",colour\n",
        CSV_HEADER[:-1],
        b"x" * 5_000,
        FILE,
    ],
)
async def test_a_csv_file_without_its_header_fails_its_job(registry: Registry, file: bytes) -> None:
    with pytest.raises(CsvHeaderError):
        await registry.receive(file, key="k", file_format="csv")
    assert await only_job(registry) == ("failed", "registry.csv-header-unknown")
    assert await registry.databases.value("SELECT count(*) FROM import_block") == 0


async def test_a_csv_file_of_a_header_alone_is_empty(registry: Registry) -> None:
    with pytest.raises(UploadEmptyError):
        await registry.receive(CSV_HEADER + b"\r\n", key="k", file_format="csv")


async def test_a_csv_file_counts_its_rows_and_not_its_header(registry: Registry) -> None:
    file = b"\xef\xbb\xbf" + a_csv_file(a_person(1), a_person(2))
    job = await registry.receive(file, key="k", file_format="csv")
    assert job.lines_total == 2
    (block,) = await registry.databases.rows("SELECT first_line, lines FROM import_block")
    assert (block["first_line"], block["lines"]) == (2, 2)


async def test_a_key_stands_for_one_format(registry: Registry) -> None:
    file = a_csv_file(a_person(1))
    await registry.receive(file, key="k", file_format="csv")
    with pytest.raises(ImportKeyReusedError):
        await registry.receive(file, key="k")


async def test_a_file_that_is_being_sent_cannot_be_sent_beside_that(registry: Registry) -> None:
    async def interrupted() -> AsyncIterator[bytes]:
        yield FILE
        with pytest.raises(ImportUnderWayError):
            await registry.receive(FILE, key="k")

    job = await receive_import(a_request(), interrupted(), using=registry.api)
    assert job.state == "received"


async def test_an_upload_nobody_receives_any_more_is_failed(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=1))

    async def stopped() -> AsyncIterator[bytes]:
        yield FILE[:-1]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await receive_import(a_request(), stopped(), using=cut.api)
    assert not await fail_abandoned_imports(cut.worker)
    async with cut.databases.worker.transaction() as tx:
        await tx.execute("UPDATE lease SET expires_at = now() - interval '1 second'")
    assert await fail_abandoned_imports(cut.worker)
    assert await only_job(cut) == ("failed", "registry.upload-abandoned")
    assert await cut.databases.value("SELECT count(*) FROM import_block") == 0


async def test_a_receiver_that_was_given_up_stops(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=1))

    async def paused() -> AsyncIterator[bytes]:
        yield FILE[:600]
        async with cut.databases.worker.transaction() as tx:
            await tx.execute("UPDATE lease SET expires_at = now() - interval '1 second'")
        assert await fail_abandoned_imports(cut.worker)
        yield FILE[600:]

    with pytest.raises(ImportUnderWayError):
        await receive_import(a_request(), paused(), using=cut.api)
    assert await applied(cut) == 0


async def test_refusals_are_read_in_pages(registry: Registry) -> None:
    job = await registry.load(a_file(*["{"] * 5), key="k")
    first = await read_import_rejects(job.job_id, after=(0, 0), limit=3, using=registry.api)
    last = first[-1]
    rest = await read_import_rejects(
        job.job_id, after=(last.line, last.position), limit=3, using=registry.api
    )
    assert [reject.line for reject in (*first, *rest)] == [1, 2, 3, 4, 5]


async def test_an_import_nobody_made_is_not_found(registry: Registry) -> None:
    nobody = replace(registry.api)
    with pytest.raises(ImportNotFoundError):
        await read_import(new_id(), using=nobody)
