"""What an export may hold: the attributes of each kind of record."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from services.registry.domain.policies import Attribute

ExportKind: TypeAlias = Literal["persons", "households"]

EXPORTABLE: Mapping[ExportKind, frozenset[Attribute]] = {
    "persons": frozenset(
        {
            Attribute.NAME_AR,
            Attribute.NAME_LATIN,
            Attribute.BIRTH_DATE,
            Attribute.BIRTH_YEAR,
            Attribute.BIRTH_COMMUNE,
            Attribute.SEX,
            Attribute.NATIONALITY,
            Attribute.DOCUMENT,
            Attribute.PHONES,
            Attribute.COMMUNE,
            Attribute.STATUS,
            Attribute.HOUSEHOLD_ID,
        }
    ),
    "households": frozenset({Attribute.COMMUNE, Attribute.HOUSEHOLD_FACTS, Attribute.MEMBERS}),
}
