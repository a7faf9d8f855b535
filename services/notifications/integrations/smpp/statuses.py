"""What the SMS centre's answers mean for us: accepted, not now, slower, or never."""

from enum import StrEnum

STATUS_OK = 0x00
STATUS_INVALID_LENGTH = 0x02
STATUS_INVALID_COMMAND = 0x03
STATUS_TEMPORARY_APPLICATION_ERROR = 0x64
_SLOWER = frozenset({0x14, 0x58})  # ESME_RMSGQFUL, ESME_RTHROTTLED
_NOT_NOW = frozenset({0x04, 0x08, 0x45, 0x64})  # RINVBNDSTS, RSYSERR, RSUBMITFAIL, RX_T_APPN


class Verdict(StrEnum):
    """What to do after an answer to `submit_sm`."""

    ACCEPTED = "accepted"
    SLOWER = "slower"
    NOT_NOW = "not-now"
    REFUSED = "refused"


def verdict(status: int) -> Verdict:
    """Return what a command status (5.1.3) means; one we do not know is a refusal."""
    if status == STATUS_OK:
        return Verdict.ACCEPTED
    if status in _SLOWER:
        return Verdict.SLOWER
    return Verdict.NOT_NOW if status in _NOT_NOW else Verdict.REFUSED
