"""Indexes for lists of applications of one state or one organisation, and for how long access took."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0004_versions")]

    operations = [
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["state", "id"], name="applications_listed"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["organisation", "id"], name="applications_of_firm"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["state", "decided_at", "call", "days_taken"], name="applications_taken"),
        ),
    ]
