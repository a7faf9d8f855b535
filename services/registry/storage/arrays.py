"""Long arrays as parameters of a statement."""

from collections.abc import Iterable


def array_of_bytes(values: Iterable[bytes]) -> str:
    """Return the literal of a `bytea[]`; the statement casts it.

    Why: the driver quotes each element by itself, which takes longer than looking it up.
    """
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
