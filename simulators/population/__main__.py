"""`python -m simulators.population`: writes a synthetic population into a folder."""

import errno
import sys
import time
from collections.abc import Sequence

from simulators.population.generation import NoSpaceError, generate
from simulators.population.options import Options, parse

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
NOT_A_FOLDER = frozenset({errno.EEXIST, errno.ENOTDIR})


def main(arguments: Sequence[str]) -> int:
    """Write the population that the arguments ask for; return the exit code."""
    options = parse(arguments)
    started = time.perf_counter()
    try:
        counts = generate(options)
    except NoSpaceError as refusal:
        return _fail(str(refusal))
    except OSError as error:
        return _fail(_sentence(error, options))
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"Wrote {counts['households']:,} households and {counts['persons']:,} persons to "
        f"{options.out} in {seconds:.1f} s ({counts['persons'] / seconds:,.0f} persons/s).\n"
    )
    return 0


def _fail(sentence: str) -> int:
    sys.stderr.write(f"python -m simulators.population: {sentence}\n")
    return 1


def _sentence(error: OSError, options: Options) -> str:
    if error.errno in FULL:
        return f"The disk that holds {options.out} is full; nothing was kept."
    if error.errno in REFUSED:
        return f"The folder {options.out} cannot be written to."
    if error.errno in NOT_A_FOLDER:
        return f"{options.out} is not a folder."
    return f"The folder {options.out} cannot be used: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
