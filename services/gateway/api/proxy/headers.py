"""Which headers cross the front door, and in which direction."""

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

# They speak of one connection, and there are two (RFC 9110 section 7.6.1).
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

# Services believe these about the caller when the front door says them, so nobody else may.
FORGEABLE = frozenset({b"client-cert", b"client-cert-chain", b"forwarded", b"x-real-ip"})
FORGEABLE_PREFIXES = (b"x-forwarded-", b"x-sanad-", b"x-internal-")

# The server of this connection answers `Expect` itself; the request id is made once, here.
_REQUEST_OWN = frozenset({b"expect", b"x-request-id"})
_RESPONSE_OWN = frozenset({b"x-request-id"})


def forwarded_headers(headers: Iterable[tuple[bytes, bytes]], *, request_id: str) -> Headers:
    """Return what a service hears of a caller's headers; names are in lower case."""
    headers = list(headers)
    dropped = HOP_BY_HOP | FORGEABLE | _REQUEST_OWN | _named_by_connection(headers)
    kept = [
        (name, value)
        for name, value in headers
        if name not in dropped and not name.startswith(FORGEABLE_PREFIXES)
    ]
    return [*kept, (b"x-request-id", request_id.encode("ascii"))]


def returned_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return what a caller hears of a service's headers."""
    headers = [(name.lower(), value) for name, value in headers]
    dropped = HOP_BY_HOP | _RESPONSE_OWN | _named_by_connection(headers)
    return [(name, value) for name, value in headers if name not in dropped]


def first_header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """Return the first value of a header, or None."""
    return next((value.decode("latin-1") for known, value in headers if known == name), None)


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    """Read the further hop-by-hop headers that `Connection` lists."""
    values = (value for name, value in headers if name == b"connection")
    return frozenset(option.strip().lower() for value in values for option in value.split(b","))
