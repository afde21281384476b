"""The declaration of status that a person signs by hand (Article 3(5)), as parts that `printing` or a page shows."""

from dataclasses import dataclass

from fabrica.kit.errors import Refused
from fabrica.people.engine.sme.answer import path, sources
from fabrica.people.engine.sme.assessing import Assessment
from fabrica.people.engine.sme.exact import text
from fabrica.people.engine.sme.explaining import amount, explain, name_of, names_of, phrase, todo
from fabrica.people.engine.sme.graph import FIGURES
from fabrica.people.engine.sme.words import Translate, gettext_noop, sentence

RELATION = {
    "applicant": gettext_noop("the enterprise itself"),
    "linked": gettext_noop("linked"),
    "partner": gettext_noop("partner"),
    "linked_to_partner": gettext_noop("linked to a partner"),
    "exempt": gettext_noop("investor that is no partner"),
    "below": gettext_noop("interest below 25 %"),
}
KIND = {"autonomous": gettext_noop("autonomous"), "partner": RELATION["partner"], "linked": RELATION["linked"]}
PROMISE = (
    gettext_noop("I declare on my honour that this declaration and the figures in it are true and complete."),
    gettext_noop("I will report a change of ownership or of figures that may change the category."),
)
SIGNATURE = (
    gettext_noop("Name and position of the signatory"), gettext_noop("Place and date"), gettext_noop("Signature"),
)  # fmt: skip
YEAR_HEADS = (
    gettext_noop("Year"), gettext_noop("Annual work units"), gettext_noop("Turnover (EUR)"),
    gettext_noop("Balance sheet total (EUR)"), gettext_noop("By these figures"),
)  # fmt: skip
ENTERPRISE_HEADS = (
    gettext_noop("Enterprise"), gettext_noop("Relation"), gettext_noop("Through"), gettext_noop("Amounts added (%)"),
    gettext_noop("Staff added (%)"), gettext_noop("Of the latest year"),
)  # fmt: skip
TITLE = gettext_noop("Declaration of SME status (Recommendation 2003/361/EC)")


@dataclass(frozen=True)
class Part:
    """A headed part: paragraphs, then a table where there are columns."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Declaration:
    """What is printed and signed."""

    title: str
    parts: tuple[Part, ...]
    signature: tuple[str, ...]


def declaration(found: Assessment, translate: Translate = str) -> Declaration:
    """The document. Raises Refused while the category is undecided: nobody signs what is not known."""
    if found.category == "undecided":
        raise Refused(
            "There is nothing to sign yet: the category is undecided.",
            why=f"Still possible: {phrase(found.verdict.span.possible, translate)}.",
            todo=" ".join(sentence(todo(found, one), translate) for one in found.open),
        )
    parts = (
        _who(found, translate),
        _figures(found, translate),
        _enterprises(found, translate),
        Part(
            translate(gettext_noop("How the category follows")),
            tuple(sentence(one, translate) for one in explain(found)),
        ),
        Part(translate(gettext_noop("Sources")), tuple(sources(found))),
        Part(translate(gettext_noop("Declaration")), tuple(translate(one) for one in PROMISE)),
    )
    title = translate(TITLE)
    return Declaration(title, parts, tuple(translate(one) for one in SIGNATURE))


def _who(found: Assessment, translate: Translate) -> Part:
    own = found.ownership.enterprises[found.ownership.applicant]
    rows = (
        (translate(gettext_noop("Enterprise")), own.name),
        (translate(gettext_noop("Country")), own.country or "–"),
        (translate(gettext_noop("Type")), translate(KIND[found.type])),
        (translate(gettext_noop("Category")), phrase([found.category], translate)),
        (translate(gettext_noop("On")), found.ownership.as_of.isoformat()),
    )
    return Part(
        translate(gettext_noop("The enterprise")),
        columns=(translate(gettext_noop("What")), translate(gettext_noop("Stated"))),
        rows=rows,
    )


def _figures(found: Assessment, translate: Translate) -> Part:
    heads = YEAR_HEADS
    rows = tuple(
        (str(one.year), *(_sum(found, one.year, figure) for figure in FIGURES), phrase(one.span.possible, translate))
        for one in found.years
    )
    return Part(translate(gettext_noop("Sums")), columns=tuple(translate(one) for one in heads), rows=rows)


def _sum(found: Assessment, year: int, figure: str) -> str:
    total = next(one for one in found.years if one.year == year).sums[figure]
    return f"≥ {amount(total.total)}" if total.missing else amount(total.total)


def _enterprises(found: Assessment, translate: Translate) -> Part:
    heads = ENTERPRISE_HEADS
    rows = tuple(_row(found, name, translate) for name, one in found.places.items() if one.relation in RELATION)
    return Part(translate(gettext_noop("Enterprises")), columns=tuple(translate(one) for one in heads), rows=rows)


def _row(found: Assessment, name: str, translate: Translate) -> tuple[str, ...]:
    place = found.places[name]
    start = (name_of(found, name), translate(RELATION[place.relation]))
    if not place.is_counted:
        return (*start, "–", "0", "0", "–")
    latest = found.years[0]
    added = [latest.sums[figure].parts.get(name) for figure in FIGURES]
    figures = " / ".join("–" if one is None else amount(one) for one in added)
    way = names_of(found, path(found, place)[:-1]) or "–"
    return (*start, way, text(found.money[name].percent), text(found.staff[name].percent), figures)
