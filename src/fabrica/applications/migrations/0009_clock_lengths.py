from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0008_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='application',
            name='clock_lengths',
            field=models.CharField(blank=True, db_default='', default='', help_text='The digest of the lengths it was counted by.', max_length=16),
        ),
    ]
