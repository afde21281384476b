from django.db import migrations
from django.db.models import Q


def say_whose(apps, _schema_editor):
    """What was booked for attempts before this version says so, so that a later correction finds its run."""
    JobBooking, JobUsage = apps.get_model("allocations", "JobBooking"), apps.get_model("clusters", "JobUsage")
    facts = ("token", "job_id", "run__machine", "run__award", "run__project__slug")
    rows = apps.get_model("training", "Attempt").objects.exclude(job_id="").values_list(*facts)
    for token, job_id, machine, award, account in rows.iterator():
        told = JobUsage.objects.filter(machine=machine, token=token, account=account).values("key")
        of_job = Q(key__in=told) | Q(key__startswith=f"{job_id}.")
        JobBooking.objects.filter(of_job, machine=machine, award=award, token="").update(token=token)


class Migration(migrations.Migration):
    # by itself and in pieces: beside the new column it would keep the version before from its runs until the last row
    atomic = False

    dependencies = [
        ("allocations", "0005_booked_for_runs"),
        ("clusters", "0004_unix_names"),
        ("training", "0005_restarts"),
    ]

    operations = [migrations.RunPython(say_whose, migrations.RunPython.noop, elidable=True)]
