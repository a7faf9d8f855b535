"""A line that nests more deeply than can be read is refused like any other."""

from datetime import date

from services.registry.domain.lines import LineRules
from services.registry.domain.rejects import Reject

RULES = LineRules(today=date(2026, 11, 20))


def test_a_line_of_any_depth_is_refused() -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    for depth in (500, *range(750, 1_001), 3_000):
        nested = "[" * depth + "]" * depth
        for member in ('"type":"person","deep":', '"type":"household","facts":'):
            read = RULES.read_bytes(f"{{{member}{nested}}}".encode())
            assert isinstance(read, tuple), depth
            assert all(isinstance(reject, Reject) for reject in read), depth
