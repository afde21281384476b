"""The sentences of an explanation. Each is one template, so that a page can say it in its language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

CATEGORY = {
    "micro": "a microenterprise",
    "small": "a small enterprise",
    "medium": "a medium-sized enterprise",
    "not_sme": "not an SME",
    "undecided": "undecided",
}
FIGURE = {"staff": "staff", "turnover": "turnover", "balance": "balance sheet total"}
EXCEPTION = {
    "a": "a public investment corporation, a venture capital company or a business angel within the limit",
    "b": "a university or a non-profit research centre",
    "c": "an institutional investor or a regional development fund",
    "d": "a small autonomous local authority",
}
TYPE = {
    "autonomous": "{name} is an autonomous enterprise: it has no partner and no linked enterprise (Article 3(1)).",
    "partner": "{name} has partner enterprises and no linked ones (Article 3(2)).",
    "linked": "{name} has linked enterprises (Article 3(3)).",
}
PLACE = {
    "applicant": "{name}: its own figures count at 100 % (Article 6(1) and (2)).",
    "linked": "{name} is linked: {way}. Its figures count at 100 % (Article 6(2)).",
    "partner": "{name} is a partner: {stake}. Its figures count at {percent} % (Article 6(2)).",
    "linked_to_partner": "{name} is linked to a partner ({stake}): {way}. Its figures count as the partner's, at "
    "{percent} % (Article 6(3)).",
    "exempt": "{name} is no partner, though {stake}: it is {exception}, and not linked (Article 3(2)({letter})).",
    "below": "{name} is not counted: {stake}, less than {least} %.",
    "unrelated": "{name} is not counted: it is neither linked nor an immediate partner.",
    "person": "{name} is a natural person: no figures are added; only what a person controls matters (Article 3(3)).",
    "public_body": "{name} is a public body: no figures of its own; what it controls is looked at under Article 3(4).",
    "local_authority": "{name} is a local authority: no figures of its own; what it controls is looked at under "
    "Article 3(4).",
    "within": "Of {name}, {money} % of the amounts and {staff} % of the staff are added from its own accounts; "
    "the rest stands already in those of {parents} (Article 6(2) and (3)).",
    "estimated": "Figures of {name} are an estimate in good faith, for its first accounts are not approved yet "
    "(Article 4(3)).",
    "dispersed": "It is declared in good faith that nobody unnamed holds 25 % or more of {name} (Article 3(5)).",
}
STEP = {
    "votes": "{first} has {votes} % of the votes of {second}",
    "control": "{first} controls {second} ({control})",
    "jointly": "{holders} together have {votes} % of the votes of {second}",
    "persons": "{first} and {second} are both controlled by {holders} and work in the same or adjacent markets",
    "holds": "{holders} {verb} {capital} % of the capital and {votes} % of the votes of {second}",
}
CONTROL = {
    "majority": "majority of votes",
    "appoints": "right to appoint or remove most of the board",
    "influence": "dominant influence by contract or articles",
    "agreement": "majority of votes by agreement with others",
}
YEAR = {
    "sums": "{year}: {staff} annual work units, turnover {turnover} EUR, balance sheet total {balance} EUR.",
    "at_least": "{year}: at least {staff} annual work units, turnover {turnover} EUR, balance sheet total {balance} "
    "EUR; some figures are missing.",
    "kept": "{year}: {category} needs staff below {staff_limit} ({staff}) and turnover up to {turnover_limit} EUR "
    "({turnover}) or balance sheet total up to {balance_limit} EUR ({balance}): {fits}.",
    "category": "{year}: by these figures, {category}.",
}
PUBLIC = {
    "none": "Public bodies control nothing of it (Article 3(4)).",
    "some": "Public bodies control {percent} % ({by}), less than {least} % (Article 3(4)).",
    "control": "Public bodies ({by}) control it. So it is not an SME, whatever its figures (Article 3(4)).",
    "reached": "Public bodies control {percent} % ({by}). That is {least} % or more, so it is not an SME, whatever its "
    "figures (Article 3(4)).",
}
VERDICT = {
    "first_accounts": "These are its first accounts, so the category of the year holds at once (Article 4).",
    "both_years": "Both years give the same category, so it holds (Article 4(2)).",
    "latest_confirmed": "Before: {before}. Each ceiling goes by itself, and what crossed it for one year only changes "
    "nothing (Article 4(2)).",
    "as_before": "Before: {before}. Ceilings were crossed for one year only, so the status stays (Article 4(2)).",
    "changed_owner": "A merger or an acquisition made it larger. Whether its status is then lost at once or only "
    "after a second year is disputed, so a person must judge.",
    "public_control": "The figures do not matter.",
    "not_known": "What is missing could change the category, and nothing is guessed.",
    "result": "{name} is {category}.",
    "undecided": "{name}: undecided. Still possible: {possible}.",
}
TODO = {
    "figures": "State {figures} of {name} for {year}.",
    "owners": "Name who holds the other {percent} % of {name}, or declare `dispersed` if nobody among them holds "
    "25 % or more (Article 3(5)).",
    "markets": "State the markets of each of {name}: the same persons control them.",
    "one_year": "State the figures of the year before as well, or `category_before`.",
    "year_before": "State the figures of the year before as well: one year alone does not change the status "
    "(Article 4(2)).",
    "status_before": "The two years differ: state `category_before`, what {name} was when the latest year began.",
    "owner_changed": "{name} grew by a merger or an acquisition: a person must judge whether its status is lost at "
    "once or only after a second year (Article 4(2)).",
    "public_parent": "{name} is 25 % or more in public hands and controls the applicant: a person must judge whether "
    "public bodies control the applicant indirectly (Article 3(4)).",
}
PREDICATE = {True: "{title}: yes.", False: "{title}: no.", None: "{title}: not known."}
LISTS = {
    "type": TYPE, "place": PLACE, "step": STEP, "year": YEAR, "public": PUBLIC, "verdict": VERDICT, "todo": TODO,
}  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """A sentence by its list and code, with what goes into its places."""

    list: str
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)


def sentence(remark: Remark, translate: Callable[[str], str] = str) -> str:
    """The remark in words."""
    return translate(LISTS[remark.list][remark.code]).format_map(remark.facts)
