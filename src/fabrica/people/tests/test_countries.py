"""The list of countries: what each is, how sure that is, and what the file may not say."""

from copy import deepcopy

import pytest
from django.utils import translation
from fabrica.kit.facts import load
from fabrica.people.engine.countries import MEMBER, SETTLED, countries, countries_from
from fabrica.people.states import COUNTRIES, country_choices


@pytest.mark.parametrize(
    ("code", "answer", "confidence"),
    [
        ("FR", True, "A"), ("CH", True, "A"), ("GB", True, "A"), ("RS", True, "A"), ("MD", True, "A"), ("AL", True, "B"),
        ("UA", True, "B"), ("KR", None, "B"), ("LI", None, "unknown"), ("US", False, "B"), ("RU", False, "B"),
    ],
)  # fmt: skip
def test_a_country_is_weighed_with_its_surest_source(code, answer, confidence):
    told = countries().weigh(code, SETTLED)
    assert (told.answer, told.source.confidence) == (answer, confidence)


def test_a_mode_may_ask_for_member_states_alone_and_a_strange_code_is_not_known():
    assert [countries().weigh(one, [MEMBER]).answer for one in ("DE", "CH")] == [True, False]
    assert countries().weigh("ZZ", SETTLED) is None


def test_every_country_has_a_name_in_each_language_and_stands_once():
    assert [one.code for one in countries().by_code.values() if not all(one.names.values())] == []
    assert len({one.names["en"] for one in countries().by_code.values()}) == len(COUNTRIES) == 250
    with translation.override("fr"):
        names = [name for _code, name in country_choices()]
        assert (str(COUNTRIES["CH"]), names.index("États-Unis") < names.index("France")) == ("Suisse", True)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file["standings"][0]["countries"].append("ZZ"),
        lambda file: file["standings"][0].update(kind="friend"),
        lambda file: file["standings"][0].update(source=""),
        lambda file: file["countries"].update(x=["X", "X"]),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_on_load(change):
    file = deepcopy(load("fabrica.people", "countries.json"))
    change(file)
    with pytest.raises(ValueError):
        countries_from(file)
