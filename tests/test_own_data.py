"""What is handed out of a person's data, and what goes when they are erased, is held against the tables there are."""

import io
import json
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.db.models import EmailField
from fabrica.audit import queries as audit
from fabrica.audit import services as seals
from fabrica.audit.models import Entry
from fabrica.config.wiring import wire
from fabrica.kit.signing import create_key
from fabrica.people import services
from fabrica.people.engine.own_data import own_data
from fabrica.people.models import Person
from fabrica.people.queries.own_data import archive_of, rows_of
from fabrica.projects.models import Member
from fabrica.registry.models import ModelVersion, Report


def test_each_column_that_names_a_person_has_its_rule():
    """A new foreign key to a person, or an e-mail address, needs its line in people/data/own-data.json."""
    rules, missing = {one.label: one for one in own_data().tables}, []
    for model in apps.get_models(include_auto_created=True):
        table = rules.get(model._meta.label)
        for field in (one for one in model._meta.get_fields() if one.concrete):
            names = field.related_model is Person and not field.many_to_many
            told = table and {field.name} & {*table.holders, *table.export}
            if (names or isinstance(field, EmailField)) and not told:
                missing.append(f"{model._meta.label}.{field.name}")
    assert missing == []


def test_each_rule_names_tables_and_columns_that_there_are():
    person = Person(pk=1, email="a@example.org")
    for table in own_data().tables:
        model = apps.get_model(table.label)
        columns = (*table.export, *table.holders, *table.clear, *table.forget, *table.named)
        assert str(model._default_manager.values(*columns).query), table.label
    assert person.is_erased is False


@pytest.mark.django_db
def test_a_person_takes_along_what_is_theirs_and_leaves_a_number_behind(samples, cast, site, now, tmp_path):
    wire()
    mate, applicant = cast.mate, cast.applicant
    old = (mate.email, mate.name)
    services.create_token(name="laptop", scopes=["read"], by=mate, now=now)
    content = b"".join(archive_of(applicant, "en", "Demo", now))
    archive = ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    told = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
    rows = {table: len(found) for file in told.values() for table, found in file.items()}
    assert rows == {one.label: rows_of(applicant, one, one.holders).count() for one in own_data().tables}
    assert told["people.json"]["people.Token"][0]["as"] == ["person"]
    assert old[0].encode() not in b"".join(archive.read(name) for name in archive.namelist())

    model = ModelVersion.objects.get()
    Report.objects.create(
        version=model, kind="other", reporter_email=old[0].upper(), nonce="n", received_at=now, due_at=now, warn_at=now
    )
    services.ask_erasure(uid=mate.uid, cause="own", typed=old[0], by=mate, now=now)
    assert services.erase_next(now=now) is False
    assert services.erase_next(now=now + services.GRACE) is True
    assert services.erase_next(now=now + services.GRACE) is False
    mate.refresh_from_db()
    assert (mate.name, mate.is_active, mate.has_usable_password()) == (f"Erased person {mate.uid[:8]}", False, False)
    assert [one.label for one in own_data().tables if one.delete and rows_of(mate, one, one.delete).exists()] == []
    assert not Member.objects.filter(person=mate).exists()
    entry = Entry.objects.get(verb="person.erase")
    assert (entry.actor, entry.subject, entry.facts["cause"]) == ("", f"person:{mate.uid}", "own")
    assert {where for where in everywhere() if holds(where, old[0])} == set()
    key = create_key(tmp_path / "seal.pem")
    while seals.seal(key=key, anchor=tmp_path / "anchors", now=now):
        pass
    verdict = audit.verify(key=key.public_key(), anchor=tmp_path / "anchors")
    assert (verdict.holds, verdict.unsealed_count) == (True, 0)


def everywhere():
    """Every table with its text columns."""
    return [
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.get_internal_type() in ("CharField", "TextField", "EmailField", "JSONField")
    ]


def holds(where, text):
    model, column = where
    return any(text in str(value).lower() for value in model._default_manager.values_list(column, flat=True))
