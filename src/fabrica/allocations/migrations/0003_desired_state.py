from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def fill(apps, _schema_editor):
    """What was applied before this version is known; each project gets its UNIX name as a new one would."""
    for row in apps.get_model("allocations", "ClusterAccount").objects.iterator():
        row.unix_name = settings.FABRICA_UNIX_PROJECT_TEMPLATE.format(number=row.award_id)
        if row.gpu_seconds_applied is not None:
            limit = row.gpu_seconds_applied
            row.known = [{"gpu_seconds_limit": limit, "programme": "", "members": [], "is_open": True}]
        row.save(update_fields=["unix_name", "known"])


class Migration(migrations.Migration):
    dependencies = [
        ("allocations", "0002_metering"),
    ]

    operations = [
        migrations.AddField(
            model_name="clusteraccount",
            name="unix_name",
            field=models.CharField(blank=True, db_default="", default="", help_text="The UNIX account its jobs run as.", max_length=32),
        ),
        migrations.AddField(
            model_name="clusteraccount",
            name="known",
            field=models.JSONField(
                db_default=[], default=list, help_text="What we put there: one once read back, more while we wait."
            ),
        ),
        migrations.AddField(
            model_name="clusteraccount",
            name="drifted_at",
            field=models.DateTimeField(help_text="Since when it is known to be changed by hand.", null=True),
        ),
        migrations.AddField(
            model_name="clusteraccount",
            name="changes_waiting",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text="Steps that an operator has to apply."),
        ),
        migrations.AddConstraint(
            model_name="clusteraccount",
            constraint=models.UniqueConstraint(
                condition=~Q(unix_name=""), fields=("unix_name",), name="allocations_unix_name_once"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
