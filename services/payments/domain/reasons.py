"""Reasons that a household may read, from the codes that banks use among themselves."""

from services.payments.domain.dated_values import load_law

ACCOUNT_MISSING = "payments.account-missing"
ACCOUNT_INVALID = "payments.account-invalid"
ACCOUNT_KIND_UNSUPPORTED = "payments.account-kind-unsupported"
ACCOUNT_NAME_UNWRITABLE = "payments.account-name-unwritable"
ABOVE_CEILING = "payments.amount-above-ceiling"
REFUSED_BY_BANK = "payments.refused-by-bank"


def public_reason(bank_code: str | None) -> str:
    """Return the public reason for a bank's reason code; unknown codes say only who refused."""
    known: dict[str, str] = load_law("reasons.toml")["bank"]
    return known.get(bank_code or "", REFUSED_BY_BANK)
