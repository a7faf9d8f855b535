"""Partner policies for tests; each states only what matters to its test."""

from typing import Any

from services.registry.domain.policies import (
    Attribute,
    IdentifierKind,
    PartnerPolicy,
    PolicyPurpose,
)
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.record_attestations import (
    Report,
    ReportOutcome,
    agree_to_reports,
    record_attestations,
)
from services.registry.use_cases.register_partner import register_partner
from shared.storage.database import RowScope
from tests.services.registry.conftest import Registry

HOSPITAL = "hospital"
SOCIAL_SECURITY = "cnss"
PURPOSE = "identity-verification"


def a_purpose(*, consent_required: bool = False) -> PolicyPurpose:
    """Return the purpose that tokens of tests carry."""
    return PolicyPurpose(PURPOSE, "Law 72-18", consent_required)


def a_policy(**changes: Any) -> PartnerPolicy:  # noqa: ANN401 -- any field
    """Return a policy that covers a name and a day of birth everywhere, unless changed."""
    usual: dict[str, Any] = {
        "client": HOSPITAL,
        "version": 0,
        "name_ar": "المستشفى الجهوي",
        "name_fr": "Hôpital régional",
        "purposes": (a_purpose(),),
        "told": frozenset({Attribute.NAME_LATIN, Attribute.BIRTH_DATE}),
        "verified": frozenset({Attribute.SEX, Attribute.DOCUMENT, Attribute.NAME_AR}),
        "detail": False,
        "identifier": IdentifierKind.IDCS,
        "regions": ("*",),
        "quota_per_day": 100_000,
        "batch": True,
        "dci": None,
    }
    return PartnerPolicy(**(usual | changes))


async def agree_on(registry: Registry, **changes: Any) -> PartnerPolicy:  # noqa: ANN401 -- any field
    """Put a policy in force, whatever stood before."""
    wished = a_policy(**changes)
    standing = await registry.databases.value(
        "SELECT max(version) FROM partner_policy WHERE client = %(client)s", client=wished.client
    )
    policy = await register_partner(
        wished, read_version=standing, by="an-administrator", using=registry.worker
    )
    registry.api.policies.forget(policy.client)
    return policy


def asking(client: str = HOSPITAL, *, regions: tuple[str, ...] = ("*",)) -> LookUp:
    """Return the circumstances of a question of a client."""
    return LookUp(client, PURPOSE, RowScope(regions, ("*",)))


async def reported(
    registry: Registry,
    *reports: Report,
    held: tuple[str, ...] = ("*",),
    **changes: Any,  # noqa: ANN401 -- any field
) -> ReportOutcome:
    """Report facts as the social security does, by a policy with some fields changed.

    Args:
        registry: The registry that is told.
        *reports: What it is told.
        held: The regions of the token.
        **changes: Fields of the policy.
    """
    await agree_on(registry, client=SOCIAL_SECURITY, **changes)
    look_up = asking(SOCIAL_SECURITY, regions=held)
    agreed = await agree_to_reports(look_up, len(reports), using=registry.api)
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        return await record_attestations(tx, reports, agreed=agreed, using=registry.api)
