"""Export the sealed access log as files that anybody can verify, and verify such files.

A verification needs the files and, to be worth anything, a public key that came another way.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from services.registry.domain.access_chain import (
    ATTRIBUTES,
    ROW_FIELDS,
    START,
    ChainVerifier,
    LoggedRow,
    Position,
    SealedBlock,
    Verdict,
    row_digest,
)
from services.registry.storage import access_blocks as storage
from services.registry.storage.access_blocks import RowTexts
from services.registry.use_cases.access_seals import public_keys, signature_check
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.verify_access_log import Progress, next_blocks, no_progress

BLOCKS_FILE = "blocks.jsonl"
ROWS_FILE = "rows.jsonl"
KEYS_FILE = "keys.json"
LINE_BYTES_MAX = 16 * 1024 * 1024
_BYTES_COLUMNS = ("digests", "previous_hash", "hash", "signature")
_TOLD_EVERY_ROWS = 10_000


class ExportUnreadableError(Exception):
    """A folder holds no export, or one that no program wrote; the message says what is wrong."""


async def export_access_log(
    folder: Path, *, using: Collaborators, after_block: int = 0, progress: Progress = no_progress
) -> Verdict:
    """Write every sealed row, the blocks and the public keys; return what was written.

    The files appear in `folder` once they are complete. The verdict is the export's own: what it
    wrote was read back from the files and verified.

    Args:
        folder: A folder without an export; it is made, for its owner alone, if it is missing.
        using: The registry's means; their database role must see every row.
        after_block: Leave out this block and those before it.
        progress: Is told how many blocks are written.

    Raises:
        ExportUnreadableError: The folder holds an export already, or cannot be made.
    """
    await asyncio.to_thread(_prepare, folder)
    published = await asyncio.to_thread(public_keys, using.keys)
    drafts = {name: folder / f"{name}.draft" for name in (BLOCKS_FILE, ROWS_FILE, KEYS_FILE)}
    with _private(drafts[BLOCKS_FILE]) as blocks, _private(drafts[ROWS_FILE]) as rows:
        await _write(blocks, rows, after_block=after_block, using=using, progress=progress)
    with _private(drafts[KEYS_FILE]) as keys:
        keys.write(_keys_document(published))
    for name, draft in drafts.items():
        draft.rename(folder / name)
    return await asyncio.to_thread(verify_export, folder, after_block=after_block)


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        message = f"The folder to export into cannot be made: {error.strerror}."
        raise ExportUnreadableError(message) from error
    if any((folder / name).exists() for name in (BLOCKS_FILE, ROWS_FILE, KEYS_FILE)):
        message = "The folder holds an export already; name an empty one."
        raise ExportUnreadableError(message)


async def _write(
    blocks_file: IO[str],
    rows_file: IO[str],
    *,
    after_block: int,
    using: Collaborators,
    progress: Progress,
) -> None:
    async with using.database.transaction() as tx:
        total = await storage.count_blocks(tx)
        end = await storage.read_end_of_block(tx, after_block) if after_block else START
    done = after_block
    while True:
        async with using.database.transaction() as tx:
            blocks = await next_blocks(tx, after=done)
            if not blocks:
                return
            rows = await storage.read_row_texts(
                tx, after=end, until=blocks[-1].end, at_most=sum(block.rows for block in blocks)
            )
        await asyncio.to_thread(_write_lines, blocks_file, map(_block_line, blocks))
        await asyncio.to_thread(_write_lines, rows_file, map(_row_line, rows))
        done, end = blocks[-1].number, blocks[-1].end
        progress(done, total)


def _write_lines(file: IO[str], lines: Iterable[str]) -> None:
    file.writelines(line + "\n" for line in lines)


def _private(path: Path) -> IO[str]:
    """Open a new file that its owner alone may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _row_line(row: RowTexts) -> str:
    document = {**row.texts, ATTRIBUTES: row.attributes}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _block_line(block: SealedBlock) -> str:
    document: dict[str, Any] = block._asdict()
    document["last_access_id"] = str(block.last_access_id)
    for name in _BYTES_COLUMNS:
        document[name] = base64.b64encode(document[name]).decode()
    return json.dumps(document, separators=(",", ":"))


def _keys_document(published: Mapping[str, bytes]) -> str:
    texts = {key_id: base64.b64encode(public).decode() for key_id, public in published.items()}
    return json.dumps(texts, indent=2, sort_keys=True) + "\n"


def verify_export(
    folder: Path,
    *,
    keys_file: Path | None = None,
    expected_head: bytes | None = None,
    after_block: int = 0,
    progress: Progress = no_progress,
) -> Verdict:
    """Return how far the chain in an export holds; no database and no secret is needed.

    Args:
        folder: Where the export lies.
        keys_file: Public keys that are trusted; by default those that came with the export, which
            whoever forged the export could have forged too.
        expected_head: The hash of a block known to have been there.
        after_block: The export was made behind this block.
        progress: Is told how many bytes of the rows are read, and how many there are.

    Raises:
        ExportUnreadableError: A file is missing, or the blocks or keys are not in its form.
    """
    published = read_public_keys(keys_file or folder / KEYS_FILE)
    verifier = ChainVerifier(
        signature_check(published), expected_head=expected_head, after_block=after_block
    )
    rows_path, blocks_path = folder / ROWS_FILE, folder / BLOCKS_FILE
    try:
        total = rows_path.stat().st_size
        with rows_path.open("rb") as rows, blocks_path.open("rb") as blocks:
            verifier.follow(_blocks(blocks), _rows(rows, lambda done: progress(done, total)))
            progress(total, total)
    except OSError as error:
        message = f"The folder does not hold {ROWS_FILE} and {BLOCKS_FILE}."
        raise ExportUnreadableError(message) from error
    return verifier.verdict


def read_public_keys(path: Path) -> dict[str, bytes]:
    """Return public keys by id, as `keys.json` of an export writes them.

    Raises:
        ExportUnreadableError: There is no such file, or it is not in that form.
    """
    try:
        document = json.loads(path.read_bytes())
        published = {
            str(key_id): base64.b64decode(text, validate=True) for key_id, text in document.items()
        }
        signature_check(published)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        message = f"The public keys cannot be read from {path.name}."
        raise ExportUnreadableError(message) from error
    return published


def _blocks(file: IO[bytes]) -> Iterator[SealedBlock]:
    for number, line in enumerate(_lines(file), start=1):
        try:
            document = json.loads(line)
            for name in _BYTES_COLUMNS:
                document[name] = base64.b64decode(document[name], validate=True)
            document["last_access_id"] = UUID(document["last_access_id"])
            block = SealedBlock(**document)
            _check_types(block)
        except (ValueError, TypeError, KeyError, binascii.Error) as error:
            message = f"Line {number} of {BLOCKS_FILE} is no block."
            raise ExportUnreadableError(message) from error
        yield block


def _check_types(block: SealedBlock) -> None:
    """Let pass a block whose numbers are numbers and whose texts are texts.

    Raises:
        TypeError: Something is of another type.
    """
    numbers = (block.number, block.last_written_in, block.rows)
    texts = (block.key_id, block.sealed_at)
    if not all(type(number) is int for number in numbers):
        message = "A number of a block is no whole number."
        raise TypeError(message)
    if not all(isinstance(text, str) for text in texts):
        message = "A text of a block is no text."
        raise TypeError(message)


def _rows(file: IO[bytes], tell: Callable[[int], None]) -> Iterator[LoggedRow]:
    position, read = START, 0
    for number, line in enumerate(_lines(file), start=1):
        row = _row(line, position)
        position = row.position
        read += len(line)
        if number % _TOLD_EVERY_ROWS == 0:
            tell(read)
        yield row


def _row(line: bytes, before: Position) -> LoggedRow:
    """Return the row that a line tells; one that tells none stands right behind the one before.

    Why: a line that was garbled is an altered row, to be named like any other.
    """
    try:
        document = json.loads(line)
        attributes = document.pop(ATTRIBUTES)
        position = Position(int(document["written_in"]), UUID(document["access_id"]))
        row = RowTexts(position, {field: document[field] for field in ROW_FIELDS}, attributes)
        # A field said twice, or one more, would show readers what the digest does not cover.
        if _row_line(row).encode() != line.rstrip(b"\r\n"):
            return _garbled(line, position)
        return LoggedRow(position, row_digest(row.texts, row.attributes))
    except (ValueError, TypeError, KeyError, AttributeError):
        behind = UUID(int=min(before.access_id.int + 1, 2**128 - 1))
        return _garbled(line, Position(before.written_in, behind))


def _garbled(line: bytes, position: Position) -> LoggedRow:
    return LoggedRow(position, hashlib.sha256(b"garbled\n" + line).digest())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield lines; one that is too long comes in pieces, none of which is a row or a block."""
    while line := file.readline(LINE_BYTES_MAX):
        yield line
