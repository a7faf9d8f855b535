import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from joserfc.util import urlsafe_b64encode

from services.gateway.domain.assertions import ASSERTION_TYPE
from services.gateway.domain.clients import Client
from services.gateway.domain.errors import (
    ClientRefusedError,
    GrantUnsupportedError,
    ScopeRefusedError,
    SigningKeyMissingError,
    TokenRequestMalformedError,
)
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.ensure_signing_key import ensure_signing_key
from services.gateway.use_cases.issue_token import IssuedToken, TokenRequest, issue_token
from services.gateway.use_cases.publish_keys import publish_keys
from services.gateway.use_cases.register_client import register_clients
from shared.runtime.ids import new_id
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock
from tests.services.gateway.conftest import ISSUER, Sign


@pytest.fixture
async def ready(collaborators: Collaborators, client: Client) -> Collaborators:
    await ensure_signing_key(collaborators=collaborators)
    await register_clients([client], collaborators=collaborators)
    return collaborators


async def ask(collaborators: Collaborators, assertion: str, **changes: str | None) -> IssuedToken:
    usual: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "client_id": None,
        "scope": None,
    }
    return await issue_token(TokenRequest(**{**usual, **changes}), collaborators=collaborators)


async def reason_of_refusal(
    collaborators: Collaborators, assertion: str, **changes: str | None
) -> str:
    with pytest.raises(ClientRefusedError) as refused:
        await ask(collaborators, assertion, **changes)
    return refused.value.reason


async def claims_of(collaborators: Collaborators, token: IssuedToken) -> tuple[Any, Any]:
    published: Any = await publish_keys(collaborators.database)
    decoded = jwt.decode(token.access_token, KeySet.import_key_set(published), algorithms=["ES256"])
    return decoded.header, decoded.claims


async def test_a_token_says_who_may_do_what_where_and_for_how_long(
    ready: Collaborators, sign: Sign, clock: FixedClock
) -> None:
    header, claims = await claims_of(ready, await ask(ready, sign()))
    now = int(clock.now().timestamp())
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "aud": "sanad",
        "sub": "ministry-of-health",
        "client_id": "ministry-of-health",
        "scope": "registry.imports:read registry.imports:write",
        "roles": ["registrar"],
        "regions": ["01", "02"],
        "programmes": ["asd"],
        "purposes": ["registration"],
        "iat": now,
        "exp": now + 600,
    }


async def test_a_token_may_carry_less_than_the_client_has(ready: Collaborators, sign: Sign) -> None:
    token = await ask(ready, sign(), scope="registry.imports:read")
    assert token.scopes == ("registry.imports:read",)


async def test_a_scope_of_somebody_else_is_refused(ready: Collaborators, sign: Sign) -> None:
    with pytest.raises(ScopeRefusedError):
        await ask(ready, sign(), scope="registry.imports:read payments.cycles:write")


async def test_an_assertion_is_worth_one_token(ready: Collaborators, sign: Sign) -> None:
    assertion = sign()
    await ask(ready, assertion)
    assert await reason_of_refusal(ready, assertion) == "assertion-replayed"


async def test_two_clients_may_use_the_same_jti(
    ready: Collaborators, client: Client, sign: Sign
) -> None:
    other = replace(client, client_id="ministry-of-interior")
    await register_clients([other], collaborators=ready)
    await ask(ready, sign(jti="1"))
    name = other.client_id
    assert (await ask(ready, sign(jti="1", iss=name, sub=name))).client_id == name


async def test_an_assertion_with_a_wrong_claim_is_refused(ready: Collaborators, sign: Sign) -> None:
    wrong: list[tuple[dict[str, object], str]] = [
        ({"aud": "https://elsewhere.test"}, "assertion-for-another-audience"),
        ({"exp": 1}, "assertion-expired-or-too-long"),
        ({"jti": None}, "assertion-without-jti"),
        ({"sub": "somebody-else"}, "assertion-not-about-its-issuer"),
        ({"iss": "nobody", "sub": "nobody"}, "client-unknown"),
        ({"kid": "second"}, "client-key-unknown"),
    ]
    for claims, reason in wrong:
        assert await reason_of_refusal(ready, sign(**claims)) == reason


async def test_an_assertion_signed_by_another_key_is_refused(
    ready: Collaborators, sign: Sign
) -> None:
    stranger = ECKey.generate_key("P-256", private=True)
    assert await reason_of_refusal(ready, sign(key=stranger)) == "assertion-signature"


async def test_an_altered_assertion_is_refused(ready: Collaborators, sign: Sign) -> None:
    header, _, signature = sign().split(".")
    _, claims, _ = sign(jti="another").split(".")
    assert await reason_of_refusal(ready, f"{header}.{claims}.{signature}") == "assertion-signature"


async def test_an_unsigned_assertion_is_refused(ready: Collaborators, sign: Sign) -> None:
    claims = sign().split(".")[1]
    header = urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode()
    assert await reason_of_refusal(ready, f"{header}.{claims}.") == "assertion-algorithm"


async def test_an_hmac_made_with_the_public_key_is_refused(
    ready: Collaborators, sign: Sign, client_key: ECKey
) -> None:
    # By hand: the library would not even make this forgery.
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').decode()
    signed = f"{header}.{sign().split('.')[1]}"
    mac = hmac.digest(client_key.as_pem(private=False), signed.encode(), "sha256")
    forged = f"{signed}.{urlsafe_b64encode(mac).decode()}"
    assert await reason_of_refusal(ready, forged) == "assertion-algorithm"


async def test_what_is_no_assertion_is_refused(ready: Collaborators) -> None:
    for assertion in ("x", "a.b.c", "..", "é.é.é", "e30.e30.e30", "W10.W10.W10"):
        reason = await reason_of_refusal(ready, assertion)
        assert reason in {"assertion-malformed", "assertion-algorithm"}


async def test_an_assertion_of_any_depth_is_refused(ready: Collaborators, sign: Sign) -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    header, claims, signature = sign().split(".")
    for depth in (500, *range(800, 1_001), 1_250):
        nested = "[" * depth + "]" * depth
        deep = {
            "header": f'{{"alg":"ES256","kid":"first","deep":{nested}}}',
            "claims": f'{{"iss":"x","sub":"x","deep":{nested}}}',
        }
        encoded = {name: urlsafe_b64encode(text.encode()).decode() for name, text in deep.items()}
        for assertion in (
            f"{encoded['header']}.{claims}.{signature}",
            f"{header}.{encoded['claims']}.{signature}",
        ):
            assert await reason_of_refusal(ready, assertion) in {
                "assertion-malformed",
                "assertion-signature",
                "client-unknown",
            }, depth


async def test_an_endless_assertion_is_refused(ready: Collaborators) -> None:
    assert await reason_of_refusal(ready, "x" * 5_000) == "assertion-too-long"


async def test_a_disabled_client_is_refused_like_an_unknown_one(
    ready: Collaborators, client: Client, sign: Sign
) -> None:
    await register_clients([replace(client, disabled=True)], collaborators=ready)
    with pytest.raises(ClientRefusedError) as disabled:
        await ask(ready, sign())
    with pytest.raises(ClientRefusedError) as unknown:
        await ask(ready, sign(iss="nobody", sub="nobody"))
    assert disabled.value.reason == "client-disabled"
    assert disabled.value.detail == unknown.value.detail


async def test_the_client_id_beside_the_assertion_must_agree(
    ready: Collaborators, sign: Sign, client: Client
) -> None:
    agreed = await ask(ready, sign(), client_id=client.client_id)
    assert agreed.client_id == client.client_id
    refused = await reason_of_refusal(ready, sign(), client_id="somebody-else")
    assert refused == "client-id-differs"


async def test_a_single_key_needs_no_kid(ready: Collaborators, sign: Sign, client: Client) -> None:
    assert (await ask(ready, sign(kid=None))).client_id == client.client_id


async def test_another_way_to_authenticate_is_refused(ready: Collaborators, sign: Sign) -> None:
    for change in ({"client_assertion_type": None}, {"client_assertion": None}):
        assert await reason_of_refusal(ready, sign(), **change) == "assertion-missing"


async def test_another_grant_is_refused(ready: Collaborators, sign: Sign) -> None:
    with pytest.raises(GrantUnsupportedError):
        await ask(ready, sign(), grant_type="password")
    with pytest.raises(TokenRequestMalformedError):
        await ask(ready, sign(), grant_type=None)


async def test_without_a_signing_key_there_is_no_token(
    collaborators: Collaborators, client: Client, sign: Sign
) -> None:
    await register_clients([client], collaborators=collaborators)
    with pytest.raises(SigningKeyMissingError):
        await ask(collaborators, sign())


async def test_a_token_outlives_no_policy(ready: Collaborators, sign: Sign) -> None:
    greedy = replace(ready, tokens=replace(ready.tokens, life=timedelta(days=10)))
    assert (await ask(greedy, sign())).expires_in_seconds == 600


async def test_a_refused_request_leaves_no_trace_of_its_assertion(
    ready: Collaborators, sign: Sign, database: ServiceDatabases
) -> None:
    await reason_of_refusal(ready, sign(aud="https://elsewhere.test"))
    assert await database.value("SELECT count(*) FROM assertion_jti") == 0


@pytest.fixture
async def citizen(ready: Collaborators, client: Client) -> Collaborators:
    """Return the gateway when the same key belongs to the citizen of a demonstration."""
    scopes = frozenset({"registry.me:read"})
    person = replace(client, roles=("citizen",), scopes=scopes, purposes=("own-record",))
    await register_clients([person], collaborators=ready)
    return replace(ready, is_demo=True)


async def test_in_a_demonstration_a_citizens_token_names_a_person(
    citizen: Collaborators, sign: Sign
) -> None:
    person_id = str(new_id())
    _, claims = await claims_of(citizen, await ask(citizen, sign(), subject=person_id))
    assert (claims["sub"], claims["roles"]) == (person_id, ["citizen"])


async def test_a_person_is_never_just_stated_outside_a_demonstration(
    citizen: Collaborators, sign: Sign
) -> None:
    real = replace(citizen, is_demo=False)
    with pytest.raises(TokenRequestMalformedError):
        await ask(real, sign(), subject=str(new_id()))


async def test_a_machine_cannot_pass_for_a_person(ready: Collaborators, sign: Sign) -> None:
    with pytest.raises(TokenRequestMalformedError):
        await ask(replace(ready, is_demo=True), sign(), subject=str(new_id()))


async def test_a_citizen_is_named_by_a_pseudonym_alone(citizen: Collaborators, sign: Sign) -> None:
    with pytest.raises(TokenRequestMalformedError):
        await ask(citizen, sign(), subject="2000000012")
