from django.db import migrations

from fabrica.people.engine.numbers import vat_within


def fill(apps, _schema_editor):
    """A registration number that is a VAT number is known as one."""
    Organisation = apps.get_model("people", "Organisation")
    for one in Organisation.objects.filter(vat_number="").exclude(number_key="").iterator():
        if found := vat_within(one.number_key):
            Organisation.objects.filter(pk=one.pk).update(vat_number=found)


class Migration(migrations.Migration):
    atomic = False  # nobody waits for the last row; begun again it goes on where it stopped

    dependencies = [("people", "0009_organisation_page")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
