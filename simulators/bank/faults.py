"""The ways in which this bank can be told to misbehave."""

import asyncio
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from aiohttp import web

from simulators.bank.settlement import Settlement, UnknownOrderError
from simulators.standalone.faults import AtOnce
from simulators.standalone.http import refusal

_REASON = re.compile(r"[A-Z]{2}[0-9]{2}|[A-Z]{4}")


class RequestFault(StrEnum):
    """Faults of the transport, which strike the next requests."""

    DROP_AFTER_STORING = "drop-after-storing"
    """A payment file is kept and will be executed, but the connection is cut with no answer."""
    ANSWER_503 = "answer-503"
    """A request for files or reports is answered 503 before anything is read."""
    DELAY = "delay"
    """A request for files or reports waits first, as many `seconds` as asked."""


def faults_at_once(settlement: Settlement) -> Mapping[str, AtOnce]:
    """Return the faults that write wrong or late news immediately, by name."""

    async def return_credit(wish: Mapping[str, Any]) -> None:
        """Give an executed order back: `end_to_end_id`, and `reason` (an ISO code)."""
        end_to_end_id, reason = wish.get("end_to_end_id"), wish.get("reason", "AC04")
        if not isinstance(reason, str) or not _REASON.fullmatch(reason):
            raise refusal(web.HTTPBadRequest, "malformed", "The reason is no ISO code.")
        try:
            await asyncio.to_thread(settlement.give_back, str(end_to_end_id), reason=reason)
        except UnknownOrderError as error:
            detail = "No executed order with this end-to-end id can be given back."
            raise refusal(web.HTTPNotFound, "order-unknown", detail) from error

    async def unknown_entry(_: Mapping[str, Any]) -> None:
        """Notify a debit whose end-to-end id nobody ever presented."""
        await asyncio.to_thread(settlement.notify_unknown_debit)

    return {"return-credit": return_credit, "unknown-entry": unknown_entry}
