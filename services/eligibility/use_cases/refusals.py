"""Why eligibility says no to a request."""

from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind


class RunUnknownError(DomainError):
    """No run has this id, or it concerns a programme the caller may not see."""

    code: ClassVar[str] = "eligibility.run-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class RunExistsError(DomainError):
    """The month of this programme has a run already."""

    code: ClassVar[str] = "eligibility.run-exists"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class RunInProgressError(DomainError):
    """Another run of this programme is not over; months are decided one after the other."""

    code: ClassVar[str] = "eligibility.run-in-progress"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class MonthClosedError(DomainError):
    """The cutoff of this month has passed."""

    code: ClassVar[str] = "eligibility.month-closed"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class MonthTooFarError(DomainError):
    """The month is too far ahead of the business date."""

    code: ClassVar[str] = "eligibility.month-too-far"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ProgrammeOutOfScopeError(DomainError):
    """The caller may not act on this programme."""

    code: ClassVar[str] = "eligibility.programme-out-of-scope"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class HouseholdUnknownError(DomainError):
    """No household on file has this id, or it lives in a region the caller may not see."""

    code: ClassVar[str] = "eligibility.household-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
