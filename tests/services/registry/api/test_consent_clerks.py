"""Who records anybody's consent is told by role: a clerk's token may do less than the clerk."""

from pathlib import Path

import httpx
import pytest

from shared.testing.tokens import Issuer
from tests.services.registry.api.fuzzing import ROLES
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import a_file, a_person, an_idcs
from tests.services.registry.partners import HOSPITAL, PURPOSE, agree_on

CONSENTS = "/registry/v1/consents"
BOTH = ("registry.consents:read", "registry.consents:write")
CONSENT = {
    "idcs": an_idcs(1),
    "client": HOSPITAL,
    "purpose": PURPOSE,
    "attributes": ["sex"],
    "valid_from": "2026-11-20",
    "valid_until": "2026-12-20",
    "evidence": {"kind": "signed-paper", "reference": "folder 12"},
}


def test_every_role_that_records_consents_is_a_clerks_or_a_partners() -> None:
    roles = ROLES["roles"].items()
    may = {name for name, role in roles if "registry.consents:write" in role["scopes"]}
    assert may == {"partner", "registrar", "caseworker"}


@pytest.mark.parametrize(
    ("roles", "scopes", "status"),
    [
        (["registrar"], BOTH[1:], 201),
        (["caseworker"], BOTH[1:], 201),
        (["partner"], BOTH, 403),
        (["citizen"], BOTH, 403),
        ([], BOTH, 403),
    ],
)
async def test_a_clerk_is_told_by_role_and_not_by_scope(
    registry: Registry,
    keys: Path,
    issuer: Issuer,
    roles: list[str],
    *,
    scopes: tuple[str, ...],
    status: int,
) -> None:
    await registry.load(a_file(a_person(1)), key="k")
    await agree_on(registry)
    headers = issuer.headers(*scopes, subject="somebody", roles=roles) | {"Idempotency-Key": "one"}
    async with at_the_counter(registry, keys=keys, issuer=issuer) as client:
        answered = await client.post(CONSENTS, json=CONSENT, headers=headers)
        assert answered.status_code == status, answered.text
        if status == httpx.codes.CREATED:
            place = f"{CONSENTS}/{answered.json()['consent_id']}"
            assert (await client.delete(place, headers=headers)).status_code == httpx.codes.OK
        else:
            assert answered.json()["code"] == "registry.consent-of-another"
