"""Entries, and the seals that chain them."""

from typing import Any

from django.db import models

from fabrica.kit.files import canonical_json


class Seal(models.Model):
    """A batch of entries, in order of their key, hashed onto the seal before it."""

    number = models.PositiveBigIntegerField(unique=True)
    entry_count = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]


class Entry(models.Model):
    """One thing that was done. Written once, in the transaction of the change it tells of."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=32, blank=True, help_text="Opaque id of the person; empty for a worker.")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    facts = models.JSONField(default=dict)
    seal = models.ForeignKey(Seal, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["subject", "id"])]
        verbose_name_plural = "entries"

    def canonical(self) -> bytes:
        """The bytes that are hashed: the same for the same entry on every database."""
        told: dict[str, Any] = {
            "id": self.pk,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "verb": self.verb,
            "subject": self.subject,
            "facts": self.facts,
        }
        return canonical_json(told)
