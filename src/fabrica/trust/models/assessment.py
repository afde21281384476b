"""What the gate said."""

from django.db import models

from fabrica.trust.states import Decision


class Assessment(models.Model):
    """What the gate said about a subject, under which version of its questions. Never changed, only followed."""

    subject = models.CharField(max_length=60, db_index=True)
    answers = models.JSONField()
    decision = models.CharField(max_length=20, choices=Decision.choices)
    reasons = models.JSONField()
    version = models.CharField(max_length=20)
    assessed_at = models.DateTimeField()
