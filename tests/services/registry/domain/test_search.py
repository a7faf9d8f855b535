"""How well somebody fits what is searched for: equals first, and nothing is called the same."""

from datetime import date

import pytest

from services.registry.domain.search import Candidate, Fit, Sought, fit_of


def fit(sought: str, arabic: str, latin: str) -> Fit:
    """Return how well a name fits one that is sought."""
    return fit_of(Candidate((arabic, latin), date(1990, 1, 2)), Sought(name=sought))


@pytest.mark.parametrize(
    ("sought", "equal", "other"),
    [
        ("Alami", ("فاطمة العلمي", "Fatima ALAMI"), ("لمياء بنحدو", "Lamia BENHADDOU")),
        (
            "Abd Allah",
            ("عبد الله التازي", "Abdellah TAZI"),
            ("عبد الإله بناني", "Abdelilah BENNANI"),
        ),
        ("حسين", ("حسين التازي", "Houcine TAZI"), ("حسن التازي", "Hassan TAZI")),
    ],
)
def test_names_of_the_same_consonants_are_alike_and_come_after_equals(
    sought: str, equal: tuple[str, str], other: tuple[str, str]
) -> None:
    best, alike = fit(sought, *equal), fit(sought, *other)
    assert best.reasons == ("name-same",)
    assert alike.reasons == ("name-alike",)
    assert best.score > alike.score


@pytest.mark.parametrize("sought", ["Mohammed", "Muhammad", "Mohamed", "محمد", "مُحَمَّد"])
def test_spellings_of_one_name_are_the_same(sought: str) -> None:
    assert fit(sought, "محمد العلوي", "Mohamed ALAOUI").reasons == ("name-same",)
