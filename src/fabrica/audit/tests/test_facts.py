"""Entries hold ids, numbers and closed words only: a person can be erased and the chain still holds."""

import ast
import re

import pytest
from fabrica.audit.models import Entry
from fabrica.audit.tests.verbs import entries, verbs

# Words in the name of a fact, or of what it is made from, that would carry what a person wrote.
FREE_TEXT = {
    "reason", "comment", "note", "title", "email", "name", "description", "text", "purpose", "message", "summary",
}  # fmt: skip


def names_in(value):
    """The variables and attributes an expression reads, without those it binds itself."""
    bound = {
        one.id
        for node in ast.walk(value)
        if isinstance(node, ast.comprehension)
        for one in ast.walk(node.target)
        if isinstance(one, ast.Name)
    }
    read = {one.id for one in ast.walk(value) if isinstance(one, ast.Name)} - bound
    return read | {one.attr for one in ast.walk(value) if isinstance(one, ast.Attribute)}


def test_every_entry_names_its_verb_actor_subject_and_time():
    assert [place for place, given in entries() if not {"verb", "by", "subject", "now"} <= given.keys()] == []


def test_every_verb_is_a_thing_and_what_was_done_to_it():
    found = list(verbs())
    assert len(found) > 20
    assert [one for one in found if not re.fullmatch(r"[a-z_]+\.(\*|[a-z_]+)", one[1])] == []


def test_facts_hold_no_free_text():
    head = {"verb", "by", "subject", "now"}
    assert [
        (place, name)
        for place, given in entries()
        for name, value in given.items()
        if name not in head and (name in FREE_TEXT or names_in(value) & FREE_TEXT)
    ] == []


def test_the_search_for_free_text_finds_it():
    assert names_in(ast.parse("f(one.comment, [reason.rule for reason in kept])")) == {
        "f",
        "one",
        "kept",
        "comment",
        "rule",
    }


@pytest.mark.django_db
def test_what_the_cast_did_so_far_names_nobody(cast, call):
    told = " ".join(str(row) for row in Entry.objects.values_list("subject", "facts", "verb"))
    people = [cast.applicant, cast.mate, cast.officer, cast.provider]
    assert [one for one in people if one.email in told or one.name in told] == []
    assert [one for one in (cast.startup, cast.hospital) if one.name in told] == []
