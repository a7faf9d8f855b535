"""Files that appear whole or not at all, each with its size and digest."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

HELD_CHARACTERS_MAX = 2**18
PART = ".part"
MANIFEST = "manifest.json"
# Whatever an earlier run left here belongs to another population.
PRODUCED = ("population.jsonl", "truth.jsonl", "ramed.csv", "changes-*.jsonl", MANIFEST)


class LineFile:
    """A file written line by line in UTF-8, under another name until it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + PART)
        self.lines = 0
        self._bytes = 0
        self._digest = hashlib.sha256()
        self._held: list[str] = []
        self._held_characters = 0
        self._stream = self.part.open("wb")

    def write(self, line: str) -> None:
        """Add a line; the line break is added here.

        Raises:
            OSError: The disk is full or refuses.
        """
        self._held.append(line)
        self._held_characters += len(line)
        if self._held_characters > HELD_CHARACTERS_MAX:
            self._flush()

    def finish(self) -> dict[str, int | str]:
        """Put what is held on disk; return lines, bytes and SHA-256 of the file."""
        self._flush()
        self.close()
        return {"lines": self.lines, "bytes": self._bytes, "sha256": self._digest.hexdigest()}

    def close(self) -> None:
        """Let go of the file, complete or not."""
        self._stream.close()

    def _flush(self) -> None:
        if not self._held:
            return
        self.lines += len(self._held)
        self._held.append("")
        block = "\n".join(self._held).encode()
        self._held.clear()
        self._held_characters = 0
        self._bytes += len(block)
        self._digest.update(block)
        self._stream.write(block)


class OutputFolder:
    """The folder of one population; leaving it after an error takes away what was begun.

    Raises:
        OSError: The folder cannot be made or written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[LineFile] = []
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take away the parts that `publish` did not make whole."""
        for file in self._files:
            file.close()
            file.part.unlink(missing_ok=True)

    def file(self, name: str) -> LineFile:
        """Return a new file of the folder."""
        file = LineFile(self._folder / name)
        self._files.append(file)
        return file

    def finish(self) -> dict[str, dict[str, int | str]]:
        """Complete the files; return lines, bytes and SHA-256 by name."""
        return {file.path.name: file.finish() for file in self._files}

    def publish(self, manifest: str) -> None:
        """Replace an earlier population by this one; the manifest comes last."""
        for pattern in PRODUCED:
            for stale in self._folder.glob(pattern):
                stale.unlink()
        for file in self._files:
            file.part.replace(file.path)
        (self._folder / MANIFEST).write_text(manifest, encoding="utf-8")
