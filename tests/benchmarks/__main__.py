"""`python -m tests.benchmarks [AREA …]`: measure one area, or all of them."""

import importlib
import json
import sys
from pathlib import Path

NOT_AREAS = frozenset({"__main__", "report"})
FOLDER = Path(__file__).parent


def areas() -> dict[str, str]:
    """Return the module of each area: a file, or `area` in a folder of the area's name."""
    files = {path.stem: path.stem for path in FOLDER.glob("*.py") if path.stem not in NOT_AREAS}
    folders = {path.parent.name: f"{path.parent.name}.area" for path in FOLDER.glob("*/area.py")}
    return files | folders


def main(asked: list[str]) -> int:
    """Run the areas asked for; the last line is the last area's JSON object."""
    known = areas()
    unknown = sorted(set(asked) - set(known))
    if unknown:
        sys.stderr.write(f"There is no area {', '.join(unknown)}; there are: {sorted(known)}\n")
        return 1
    documents = []
    for area in asked or sorted(known):
        sys.stdout.write(f"\n{area}\n")
        documents.append(importlib.import_module(f"tests.benchmarks.{known[area]}").run())
    if len(documents) > 1:
        sys.stdout.write(json.dumps(documents) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
