"""`python -m services [name] [command]`: everything in one process, or one service on its own."""

import importlib
import sys
from importlib.util import find_spec

from shared.web.process import run_service

SERVICES = ("registry", "eligibility", "payments", "notifications", "gateway")


def main(arguments: list[str]) -> int:
    """Run one service's command, or hand over to the launcher of the whole stack."""
    if arguments and arguments[0] in SERVICES:
        name, *rest = arguments
        if find_spec(f"services.{name}") is None:
            sys.stderr.write(f"This installation does not hold the service {name}.\n")
            return 1
        return run_service(importlib.import_module(f"services.{name}.main"), rest)
    if find_spec("services.demonstration") is None:
        sys.stderr.write("Name a service; the launcher of the whole stack is not installed here.\n")
        return 1
    launch: int = importlib.import_module("services.demonstration").main(arguments)
    return launch


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
