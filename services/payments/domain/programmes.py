"""Which programmes are paid in money, and the ceiling of a month."""

from datetime import date

from services.payments.domain.dated_values import load_law, value_in_force

RAIL = "rib"
MONTHLY = "MONTHLY"


def is_paid(programme: str) -> bool:
    """Return whether eligibility for the programme ends in a transfer."""
    return programme in load_law("programmes.toml")


def monthly_ceiling_centimes(programme: str, *, on: date) -> int:
    """Return the most that one household's month may come to, in centimes."""
    values = load_law("programmes.toml")[programme]["monthly_ceiling"]["values"]
    return int(value_in_force(values, on=on)["value"])
