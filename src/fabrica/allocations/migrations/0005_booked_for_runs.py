from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('allocations', '0004_top_ups'),
        ('clusters', '0004_unix_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='jobbooking',
            name='token',
            field=models.CharField(blank=True, db_default='', default='', help_text="The wish that started it; empty for others'.", max_length=128),
        ),
        migrations.AddField(
            model_name='jobbooking',
            name='told_gpu_seconds',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='What the run that started it has counted.'),
        ),
        migrations.AddIndex(
            model_name='jobbooking',
            index=models.Index(condition=models.Q(('token', ''), _negated=True), fields=['token'], name='allocations_booked_for_token'),
        ),
        migrations.AddIndex(
            model_name='jobbooking',
            index=models.Index(condition=models.Q(models.Q(('token', ''), _negated=True), models.Q(('told_gpu_seconds', models.F('gpu_seconds')), _negated=True)), fields=['token'], name='allocations_booked_untold'),
        ),
    ]
