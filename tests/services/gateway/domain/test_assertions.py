from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.domain.assertions import accepted_assertion, claimed_client
from services.gateway.domain.errors import ClientRefusedError

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://gateway.test"
AUDIENCES = frozenset({ISSUER, f"{ISSUER}/oauth2/token"})


def claims(**changes: object) -> dict[str, object]:
    usual = {"iss": "c", "sub": "c", "aud": ISSUER, "exp": SECONDS + 60, "jti": "1"}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


@pytest.mark.parametrize("audience", [ISSUER, [ISSUER], f"{ISSUER}/oauth2/token"])
def test_an_assertion_addresses_the_issuer_or_its_token_endpoint(audience: object) -> None:
    assert accepted_assertion(claims(aud=audience), audiences=AUDIENCES, now=NOW).jti == "1"


@pytest.mark.parametrize("seconds", [1, 300])
def test_an_assertion_lives_for_five_minutes_at_most(seconds: int) -> None:
    accepted = accepted_assertion(claims(exp=SECONDS + seconds), audiences=AUDIENCES, now=NOW)
    assert accepted.expires_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"aud": "https://elsewhere.test"}, "assertion-for-another-audience"),
        ({"aud": [ISSUER, "https://elsewhere.test"]}, "assertion-for-another-audience"),
        ({"aud": []}, "assertion-for-another-audience"),
        ({"aud": None}, "assertion-for-another-audience"),
        ({"exp": SECONDS}, "assertion-expired-or-too-long"),
        ({"exp": SECONDS + 301}, "assertion-expired-or-too-long"),
        ({"exp": None}, "assertion-expired-or-too-long"),
        ({"exp": True}, "assertion-expired-or-too-long"),
        ({"exp": float("nan")}, "assertion-expired-or-too-long"),
        ({"exp": 10**300}, "assertion-expired-or-too-long"),
        ({"exp": str(SECONDS + 60)}, "assertion-expired-or-too-long"),
        ({"nbf": SECONDS + 11}, "assertion-from-the-future"),
        ({"iat": SECONDS + 11}, "assertion-from-the-future"),
        ({"iat": "yesterday"}, "assertion-from-the-future"),
        ({"jti": None}, "assertion-without-jti"),
        ({"jti": ""}, "assertion-without-jti"),
        ({"jti": "x" * 129}, "assertion-without-jti"),
        ({"sub": "another"}, "assertion-not-about-its-issuer"),
        ({"iss": None}, "assertion-not-about-its-issuer"),
    ],
)
def test_an_assertion_is_refused_for_its_own_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ClientRefusedError) as refused:
        accepted_assertion(claims(**change), audiences=AUDIENCES, now=NOW)
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ["", "a\x00", "\ud800", "a b", "x" * 129, "عميل"])
def test_a_name_that_no_storage_could_hold_is_refused_before_it_gets_there(name: str) -> None:
    with pytest.raises(ClientRefusedError):
        claimed_client(claims(iss=name, sub=name))
    with pytest.raises(ClientRefusedError):
        accepted_assertion(claims(jti=name), audiences=AUDIENCES, now=NOW)


def test_an_assertion_names_one_client() -> None:
    assert claimed_client(claims()) == "c"
