"""The gate's record as people read it: the same for a page and for a document. Pure functions, no tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fabrica.trust.engine.act import ruleset
from fabrica.trust.engine.act.explaining import is_about_site
from fabrica.trust.engine.act.ruleset import RuleSet
from fabrica.trust.engine.act.telling import service_desk
from fabrica.trust.states import Decision

SURE = "A"
SAID = {
    Decision.ACCEPT: gettext_lazy("Nothing in your answers stands in the way."),
    Decision.ACCEPT_CONDITIONS: gettext_lazy("You may go on; the points below will be followed up."),
    Decision.REFER_ETHICS: gettext_lazy("A person will look at the points below with you."),
    Decision.REJECT: gettext_lazy(
        "What you plan is not allowed here. If an answer is wrong, change it; if you are not sure, answer 'unsure'. "
        "A person confirms every refusal."
    ),
}
NEXT = {
    Decision.ACCEPT: (gettext_lazy("Submit the application. Nothing more is asked of you here."),),
    Decision.ACCEPT_CONDITIONS: (
        gettext_lazy("Submit the application. The factory agrees with you who does what is owed, and by when."),
        gettext_lazy("Begin with what is owed first, and keep what shows that it was done."),
    ),
    Decision.REFER_ETHICS: (
        gettext_lazy("Submit the application. A person looks at these points and may ask you something back."),
        gettext_lazy("Write down what makes you unsure, or why an exception applies: that is what they will ask."),
    ),
    Decision.REJECT: (
        gettext_lazy("Read each point. If you can plan without it, change the plan and the answer."),
        gettext_lazy("You may submit it as it is: a person reads it and confirms or not, and you may appeal once."),
    ),
}
OWERS: Mapping[str, str | Promise] = {
    "provider": gettext_lazy("provider"),
    "deployer": gettext_lazy("deployer"),
    "provider or deployer": gettext_lazy("provider or deployer"),
    "importer": gettext_lazy("importer"),
    "distributor": gettext_lazy("distributor"),
    "manufacturer": gettext_lazy("product manufacturer"),
    "representative": gettext_lazy("authorised representative"),
    "applicant": gettext_lazy("applicant"),
    "site": gettext_lazy("this site"),
}


@dataclass(frozen=True)
class Point:
    """A rule on the path: it holds, or may hold (`is_open`), and leads to this."""

    rule: str
    title: str
    article: str
    text: str
    leads_to: Decision
    is_open: bool
    source: str
    checked_on: date
    confidence: str

    @property
    def sureness(self) -> str:
        """How sure its source makes it, in words; empty where it is corroborated."""
        if self.confidence == SURE:
            return ""
        if self.confidence == "unknown":
            return _("Not known")
        return _("Confidence %(confidence)s") % {"confidence": self.confidence}


@dataclass(frozen=True)
class Owed:
    """A duty from a day on."""

    applies_from: date
    who: str
    what: str
    article: str
    notes: Sequence[str]


@dataclass(frozen=True)
class Report:
    """What the gate says, in the language of the reader."""

    decision: Decision
    version: str
    as_of: date
    labels: Sequence[str]
    possible: Sequence[str]
    duties: Sequence[Owed]
    path: Sequence[Point]

    @property
    def said(self) -> str:
        return str(SAID[self.decision])

    @property
    def points(self) -> Sequence[Point]:
        """What leads to more than a plain yes."""
        return [one for one in self.path if one.leads_to is not Decision.ACCEPT]

    @property
    def next_steps(self) -> Sequence[str]:
        """What its applicant does now."""
        told = [*NEXT[self.decision]]
        if any(one.applies_from > self.as_of for one in self.duties):
            told.append(gettext_lazy("Put the days above into your calendar: duties begin then."))
        told.append(gettext_lazy("If what you plan changes, answer these questions again."))
        return [str(one) for one in told]

    @property
    def desk_url(self) -> str:
        """The Commission's own service desk."""
        return service_desk()[0]

    @property
    def desk_checked_on(self) -> date:
        return service_desk()[1].checked_on


def report(told: Mapping[str, Any]) -> Report:
    """Of a record as `act.telling` makes it, without duties that hang on what only the site knows."""
    rules = ruleset(told["ruleset_version"])
    duties = [one for one in told["obligations"] if one["certain"] or not _is_about_site(one["because_of"], rules)]
    return Report(
        Decision(told["decision"]), told["ruleset_version"], date.fromisoformat(told["as_of"]),
        [one["text"] for one in told["labels"]], [one["text"] for one in told.get("possible_labels", ())],
        [_owed(one) for one in duties], [_point(one) for one in told["path"]],
    )  # fmt: skip


def _is_about_site(names: Sequence[str], rules: RuleSet) -> bool:
    return all(is_about_site(one, rules) for one in names)


def _owed(row: Mapping[str, Any]) -> Owed:
    notes = [] if row["certain"] else [_("if what is open turns out so")]
    notes += [_("authors differ about the day")] if row["date_disputed"] else []
    who = str(OWERS[row["owed_by"]])
    return Owed(date.fromisoformat(row["applies_from"]), who, row["text"], row["ref"], notes)


def _point(row: Mapping[str, Any]) -> Point:
    return Point(
        row["rule"], row["title"], row["article"], row["text"], Decision(row["leads_to"]), row["holds"] is None,
        row["source"], date.fromisoformat(row["checked_on"]),
        row["confidence"],
    )  # fmt: skip
