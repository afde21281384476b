"""Migrations run while the version before still serves: what that version reads and writes must go on working.

A migration that cannot keep to it is the second of two steps (the version before must have stopped using what goes) and
says so in an attribute `two_steps`, with the reason. How: docs/developer/migrations.md.
"""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

ADDS_NOTHING_OLD_CODE_MEETS = (
    migrations.CreateModel, migrations.AddIndex, migrations.AlterModelOptions, migrations.AlterModelManagers,
    migrations.RemoveConstraint, migrations.RemoveIndex, migrations.RenameIndex, migrations.RunPython,
)  # fmt: skip


def parameters(field):
    """What the database sees of a column."""
    told = field.db_parameters(connection)
    return told["type"], told["check"]


def harm_of(operation, before):
    """Why the version before would stumble over the operation; empty where it would not."""
    if isinstance(operation, ADDS_NOTHING_OLD_CODE_MEETS):
        return ""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return next(filter(None, (harm_of(one, before) for one in operation.database_operations)), "")
    if isinstance(operation, migrations.AddField):
        return harm_of_new(operation.name, operation.field)
    if isinstance(operation, migrations.AlterField):
        return harm_of_change(before, operation)
    return f"{type(operation).__name__} takes something away, or demands something new"


def harm_of_new(name, field):
    needs_value = not (field.null or field.many_to_many or field.has_db_default() or field.generated)
    return f"{name}: a new column that must be filled needs db_default" if needs_value else ""


def harm_of_change(state, operation):
    apps = state.apps
    model = apps.get_model(operation.app, operation.model_name)
    old = model._meta.get_field(operation.name)
    after = state.clone()
    operation.state_forwards(operation.app, after)
    new = after.apps.get_model(operation.app, operation.model_name)._meta.get_field(operation.name)
    if old.null and not new.null:
        return f"{operation.name}: what may be empty must be filled now"
    if new.unique and not old.unique:
        return f"{operation.name}: must be unique now"
    if old.has_db_default() and not new.has_db_default():
        return f"{operation.name}: loses its db_default"
    wider = old.max_length and new.max_length and new.max_length >= old.max_length
    if old.column != new.column or (parameters(old) != parameters(new) and not wider):
        return f"{operation.name}: another kind of column"
    return ""


def harms(migration, before):
    """Everything in a migration that the version before would stumble over."""
    found, state, new = [], before.clone(), set()
    for operation in migration.operations:
        operation.app = migration.app_label
        if isinstance(operation, migrations.AddField):
            new.add((operation.model_name, operation.name))
        if is_about_new_columns_alone(operation, new):
            pass  # the version before leaves them at their db_default
        elif harm := harm_of(operation, state):
            found.append(harm)
        operation.state_forwards(migration.app_label, state)
    return found


def is_about_new_columns_alone(operation, new):
    named = getattr(getattr(operation, "constraint", None), "fields", ())
    return bool(named) and {(operation.model_name, name) for name in named} <= new


def later_migrations():
    """Each of our migrations after the first of its context, with the state before it."""
    loader = MigrationLoader(None)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if migration.__module__.startswith("fabrica.") and not name.startswith("0001_"):
            yield migration, loader.project_state((app, name), at_end=False)


def test_the_version_before_can_serve_while_each_migration_runs():
    wrong = {
        f"{one.app_label}.{one.name}": found
        for one, before in later_migrations()
        if not getattr(one, "two_steps", "") and (found := harms(one, before))
    }
    assert wrong == {}


HELD_LOCKS = {"allocations.0003_desired_state", "training.0002_accounting"}  # of before the rule


def test_rows_are_changed_in_a_migration_of_their_own_that_keeps_no_table_locked():
    wrong = {
        f"{one.app_label}.{one.name}"
        for one, _before in later_migrations()
        if any(isinstance(operation, migrations.RunPython) for operation in one.operations)
        and (len(one.operations) > 1 or one.atomic)
    }
    assert wrong == HELD_LOCKS


def test_an_exception_gives_its_reason_and_is_one():
    marked = [(one, before) for one, before in later_migrations() if hasattr(one, "two_steps")]
    assert [str(one) for one, before in marked if len(one.two_steps) < 20 or not harms(one, before)] == []


BEFORE = ProjectState()
BEFORE.add_model(
    ModelState("app", "thing", [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=10, null=True)),
        ("size", models.IntegerField(db_default=0)),
        ("kind", models.CharField(max_length=5, choices=[("a", "A")])),
    ])
)  # fmt: skip


def judged(*operations):
    migration = migrations.Migration("0002_x", "app")
    migration.operations = list(operations)
    return harms(migration, BEFORE)


def add(field):
    return migrations.AddField("thing", "new", field)


def alter(name, field):
    return migrations.AlterField("thing", name, field)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("thing", "name"),
        migrations.RenameField("thing", "name", "title"),
        migrations.RenameModel("thing", "object"),
        migrations.DeleteModel("thing"),
        migrations.AlterModelTable("thing", "other"),
        migrations.RunSQL("DROP TABLE app_thing"),
        migrations.AddConstraint("thing", models.CheckConstraint(condition=models.Q(size__gt=0), name="positive")),
        migrations.AlterUniqueTogether("thing", {("name", "size")}),
        migrations.SeparateDatabaseAndState(database_operations=[migrations.DeleteModel("thing")]),
        add(models.IntegerField()),
        add(models.IntegerField(default=0)),
        add(models.CharField(max_length=5, default="", blank=True)),
        alter("name", models.CharField(max_length=10)),
        alter("name", models.CharField(max_length=9, null=True)),
        alter("name", models.CharField(max_length=10, null=True, unique=True)),
        alter("name", models.CharField(max_length=10, null=True, db_column="title")),
        alter("size", models.IntegerField()),
        alter("size", models.CharField(max_length=10, db_default="")),
    ],
    ids=lambda one: one.describe(),
)
def test_what_the_version_before_would_stumble_over_is_found(operation):
    assert len(judged(operation)) == 1


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("other", [("id", models.BigAutoField(primary_key=True)), ("n", models.IntegerField())]),
        migrations.AddIndex("thing", models.Index(fields=["size"], name="by_size")),
        add(models.IntegerField(null=True)),
        add(models.IntegerField(db_default=0)),
        add(models.ManyToManyField("app.thing")),
        alter("name", models.CharField(max_length=20, null=True)),
        alter("kind", models.CharField(max_length=5, choices=[("a", "A"), ("b", "B")])),
        alter("size", models.IntegerField(null=True, db_default=1)),
    ],
    ids=lambda one: one.describe(),
)
def test_what_only_adds_is_fine(operation):
    assert judged(operation) == []


def test_a_constraint_over_new_columns_alone_is_fine_and_over_an_old_one_is_not():
    new = migrations.AddField("thing", "new", models.CharField(max_length=9, db_default=""))
    once = lambda *names: migrations.AddConstraint(
        "thing", models.UniqueConstraint(fields=names, condition=~models.Q(new=""), name="once")
    )
    assert judged(new, once("new")) == []
    assert len(judged(new, once("new", "size"))) == 1
    assert len(judged(once("new"), new)) == 1
