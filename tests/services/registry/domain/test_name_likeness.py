"""How alike names are: spellings are one name, slips are close, other names are far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.name_likeness import EQUAL, likeness, same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mohamed", "Muhammad"),
        ("Mohamed", "محمد"),
        ("حسن", "Hassan"),
        ("Hassan", "Hassane"),
        ("Youssef", "Yusuf"),
        ("Meryem", "Mariam"),
        ("Zineb", "زينب"),
        ("Zineb", "Zainab"),
        ("Salma EL IDRISSI", "El-Idrissi Salma"),
        ("Salma EL IDRISSI", "سلمى الإدريسي"),
        ("Fatima Zahra", "FATIMAZAHRA"),
        ("عبد الله", "عبدالله"),
        ("Abdellah", "عبد الله"),
        ("Brahim", "Ibrahim"),
    ],
)
def test_spellings_of_one_name_are_the_same_name(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hassan", "Houcine"),
        ("حسن", "حسين"),
        ("Hassan", "حسين"),
        ("Samir", "Samira"),
        ("رشيد", "رشيدة"),
        ("Omar", "Amar"),
        ("Hassan", "Hassani"),
        ("Mohamed", "Ahmed"),
        ("Mohamed Amine", "Mohamed"),
        ("Said", "Saad"),
        ("", ""),
        ("王", "李"),
    ],
)
def test_other_names_are_not_the_same(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_a_slip_of_the_pen_is_closer_than_another_name() -> None:
    assert likeness("Salma", "Slama") > likeness("Salma", "Samira")
    assert likeness("سلمى", "سملى") > likeness("سلمى", "سميرة")
    assert likeness("Aziz", "Asiz") > likeness("Aziz", "Anas")


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_symmetric_and_per_mille(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= EQUAL
    assert likeness(one, other) == likeness(other, one)
