from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0003_nodes'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='held_gpu_seconds',
            field=models.PositiveBigIntegerField(help_text='What was held for it, for the whole limit.', null=True),
        ),
    ]
