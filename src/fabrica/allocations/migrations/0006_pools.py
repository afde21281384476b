import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    two_steps = "The new constraint asks less than the one it replaces: each row of the version before keeps to it."

    dependencies = [
        ('allocations', '0005_booked_for_runs'),
        ('clusters', '0005_calendar'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountingYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(help_text='The first day that no longer belongs to it.')),
                ('gpu_seconds', models.PositiveBigIntegerField(help_text='What the machine gives in it, all pools together.')),
                ('source', models.CharField(max_length=300)),
                ('checked_on', models.DateField()),
                ('confidence', models.CharField(max_length=10)),
            ],
            options={
                'ordering': ['starts_on'],
            },
        ),
        migrations.CreateModel(
            name='Cap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
                ('title', models.CharField(blank=True, max_length=300)),
                ('pools', models.JSONField(default=list)),
                ('modes', models.JSONField(default=list)),
                ('percent', models.DecimalField(decimal_places=4, max_digits=7)),
                ('of_gpu_seconds', models.PositiveBigIntegerField(help_text='What the percent are of.')),
                ('limit_gpu_seconds', models.PositiveBigIntegerField(help_text='Rounded down, so that the cap is never passed.')),
                ('taken_gpu_seconds', models.PositiveBigIntegerField(default=0, help_text='Granted, less what came back.')),
                ('source', models.CharField(max_length=300)),
                ('checked_on', models.DateField()),
                ('confidence', models.CharField(max_length=10)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Pool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(choices=[('union_aif_industrial', 'Union share for industrial innovation'), ('union_aif_science', 'Union share for AI for science'), ('union_other', 'Union share for other access'), ('union_commercial', 'Union share for commercial use'), ('national', 'national share'), ('directors_reserve', 'reserve of the director')], max_length=30)),
                ('percent', models.DecimalField(decimal_places=4, help_text='Of what the machine gives in the year.', max_digits=7)),
                ('gpu_seconds', models.PositiveBigIntegerField(help_text='The same in GPU-seconds, rounded down.')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='ledgeraccount',
            name='allocations_machine_account_once',
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('fund', 'Funded'), ('award', 'Awarded'), ('hold', 'Held for a job'), ('release', 'Released'), ('spend', 'Spent'), ('write_off', 'Written off'), ('correction', 'Corrected'), ('top_up', 'Topped up'), ('return', 'Given back to the pool')], max_length=10),
        ),
        migrations.AddField(
            model_name='accountingyear',
            name='machine',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.machine'),
        ),
        migrations.AddField(
            model_name='cap',
            name='year',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='caps', to='allocations.accountingyear'),
        ),
        migrations.AddField(
            model_name='pool',
            name='year',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pools', to='allocations.accountingyear'),
        ),
        migrations.AddField(
            model_name='ledgeraccount',
            name='pool',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='account', to='allocations.pool'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.UniqueConstraint(condition=models.Q(('award', None), ('pool', None)), fields=('machine', 'kind'), name='allocations_machine_kind_once'),
        ),
        migrations.AddConstraint(
            model_name='accountingyear',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gt', models.F('starts_on'))), name='allocations_year_ends_later'),
        ),
        migrations.AddConstraint(
            model_name='accountingyear',
            constraint=models.UniqueConstraint(fields=('machine', 'starts_on'), name='allocations_year_once'),
        ),
        migrations.AddConstraint(
            model_name='cap',
            constraint=models.UniqueConstraint(fields=('year', 'name'), name='allocations_cap_once'),
        ),
        migrations.AddConstraint(
            model_name='cap',
            constraint=models.CheckConstraint(condition=models.Q(('taken_gpu_seconds__lte', models.F('limit_gpu_seconds'))), name='allocations_cap_is_kept'),
        ),
        migrations.AddConstraint(
            model_name='pool',
            constraint=models.UniqueConstraint(fields=('year', 'name'), name='allocations_pool_once'),
        ),
    ]
