"""How far a version is on its way to publication: what is done, what is missing, and what to do about it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.evaluation.battery.result import UNJUDGED, Verdict
from fabrica.kit.files import canonical_json
from fabrica.people.models import Person
from fabrica.registry.battery_words import said
from fabrica.registry.declaring import facts_with_statement
from fabrica.registry.engine.card import at
from fabrica.registry.engine.documents import completeness
from fabrica.registry.engine.documents.finding import Applies
from fabrica.registry.models import ModelVersion, SiteKey, Step
from fabrica.registry.states import KeyState, State
from fabrica.trust.queries.conditions import blocking
from fabrica.trust.states import Blocks

WAY = (State.DOCUMENTED, State.EVALUATED, State.REVIEWED, State.PUBLISHED)
NOT_FAILED = (Verdict.PASS, Verdict.WARN, *UNJUDGED)
PROBES = ("held_out", "memorisation", "membership", "contamination", "robustness", "bias", "personal", "toxicity")
# Why a probe has no verdict though nothing is left to do: the model, or its training text, makes the question empty.
IDLE = ("Not informative: the model", "No language is informative", "No secrets were planted")
REQUIRED = ("title", "project.organisation", "project.purpose")
Text = str | Promise


@dataclass(frozen=True)
class Missing:
    """One thing that stands in the way, and what to do about it."""

    what: Text
    todo: Text = ""

    def as_dict(self) -> dict[str, str]:
        """As the API tells it."""
        return {"what": str(self.what), "todo": str(self.todo)}


@dataclass(frozen=True)
class Item:
    """A step of the way: whether it is done, since when, with which words, and what it still needs."""

    state: State
    is_done: bool
    is_next: bool = False
    missing: list[Missing] = field(default_factory=list)
    at: datetime | None = None
    text: str = ""


def facts_now(version: ModelVersion) -> dict[str, Any]:
    """What is known of it today: its signed facts, and what people declared since."""
    return facts_with_statement(version)


def declared(facts: dict[str, Any], name: str) -> Any:
    """What its people declared of it; None where they did not."""
    found = at(facts, f"statement.declared.{name}")
    return found if found not in (None, "") else facts.get(name)


def digest(facts: dict[str, Any]) -> str:
    """The SHA-256 that names a facts record."""
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def results(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """What the evaluation battery found, a figure each; empty where it did not run."""
    found = at(facts, "battery.results")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def must_justify(facts: dict[str, Any]) -> list[str]:
    """What needs a written justification before it is published."""
    return [*not_passed(facts), *lacks_of_the_owed(facts)]


def not_passed(facts: dict[str, Any]) -> list[str]:
    """What of the evaluation needs a written justification: figures that failed, and probes that told nothing."""
    told = [(str(one.get("verdict")), one) for one in results(facts)]
    if all(verdict in UNJUDGED for verdict, _one in told):
        return [_("This model was not evaluated by the battery of this site.")]
    failed = [one for verdict, one in told if verdict not in NOT_FAILED]  # a word we do not know is no pass
    return [*(f"{one.get('probe', '')}: {said(one.get('name', ''))}" for one in failed), *_not_run(told)]


def _not_run(told: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Probes without any verdict that another evaluation could give one: more time, more text, a mended fault."""
    heard = {str(one.get("probe")) for verdict, one in told if verdict not in UNJUDGED}
    found = []
    for probe in PROBES:
        notes = [str(one.get("note", "")) for _verdict, one in told if str(one.get("probe")) == probe]
        open_ones = [one for one in notes if not one.startswith(IDLE)]
        if probe not in heard and (open_ones or not notes):
            found.append(_("%(probe)s: not run. %(why)s") % {"probe": probe, "why": said("".join(open_ones[:1]))})
    return [one.strip() for one in found]


def lacks_documents(facts: dict[str, Any]) -> list[Missing]:
    """What keeps it from being documented."""
    found, least = completeness(facts), settings.FABRICA_COMPLETENESS_AT_LEAST
    absent = [one for one in REQUIRED if at(facts, one) in (None, "", [])]
    lacking = [Missing(_("%s is unknown, and must be known.") % one, _("Declare it.")) for one in absent]
    if found.score >= least:
        return lacking
    what = _("The facts are complete to %(score)d %%; this site asks for %(least)d %%.")
    todo = _("Unknown so far: %s.") % ", ".join(map(str, found.missing))
    return [*lacking, Missing(what % {"score": found.score, "least": least}, todo)]


def lacks_of_the_owed(facts: dict[str, Any]) -> list[str]:
    """What documents that this model owes by law do not tell, though they must: a sentence for each."""
    found, is_french = completeness(facts), (get_language() or "en").startswith("fr")
    told = []
    for one in found.documents:
        if one.owed == Applies.YES and one.known < one.required:
            fields = [gap for gap in found.missing if one.document in gap.documents]
            values = {
                "document": one.title_fr if is_french else one.title, "known": one.known, "required": one.required,
                "fields": ", ".join(gap.what_fr if is_french else gap.what for gap in fields),
            }  # fmt: skip
            told.append(_("%(document)s: owed by law, %(known)d of %(required)d known. Unknown: %(fields)s.") % values)
    return told


def lacks_evaluation(facts: dict[str, Any], justification: str) -> list[Missing]:
    """What keeps it from being evaluated: what failed, or is owed by law and unknown, and is not justified."""
    if justification:
        return []
    todo = _("Write why it may be published all the same; everybody will read it.")
    declare = _("Declare it, or write why it may be published all the same; everybody will read it.")
    failed = [Missing(_("Not passed: %s") % one, todo) for one in not_passed(facts)]
    return [*failed, *(Missing(one, declare) for one in lacks_of_the_owed(facts))]


def lacks_review(facts: dict[str, Any], steps: Sequence[Step]) -> list[Missing]:
    """What of the review is missing: somebody's, and one of the facts as they are now."""
    found = last(steps, State.REVIEWED)
    todo = _("Somebody who neither launched its run nor asked for the review reads it, and writes a note.")
    if found is None:
        return [Missing(_("A second person has not reviewed it yet."), todo)]
    if found.facts_sha256 != digest(facts):
        return [Missing(_("Its facts changed since it was reviewed."), todo)]
    return []


def lacks_asking(version: ModelVersion) -> list[Missing]:
    """What keeps its review from counting: that nobody stood by its evaluation with the facts as they are now."""
    asked, facts = last(steps_of(version), State.EVALUATED), facts_now(version)
    newest = version.releases.order_by("-number").first()
    if (asked and asked.facts_sha256 == digest(facts)) or (newest and newest.facts_sha256 == digest(facts)):
        return []
    todo = _("Send it back, or evaluate the change: then somebody else reviews it.")
    return [Missing(_("Its facts changed since the review was asked for."), todo)]


def obstacles(version: ModelVersion) -> list[Missing]:
    """What from outside keeps it from being published: a revoked key, conditions that are not released."""
    found = []
    if SiteKey.objects.filter(fingerprint=version.key_fingerprint, state=KeyState.REVOKED).exists():
        found.append(
            Missing(_("The key that signed this model was revoked."), _("Run the training again; it signs anew."))
        )
    for one in blocking(project=version.model.project, step=Blocks.PUBLICATION):
        what = _("A condition of the award is not met: %s") % one.words
        found.append(Missing(what, _("Give the evidence on the project's page; two persons then find it met.")))
    return found


def last(steps: Sequence[Step], after: State) -> Step | None:
    """The last step into a state since the version was a draft."""
    found = None
    for one in steps:
        if one.after == State.REGISTERED:
            found = None
        elif one.after == after:
            found = one
    return found


def until_published(steps: Sequence[Step]) -> list[Step]:
    """The steps of what its readers see: those up to the last publication, none of a change that is looked at."""
    last_one = max((place for place, one in enumerate(steps, 1) if one.after == State.PUBLISHED), default=0)
    return list(steps[:last_one])


def is_first_person(person: Person | None, version: ModelVersion, steps: Sequence[Step]) -> bool:
    """Whether the person launched its run or asked for its review, so that they cannot be the second to look at it."""
    asked = last(steps, State.EVALUATED)
    return person is not None and person.pk in (version.run.created_by_id, asked.by_id if asked else None)


def steps_of(version: ModelVersion) -> list[Step]:
    """Its steps so far, oldest first."""
    return list(version.steps.select_related("by").order_by("pk"))


def lacks(version: ModelVersion, state: State, steps: Sequence[Step], facts: dict[str, Any]) -> list[Missing]:
    """What a step of the way still needs."""
    justified = last(steps, State.EVALUATED)
    needs: dict[State, Callable[[], list[Missing]]] = {
        State.DOCUMENTED: lambda: lacks_documents(facts),
        State.EVALUATED: lambda: lacks_evaluation(facts, justified.text if justified else ""),
        State.REVIEWED: lambda: lacks_review(facts, steps),
        State.PUBLISHED: lambda: obstacles(version),
    }
    return needs[state]()


def checklist(version: ModelVersion, steps: Sequence[Step], facts: dict[str, Any]) -> list[Item]:
    """The four steps, each with what it still needs; the first that is not done is the next one."""
    reached = WAY.index(State(version.state)) if version.state in WAY else -1
    return [
        _item(state, number <= reached, number == reached + 1, last(steps, state), lacks(version, state, steps, facts))
        for number, state in enumerate(WAY)
    ]


def _item(state: State, is_done: bool, is_next: bool, step: Step | None, missing: list[Missing]) -> Item:  # noqa: FBT001 - called by the checklist alone
    known = (step.at, step.text) if step else (None, "")
    return Item(state, is_done, is_next, missing, *known)
