"""What this service refuses, in words that no protocol owns."""

from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind


class ProgrammeNotPaidError(DomainError):
    """Cycles exist only for programmes that end in a transfer."""

    code: ClassVar[str] = "payments.programme-not-paid"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CycleExistsError(DomainError):
    """The programme has a cycle for this month that was not aborted."""

    code: ClassVar[str] = "payments.cycle-exists"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class MonthOutOfRangeError(DomainError):
    """The month is neither the business month nor next to it."""

    code: ClassVar[str] = "payments.month-out-of-range"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class RunOfAnotherMonthError(DomainError):
    """The run was made for another programme or month than the cycle's."""

    code: ClassVar[str] = "payments.run-of-another-month"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class CycleNotAbandonableError(DomainError):
    """The cycle no longer waits for its run."""

    code: ClassVar[str] = "payments.cycle-not-abandonable"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class CycleUnknownError(DomainError):
    """No cycle that the caller may see has this id."""

    code: ClassVar[str] = "payments.cycle-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ApprovalOutOfTurnError(DomainError):
    """The cycle does not wait for an approval of this level."""

    code: ClassVar[str] = "payments.approval-out-of-turn"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ContentChangedError(DomainError):
    """What was to be approved is not what the cycle holds."""

    code: ClassVar[str] = "payments.content-changed"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ApproverNotDistinctError(DomainError):
    """The same person opened or approved this cycle before."""

    code: ClassVar[str] = "payments.approver-not-distinct"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class ScopeTooNarrowError(DomainError):
    """A cycle spans every region, and the caller's grant does not."""

    code: ClassVar[str] = "payments.scope-too-narrow"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN
