"""Numbers that can receive an SMS."""

import re

_MOROCCAN_MOBILE = re.compile(r"\+212[67]\d{8}", re.ASCII)


def is_moroccan_mobile(number: str) -> bool:
    """Say whether `number` is a Moroccan mobile number in E.164 form.

    Source: ANRT numbering plan, +212 6 and +212 7.
    """
    return _MOROCCAN_MOBILE.fullmatch(number) is not None


def digits(number: str) -> str:
    """Return an E.164 number as SMPP carries it, without its plus sign."""
    return number.removeprefix("+")
