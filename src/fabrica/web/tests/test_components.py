import re
from datetime import UTC, datetime

import pytest
from django import forms
from django.contrib.admin.models import DELETION, LogEntry
from django.template import Context, Template
from django.test import RequestFactory

from fabrica.kit.paging import Page
from fabrica.web import components, fields

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def shown(text, **context):
    html = Template("{% load web %}" + text).render(Context(context))
    return re.sub(r">\s+<", "><", html).strip()


class Answers(forms.Form):
    title = forms.CharField(label="Title", help_text="Short.")
    kind = forms.ChoiceField(label="What is it?", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea, max_length=300)
    agreed = forms.BooleanField(label="I agree")
    token = forms.CharField(widget=forms.HiddenInput)

    def clean(self):
        raise forms.ValidationError("The call is closed.")


def test_a_choice_is_said_in_words_and_what_is_no_choice_as_it_stands():
    rows = [LogEntry(action_flag=DELETION), LogEntry(action_flag=9)]
    assert [shown("{{ row|said:'action_flag' }}", row=one) for one in rows] == ["Deletion", "9"]


def test_a_badge_is_a_word_with_a_tone():
    assert shown("{% badge word 'good' %}", word="<Done>") == '<strong class="badge tone-good">&lt;Done&gt;</strong>'


def test_a_tone_without_a_colour_is_refused():
    with pytest.raises(ValueError, match=r"^'green' is no tone\. Tones are: neutral, info, good, warning, bad\.$"):
        components.tone("green")


@pytest.mark.parametrize(
    ("arguments", "words", "bar"),
    [
        ("420 1000", "42 %", '<progress aria-label="Training" max="100" value="42">'),
        ("7 5", "100 %", '<progress aria-label="Training" max="100" value="100">'),
        ("0 0", "under way", '<progress aria-label="Training">'),
        ("1 4 'a quarter'", "a quarter", '<progress aria-label="Training" max="100" value="25">'),
    ],
)
def test_progress_is_told_in_words_too(arguments, words, bar):
    html = shown("{% progress 'Training' " + arguments + " %}")
    assert re.findall(r'progress-text">([^<]*)<', html) == [words]
    assert re.findall(r"<progress[^>]*>", html) == [bar]


def test_a_timeline_tells_what_who_and_why_in_order():
    events = [components.Event(AT, "Submitted", "Ada"), components.Event(AT, "Refused", reason="Too late.", tone="bad")]
    html = shown("{% timeline events %}", events=events)
    assert re.findall(r'<p class="(what|reason)">([^<]*)</p>', html) == [
        ("what", "Submitted"),
        ("what", "Refused"),
        ("reason", "Too late."),
    ]
    assert re.findall(r"<li class=\"([^\"]*)\"", html) == ["tone-neutral", "tone-bad"]


def test_a_table_names_its_columns_and_rows():
    html = shown(
        "{% data_table 'Runs' columns rows %}",
        columns=["Run", components.Column("Steps", numeric=True)],
        rows=[("r1", 5)],
    )
    assert re.findall(r"<caption>([^<]*)", html) == ["Runs"]
    assert re.findall(r'<th scope="(\w+)"[^>]*>([^<]*)', html) == [("col", "Run"), ("col", "Steps"), ("row", "r1")]
    assert re.findall(r"<td([^>]*)>([^<]*)", html) == [(' role="cell" class="number" data-label="Steps"', "5")]


def test_an_empty_table_says_so_over_all_columns():
    html = shown("{% data_table 'Runs' columns rows %}", columns=["Run", "Steps"], rows=[])
    assert re.findall(r'colspan="(\d)">([^<]*)', html) == [("2", "Nothing here yet.")]


def test_a_row_of_another_length_is_a_mistake():
    with pytest.raises(ValueError, match="zip"):
        components.rows_of(components.columns_of(["a", "b"]), [("only one",)])


@pytest.mark.parametrize(
    ("address", "arguments", "links"),
    [
        ("/runs?state=done", "'7' ''", [("next", "?state=done&amp;cursor=7")]),
        ("/runs?cursor=9", "'7' '12'", [("prev", "?cursor=12"), ("next", "?cursor=7")]),
        ("/runs", "'' ''", []),
    ],
)
def test_pages_keep_the_rest_of_the_address(address, arguments, links):
    html = shown("{% pagination " + arguments + " %}", request=RequestFactory().get(address))
    assert re.findall(r'<a rel="(\w+)" href="([^"]*)"', html) == links


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page([1], ""), "1 in all."),
        (Page([1, 2], ""), "2 in all."),
        (Page([1, 2], "7"), "2 on this page; more follow."),
        (Page([1, 2], "7", "~9"), "2 on this page; more follow."),
        (Page([1], "", "~9"), "1 on this page, which is the last."),
    ],
)
def test_a_page_says_how_much_of_its_list_it_shows(page, words):
    html = shown("{% pages page %}", page=page, request=RequestFactory().get("/runs"))
    assert re.findall('<p class="quiet">(.*?)</p>', html) == [words]


def test_the_pages_of_two_lists_beside_each_other_keep_each_others_place():
    request = RequestFactory().get("/models?cursor=9&mine=4")
    html = shown("{% pages page 'mine' %}", page=Page([1], "2", "~3"), request=request)
    assert re.findall(r'rel="(\w+)" href="([^"]*)"', html) == [
        ("prev", "?cursor=9&amp;mine=~3"),
        ("next", "?cursor=9&amp;mine=2"),
    ]


def test_an_empty_list_says_nothing_of_pages():
    assert shown("{% pages page %}", page=Page([], ""), request=RequestFactory().get("/runs")) == ""


def test_the_last_page_leads_back_to_the_first():
    html = shown("{% pagination %}", request=RequestFactory().get("/runs?cursor=9"))
    assert re.findall(r'href="([^"]*)"', html) == ["?cursor="]


def test_a_next_step_names_one_thing_to_do():
    html = shown("{% nextstep 'Sign' '/sign' 'Sign now' %}<p>It is due.</p>{% endnextstep %}")
    assert re.findall(r"<h2>(.*?)</h2>", html) == ["Sign"]
    assert re.findall(r'<a class="button" href="(.*?)">(.*?)</a>', html) == [("/sign", "Sign now")]


def test_an_empty_state_without_a_link_has_none():
    assert shown("{% emptystate 'No runs' %}<p>Start one.</p>{% endemptystate %}") == (
        '<div class="empty-state"><p class="empty-title">No runs</p><div><p>Start one.</p></div></div>'
    )


@pytest.mark.parametrize(
    ("name", "pattern", "target"),
    [("title", "input", "id_title"), ("kind", "choices", "id_kind_0"), ("note", "input", "id_note"),
     ("agreed", "checkbox", "id_agreed")],
)  # fmt: skip
def test_each_widget_has_its_pattern_and_a_place_to_land(name, pattern, target):
    bound = Answers()[name]
    assert (fields.pattern_of(bound), fields.target_of(bound)) == (pattern, target)


def test_the_summary_lists_errors_of_the_form_first_then_in_the_order_of_fields():
    complaints = [(str(c), c.target) for c in fields.complaints_of(Answers({}))]
    assert complaints == [
        ("The call is closed.", ""),
        ("Title: This field is required.", "id_title"),
        ("What is it? This field is required.", "id_kind_0"),
        ("I agree: This field is required.", "id_agreed"),
        ("Token: This field is required.", ""),
    ]


def test_every_link_of_the_summary_and_every_description_leads_somewhere():
    html = Template('{% include "web/form_fields.html" %}').render(Context({"form": Answers({})}))
    ids = set(re.findall(r'\sid="([^"]*)"', html))
    led_to = re.findall(r'href="#([^"]*)"', html) + " ".join(re.findall(r'aria-describedby="([^"]*)"', html)).split()
    assert sorted(set(led_to) - ids) == []
    assert re.findall(r'<label for="([^"]*)"', html) == ["id_title", "id_kind_0", "id_kind_1", "id_note", "id_agreed"]


def test_a_form_not_sent_yet_complains_of_nothing():
    assert shown("{% error_summary form %}", form=Answers()) == ""


def test_optional_fields_are_marked():
    html = Template('{% include "web/form_fields.html" %}').render(Context({"form": Answers()}))
    assert re.findall(r">([^<>]*) <span class=\"optional\">", html) == ["Note"]
