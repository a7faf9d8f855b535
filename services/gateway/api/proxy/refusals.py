"""What the proxy itself answers when no service does."""

from dataclasses import dataclass, field
from types import MappingProxyType

from starlette.responses import Response

from shared.web.problems import problem_response


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem document of the front door (RFC 9457)."""

    status: int
    code: str
    detail: str
    headers: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def response(self) -> Response:
        """Return the answer."""
        return problem_response(
            self.status, code=self.code, detail=self.detail, headers=self.headers
        )


class RefusedError(Exception):
    """The call ends here, with this refusal."""

    def __init__(self, refusal: Refusal) -> None:
        """Hold the refusal."""
        super().__init__(refusal.code)
        self.refusal = refusal


_SOON = MappingProxyType({"Retry-After": "1"})

ADDRESS_MALFORMED = Refusal(
    400, "gateway.address-malformed", "The address is too long, or can be read in several ways."
)
ROUTE_UNKNOWN = Refusal(404, "gateway.route-unknown", "No service answers at this address.")
BODY_TOO_LARGE = Refusal(
    413, "gateway.body-too-large", "The body is larger than anything we forward; send it in parts."
)
UPSTREAM_BROKEN = Refusal(
    502, "gateway.upstream-broken", "The service broke off; ask it what became of the request."
)
UPSTREAM_UNAVAILABLE = Refusal(
    503, "gateway.upstream-unavailable", "The service cannot be reached; try again shortly.", _SOON
)
UPSTREAM_BUSY = Refusal(
    503, "gateway.upstream-busy", "Too many calls wait for this service; try again shortly.", _SOON
)
UPSTREAM_LATE = Refusal(
    504, "gateway.upstream-late", "The service took too long; ask it what became of the request."
)


def method_unknown(allowed: tuple[str, ...]) -> Refusal:
    """Return the refusal of a method that an address does not take."""
    return Refusal(
        405,
        "gateway.method-unknown",
        "This address does not take this method.",
        MappingProxyType({"Allow": ", ".join(sorted(allowed))}),
    )
