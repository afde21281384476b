from django.db import migrations, models


class Migration(migrations.Migration):
    """A new site is in dry run; those that exist go on as they did."""

    dependencies = [
        ("clusters", "0002_usage"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="is_dry_run",
            field=models.BooleanField(db_default=False, default=False, help_text="The worker plans only; an operator applies."),
        ),
        migrations.AlterField(
            model_name="site",
            name="is_dry_run",
            field=models.BooleanField(db_default=True, default=True, help_text="The worker plans only; an operator applies."),
        ),
        migrations.AddField(
            model_name="site",
            name="mends_drift",
            field=models.BooleanField(db_default=False, default=False, help_text="What was changed by hand is put right by itself."),
        ),
    ]
