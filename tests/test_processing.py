"""The record of processing activities is held against the tables that there are."""

from django.apps import apps
from django.db.models import EmailField
from fabrica.people.engine.processing import processing
from fabrica.people.models import Person


def tables():
    return {one._meta.label: one for one in apps.get_models(include_auto_created=True)}


def tells_of_people(model):
    """Whether a table points to a person or holds an e-mail address. What else does is named by hand in the record."""
    fields = [one for one in model._meta.get_fields() if one.concrete]
    return any(one.related_model is Person or isinstance(one, EmailField) for one in fields)


def test_each_table_that_tells_of_people_stands_in_the_record():
    covered = {table for one in processing().activities for table in one.tables}
    wanted = {label for label, model in tables().items() if model is Person or tells_of_people(model)}
    assert sorted(wanted - covered) == [], "name these in src/fabrica/people/data/processing.json"


def test_the_record_names_no_table_that_is_gone():
    assert sorted({table for one in processing().activities for table in one.tables} - set(tables())) == []
