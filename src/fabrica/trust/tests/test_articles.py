"""Articles of laws are told in the reader's language; what is kept and exported stays as the data has it."""

from datetime import date

from django.utils import translation
from fabrica.kit.facts import load
from fabrica.trust.engine import impact
from fabrica.trust.engine.act import VERSIONS, evaluate, ruleset
from fabrica.trust.engine.act.telling import as_dict, kept_in
from fabrica.trust.engine.articles import article_in, french
from fabrica.trust.engine.owed import rows
from fabrica.trust.engine.voting import versions
from fabrica.trust.templatetags.articles import article
from fabrica.trust.tests.examples import answers_of

DAY = date(2026, 11, 27)
GUIDELINES = "Guidelines on general-purpose models (July 2025), points 59 to 61"
LIGNES = "Lignes directrices sur les modèles à usage général (juillet 2025), points 59 à 61"
ENGLISH = ("AI Act", "Art.", "GDPR", "Regulation", "Annex", "Guidelines", " and ", " to ", "amended")


def named():
    """Every article and source that the data of this room tells a reader of."""
    for version in VERSIONS:
        rules = ruleset(version)
        yield from (one.article for one in (*rules.rules.values(), *rules.duties.values()))
        yield from (one.source.text for one in rules.rules.values())
    for row in load("fabrica.trust", "compute.json")["thresholds"]:
        yield from (row[key] for key in ("article", "notify_article") if key in row)
    for row in rows():
        yield from (row.article, row.source.text)
    yield from (one.source.text for one in versions())
    form = impact.questions(impact.in_force(DAY).version)
    yield from (one.article for one in (*form.sections, *form.by_id.values(), *form.risk) if one.article)


def test_each_article_and_source_has_its_french_and_no_french_is_left_over():
    assert sorted(set(named())) == sorted(french())
    assert [told for told in french().values() if any(word in told for word in ENGLISH)] == []


def test_an_article_is_told_in_the_language_of_the_reader():
    assert [article_in(one, GUIDELINES) for one in ("fr", "fr-lu", "en", None)] == [
        LIGNES,
        LIGNES,
        GUIDELINES,
        GUIDELINES,
    ]
    assert article_in("fr", "A law that nobody translated") == "A law that nobody translated"
    with translation.override("fr"):
        assert article("GDPR, Art. 35(3)(a)") == "RGPD, article 35, paragraphe 3, point a)"


def test_a_record_tells_its_articles_in_french_and_one_that_was_kept_in_english_too():
    found = evaluate(answers_of("above-a-third"), DAY)
    kept, told = as_dict(found), as_dict(found, "fr")
    (step,) = [one for one in told["path"] if one["rule"] == "G3"]
    assert (step["article"], step["source"]) == (
        LIGNES,
        "Lignes directrices de la Commission sur la portée des obligations des fournisseurs de modèles d’IA à usage général, juillet 2025",
    )
    (owed,) = [one for one in told["obligations"] if one["duty"] == "mark_output"]
    assert owed["ref"] == "Règlement sur l’IA, article 50, paragraphe 2"
    again = kept_in(kept["ruleset_version"], kept["labels"], kept["obligations"], kept["path"], "fr")
    assert (again["path"], again["obligations"]) == (told["path"], told["obligations"])
