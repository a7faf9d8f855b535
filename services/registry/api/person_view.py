"""A person's record as the registry's own staff read it."""

from typing import Any

from services.registry.api.schemas import PersonView
from services.registry.use_cases.read_person import PersonAsKnown

_OPENED = frozenset({"name_ar", "name_latin", "household_id"})
_OF_ITS_VERSION = tuple(name for name in PersonView.model_fields if name not in _OPENED)


def person_document(known: PersonAsKnown) -> dict[str, Any]:
    """Return what a person's view holds, its names opened."""
    version = known.version
    return {
        **{name: getattr(version, name) for name in _OF_ITS_VERSION},
        "name_ar": known.name_ar._asdict(),
        "name_latin": known.name_latin._asdict(),
        "household_id": known.household_id,
    }


def person_view(known: PersonAsKnown) -> PersonView:
    """Return a version of a person with the names opened."""
    return PersonView.model_validate(person_document(known))
