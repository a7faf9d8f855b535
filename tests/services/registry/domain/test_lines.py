"""Lines of an import: what is taken, and with which field and code the rest is refused."""

import json
from datetime import date
from typing import Any

import pytest

from services.registry.domain.declarations import (
    DeclaredHousehold,
    DeclaredPerson,
    household_content,
    person_content,
)
from services.registry.domain.identifiers import CheckDigit
from services.registry.domain.line_fields import SPENDING_YEARLY_CENTIMES_MAX
from services.registry.domain.lines import LINE_BYTES_MAX, MEMBERS_MAX, LineRules
from services.registry.domain.rejects import REJECTS_PER_LINE_MAX
from tests.services.registry.declaring import (
    A_RIB,
    FACTS,
    TANGIER,
    a_household,
    a_member,
    a_person,
    an_idcs,
)

TODAY = date(2026, 11, 20)
RULES = LineRules(today=TODAY)


def refusals(line: dict[str, Any] | str, rules: LineRules = RULES) -> list[tuple[str, str]]:
    """Return field and code of every refusal; none if the line is taken."""
    read = rules.read(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False))
    if isinstance(read, DeclaredPerson | DeclaredHousehold):
        return []
    return [(reject.field, reject.code.value) for reject in read]


def test_a_person_is_read_with_their_territory() -> None:
    read = RULES.read(json.dumps(a_person(7, phones=["0612345678", "+212700000009"])))
    assert isinstance(read, DeclaredPerson)
    assert read.idcs == an_idcs(7)
    assert read.name_latin.family == "EL BAHRI"
    assert read.birth_date == date(1989, 4, 12)
    assert read.phones == ("+212612345678", "+212700000009")
    assert (read.commune.region_code, read.commune.province_code) == ("01", "01.511")


@pytest.mark.parametrize("field", ["cnie", "residence_permit", "phones", "birth_commune"])
def test_what_a_person_need_not_have_may_be_null_or_absent(field: str) -> None:
    line = a_person(1)
    assert refusals(line | {field: None}) == []
    line.pop(field, None)
    assert refusals(line) == []


@pytest.mark.parametrize(
    "latin",
    [
        "Zoé",
        "M'HAMED",
        "M’Hamed",
        "Aït-Ali",
        "Aït - Ali",
        "S. Ahmed",
        "J.-P.",
        "al-ʿĀdil",
        "Sanaʾ ʿAbd",
        "Łucja",
        "Zoe\u0301",
        "Nguyễn",
    ],
)
def test_a_latin_name_has_letters_of_its_script_and_what_joins_them(latin: str) -> None:
    assert refusals(a_person(1, name_latin={"given": latin, "family": "X"})) == []


@pytest.mark.parametrize(
    "arabic",
    ["محمـد", "مُحَمَّد", "عبد الله", "آيت-علي", "پریسا", "ﻣﺤﻤﺪ", "م. علي", "رحمٰن", "هُدًۭى"],
)
def test_an_arabic_name_has_letters_of_its_script_and_what_joins_them(arabic: str) -> None:
    assert refusals(a_person(1, name_ar={"given": arabic, "family": "س"})) == []


@pytest.mark.parametrize(
    "foreign",
    [
        "12",
        "A1",
        "س٣",
        "<script>",
        "A(B)",
        "س(ب)",
        "A,B",
        "س،ب",
        '"A"',
        "-",
        "Aس",
        "Дима",
        "A_B",
        "' A --",
    ],
)
def test_a_name_of_another_script_or_of_signs_is_refused_in_its_field(foreign: str) -> None:
    name = {"given": foreign, "family": foreign}
    for script in ("latin", "arabic"):
        field = "name_ar" if script == "arabic" else "name_latin"
        assert refusals(a_person(1, **{field: name})) == [
            (f"{field}.given", f"registry.text-not-{script}"),
            (f"{field}.family", f"registry.text-not-{script}"),
        ]


def test_neither_script_stands_for_the_other() -> None:
    swapped = a_person(1)
    swapped["name_ar"], swapped["name_latin"] = swapped["name_latin"], swapped["name_ar"]
    codes = [code for _, code in refusals(swapped)]
    assert codes == ["registry.text-not-arabic"] * 2 + ["registry.text-not-latin"] * 2


def test_a_person_without_status_is_active() -> None:
    line = a_person(1)
    del line["status"]
    read = RULES.read(json.dumps(line))
    assert isinstance(read, DeclaredPerson)
    assert read.status == "active"


def test_a_wrong_check_digit_is_refused_with_its_field() -> None:
    wrong = an_idcs(1)[:-1] + str((int(an_idcs(1)[-1]) + 1) % 10)
    assert refusals(a_person(1, idcs=wrong)) == [("idcs", "registry.idcs-check-digit")]


def test_the_check_digit_algorithm_is_a_setting() -> None:
    luhn = LineRules(today=TODAY, algorithm=CheckDigit.LUHN)
    assert refusals(a_person(1, idcs="2000000014"), luhn) == []
    assert refusals(a_person(1, idcs="2000000014")) == [("idcs", "registry.idcs-check-digit")]


@pytest.mark.parametrize(
    ("changes", "field", "slug"),
    [
        ({"idcs": "12"}, "idcs", "idcs-malformed"),
        ({"idcs": 4820193756}, "idcs", "field-malformed"),
        ({"idcs": None}, "idcs", "field-missing"),
        ({"cnie": "ab 1"}, "cnie", "cnie-malformed"),
        ({"name_ar": None}, "name_ar", "field-missing"),
        ({"name_ar": "text"}, "name_ar", "field-malformed"),
        ({"name_latin": {"given": "Zahra"}}, "name_latin.family", "field-missing"),
        ({"name_latin": {"given": " ", "family": "X"}}, "name_latin.given", "text-malformed"),
        (
            {"name_latin": {"given": "a\u202eb", "family": "X"}},
            "name_latin.given",
            "text-malformed",
        ),
        ({"name_latin": {"given": "a\ufffd", "family": "X"}}, "name_latin.given", "text-malformed"),
        ({"name_latin": {"given": "\ud800", "family": "X"}}, "name_latin.given", "text-malformed"),
        ({"name_latin": {"given": "a" * 101, "family": "X"}}, "name_latin.given", "text-malformed"),
        ({"sex": "X"}, "sex", "value-unknown"),
        ({"sex": []}, "sex", "field-malformed"),
        ({"birth_date": "2026-11-21"}, "birth_date", "date-in-future"),
        ({"birth_date": "1889-12-31"}, "birth_date", "date-too-old"),
        ({"birth_date": "1989-02-30"}, "birth_date", "date-malformed"),
        ({"birth_date": "1989-W07-1"}, "birth_date", "date-malformed"),
        ({"birth_date": "19890412"}, "birth_date", "date-malformed"),
        ({"birth_date": 19890412}, "birth_date", "field-malformed"),
        ({"birth_commune": "99.999.99.9"}, "birth_commune", "commune-unknown"),
        ({"nationality": "Moroccan"}, "nationality", "nationality-unknown"),
        ({"nationality": "ZZZ"}, "nationality", "nationality-unknown"),
        ({"nationality": 7}, "nationality", "field-malformed"),
        ({"phones": ["+212612345678", "+212512345678"]}, "phones[1]", "phone-malformed"),
        ({"phones": ["+212612345678", "0612345678"]}, "phones[1]", "phone-duplicate"),
        ({"phones": [f"061234567{last}" for last in range(4)]}, "phones", "count-out-of-range"),
        ({"phones": "+212612345678"}, "phones", "field-malformed"),
        ({"phones": [["+212612345678"]]}, "phones[0]", "field-malformed"),
        ({"phones": [None]}, "phones[0]", "field-missing"),
        ({"phone": "+212612345678"}, "phone", "field-unknown"),
        ({"cnie": None, "residence_permit": "1"}, "residence_permit", "residence-permit-malformed"),
        ({"residence_permit": "C123456R"}, "residence_permit", "documents-two"),
        ({"commune": "99.999.99.9"}, "commune", "commune-unknown"),
        ({"status": "asleep"}, "status", "value-unknown"),
        ({"colour": "blue"}, "colour", "field-unknown"),
    ],
)
def test_each_fault_of_a_person_names_its_field(
    changes: dict[str, Any], field: str, slug: str
) -> None:
    assert refusals(json.dumps(a_person(1, **changes))) == [(field, f"registry.{slug}")]


def test_a_line_names_all_of_its_faults() -> None:
    line = a_person(1, sex="X", nationality="M", phones=["1"])
    assert [field for field, _ in refusals(line)] == ["sex", "nationality", "phones[0]"]


def test_a_line_of_an_older_format_is_told_which_keys_are_not_of_this_one() -> None:
    members = a_household(1, [1])["members"]
    members[0]["role"] = members[0].pop("kinship")
    assert refusals(a_household(1, [1], members=members) | {"telephone": "0612345678"}) == [
        ("telephone", "registry.field-unknown"),
        ("members[0].role", "registry.field-unknown"),
        ("members[0].kinship", "registry.field-missing"),
    ]


@pytest.mark.parametrize(
    "key",
    ["AB123456", "ab123456", "0612345678", "Zahra", "زهرة", "a b", "a" * 21, "", "\ud800", "a\n"],
)
def test_an_unexpected_key_that_may_say_something_of_somebody_is_never_named(key: str) -> None:
    assert refusals(a_person(1) | {key: 1}) == [("", "registry.field-unknown")]


def test_a_line_full_of_unexpected_keys_names_a_bounded_number() -> None:
    keys = {f"{first}{second}_key": 1 for first in "abcdefgh" for second in "abcdefgh"}
    assert len(refusals(a_person(1) | keys)) == REJECTS_PER_LINE_MAX


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "{",
        "[]",
        "null",
        "1",
        '{"type":"person"',
        '{"type":"person","type":"person"}',
        '{"type":"person","idcs":NaN}',
        '{"a":' + "[" * 50_000,
        "9" * 5_000,
    ],
)
def test_what_is_no_json_object_is_malformed(text: str) -> None:
    assert refusals(text) == [("", "registry.line-malformed")]


@pytest.mark.parametrize("kind", ["pet", None, 1, ["person"]])
def test_only_persons_and_households_are_known(kind: object) -> None:
    assert refusals(a_person(1, type=kind)) == [("type", "registry.line-type-unknown")]


def test_a_line_over_the_limit_is_refused_unread() -> None:
    line = json.dumps(a_person(1)) + " " * LINE_BYTES_MAX
    assert refusals(line) == [("", "registry.line-too-long")]
    assert refusals("\u0633" * (LINE_BYTES_MAX // 2 + 1)) == [("", "registry.line-too-long")]


def test_a_sender_writes_to_their_own_regions_only() -> None:
    rabat_only = LineRules(today=TODAY, regions=("04",))
    line = a_person(1, commune=TANGIER, birth_commune=TANGIER)
    assert refusals(line, rabat_only) == [("commune", "registry.commune-out-of-scope")]


def test_a_household_is_read_with_its_members_and_facts() -> None:
    read = RULES.read(json.dumps(a_household(1, [1, 2])))
    assert isinstance(read, DeclaredHousehold)
    assert [member.idcs for member in read.members] == [an_idcs(1), an_idcs(2)]
    assert read.members[0].facts["pension"] is False
    assert read.facts["family_allowances"] is False
    assert read.facts["rooms"] == 2
    assert read.payee_account is not None
    assert read.payee_account.account == A_RIB


def test_a_household_may_come_without_payee_applications_and_phone() -> None:
    line = a_household(1, [1], payee_account=None, phone=None)
    del line["applications"], line["attestations"]
    assert refusals(line) == []


@pytest.mark.parametrize(
    ("changes", "field", "slug"),
    [
        ({"reference": "rsu 1"}, "reference", "field-malformed"),
        ({"milieu": "sea"}, "milieu", "value-unknown"),
        ({"language": "en"}, "language", "value-unknown"),
        ({"declared_on": "2026-11-21"}, "declared_on", "date-in-future"),
        ({"members": []}, "members", "count-out-of-range"),
        ({"members": None}, "members", "field-missing"),
        ({"members": {}}, "members", "field-malformed"),
        ({"members": [1]}, "members[0]", "field-malformed"),
        ({"facts": None}, "facts", "field-missing"),
        ({"facts": FACTS | {"rooms": -1}}, "facts.rooms", "number-out-of-range"),
        ({"facts": FACTS | {"butane_yearly_centimes": SPENDING_YEARLY_CENTIMES_MAX + 1}},
         "facts.butane_yearly_centimes", "number-out-of-range"),
        ({"facts": FACTS | {"rooms": True}}, "facts.rooms", "field-malformed"),
        ({"facts": FACTS | {"rooms": 2.0}}, "facts.rooms", "field-malformed"),
        ({"facts": FACTS | {"computer": 1}}, "facts.computer", "field-malformed"),
        ({"facts": FACTS | {"pool": True}}, "facts.pool", "field-unknown"),
        ({"applications": [{"programme": "ASD", "applied_on": "2026-10-02"}]},
         "applications[0].programme", "value-unknown"),
        ({"applications": [{"programme": "asd", "applied_on": "2026-10-02"},
                           {"programme": "housing_aid", "applied_on": "2026-10-02"}]},
         "applications[1].programme", "value-unknown"),
        ({"applications": [{"programme": 1, "applied_on": "2026-10-02"}]},
         "applications[0].programme", "field-malformed"),
        ({"applications": [{"programme": "asd", "applied_on": "2026-10-02"}] * 2},
         "applications", "application-duplicate"),
        ({"attestations": [{"idcs": an_idcs(9), "fact": "pension", "value": True,
                            "source": "cnss", "valid_from": "2026-01-01"}]},
         "attestations[0].idcs", "not-a-member"),
        ({"attestations": [{"idcs": an_idcs(1), "fact": "pension", "value": {},
                            "source": "cnss", "valid_from": "2026-01-01"}]},
         "attestations[0].value", "field-malformed"),
    ],
)  # fmt: skip
def test_each_fault_of_a_household_names_its_field(
    changes: dict[str, Any], field: str, slug: str
) -> None:
    assert refusals(a_household(1, [1, 2], **changes)) == [(field, f"registry.{slug}")]


@pytest.mark.parametrize(
    ("changes", "field", "slug"),
    [
        ({"account": A_RIB[:-1] + "2"}, "payee_account.account", "rib-key"),
        ({"account": "12"}, "payee_account.account", "rib-malformed"),
        ({"collector": an_idcs(9)}, "payee_account.collector", "not-a-member"),
        ({"kind": "iban"}, "payee_account.kind", "value-unknown"),
    ],
)
def test_each_fault_of_a_payee_account_names_its_field(
    changes: dict[str, Any], field: str, slug: str
) -> None:
    payee = a_household(1, [1])["payee_account"] | changes
    line = a_household(1, [1], payee_account=payee)
    assert refusals(line) == [(field, f"registry.{slug}")]


def test_a_faulty_member_is_named_by_position() -> None:
    members = a_household(1, [1, 2, 3])["members"]
    members[2]["idcs"] = "123"
    line = a_household(1, [1, 2, 3], members=members)
    assert refusals(line) == [("members[2].idcs", "registry.idcs-malformed")]


def test_nobody_is_listed_twice_in_a_household() -> None:
    line = a_household(1, [1, 2, 2])
    assert refusals(line) == [("members[2].idcs", "registry.member-duplicate")]


@pytest.mark.parametrize(
    "head",
    [{"head": False}, {"kinship": "spouse"}],
    ids=["nobody is the head", "the head is somebody's spouse"],
)
def test_a_household_has_exactly_one_head(head: dict[str, Any]) -> None:
    members = a_household(1, [1, 2])["members"]
    members[0] |= head
    line = a_household(1, [1, 2], members=members)
    assert refusals(line) == [("members", "registry.heads-not-one")]


def test_somebody_must_declare_a_household() -> None:
    members = a_household(1, [1])["members"]
    members[0]["declarant"] = False
    assert refusals(a_household(1, [1], members=members)) == [
        ("members", "registry.declarant-missing")
    ]


def test_a_household_has_a_largest_size() -> None:
    assert refusals(a_household(1, list(range(MEMBERS_MAX)))) == []
    assert refusals(a_household(1, list(range(MEMBERS_MAX + 1)))) == [
        ("members", "registry.count-out-of-range")
    ]


def test_a_line_full_of_faults_names_a_bounded_number() -> None:
    members = [a_member(number, sector="sea", activity="pirate") for number in range(20)]
    assert len(refusals(a_household(1, [1], members=members))) == REJECTS_PER_LINE_MAX


def content(line: dict[str, Any]) -> str:
    """Return what a good line says."""
    read = RULES.read(json.dumps(line))
    if isinstance(read, DeclaredPerson):
        return person_content(read)
    assert isinstance(read, DeclaredHousehold)
    return household_content(read)


@pytest.mark.parametrize("line", [a_person(1), a_household(1, [1, 2])])
def test_the_order_of_keys_does_not_change_what_is_said(line: dict[str, Any]) -> None:
    assert content(dict(reversed(line.items()))) == content(line)


@pytest.mark.parametrize(
    "changes", [{"phone": None}, {"applications": []}, {"payee_account": None}, {"milieu": "rural"}]
)
def test_anything_else_said_of_a_household_changes_its_content(changes: dict[str, Any]) -> None:
    assert content(a_household(1, [1], **changes)) != content(a_household(1, [1]))
