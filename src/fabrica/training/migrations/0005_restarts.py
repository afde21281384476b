from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0004_held"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="restarts",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="How often its machine started the job again."
            ),
        ),
    ]
