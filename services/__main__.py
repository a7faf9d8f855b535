"""`python -m services [name] [command]`: everything in one process, or one service on its own."""

import importlib
import sys
from collections.abc import Sequence
from importlib.util import find_spec

SERVICES = ("registry", "eligibility", "payments", "notifications", "gateway")


def main(arguments: Sequence[str]) -> int:
    """Run one service's command, print a token, or hand over to the launcher of the whole stack.

    Each imports what it needs only once it is asked for: a token need not wait for five services.
    """
    if arguments and arguments[0] in SERVICES:
        name, *rest = arguments
        if find_spec(f"services.{name}") is None:
            return _say(f"This installation does not hold the service {name}.")
        process = importlib.import_module("shared.web.process")
        service = importlib.import_module(f"services.{name}.main")
        status: int = process.run_service(service, rest)
        return status
    if find_spec("services.demonstration") is None:
        return _say("Name a service; the launcher of the whole stack is not installed here.")
    if arguments and arguments[0] == "token":
        return _hand_over("services.gateway.api.commands", arguments[1:])
    return _hand_over("services.demonstration", arguments)


def _hand_over(module: str, arguments: Sequence[str]) -> int:
    status: int = importlib.import_module(module).main(arguments)
    return status


def _say(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
