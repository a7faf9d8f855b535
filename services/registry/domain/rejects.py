"""Why a line of an import is refused: a field, and a code that never changes."""

from enum import StrEnum
from typing import NamedTuple

REJECTS_PER_LINE_MAX = 20


class RejectCode(StrEnum):
    """Every reason for which a line, or one of its fields, is refused."""

    LINE_MALFORMED = "registry.line-malformed"
    LINE_TOO_LONG = "registry.line-too-long"
    LINE_TYPE_UNKNOWN = "registry.line-type-unknown"
    FIELD_UNKNOWN = "registry.field-unknown"
    FIELD_MISSING = "registry.field-missing"
    FIELD_MALFORMED = "registry.field-malformed"
    TEXT_MALFORMED = "registry.text-malformed"
    VALUE_UNKNOWN = "registry.value-unknown"
    NUMBER_OUT_OF_RANGE = "registry.number-out-of-range"
    COUNT_OUT_OF_RANGE = "registry.count-out-of-range"
    DATE_MALFORMED = "registry.date-malformed"
    DATE_TOO_OLD = "registry.date-too-old"
    DATE_IN_FUTURE = "registry.date-in-future"
    IDCS_MALFORMED = "registry.idcs-malformed"
    IDCS_CHECK_DIGIT = "registry.idcs-check-digit"
    IDCS_DUPLICATE = "registry.idcs-duplicate"
    CNIE_MALFORMED = "registry.cnie-malformed"
    PHONE_MALFORMED = "registry.phone-malformed"
    RIB_MALFORMED = "registry.rib-malformed"
    RIB_KEY = "registry.rib-key"
    COMMUNE_UNKNOWN = "registry.commune-unknown"
    COMMUNE_OUT_OF_SCOPE = "registry.commune-out-of-scope"
    SUBJECT_OUT_OF_SCOPE = "registry.subject-out-of-scope"
    REFERENCE_DUPLICATE = "registry.reference-duplicate"
    HEADS_NOT_ONE = "registry.heads-not-one"
    DECLARANT_MISSING = "registry.declarant-missing"
    DECLARANT_MINOR = "registry.declarant-minor"
    DECLARATION_OUTDATED = "registry.declaration-outdated"
    MEMBER_DUPLICATE = "registry.member-duplicate"
    MEMBER_UNKNOWN = "registry.member-unknown"
    MEMBER_ELSEWHERE = "registry.member-elsewhere"
    NOT_A_MEMBER = "registry.not-a-member"
    APPLICATION_DUPLICATE = "registry.application-duplicate"


class Reject(NamedTuple):
    """One refusal: where in the line, and why; never what was submitted."""

    field: str
    code: RejectCode
