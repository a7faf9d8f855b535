"""The rows that say why a line is refused."""

from uuid import UUID

from services.registry.domain.rejects import Reject
from services.registry.storage.import_blocks import LineReject


def line_rejects(job_id: UUID, line: int, rejects: tuple[Reject, ...]) -> list[LineReject]:
    """Return the rows that say why a line is refused."""
    return [
        LineReject(job_id, line, position, reject.field, reject.code.value)
        for position, reject in enumerate(rejects)
    ]
