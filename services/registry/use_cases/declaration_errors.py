"""Why a declaration is refused, and who may not be told more."""

from collections.abc import Iterable
from typing import ClassVar

from services.registry.domain.rejects import Reject
from services.registry.storage.import_blocks import LineReject
from shared.kernel.errors import DomainError, ErrorKind


class DeclarationRefusedError(DomainError):
    """A declaration contradicts the rules or what is on file; each fault is named by its field."""

    code: ClassVar[str] = "registry.declaration-refused"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        """Take field and code of every fault."""
        super().__init__("The declaration cannot take effect; each fault is named.")
        self.faults = tuple(faults)


class DeclarationConflictError(DomainError):
    """Somebody else has declared something about the same people at the same moment."""

    code: ClassVar[str] = "registry.declaration-conflict"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


def refused(*rejects: Reject | LineReject) -> DeclarationRefusedError:
    """Return the error that says why a declaration is refused."""
    return DeclarationRefusedError((reject.field, str(reject.code)) for reject in rejects)
