"""The record of processing activities: whole, in both languages, and for operators alone."""

import copy

import pytest
from fabrica.kit.facts import load
from fabrica.people.engine.processing import FIELDS, processing, read

DATA = load("fabrica.people", "processing.json")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda doc: doc["activities"][0].update(basis=" "), "accounts does not say its basis"),
        (lambda doc: doc["activities"][1].pop("security_fr"), "security_fr"),
        (lambda doc: doc["activities"].append(doc["activities"][0]), "stands twice"),
        (lambda doc: doc["activities"][0]["tables"].append("training.Run"), "stands twice"),
        (lambda doc: doc["activities"][0].update(tables=[]), "without tables"),
        (lambda doc: doc.pop("source"), "source"),
    ],
)
def test_a_record_with_a_gap_is_refused(change, named):
    document = copy.deepcopy(DATA)
    change(document)
    with pytest.raises(ValueError, match=named):
        read(document)


def test_operators_read_it_in_their_language_and_nobody_else_does(cast, client):
    for who, status in (("applicant", 403), ("officer", 403), ("operator", 200)):
        client.force_login(getattr(cast, who), backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get("/privacy/record/").status_code == status
    page = client.get("/privacy/record/")
    assert [title for _, title, _ in page.context["rows"]] == [one.words["title"] for one in processing().activities]
    assert {len(facts) for _, _, facts in page.context["rows"]} == {len(FIELDS) - 1}
    assert processing().activities[0].said("title", "fr") == "Comptes"
