import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('allocations', '0006_pools'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='award',
            name='returned_gpu_seconds',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='Unused, and given back to the pools it came from.'),
        ),
        migrations.AddField(
            model_name='award',
            name='revoked_at',
            field=models.DateTimeField(help_text='When an officer took it back before its end.', null=True),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('fund', 'Funded'), ('award', 'Awarded'), ('hold', 'Held for a job'), ('release', 'Released'), ('spend', 'Spent'), ('write_off', 'Written off'), ('correction', 'Corrected'), ('top_up', 'Topped up'), ('extend', 'Extended'), ('return', 'Given back to the pool')], max_length=10),
        ),
        migrations.CreateModel(
            name='Extension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Names the cause, so that it is granted once.', max_length=200)),
                ('months', models.PositiveSmallIntegerField()),
                ('gpu_seconds', models.PositiveBigIntegerField()),
                ('reason', models.TextField(help_text="The project's leaders read it.", max_length=3000)),
                ('at', models.DateTimeField()),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='allocations.award')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('award', 'key'), name='allocations_extension_once')],
            },
        ),
    ]
