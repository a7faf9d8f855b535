"""The fields of the import format, each with its check."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from services.registry.domain import checks, vocabulary
from services.registry.domain.checks import Check, Fault, optional
from services.registry.domain.identifiers import CheckDigit
from services.registry.domain.rejects import RejectCode

NAME_CHARACTERS_MAX = 100
ACCOUNT_NAME_CHARACTERS_MAX = 70
VALUE_CHARACTERS_MAX = 64
COUNT_MAX = 100
# A household has as many members at most, and each nucleus has one.
FAMILY_NUCLEI_MAX = 30
LIVESTOCK_MAX = 10_000
SPENDING_YEARLY_CENTIMES_MAX = 30_000_000
VALUE_NUMBER_MAX = 10**12
_REFERENCE = r"[A-Z0-9][A-Z0-9-]{0,39}"
_SLUG = r"[a-z][a-z0-9_]{0,63}"


class LineFields:
    """Which fields each object of a line has, and the check of each."""

    def __init__(self, *, today: date, algorithm: CheckDigit, regions: Collection[str]) -> None:
        """Make the checks for one business date and one sender."""
        self._day = checks.day(today=today)
        self._idcs = checks.idcs(algorithm)
        self._commune = checks.commune(regions=regions)
        self.names = _name_fields()
        self.person = self._person_fields()
        self.household = self._household_fields()
        self.member = self._member_fields()
        self.facts = _fact_fields()
        self.attestation = self._attestation_fields()
        self.application = {
            "programme": checks.one_of(vocabulary.Programme),
            "applied_on": self._day,
        }
        self.payee = self._payee_fields()

    def _person_fields(self) -> Mapping[str, Check[Any]]:
        return {
            "idcs": self._idcs,
            "cnie": optional(checks.cnie),
            "residence_permit": optional(checks.residence_permit),
            "name_ar": _untouched,
            "name_latin": _untouched,
            "sex": checks.one_of(vocabulary.Sex),
            "birth_date": self._day,
            "birth_commune": optional(_code_of(checks.commune())),
            "nationality": checks.nationality,
            "phones": _empty_if_absent,
            "commune": self._commune,
            "status": optional(
                checks.one_of(vocabulary.PersonStatus), vocabulary.PersonStatus.ACTIVE.value
            ),
        }

    def _household_fields(self) -> Mapping[str, Check[Any]]:
        return {
            "reference": checks.matching(_REFERENCE),
            "commune": self._commune,
            "milieu": checks.one_of(vocabulary.Milieu),
            "language": checks.one_of(vocabulary.Language),
            "phone": optional(checks.mobile),
            "declared_on": self._day,
            "members": _untouched,
            "facts": _untouched,
            "attestations": _empty_if_absent,
            "applications": _empty_if_absent,
            "payee_account": optional(_untouched),
        }

    def _member_fields(self) -> Mapping[str, Check[Any]]:
        return {
            "idcs": self._idcs,
            "kinship": checks.one_of(vocabulary.Kinship),
            "head": checks.truth,
            "declarant": checks.truth,
            "schooling": checks.one_of(vocabulary.Schooling),
            "education": checks.one_of(vocabulary.Education),
            "literate": checks.truth,
            "activity": checks.one_of(vocabulary.Activity),
            "occupation": checks.one_of(vocabulary.Occupation),
            "sector": checks.one_of(vocabulary.Sector),
            "health_cover": checks.one_of(vocabulary.HealthCover),
            "orphan_of_father": checks.truth,
            "severe_disability": checks.truth,
            "birth_rank": optional(checks.whole(least=1, most=COUNT_MAX)),
            "pension": optional(checks.truth, default=False),
        }

    def _attestation_fields(self) -> Mapping[str, Check[Any]]:
        return {
            "idcs": self._idcs,
            "fact": checks.matching(_SLUG),
            "value": _attested_value,
            "source": checks.matching(_SLUG),
            "valid_from": self._day,
        }

    def _payee_fields(self) -> Mapping[str, Check[Any]]:
        return {
            "kind": checks.one_of(vocabulary.AccountKind),
            "account": checks.rib,
            "collector": self._idcs,
            "name_latin": checks.latin(checks.text(characters_max=ACCOUNT_NAME_CHARACTERS_MAX)),
        }


def _name_fields() -> Mapping[str, Mapping[str, Check[Any]]]:
    part = checks.text(characters_max=NAME_CHARACTERS_MAX)
    parts = {"name_ar": checks.arabic_name(part), "name_latin": checks.latin_name(part)}
    return {script: {"given": check, "family": check} for script, check in parts.items()}


def _fact_fields() -> Mapping[str, Check[Any]]:
    count = checks.whole(least=0, most=COUNT_MAX)
    centimes = checks.whole(least=0, most=SPENDING_YEARLY_CENTIMES_MAX)
    return {
        "dwelling": checks.one_of(vocabulary.Dwelling),
        "rooms": count,
        "family_nuclei": checks.whole(least=0, most=FAMILY_NUCLEI_MAX),
        "bath_or_shower": checks.truth,
        "electricity_meter": checks.truth,
        "computer": checks.truth,
        "satellite_dish": checks.truth,
        "fixed_telephone": checks.truth,
        "bank_loan": checks.truth,
        "secondary_dwelling": checks.truth,
        "garage": checks.truth,
        "business_premises": checks.truth,
        "mobile_phones": count,
        "cars": count,
        "motorcycles": count,
        "non_agricultural_land": checks.truth,
        "irrigated_land": checks.truth,
        "cows": checks.whole(least=0, most=LIVESTOCK_MAX),
        "butane_yearly_centimes": centimes,
        "water_electricity_yearly_centimes": centimes,
        "phone_internet_yearly_centimes": centimes,
        "family_allowances": optional(checks.truth, default=False),
    }


def _untouched(value: object) -> object:
    return None if value is checks.MISSING else value


def _empty_if_absent(value: object) -> object:
    return [] if value is None or value is checks.MISSING else value


def _code_of(check: Check[Any]) -> Check[str]:
    def checked(value: object) -> str:
        code: str = check(value).commune_code
        return code

    return checked


_attested_text = checks.text(characters_max=VALUE_CHARACTERS_MAX)
_attested_number = checks.whole(least=-VALUE_NUMBER_MAX, most=VALUE_NUMBER_MAX)


def _attested_value(value: object) -> str | int | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _attested_number(value)
    if isinstance(value, str):
        return _attested_text(value)
    raise Fault(RejectCode.FIELD_MALFORMED)
