import django.db.models.deletion
import fabrica.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('allocations', '0010_moves'),
        ('clusters', '0005_calendar'),
        ('people', '0008_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tariff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.site')),
                ('number', models.PositiveIntegerField()),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(help_text='The first day on which it no longer counts.', null=True)),
                ('row', models.JSONField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'number'), name='allocations_tariff_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='PricedAward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('award', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='allocations.award')),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='allocations.tariff')),
                ('unit', models.CharField(choices=[('gpu_hour', 'GPU-hour'), ('node_hour', 'node-hour'), ('device_hour', 'device-hour'), ('native', 'unit of the machine')], max_length=20)),
                ('unit_name', models.CharField(blank=True, help_text="What the machine's people call its own unit.", max_length=60)),
                ('gpus_per_unit', models.CharField(help_text='The GPUs of the ledger behind a unit, as a fraction.', max_length=20)),
                ('micros_per_unit', models.PositiveBigIntegerField(help_text='Millionths of a euro for an hour of a unit.')),
                ('limit_cents', models.PositiveBigIntegerField(help_text='The most that all of it may cost, without VAT.')),
                ('fixed_at', models.DateTimeField()),
                ('next_draft_at', models.DateTimeField(help_text='When the worker looks for something to bill.', null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['next_draft_at'], name='allocations_draft_due')],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organisation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation')),
                ('street', models.CharField(max_length=160)),
                ('postcode', models.CharField(max_length=20)),
                ('city', models.CharField(max_length=80)),
                ('vat_number', models.CharField(blank=True, max_length=20)),
                ('reference', models.CharField(blank=True, help_text='Printed on each invoice.', max_length=100)),
                ('saved_at', models.DateTimeField()),
            ],
            options={
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='InvoiceSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.site')),
                ('year', models.PositiveSmallIntegerField()),
                ('last', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'year'), name='allocations_series_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(default=fabrica.kit.ids.new_uid, editable=False, max_length=32, unique=True)),
                ('priced', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='allocations.pricedaward')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation')),
                ('kind', models.CharField(choices=[('invoice', 'Invoice'), ('credit_note', 'Credit note')], max_length=20)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('issued', 'Issued'), ('paid', 'Paid'), ('cancelled', 'Cancelled')], default='draft', max_length=20)),
                ('version', models.PositiveIntegerField(default=1)),
                ('until', models.DateField(help_text='The last day of use that it counts.')),
                ('content', models.JSONField()),
                ('net_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('drafted_at', models.DateTimeField()),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.site')),
                ('year', models.PositiveSmallIntegerField(null=True)),
                ('serial', models.PositiveIntegerField(null=True)),
                ('issued_at', models.DateTimeField(null=True)),
                ('issued_on', models.DateField(null=True)),
                ('due_on', models.DateField(null=True)),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cancels', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cancelled_by', to='allocations.invoice')),
                ('reason', models.TextField(blank=True, help_text='Why it cancels another.', max_length=500)),
                ('paid_on', models.DateField(null=True)),
                ('paid_reference', models.CharField(blank=True, max_length=100)),
                ('paid_noted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'id'], name='allocations_invoice_listed'), models.Index(fields=['organisation', 'id'], name='allocations_invoice_of_firm')],
                'constraints': [models.UniqueConstraint(fields=('site', 'year', 'serial'), name='allocations_invoice_number_once'), models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('priced',), name='allocations_one_draft'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('issued_at__isnull', False), ('issued_on__isnull', False), ('serial__gt', 0), ('year__isnull', False)), _connector='OR'), name='allocations_issued_has_number'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'paid'), _negated=True), ('paid_on__isnull', False), _connector='OR'), name='allocations_paid_has_day')],
            },
        ),
        migrations.CreateModel(
            name='InvoiceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='allocations.invoice')),
                ('month', models.DateField(help_text='Its first day.')),
                ('used_gpu_seconds', models.BigIntegerField(help_text='Of the month, as it was known then.')),
                ('before_gpu_seconds', models.BigIntegerField(help_text='What was billed of it before; below zero where what was cancelled had been corrected.')),
                ('net_cents', models.BigIntegerField()),
                ('treatment', models.JSONField(default=dict)),
                ('corrects', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='allocations.invoice')),
            ],
            options={
                'ordering': ['month', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('invoice', 'month'), name='allocations_line_once')],
                'indexes': [],
            },
        ),
    ]
