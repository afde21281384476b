"""Who works for this site, and what the worker's loops did: rows, because workers may run on several hosts."""

from django.db import models


class Worker(models.Model):
    """One process of `fabrica-site work`. It writes that it lives; it takes its row away when it is stopped."""

    uid = models.CharField(max_length=32, unique=True)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    doing = models.CharField(max_length=60, blank=True, help_text="The loop it is in; empty while it rests.")
    doing_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class LoopTally(models.Model):
    """What one loop did since the site was made, over all workers."""

    loop = models.CharField(max_length=60, unique=True)
    turns = models.PositiveBigIntegerField(default=0)
    found = models.PositiveBigIntegerField(default=0)
    failures = models.PositiveBigIntegerField(default=0)
    milliseconds = models.PositiveBigIntegerField(default=0)
