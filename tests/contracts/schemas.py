"""Writes down what the house promises: event schemas, OpenAPI documents, problem codes.

    python -m tests.contracts.schemas [--write]

Without --write it says which of the files below docs/ are not what the code promises now.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.messaging.envelope import ITEMS_MAX, PublishedItem
from tests.contracts.house import REPOSITORY, SERVICES, all_published, application, problem_codes

DOCS = REPOSITORY / "docs"
CODES = DOCS / "problem-codes.txt"
GENERATED_FOLDERS = (DOCS / "events", DOCS / "openapi")


def event_schema(item: type[PublishedItem]) -> dict[str, Any]:
    """Return the JSON Schema of the whole event that carries items of one kind."""
    schema = item.model_json_schema(mode="serialization")
    definitions = schema.pop("$defs", {})
    definitions["Item"] = schema
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:sanad:event:{item.TYPE}",
        "title": item.TYPE,
        "description": f"CloudEvents 1.0 in structured JSON. Subject of an item: {item.SUBJECT}.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"const": f"/{item.TYPE.partition('.')[0]}"},
            "type": {"const": item.TYPE},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "data": {
                "type": "object",
                "required": ["items"],
                "properties": {
                    "items": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": ITEMS_MAX,
                        "items": {"$ref": "#/$defs/Item"},
                    }
                },
            },
        },
        "$defs": definitions,
    }


def generated_files() -> dict[Path, str]:
    """Return every generated file and the text it should hold."""
    files = {
        DOCS / "events" / f"{kind}.json": _json(event_schema(item))
        for kind, item in sorted(all_published().items())
    }
    for service in SERVICES:
        files[DOCS / "openapi" / f"{service}.json"] = _json(application(service).openapi())
    files[CODES] = "\n".join(problem_codes()) + "\n"
    return files


def files_on_disk() -> dict[Path, str]:
    """Return every generated file that is checked in, and the text it holds."""
    paths = [path for folder in GENERATED_FOLDERS for path in sorted(folder.glob("*.json"))]
    return {path: path.read_text() for path in [*paths, CODES] if path.exists()}


def stale_files() -> dict[Path, str | None]:
    """Return the files that are not as they should be, with their right text; None to remove."""
    right, found = generated_files(), files_on_disk()
    changed: dict[Path, str | None] = {
        path: text for path, text in right.items() if found.get(path) != text
    }
    return changed | dict.fromkeys(found.keys() - right.keys())


def write(stale: dict[Path, str | None]) -> None:
    """Bring files to the text they should hold."""
    for path, text in stale.items():
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Report stale files, or write them; 1 if any was stale and not written."""
    parser = argparse.ArgumentParser(prog="python -m tests.contracts.schemas")
    parser.add_argument("--write", action="store_true", help="write what is stale")
    chosen = parser.parse_args(arguments)
    stale = stale_files()
    for path in sorted(stale):
        print(("written" if chosen.write else "stale"), path.relative_to(REPOSITORY))
    if chosen.write:
        write(stale)
        return 0
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
