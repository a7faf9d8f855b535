"""Templates are complete in both languages and cannot be bent by their values."""

import pytest

from services.notifications.domain.gsm_alphabet import fits_gsm
from services.notifications.domain.templates import (
    Template,
    TemplateError,
    newest,
    shipped_templates,
    template,
)
from services.notifications.domain.transforms import Language, fit_to_gsm

REAL_SMS = (
    "لقد تم قبول طلبكم المتعلق بالدعم الاجتماعي المباشر،"
    " وسيصرف المبلغ الخاص به نهاية الشهر على حسابكم المفتوح"
)
every_template = pytest.mark.parametrize(
    "shipped", shipped_templates(), ids=lambda shipped: f"{shipped.key}@{shipped.version}"
)


@every_template
def test_both_languages_ask_for_the_same_values(shipped: Template) -> None:
    arabic, french = shipped.bodies[Language.ARABIC], shipped.bodies[Language.FRENCH]
    assert arabic.placeholders == french.placeholders


@every_template
def test_every_wording_is_quoted_with_its_source_or_marked_as_ours(shipped: Template) -> None:
    for body in shipped.bodies.values():
        assert (body.origin, body.source is None) in {("quoted", False), ("ours", True)}


@every_template
def test_french_wordings_fit_the_gsm_alphabet(shipped: Template) -> None:
    text = shipped.bodies[Language.FRENCH].text.replace("{", "").replace("}", "")
    assert fits_gsm(fit_to_gsm(text))


def test_the_acceptance_is_the_one_documented_sms() -> None:
    body = template("decision.asd.accepted", version=1).bodies[Language.ARABIC]
    assert (body.text, body.origin) == (REAL_SMS, "quoted")


def test_a_missing_or_superfluous_value_is_refused() -> None:
    amount = newest("decision.asd.amount")
    for values in ({"amount": "500"}, {"amount": "500", "month": "mai 2026", "url": "x"}):
        with pytest.raises(TemplateError):
            amount.fill(values, language=Language.FRENCH)


@pytest.mark.parametrize("value", ["500\u202e", "500\n", "\u200f500", "5\x0000"])
def test_a_value_with_control_or_direction_characters_is_refused(value: str) -> None:
    with pytest.raises(TemplateError):
        newest("decision.asd.amount").fill(
            {"amount": value, "month": "mai 2026"}, language=Language.FRENCH
        )


def test_a_value_with_braces_fills_nothing_else() -> None:
    text = newest("decision.asd.amount").fill(
        {"amount": "{month}", "month": "mai 2026"}, language=Language.FRENCH
    )
    assert text == "Montant mensuel: {month} DH dès mai 2026"


def test_an_unknown_template_or_version_is_refused() -> None:
    with pytest.raises(TemplateError):
        newest("decision.minhaty.accepted")
    with pytest.raises(TemplateError):
        template("payment.asd.sent", version=99)
