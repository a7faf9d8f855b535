"""What a look-up states of its caller, and of its times."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from services.registry.api.collaborators import Using
from services.registry.api.days import Day, Stated, require_past
from services.registry.use_cases.look_up import LookUp
from shared.web.auth import Principal


class LookUpTimes:
    """The day a look-up asks about, and the instant whose knowledge it wants."""

    def __init__(
        self,
        using: Using,
        valid_on: Annotated[Day | None, Query()] = None,
        known_at: Annotated[AwareDatetime | None, Query()] = None,
    ) -> None:
        """Take both times as the query states them; either is now if it is not stated.

        Raises:
            RequestValidationError: One of them has not come.
        """
        stated: Stated = {("query", "valid_on"): valid_on, ("query", "known_at"): known_at}
        require_past(stated, clock=using.clock)
        self.valid_on: date | None = valid_on
        self.known_at: datetime | None = known_at


Times = Annotated[LookUpTimes, Depends()]


def look_up_of(principal: Principal, times: LookUpTimes | None = None) -> LookUp:
    """Return the circumstances of a look-up, as of now unless times are stated."""
    return LookUp(
        client=principal.subject,
        purpose=principal.purpose or "",
        scope=principal.row_scope,
        valid_on=None if times is None else times.valid_on,
        known_at=None if times is None else times.known_at,
    )
