"""What households read at each stage, in both languages."""

from datetime import date

import pytest

from services.notifications.domain.reasons import reason_sentences, told_reasons, unknown_codes
from services.notifications.domain.segmentation import segment
from services.notifications.domain.sentences import (
    Outcome,
    Sentence,
    assessment_sentences,
    decision_sentences,
    payment_sentences,
    written,
)
from services.notifications.domain.templates import TemplateError
from services.notifications.domain.transforms import Language

AR, FR = Language.ARABIC, Language.FRENCH


def an_outcome(
    programme: str = "asd",
    *,
    eligible: bool = True,
    amount_centimes: int = 75_000,
    reasons: tuple[str, ...] = (),
    was_eligible: bool | None = None,
) -> Outcome:
    return Outcome(
        programme=programme,
        eligible=eligible,
        month="2026-11",
        amount_centimes=amount_centimes,
        reasons=reasons,
        was_eligible=was_eligible,
    )


def test_the_index_is_told_exactly() -> None:
    sentences = assessment_sentences(index="9.3264284623", assessed_on=date(2026, 11, 20))
    assert "9,3264284623" in written(sentences, language=AR)
    assert written(sentences, language=FR) == (
        "Indice socio-économique de votre ménage: 9,3264284623, calculé le 20/11/2026."
        " Détails et révision: rsu.ma"
    )


def test_an_acceptance_tells_the_amount_and_the_first_month() -> None:
    sentences = decision_sentences([an_outcome()])
    arabic = written(sentences, language=AR)
    assert arabic.startswith("لقد تم قبول طلبكم المتعلق بالدعم الاجتماعي المباشر")
    assert arabic.endswith("المبلغ الشهري 750 درهم ابتداء من نونبر 2026")
    french = written(sentences, language=FR)
    assert french.endswith("Montant mensuel: 750 DH dès novembre 2026")
    assert len(segment(french, reference=0)) == 1


def test_a_refusal_tells_the_reason_and_fifteen_days_to_appeal() -> None:
    refusal = an_outcome(eligible=False, reasons=("asd.index-above-threshold",))
    sentences = decision_sentences([refusal])
    arabic = written(sentences, language=AR)
    assert "مؤشر الأسرة يفوق العتبة" in arabic
    assert "15 يوما" in arabic
    french = written(sentences, language=FR)
    assert "indice du ménage au-dessus du seuil" in french
    assert "15 jours" in french


def test_programmes_decided_together_stand_in_one_message_with_the_aid_first() -> None:
    amo = an_outcome("amo_tadamon", eligible=False, reasons=("amo_tadamon.other-health-cover",))
    french = written(decision_sentences([amo, an_outcome()]), language=FR)
    assert french.index("aide sociale directe") < french.index("AMO-Tadamon")
    assert "autre couverture" in french


def test_a_right_that_ends_is_not_told_as_a_refused_application() -> None:
    ended = an_outcome(eligible=False, was_eligible=True, reasons=("asd.index-above-threshold",))
    assert "s'arrete à partir de novembre 2026" in written(decision_sentences([ended]), language=FR)
    assert "ستتوقف استفادتكم" in written(decision_sentences([ended]), language=AR)


def test_a_changed_amount_is_not_told_as_a_new_acceptance() -> None:
    changed = an_outcome(was_eligible=True, amount_centimes=50_000)
    assert written(decision_sentences([changed]), language=FR) == (
        "Votre aide sociale directe passe à 500 DH par mois dès novembre 2026"
    )


def test_a_payment_tells_amount_month_and_fee_cap() -> None:
    sentences = payment_sentences(
        "asd", amount_centimes=75_000, month="2026-11", fee_cap_centimes=1_600
    )
    assert written(sentences, language=AR) == (
        "تم تحويل 750 درهم برسم نونبر 2026. الاقتطاع الأقصى عند السحب 16 درهم"
    )
    assert "16 DH au plus" in written(sentences, language=FR)


def test_a_payment_without_a_published_cap_promises_none() -> None:
    sentences = payment_sentences(
        "asd", amount_centimes=250_000, month="2026-11", fee_cap_centimes=None
    )
    assert written(sentences, language=AR) == "تم تحويل 2500 درهم برسم نونبر 2026"
    assert "Frais" not in written(sentences, language=FR)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", sorted(reason_sentences()))
def test_every_reason_has_words_in_both_languages(code: str, language: Language) -> None:
    assert told_reasons([code], language=language) == reason_sentences()[code][language]


def test_a_reason_newer_than_our_words_still_gets_a_message() -> None:
    assert unknown_codes(["asd.pension", "asd.new-rule"]) == ["asd.new-rule"]
    assert told_reasons(["asd.new-rule"], language=FR) == "conditions non remplies"
    assert told_reasons([], language=FR) == "conditions non remplies"


def test_at_most_two_reasons_are_told() -> None:
    codes = ["asd.pension", "asd.public-employee", "asd.family-allowances"]
    assert told_reasons(codes, language=FR).count(";") == 1


def test_stored_sentences_read_the_same_when_they_come_back() -> None:
    sentences = decision_sentences([an_outcome(eligible=False, reasons=("asd.pension",))])
    stored = [sentence.document() for sentence in sentences]
    again = [Sentence(**document) for document in stored]  # type: ignore[arg-type]
    assert written(again, language=AR) == written(sentences, language=AR)


def test_a_value_that_nobody_knows_how_to_write_is_refused() -> None:
    with pytest.raises(TemplateError):
        written([Sentence("payment.asd.sent", 1, {"iban": "x"})], language=FR)
