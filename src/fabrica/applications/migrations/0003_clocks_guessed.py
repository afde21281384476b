from django.db import migrations, models
from django.db.models.functions import Cast


def guess(apps, schema_editor):
    """Until the worker has counted the clocks, what waits is sorted by the day of its promise, as before."""
    rows = apps.get_model('applications', 'Application').objects.using(schema_editor.connection.alias)
    waiting = rows.filter(state__in=['submitted', 'screened', 'assessed', 'returned'], step_due_at=None)
    waiting.exclude(due_on=None).update(step_due_at=Cast('due_on', models.DateTimeField()))


class Migration(migrations.Migration):
    atomic = False  # nobody waits for the last row; begun again it goes on where it stopped

    dependencies = [("applications", "0002_clocks")]

    operations = [migrations.RunPython(guess, migrations.RunPython.noop)]
