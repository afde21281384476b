from django.db import migrations

from fabrica.people.engine.numbers import compact, name_key


def fill(apps, _schema_editor):
    """What is registered already is found again as well; a number is not checked after the event."""
    Organisation = apps.get_model("people", "Organisation")
    for one in Organisation.objects.filter(name_key="").iterator():
        keys = {"number_key": compact(one.registration_number), "name_key": name_key(one.name)}
        Organisation.objects.filter(pk=one.pk).update(**keys)


class Migration(migrations.Migration):
    atomic = False  # nobody waits for the last row; begun again it goes on where it stopped

    dependencies = [("people", "0004_numbers")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
