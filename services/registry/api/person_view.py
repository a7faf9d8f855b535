"""A person's record as the registry's own staff read it."""

from services.registry.api.schemas import NameView, PersonView
from services.registry.use_cases.read_person import PersonAsKnown


def person_view(known: PersonAsKnown) -> PersonView:
    """Return a version of a person with the names opened."""
    return PersonView.model_validate(
        {
            **known.version._asdict(),
            "name_ar": NameView(**known.name_ar._asdict()),
            "name_latin": NameView(**known.name_latin._asdict()),
            "household_id": known.household_id,
        }
    )
