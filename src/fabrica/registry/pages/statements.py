"""Pages on which a project declares what only it knows of a model, and reads what its documents lack."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.registry import declaring, queries, rules
from fabrica.registry.engine.documents import Completeness, completeness, render_all
from fabrica.registry.engine.documents.answers import MOST_NUMBER, digest
from fabrica.registry.engine.documents.rows import Field, Question, Section, said, table
from fabrica.registry.models import ModelVersion
from fabrica.registry.papers import document_columns, document_rows, language, missing_by_teller

Given = Mapping[str, Any]


class StatementForm(forms.Form):
    """The questions of one section; `seen` tells which answers the writer read."""

    seen = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, section: str, declared: Given) -> None:
        self.asked = [one for one in table().asked if one.ask and one.ask.section == section]
        self.needed_to_submit = {one.id for one in self.asked if any(place.required for place in one.places)}
        initial = {one.id: _initial(declared.get(one.id)) for one in self.asked}
        initial["seen"] = digest(declared, initial)
        super().__init__(data, initial=initial)
        for one in self.asked:
            if one.ask:
                self.fields[one.id] = _field(one, one.ask)

    def answers(self) -> dict[str, Any]:
        """What could be read, as it is kept; a day becomes a text."""
        read = {one.id: self.cleaned_data.get(one.id) for one in self.asked if one.id not in self.errors}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in read.items()}


def _initial(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _field(field: Field, ask: Question) -> forms.Field:
    hint = said(ask.words, "help", language())
    if field.when and field.when.path.startswith("statement."):
        hint = f"{_('Only if you answered yes above.')} {hint}"
    label, shown = said(ask.words, "question", language()), str(conditional_escape(hint.strip()))
    return MAKERS[ask.kind](ask, label=label, help_text=shown, required=False)


def _text(ask: Question, **told: Any) -> forms.Field:
    return forms.CharField(max_length=ask.most, **told)


def _long(ask: Question, **told: Any) -> forms.Field:
    return forms.CharField(max_length=ask.most, widget=forms.Textarea({"rows": 4}), **told)


def _yes_no(_ask: Question, **told: Any) -> forms.Field:
    choices = [("", _("I do not know yet")), ("true", _("Yes")), ("false", _("No"))]
    return forms.TypedChoiceField(
        choices=choices, coerce=lambda value: value == "true", empty_value=None, widget=forms.RadioSelect, **told
    )


def _day(_ask: Question, **told: Any) -> forms.Field:
    return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **told)


def _number(_ask: Question, **told: Any) -> forms.Field:
    widget = forms.TextInput({"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(min_value=1, max_value=MOST_NUMBER, widget=widget, **told)


def _choices(ask: Question, **told: Any) -> forms.Field:
    choices = [(key, said(words, "label", language())) for key, words in ask.options]
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **told)


MAKERS: dict[str, Callable[..., forms.Field]] = {
    "text": _text,
    "long": _long,
    "yes_no": _yes_no,
    "date": _day,
    "number": _number,
    "choices": _choices,
}


@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """How complete the documents are, what is missing, and the way to each question."""
    person, version = signed_in(request), _inside(request, slug)
    facts = declaring.facts_with_statement(version)
    found = completeness(facts)
    context = {
        "version": version, "score": found.score, "columns": document_columns(),
        "documents": document_rows(version, found),
        "missing": missing_by_teller(version, found), "sections": _sections(found),
        "statement": facts["statement"], "can_declare": rules.can_declare(person, version.model),
    }  # fmt: skip
    return render(request, "registry/statement.html", context)


def section(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The questions of one section. A POST keeps them and goes on to the next one."""
    person, version = signed_in(request), _inside(request, slug)
    here = _section(name)
    if not rules.can_declare(person, version.model):
        raise NotAllowed(_("Only who leads the project declares facts of its models."))
    form = _form(request, version, name)
    if request.method == "POST" and form.is_valid():
        try:
            _keep(version, form, person)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect(*_onwards(request, slug, name))
    facts = declaring.facts_with_statement(version)
    context = {
        "version": version, "form": form, "title": said(here.words, "title", language()), "name": name,
        "score": completeness(facts).score, "following": _following(name),
    }  # fmt: skip
    return render(request, "registry/statement_section.html", context)


@require_POST
def autosave(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Keep what was typed so far; answers with what the next save must have seen."""
    person, version = signed_in(request), _inside(request, slug)
    _section(name)
    form = _form(request, version, name)
    form.is_valid()
    try:
        _keep(version, form, person)
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    fields = [{"path": path, "message": " ".join(map(str, errors))} for path, errors in form.errors.items()]
    kept = declaring.newest(version.model)
    seen = digest(kept.declared if kept else {}, [one.id for one in form.asked])
    told = {"what": "; ".join(one["message"] for one in fields), "fields": fields, "seen": seen}
    return JsonResponse(told, status=422 if fields else 200)


@require_safe
def document(request: HttpRequest, slug: str, number: int, file: str) -> HttpResponse:
    """One document as it would read if it were released now; for who sees inside."""
    person = signed_in(request)
    version = queries.version_of(person, slug, number)
    found = render_all(declaring.facts_with_statement(version)) if rules.can_see_inside(person, version) else {}
    if file not in found:
        raise NotFound(_("There is no such document for you to see."), todo=_("See the page of the model."))
    return HttpResponse(
        found[file], content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )  # fmt: skip


def _inside(request: HttpRequest, slug: str) -> ModelVersion:
    """The newest version of a model, for who sees inside. Raises NotFound."""
    person = signed_in(request)
    version = queries.newest_of(person, slug)
    if not rules.can_see_inside(person, version):
        raise NotFound(_("There is no statement of this model for you to see."))
    return queries.version_of(person, slug, version.number)


def _section(name: str) -> Section:
    found = next((one for one in table().sections if one.id == name), None)
    if found is None:
        raise NotFound(_("There is no such section."))
    return found


def _form(request: HttpRequest, version: ModelVersion, name: str) -> StatementForm:
    kept = declaring.newest(version.model)
    data = request.POST if request.method == "POST" else None
    return StatementForm(data, section=name, declared=kept.declared if kept else {})


def _keep(version: ModelVersion, form: StatementForm, person: Person) -> None:
    """Keep what reads. What does not read leaves its former answer, so the digest is taken of the rest."""
    answers = form.answers()
    seen = form.cleaned_data.get("seen", "")
    kept = declaring.newest(version.model)
    before = kept.declared if kept else {}
    if seen != digest(before, [one.id for one in form.asked]):
        raise declaring.DeclaredMeanwhile
    declaring.declare(model=version.model, given=answers, seen=digest(before, answers), by=person, now=utcnow())


def _following(name: str) -> str:
    names = [one.id for one in table().sections]
    return names[names.index(name) + 1] if name != names[-1] else ""


def _onwards(request: HttpRequest, slug: str, name: str) -> tuple[str, ...]:
    if "go_on" in request.POST and _following(name):
        return "registry:statement_section", slug, _following(name)
    return "registry:statement", slug


def _sections(found: Completeness) -> list[dict[str, Any]]:
    """Each section with how many of its required questions are open."""
    lacking = [one.section for one in found.missing]
    return [
        {"id": one.id, "title": said(one.words, "title", language()), "open": lacking.count(one.id)}
        for one in table().sections
    ]
