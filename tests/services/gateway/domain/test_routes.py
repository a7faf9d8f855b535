import pytest

from services.gateway.domain.routes import PATH_BYTES_MAX, QUERY_BYTES_MAX, is_plain, service_of


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/registry/v1/households/1", "registry"),
        ("/registry", "registry"),
        ("/eligibility/v1/runs", "eligibility"),
        ("/payments/v1/cycles", "payments"),
        ("/notifications/v1/statistics", "notifications"),
        ("/dci/social/v1.0.0/registry/sync/search", "registry"),
        ("/dci/crvs/v1.0.0/registry/sync/search", "registry"),
        ("/dci/ibr/v1.0.0/registry/sync/search", "eligibility"),
        ("/g2p/v1.0.0/disbursement", "payments"),
        ("/registryx/v1", None),
        ("/dci", None),
        ("/dci/other/v1", None),
        ("/metrics", None),
        ("/", None),
    ],
)
def test_a_prefix_is_matched_by_whole_segments(path: str, service: str | None) -> None:
    assert service_of(path) == service


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("/registry/../payments/v1", b"/registry/../payments/v1"),
        ("/registry/./v1", b"/registry/./v1"),
        ("/registry/../v1", b"/registry/%2e%2e/v1"),
        ("/registry//v1", b"/registry//v1"),
        ("/registry/v1/", b"/registry/v1/"),
        ("/registry/a/b", b"/registry/a%2Fb"),
        ("/registry/a\\b", b"/registry/a%5cb"),
        ("/registry/a\\b", b"/registry/a\\b"),
        ("/registry/a\x00", b"/registry/a%00"),
        ("/registry/a\nb", b"/registry/a%0ab"),
        ("/registry/é", "/registry/é".encode()),
        ("/" + "a" * PATH_BYTES_MAX, b"/" + b"a" * PATH_BYTES_MAX),
    ],
)
def test_an_address_that_two_servers_could_read_differently_is_not_plain(
    path: str, raw_path: bytes
) -> None:
    assert not is_plain(path, raw_path=raw_path, query=b"")


def test_an_overlong_query_is_not_plain() -> None:
    assert not is_plain(
        "/registry/v1", raw_path=b"/registry/v1", query=b"a" * (QUERY_BYTES_MAX + 1)
    )


def test_an_ordinary_address_is_plain() -> None:
    assert is_plain("/registry/v1/é", raw_path=b"/registry/v1/%C3%A9", query=b"limit=20")
