"""Which service answers under which prefix of the one address people know."""

from types import MappingProxyType

PATH_BYTES_MAX = 2_048
QUERY_BYTES_MAX = 8_192

# Read differently by different servers, so that a check here would speak of another place there.
_AMBIGUOUS = (b"%2f", b"%5c", b"%00", b"\\")
SERVICES = ("registry", "eligibility", "payments", "notifications")

SERVICE_OF_PREFIX = MappingProxyType(
    {
        "/registry": "registry",
        "/eligibility": "eligibility",
        "/payments": "payments",
        "/notifications": "notifications",
        "/dci/social": "registry",
        "/dci/crvs": "registry",
        "/dci/ibr": "eligibility",
        "/g2p": "payments",
    }
)


def service_of(path: str) -> str | None:
    """Return the service behind `path`, or None where there is nothing to forward to."""
    first, _, rest = path[1:].partition("/")
    return SERVICE_OF_PREFIX.get(f"/{first}") or SERVICE_OF_PREFIX.get(
        f"/{first}/{rest.partition('/')[0]}"
    )


def is_plain(path: str, *, raw_path: bytes, query: bytes) -> bool:
    """Tell whether every server reads the same place out of an address.

    Args:
        path: The decoded path.
        raw_path: The path as sent.
        query: The query as sent.
    """
    lowered = raw_path.lower()
    return (
        len(raw_path) <= PATH_BYTES_MAX
        and len(query) <= QUERY_BYTES_MAX
        and raw_path.isascii()
        and query.isascii()
        and path.isprintable()
        and not any(mark in lowered for mark in _AMBIGUOUS)
        and not {"", ".", ".."} & set(path[1:].split("/"))
    )
