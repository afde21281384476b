"""One requirement of the self-assessment as a form."""

from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.portal.queries.self_assessment import Reading
from fabrica.trust.engine.altai import Answer, Item, Requirement

ANSWERS = {
    Answer.YES: _("Yes"),
    Answer.PARTLY: _("Partly"),
    Answer.NO: _("No"),
    Answer.NOT_APPLICABLE: _("Not applicable"),
    Answer.UNSURE: _("Unsure"),
}
RATINGS = [("", _("No rating")), ("0", _("0: not at all")), *((one, one) for one in "1234"), ("5", _("5: fully"))]
LARGEST = 2**31 - 1


class RequirementForm(forms.Form):
    """The items of a requirement that are asked, and one's own rating. None must be answered to save."""

    draft_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST)
    rating = forms.TypedChoiceField(
        label=_("All in all, how well do you meet this requirement?"), required=False, choices=RATINGS, coerce=int,
        empty_value=None, help_text=_("Your own view. It is shown beside what your answers come to."),
    )  # fmt: skip

    def __init__(self, *args: Any, reading: Reading, requirement: Requirement, **kwargs: Any) -> None:
        rating = reading.ratings.get(requirement.id)
        kwargs["initial"] = {
            "draft_version": reading.saves.get(requirement.id, 0), "rating": "" if rating is None else str(rating),
            **reading.answers,
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        self.requirement, self.reading = requirement, reading
        self.titles = {one.id: one.said("title", get_language()) for one in requirement.topics}
        for _topic, items in reading.parts(requirement):
            self.fields.update({one.id: _field(one) for one in items})

    @property
    def needed_to_submit(self) -> list[str]:
        """None of the items is marked as optional: that all may be left open is said once, on the overview."""
        return list(self.reading.rules.by_id)

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The items in their parts, each with its heading."""
        found = self.reading.parts(self.requirement)
        first = _("Asked of everybody") if len(found) > 1 else ""
        return [(self.titles.get(topic, first), [self[one.id] for one in items]) for topic, items in found]

    def answers(self) -> dict[str, str]:
        """What was chosen; an item without a choice stays as it is."""
        return {key: one for key in self.reading.rules.by_id if (one := self.cleaned_data.get(key))}

    def ratings(self) -> dict[str, int | None]:
        """One's own rating, where the form could read it."""
        found: dict[str, Any] = self.cleaned_data
        return {self.requirement.id: found["rating"]} if "rating" in found else {}


def _field(item: Item) -> forms.ChoiceField:
    language = get_language()
    return forms.ChoiceField(
        label=item.said("question", language),
        help_text=escape(item.said("help", language)),
        choices=[(one.value, ANSWERS[one]) for one in item.kind.answers],
        widget=forms.RadioSelect,
        required=False,
    )
