"""The forms of experts, officers and applicants about reviews."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import TEXT_LIMIT
from fabrica.reviews.engine.criteria import MOST_REVIEWS, Criterion
from fabrica.reviews.engine.criteria import fields as known_fields
from fabrica.reviews.models import COMMENT_LIMIT, REASON_LIMIT, Evaluation, Expert, Invitation, Newcomer, Review
from fabrica.reviews.services.experts import AFFILIATION_LIMIT, MOST_AT_A_TIME, Profile
from fabrica.reviews.states import LANGUAGES


def named(labels: dict[str, str]) -> str:
    """Words of the data in the language of the page."""
    return labels.get(get_language() or "en") or labels["en"]


def field_choices() -> list[tuple[str, str]]:
    """The fields that experts know."""
    return [(key, named(dict(labels))) for key, labels in known_fields().items()]


def _text(label: Any, help_text: Any, *, required: bool = False, rows: int = 5) -> forms.CharField:
    widget = forms.Textarea({"rows": rows})
    return forms.CharField(label=label, help_text=help_text, max_length=COMMENT_LIMIT, widget=widget, required=required)


class InviteForm(forms.Form):
    """Whom to invite, and what they may know."""

    email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("Who has no account here gets a letter that says how to sign up."),
    )
    fields_known = forms.MultipleChoiceField(
        label=_("Fields they may know"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("A proposal for who has no account yet; they say themselves what they know."),
    )  # fmt: skip
    languages = forms.MultipleChoiceField(
        label=_("Languages they may read"), choices=list(LANGUAGES.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fields_known"].choices = field_choices()  # type: ignore[attr-defined]  # a choice field


class LinkForm(forms.Form):
    """Two organisations that belong together."""

    one = forms.CharField(label=_("Organisation"), max_length=160)
    other = forms.CharField(label=_("Belongs together with"), max_length=160, help_text=_("Such as by ownership."))


class ProfileForm(forms.Form):
    """What an expert knows, and how much they take."""

    affiliation = forms.CharField(
        label=_("Your employer"), max_length=AFFILIATION_LIMIT, help_text=_("You review none of its applications.")
    )
    fields_known = forms.MultipleChoiceField(label=_("Fields you know"), widget=forms.CheckboxSelectMultiple)
    languages = forms.MultipleChoiceField(
        label=_("Languages you read"), choices=list(LANGUAGES.items()), widget=forms.CheckboxSelectMultiple
    )
    most_reviews = forms.IntegerField(
        label=_("Reviews at a time, at most"), min_value=1, max_value=MOST_AT_A_TIME, initial=3
    )
    orcid = forms.CharField(
        label=_("ORCID"), max_length=19, required=False, help_text=_("Such as 0000-0002-1825-0097.")
    )
    is_available = forms.BooleanField(label=_("I can take reviews now"), required=False, initial=True)
    keeps_confidential = forms.BooleanField(
        label=_("I keep what I read in applications to myself, and use it for the review alone"),
        error_messages={"required": _("Without this promise nobody reviews. You can decline instead.")},
    )

    def __init__(
        self, *args: Any, expert: Expert | None = None, invited: Invitation | Newcomer | None = None, **kwargs: Any
    ) -> None:
        if isinstance(invited, Newcomer):
            kwargs.setdefault("initial", {"fields_known": invited.fields, "languages": invited.languages})
        if expert is not None:
            names = ("affiliation", "languages", "most_reviews", "orcid", "is_available")
            kwargs.setdefault(
                "initial", {name: getattr(expert, name) for name in names} | {"fields_known": expert.fields}
            )
        super().__init__(*args, **kwargs)
        if expert is not None:
            del self.fields["keeps_confidential"]
        self.fields["fields_known"].choices = field_choices()  # type: ignore[attr-defined]  # a choice field

    def profile(self) -> Profile:
        """What was said."""
        data = self.cleaned_data
        return Profile(
            data["affiliation"], data["fields_known"], data["languages"], data["most_reviews"], data["orcid"],
            data["is_available"],
        )  # fmt: skip


class EvaluationForm(forms.Form):
    """What experts must know, and how many review it."""

    fields_wanted = forms.MultipleChoiceField(
        label=_("Fields"), widget=forms.CheckboxSelectMultiple, help_text=_("An expert knows at least one of them.")
    )
    language = forms.ChoiceField(label=_("Language of the application"), choices=list(LANGUAGES.items()))
    reviews = forms.IntegerField(label=_("Number of reviews"), min_value=1, max_value=MOST_REVIEWS)
    is_blind = forms.BooleanField(
        label=_("Blind: experts do not learn who applies"), required=False,
        help_text=_("Names of organisation and applicant are hidden; what the applicant wrote is shown as it is."),
    )  # fmt: skip

    def __init__(self, *args: Any, evaluation: Evaluation | None, wanted: int, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"reviews": wanted, "language": "en"}
        if evaluation is not None:
            initial = {
                "fields_wanted": evaluation.fields, "language": evaluation.language,
                "reviews": evaluation.reviews_wanted, "is_blind": evaluation.is_blind,
            }  # fmt: skip
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        self.fields["fields_wanted"].choices = field_choices()  # type: ignore[attr-defined]  # a choice field


class ReviewForm(forms.Form):
    """A score for each criterion, what the applicant reads, what only officers and panel read."""

    comment = _text(_("Comment"), _("The applicant reads it, without your name. Say what is strong and what is weak."))
    remark = _text(_("Remark to the panel"), _("If you like. The applicant does not read it."), rows=3)
    draft_version = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": _("Reload this page.")})

    def __init__(self, *args: Any, review: Review, **kwargs: Any) -> None:
        scores = {f"score_{key}": str(score) for key, score in review.scores.items()}
        kept = {"comment": review.comment, "remark": review.remark, "draft_version": review.draft_version}
        kwargs.setdefault("initial", {**scores, **kept})
        super().__init__(*args, **kwargs)
        self._criteria = review.evaluation.criteria.each
        for one in self._criteria:
            self.fields[f"score_{one.id}"] = _score(one)
        self.needed_to_submit = set(self.fields) - {"remark"}
        self.order_fields([*(f"score_{one.id}" for one in self._criteria), "comment", "remark"])

    def scores(self) -> dict[str, int]:
        """The scores that were given so far."""
        told = {one.id: self.cleaned_data.get(f"score_{one.id}") for one in self._criteria}
        return {key: int(score) for key, score in told.items() if score}

    def go_on_from(self, version: int) -> None:
        """Show what was typed as written on this saved draft."""
        self.data = {**{name: self.data[name] for name in self.data}, "draft_version": version}


def _score(one: Criterion) -> forms.ChoiceField:
    told = _("%(hint)s Weight %(weight)s %%, threshold %(threshold)s of %(high)s.")
    words = {"hint": named(dict(one.hint)), "weight": one.weight, "threshold": one.threshold, "high": one.high}
    return forms.ChoiceField(
        label=named(dict(one.label)), help_text=told % words, required=False, widget=forms.RadioSelect,
        choices=[(str(score), str(score)) for score in range(one.low, one.high + 1)],
    )  # fmt: skip


class InterestForm(forms.Form):
    """Why one does not judge who applies."""

    reason = forms.CharField(
        label=_("What ties you to it"), max_length=REASON_LIMIT, widget=forms.Textarea({"rows": 4}),
        help_text=_("A sentence; the other officers read it, the applicant does not."),
    )  # fmt: skip


class ReplyForm(forms.Form):
    """The applicant's one answer."""

    text = forms.CharField(
        label=_("Your answer"), max_length=TEXT_LIMIT, widget=forms.Textarea({"rows": 8}),
        help_text=_("To facts, not to judgements: what was overlooked or misunderstood. You can answer once."),
    )  # fmt: skip
