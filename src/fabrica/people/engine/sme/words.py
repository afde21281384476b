"""The sentences of an explanation. Each is one template, so that a page can say it in its language."""
# ruff: noqa: ERA001 - what is said to xgettext is no code

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


def gettext_noop(text: str) -> str:
    """The text itself: the name alone tells those who gather the words of pages to take it."""
    return text


CATEGORY = {
    "micro": gettext_noop("a microenterprise"),
    "small": gettext_noop("a small enterprise"),
    "medium": gettext_noop("a medium-sized enterprise"),
    "not_sme": gettext_noop("not an SME"),
    "undecided": gettext_noop("undecided"),
}
SHORT = {"micro": gettext_noop("micro"), "small": gettext_noop("small"), "medium": gettext_noop("medium")}
FIGURE = {
    "staff": gettext_noop("staff"),
    "turnover": gettext_noop("turnover"),
    "balance": gettext_noop("balance sheet total"),
}
EXCEPTION = {
    "a": gettext_noop(
        "a public investment corporation, a venture capital company or a business angel within the limit"
    ),
    "b": gettext_noop("a university or a non-profit research centre"),
    "c": gettext_noop("an institutional investor or a regional development fund"),
    "d": gettext_noop("a small autonomous local authority"),
}
TYPE = {
    "autonomous": gettext_noop(
        "{name} is an autonomous enterprise: it has no partner and no linked enterprise (Article 3(1))."
    ),
    "partner": gettext_noop("{name} has partner enterprises and no linked ones (Article 3(2))."),
    "linked": gettext_noop("{name} has linked enterprises (Article 3(3))."),
}
PLACE = {
    "applicant": gettext_noop("{name}: its own figures count at 100 % (Article 6(1) and (2))."),
    "linked": gettext_noop("{name} is linked: {way}. Its figures count at 100 % (Article 6(2))."),
    "partner": gettext_noop("{name} is a partner: {stake}. Its figures count at {percent} % (Article 6(2))."),
    "linked_to_partner": gettext_noop(
        "{name} is linked to a partner ({stake}): {way}. Its figures count as the partner's, at "
        "{percent} % (Article 6(3))."
    ),
    "exempt": gettext_noop(
        "{name} is no partner, though {stake}: it is {exception}, and not linked (Article 3(2)({letter}))."
    ),
    "below": gettext_noop("{name} is not counted: {stake}, less than {least} %."),
    "unrelated": gettext_noop("{name} is not counted: it is neither linked nor an immediate partner."),
    "person": gettext_noop(
        "{name} is a natural person: no figures are added; only what a person controls matters (Article 3(3))."
    ),
    "public_body": gettext_noop(
        "{name} is a public body: no figures of its own; what it controls is looked at under Article 3(4)."
    ),
    "local_authority": gettext_noop(
        "{name} is a local authority: no figures of its own; what it controls is looked at under Article 3(4)."
    ),
    "within": gettext_noop(
        # xgettext:no-python-format
        "Of {name}, {money} % of the amounts and {staff} % of the staff are added from its own accounts; "
        "the rest stands already in those of {parents} (Article 6(2) and (3))."
    ),
    "estimated": gettext_noop(
        "Figures of {name} are an estimate in good faith, for its first accounts are not approved yet (Article 4(3))."
    ),
    "dispersed": gettext_noop(
        "It is declared in good faith that nobody unnamed holds 25 % or more of {name} (Article 3(5))."
    ),
}
STEP = {
    # xgettext:no-python-format
    "votes": gettext_noop("{first} has {votes} % of the votes of {second}"),
    "control": gettext_noop("{first} controls {second} ({control})"),
    # xgettext:no-python-format
    "jointly": gettext_noop("{holders} together have {votes} % of the votes of {second}"),
    "persons": gettext_noop(
        "{first} and {second} are both controlled by {holders} and work in the same or adjacent markets"
    ),
    # xgettext:no-python-format
    "holds": gettext_noop("{holders} {verb} {capital} % of the capital and {votes} % of the votes of {second}"),
}
CONTROL = {
    "majority": gettext_noop("majority of votes"),
    "appoints": gettext_noop("right to appoint or remove most of the board"),
    "influence": gettext_noop("dominant influence by contract or articles"),
    "agreement": gettext_noop("majority of votes by agreement with others"),
}
YEAR = {
    "sums": gettext_noop(
        "{year}: {staff} annual work units, turnover {turnover} EUR, balance sheet total {balance} EUR."
    ),
    "at_least": gettext_noop(
        "{year}: at least {staff} annual work units, turnover {turnover} EUR, balance sheet total {balance} "
        "EUR; some figures are missing."
    ),
    "kept": gettext_noop(
        "{year}: {category} needs staff below {staff_limit} ({staff}) and turnover up to {turnover_limit} EUR "
        "({turnover}) or balance sheet total up to {balance_limit} EUR ({balance}): {fits}."
    ),
    "category": gettext_noop("{year}: by these figures, {category}."),
}
PUBLIC = {
    "none": gettext_noop("Public bodies control nothing of it (Article 3(4))."),
    "some": gettext_noop("Public bodies control {percent} % ({by}), less than {least} % (Article 3(4))."),
    "control": gettext_noop(
        "Public bodies ({by}) control it. So it is not an SME, whatever its figures (Article 3(4))."
    ),
    "reached": gettext_noop(
        "Public bodies control {percent} % ({by}). That is {least} % or more, so it is not an SME, whatever its "
        "figures (Article 3(4))."
    ),
}
VERDICT = {
    "first_accounts": gettext_noop(
        "These are its first accounts, so the category of the year holds at once (Article 4)."
    ),
    "both_years": gettext_noop("Both years give the same category, so it holds (Article 4(2))."),
    "latest_confirmed": gettext_noop(
        "Before: {before}. Each ceiling goes by itself, and what crossed it for one year only changes "
        "nothing (Article 4(2))."
    ),
    "as_before": gettext_noop(
        "Before: {before}. Ceilings were crossed for one year only, so the status stays (Article 4(2))."
    ),
    "changed_owner": gettext_noop(
        "A merger or an acquisition made it larger. Whether its status is then lost at once or only "
        "after a second year is disputed, so a person must judge."
    ),
    "public_control": gettext_noop("The figures do not matter."),
    "not_known": gettext_noop("What is missing could change the category, and nothing is guessed."),
    "result": gettext_noop("{name} is {category}."),
    "undecided": gettext_noop("{name}: undecided. Still possible: {possible}."),
}
TODO = {
    "figures": gettext_noop("State {figures} of {name} for {year}."),
    "owners": gettext_noop(
        # xgettext:no-python-format
        "Name who holds the other {percent} % of {name}, or declare `dispersed` if nobody among them holds "
        "25 % or more (Article 3(5))."
    ),
    "markets": gettext_noop("State the markets of each of {name}: the same persons control them."),
    "one_year": gettext_noop("State the figures of the year before as well, or `category_before`."),
    "year_before": gettext_noop(
        "State the figures of the year before as well: one year alone does not change the status (Article 4(2))."
    ),
    "status_before": gettext_noop(
        "The two years differ: state `category_before`, what {name} was when the latest year began."
    ),
    "owner_changed": gettext_noop(
        "{name} grew by a merger or an acquisition: a person must judge whether its status is lost at "
        "once or only after a second year (Article 4(2))."
    ),
    "public_parent": gettext_noop(
        "{name} is 25 % or more in public hands and controls the applicant: a person must judge whether "
        "public bodies control the applicant indirectly (Article 3(4))."
    ),
}
KEPT = {"yes": gettext_noop("kept"), "no": gettext_noop("not kept"), "open": gettext_noop("not known")}
FITS = {"yes": gettext_noop("yes"), "no": gettext_noop("no"), "open": gettext_noop("not known")}
VERB = {"one": gettext_noop("holds"), "several": gettext_noop("together hold")}
FIRST = gettext_noop("its first accounts")
OR = gettext_noop(" or ")
PREDICATE = {
    True: gettext_noop("{title}: yes."),
    False: gettext_noop("{title}: no."),
    None: gettext_noop("{title}: not known."),
}
LISTS = {
    "type": TYPE, "place": PLACE, "step": STEP, "year": YEAR, "public": PUBLIC, "verdict": VERDICT, "todo": TODO,
}  # fmt: skip
# What stands within sentences.
PHRASES = {
    "category": {**CATEGORY, "first": FIRST}, "short": SHORT, "figure": FIGURE, "exception": EXCEPTION,
    "control": CONTROL, "kept": KEPT, "fits": FITS, "verb": VERB,
}  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """A sentence or phrase by its list and code, with what goes into its places: names and figures, or phrases."""

    list: str
    code: str
    facts: Mapping[str, "Fact"] = field(default_factory=dict)


@dataclass(frozen=True)
class Several:
    """Phrases in one, with what joins them."""

    phrases: tuple[Remark, ...]
    joint: str = ", "


Fact: TypeAlias = str | Remark | Several
Translate = Callable[[str], str]


def sentence(remark: Remark, translate: Translate = str) -> str:
    """The remark in words."""
    return translate((LISTS.get(remark.list) or PHRASES[remark.list])[remark.code]).format_map(
        {key: said(fact, translate) for key, fact in remark.facts.items()}
    )


def said(fact: Fact, translate: Translate = str) -> str:
    """What goes into a place, in words."""
    if isinstance(fact, Several):
        return translate(fact.joint).join(sentence(one, translate) for one in fact.phrases)
    return sentence(fact, translate) if isinstance(fact, Remark) else fact
