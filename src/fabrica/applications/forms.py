"""The application form: one page in parts, as the form of its call says, saved as it is written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from fabrica.applications.engine.attached import APPLICATION_FILES
from fabrica.applications.engine.extra import PREFIX, said_in
from fabrica.applications.engine.interview import MOST_LETTERS, number_in
from fabrica.applications.fields import HoursField, WholeNumberField, attachments_field, field_for
from fabrica.applications.fields import yes_no as _yes_no
from fabrica.applications.models import MOST, TEXT_LIMIT, Application, Attachment
from fabrica.applications.queries import NOTHING, name_of
from fabrica.applications.queries.attachments import attachments_of
from fabrica.calls.engine.form import FIXED, FIXED_YES_NO
from fabrica.calls.engine.questions import Condition, Question
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.trust.engine.act.ruleset import Question as TrustQuestion
from fabrica.trust.engine.act.ruleset import said
from fabrica.trust.states import Answer

Text = str | Promise
# People write hours, the application keeps seconds: the one answer with another name on the form.
NAMES = {"gpu_seconds_requested": "gpu_hours"}
PLAIN = [name for name in FIXED if name not in NAMES]
ATTACHMENTS = "attachments"
NUMBER = "number"


@dataclass(frozen=True)
class Item:
    """A field of the form, whether it is asked, and the files that are there already."""

    bound: forms.BoundField
    when: str = ""
    one_of: str = ""
    told: str = ""
    files: Sequence[Attachment] | None = None


@dataclass(frozen=True)
class Part:
    """A part of the form."""

    title: Text
    help: Text
    items: Sequence[Item]

    @property
    def asks_for_hours(self) -> bool:
        return any(one.bound.name == "gpu_hours" for one in self.items)


def _long(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.Textarea({"rows": 5})
    return forms.CharField(label=label, help_text=help_text, max_length=TEXT_LIMIT, widget=widget, required=False)


def _count(label: Any, help_text: Any, most: int) -> WholeNumberField:
    return WholeNumberField(label=label, help_text=help_text, min_value=1, max_value=most, required=False)


class ApplicationForm(forms.Form):
    """A draft: nothing is required while it is written; submitting asks for what is missing."""

    title = forms.CharField(
        label=_("Title"), max_length=120, required=False,
        help_text=_("People will see it in lists, such as: A model that reads X-rays."),
    )  # fmt: skip
    purpose = _long(
        _("What is it for?"), _("Who will use it, for what. Write for an engineer who does not know your field.")
    )
    model_description = _long(
        _("What will you train?"), _("The kind of model, from the beginning or from an existing one.")
    )
    parameters_millions = _count(
        _("Parameters, in millions"), _("7,000 for a model of 7 billion parameters."), MOST["parameters"]
    )
    tokens_millions = _count(
        _("Training tokens, in millions"),
        _("About one token for every 4 bytes of text. Counted over all passes of one run."),
        MOST["tokens"],
    )
    runs = _count(_("How many runs?"), _("Trials count too."), MOST["runs"])
    data_description = _long(_("Which data?"), _("Where it comes from, how much, in which languages."))
    dataset_uri = forms.CharField(
        label=_("Dataset in our catalogue"), max_length=200, required=False,
        help_text=_("If you will use one, such as fabrica:python-stdlib@1."),
    )  # fmt: skip
    has_personal_data = _yes_no(
        _("Is there personal data in it?"), _("Names, faces, voices, health records, anything about a living person.")
    )
    has_data_rights = _yes_no(
        _("Do you have the right to use it for training?"), _("By licence, by contract or because it is yours.")
    )
    gpu_hours = HoursField(
        label=_("GPU-hours"), min_value=Decimal("0.01"), max_value=gpu_hours(MOST["gpu_seconds"]), decimal_places=2,
        required=False,
    )  # fmt: skip
    months = forms.TypedChoiceField(label=_("For how many months?"), coerce=int, empty_value=None, required=False)
    # Which saved draft the answers were written on; without it nobody could tell that two people write.
    draft_version = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": _("Reload this page.")})

    # Without these it is not complete, so the page does not call them optional.
    needed_to_submit: Iterable[str]

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        mode = application.call.mode
        kwargs.setdefault("initial", initial_of(application))
        super().__init__(*args, **kwargs)
        self._application = application
        self.fields["months"].choices = [("", NOTHING), *((str(n), str(n)) for n in mode.months)]  # type: ignore[attr-defined]  # a choice field
        self.fields["gpu_hours"].help_text = _("%(title)s: %(size)s. Source: %(source)s.") % {
            "title": mode.title, "size": application.call.size, "source": mode.source,
        }  # fmt: skip
        self.definition = application.definition
        self._files = attachments_of(application)
        for own in self.definition.questions:
            self.fields[name_of(own)] = field_for(own)
        self.fields[ATTACHMENTS] = attachments_field(APPLICATION_FILES)
        optional = {name_of(own) for own in self.definition.questions if not own.required}
        self.needed_to_submit = set(self.fields) - {"dataset_uri", ATTACHMENTS} - optional

    def parts(self) -> Iterator[Part]:
        """The form's parts with their fields."""
        for part in self.definition.sections:
            yield Part(said_in(part.title), said_in(part.help), [self._item(one) for one in part.items])
        others = [one for one in self._files if not one.question]
        yield Part(_("Attachments"), "", [Item(self[ATTACHMENTS], files=others)])

    def _item(self, item: str | Question) -> Item:
        if isinstance(item, str):
            return Item(self[NAMES.get(item, item)])
        is_file = item.kind == "file"
        files = [one for one in self._files if one.question == item.key] if is_file else None
        if item.when is None:
            return Item(self[name_of(item)], files=files)
        asked, told = self._condition(item.when)
        return Item(self[name_of(item)], asked, " ".join(sorted(item.when.one_of)), told, files)

    def _condition(self, when: Condition) -> tuple[str, str]:
        """The name of the field that decides, and in words what it must say."""
        own = self.definition.question(when.key)
        options = {key: said_in(words) for key, words in own.options} if own else {}
        labels = {"yes": _("Yes"), "no": _("No")} if when.key in FIXED_YES_NO else options
        labels = labels or {"yes": _("Yes"), "no": _("No")}
        name = name_of(own) if own else when.key
        answers = " / ".join(str(label) for key, label in labels.items() if key in when.one_of)
        facts = {"question": self.fields[name].label, "answers": answers}
        return name, _("Only where you answered “%(answers)s” to: %(question)s") % facts

    def files_named(self) -> Iterator[tuple[str, str]]:
        """The names of the fields that take files, each with the key of its question; the last has none."""
        yield from ((name_of(one), one.key) for one in self.definition.questions if one.kind == "file")
        yield ATTACHMENTS, ""

    def values(self) -> dict[str, Any]:
        """What was written and can be read, by the fields of an application; what cannot be read is left as it was.

        The form must have been validated; it need not be valid.
        """
        data = self.cleaned_data
        kept = {name: data[name] for name in PLAIN if name in data}
        if "gpu_hours" in data:
            kept["gpu_seconds_requested"] = self._seconds(data["gpu_hours"])
        own = [one for one in self.definition.questions if one.kind != "file" and name_of(one) in data]
        if own:
            kept["extra_answers"] = {one.key: self._own(one, data[name_of(one)]) for one in own}
        return kept

    @staticmethod
    def _own(question: Question, value: Any) -> Any:
        """What was answered, as the engine reads it."""
        return str(value) if question.kind == "number" and value is not None else value

    def _seconds(self, hours: Decimal | None) -> int | None:
        """The seconds of the hours typed; untouched hours stand for the seconds they were rounded from."""
        before = self._application.gpu_seconds_requested
        if hours is None or (before is not None and gpu_hours(before) == hours):
            return None if hours is None else before
        return gpu_seconds(hours)

    def go_on_from(self, version: int) -> None:
        """Show what was typed as written on this saved draft: the next save is compared with it."""
        self.data = {**{name: self.data[name] for name in self.data}, "draft_version": version}

    def go_on_with(self, other: "ApplicationForm") -> None:
        """Show what another form of the same words complains of."""
        self._errors = other.errors
        self.cleaned_data = other.cleaned_data


def initial_of(application: Application) -> dict[str, Any]:
    """The form's values of an application as it is."""
    seconds = application.gpu_seconds_requested
    plain = {name: getattr(application, name) for name in PLAIN}
    for name in ("has_personal_data", "has_data_rights"):
        plain[name] = "" if plain[name] is None else str(plain[name]).lower()
    hours = None if seconds is None else gpu_hours(seconds).normalize()
    shown = None if hours is None else f"{hours:f}"
    own = {f"{PREFIX}{key}": _shown(answer) for key, answer in application.extra_answers.items()}
    return {**plain, **own, "gpu_hours": shown, "draft_version": application.draft_version}


def _shown(answer: Any) -> Any:
    return str(answer).lower() if isinstance(answer, bool) else answer


class InterviewForm(forms.Form):
    """One trust question: yes, no or unsure, or a number. `given` is what is kept, once it is valid."""

    needed_to_submit = ("number",)  # where it is chosen, so the page does not call it optional
    answer = forms.ChoiceField(widget=forms.RadioSelect)
    number = forms.CharField(max_length=MOST_LETTERS, required=False, widget=forms.TextInput({"autocomplete": "off"}))
    seen = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, question: TrustQuestion, kept: str = "", guess: str = "", language: str = "en", **kwargs: Any
    ) -> None:
        is_kept_number = question.is_number and kept not in ("", Answer.UNSURE)
        number = (kept if is_kept_number else guess) if question.is_number else ""
        chosen = NUMBER if is_kept_number else kept
        kwargs["initial"] = {"answer": chosen, "number": number, "seen": kept}
        super().__init__(*args, **kwargs)
        self._is_number = question.is_number
        found = self.fields["answer"]
        found.label, found.help_text = (said(question.words, name, language) for name in ("question", "help"))
        found.error_messages["required"] = _("Choose an answer; 'unsure' is one.")
        if not question.is_number:
            found.choices = Answer.choices  # type: ignore[attr-defined]  # a choice field
            del self.fields["number"]
            return
        found.choices = [(NUMBER, _("This number:")), (Answer.UNSURE, Answer.UNSURE.label)]  # type: ignore[attr-defined]  # as above
        self.fields["number"].label = pgettext("an amount", "Number")
        told = _("Such as 2e22 or 2 x 10^22.")
        more = _("From your form, 6 operations for each parameter and token of each run: %(guess)s.") % {"guess": guess}
        self.fields["number"].help_text = f"{told} {more}" if guess else told

    def clean(self) -> dict[str, Any]:
        """A number is needed where one was chosen, and must be one."""
        data = super().clean() or self.cleaned_data
        if self._is_number and data.get("answer") == NUMBER and "number" in data:
            try:
                data["number"] = number_in(data["number"])
            except ValueError:
                self.add_error("number", _("Write a number, such as 2e22; or choose 'unsure'."))
        return data

    @property
    def given(self) -> str:
        """What was answered, as the rules read it."""
        chosen = str(self.cleaned_data["answer"])
        return str(self.cleaned_data["number"]) if chosen == NUMBER else chosen

    def go_on_from(self, kept: str) -> None:
        """Show what was chosen as an answer to this kept one: the next one is compared with it."""
        self.data = {**{name: self.data[name] for name in self.data}, "seen": kept}


class StartForm(forms.Form):
    """For which organisation?"""

    organisation = forms.ChoiceField(label=_("For which organisation?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, organisations: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = organisations  # type: ignore[attr-defined]  # a choice field
        if len(organisations) == 1:
            self.fields["organisation"].initial = organisations[0][0]


class AppealForm(forms.Form):
    """What the refusal overlooked."""

    reason = _long(_("What was overlooked?"), _("Answer the reasons of the refusal. Somebody else reads it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True


class WithdrawForm(forms.Form):
    """Why it is taken back, if the applicant wants to say."""

    reason = _long(_("Reason"), _("If you like. The officers and assessors who have looked at it will read it."))
