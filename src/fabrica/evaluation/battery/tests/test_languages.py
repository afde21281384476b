import pytest

from fabrica.evaluation.battery.languages import language_of, languages

SENTENCES = {
    "en": "The town has been on the river for many years, and most of the people who live there work in the harbour.",
    "fr": "La ville est au bord de la rivière depuis longtemps, et la plupart des gens qui y vivent travaillent au port.",
    "de": "Die Stadt liegt seit vielen Jahren am Fluss, und die meisten Leute, die dort wohnen, arbeiten im Hafen.",
    "es": "La ciudad está junto al río desde hace muchos años y la mayoría de los que viven allí trabaja en el puerto.",
    "it": "La città è sul fiume da molti anni e la maggior parte delle persone che ci abitano lavora nel porto.",
    "pt": "A cidade está junto ao rio há muitos anos e a maioria das pessoas que ali vivem não trabalha no porto.",
    "nl": "De stad ligt al vele jaren aan de rivier en de meeste mensen die er wonen werken in de haven.",
    "pl": "Miasto leży nad rzeką od wielu lat i większość ludzi, którzy tam mieszkają, pracuje w porcie.",
    "sv": "Staden har legat vid floden i många år och de flesta som bor där arbetar i hamnen.",
    "da": "Byen har ligget ved floden i mange år, og de fleste af dem, der bor der, arbejder i havnen.",
    "fi": "Kaupunki on ollut joen varrella jo pitkään, ja siellä asuu paljon ihmisiä, mutta kaikki eivät ole siitä.",
    "cs": "Město leží u řeky už mnoho let a většina lidí, kteří tam žijí, pracuje v přístavu.",
    "ro": "Orașul este pe malul râului de mulți ani și cei mai mulți oameni care locuiesc acolo lucrează în port.",
    "hu": "A város már sok éve a folyó mellett van, és a legtöbb ember, aki ott él, a kikötőben dolgozik.",
    "el": "Η πόλη είναι δίπλα στο ποτάμι εδώ και πολλά χρόνια και οι περισσότεροι δουλεύουν στο λιμάνι.",
    "bg": "Градът е на реката от много години и повечето хора, които живеят там, работят на пристанището.",
}


def test_a_sentence_of_each_language_is_told():
    assert {code: language_of(text) for code, text in SENTENCES.items()} == {code: code for code in languages()}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Paris Berlin Roma",
        "x = [1, 2]; return foo(bar, baz, qux, quux)",
        "\ufffd\ufffd q zzz " * 20,
        "1 2 3 4 5 6 7 8",
    ],
)
def test_what_is_no_text_of_a_known_language_is_told_as_none(text):
    assert language_of(text) is None


def test_a_text_in_two_languages_is_not_told():
    assert language_of(SENTENCES["sv"] + " " + SENTENCES["da"]) is None
