import pytest

from services.gateway.domain.errors import UnknownRoleError
from services.gateway.domain.roles import read_role_book, role_book

BOOK = role_book()

DESIGN_ROLES = {
    "partner",
    "registrar",
    "caseworker",
    "appeals-officer",
    "policy-maker",
    "policy-checker",
    "payments-maker",
    "payments-checker-1",
    "payments-checker-2",
    "reconciler",
    "campaign-officer",
    "auditor",
    "operator",
    "administrator",
    "citizen",
}


def test_every_role_of_the_house_is_in_the_file() -> None:
    assert set(BOOK.roles) == DESIGN_ROLES


def test_every_scope_belongs_to_at_least_one_role() -> None:
    assert BOOK.scopes_of(BOOK.roles) == set(BOOK.scopes)


def test_no_role_can_open_a_cycle_and_approve_it_nor_approve_it_twice() -> None:
    powers = {"payments.cycles:write", "payments.cycles:approve-1", "payments.cycles:approve-2"}
    assert all(len(role.scopes & powers) <= 1 for role in BOOK.roles.values())


def test_an_auditor_changes_nothing() -> None:
    assert all(scope.endswith(":read") for scope in BOOK.role("auditor").scopes)


def test_whoever_reads_people_can_state_a_purpose() -> None:
    disclosing = {
        "registry.households:read",
        "registry.persons:read",
        "eligibility.decisions:read",
        "payments.instructions:read",
        "notifications.messages:read",
    }
    readers = [role for role in BOOK.roles.values() if role.scopes & disclosing]
    assert readers
    assert all(role.purposes for role in readers)


def test_citizens_read_every_purpose_in_arabic_and_french() -> None:
    assert all({"ar", "fr"} <= set(sentences) for sentences in BOOK.purposes.values())


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(UnknownRoleError):
        BOOK.role("director")


@pytest.mark.parametrize(("scopes", "purposes"), [('["a.b:read"]', "[]"), ("[]", '["gossip"]')])
def test_a_role_with_an_unexplained_scope_or_purpose_is_refused(scopes: str, purposes: str) -> None:
    text = (
        f'[scopes]\n[purposes]\n[roles.x]\ndescription = "x"\nscopes = {scopes}\n'
        f"purposes = {purposes}\nregions = []\nprogrammes = []\n"
    )
    with pytest.raises(KeyError):
        read_role_book(text)
