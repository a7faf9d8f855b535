"""`python -m tests.benchmarks [AREA …]`: measure one area, or all of them."""

import importlib
import json
import sys
from pathlib import Path

NOT_AREAS = frozenset({"__main__", "report"})


def areas() -> list[str]:
    """Return the names of the areas: one module each."""
    modules = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(modules - NOT_AREAS)


def main(asked: list[str]) -> int:
    """Run the areas asked for; the last line is the last area's JSON object."""
    unknown = sorted(set(asked) - set(areas()))
    if unknown:
        sys.stderr.write(f"There is no area {', '.join(unknown)}; there are: {areas()}\n")
        return 1
    documents = []
    for area in asked or areas():
        sys.stdout.write(f"\n{area}\n")
        documents.append(importlib.import_module(f"tests.benchmarks.{area}").run())
    if len(documents) > 1:
        sys.stdout.write(json.dumps(documents) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
