"""The pool of experts, and what keeps them from reviewing."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fabrica.people.models import Organisation, Person

REASON_LIMIT = 3_000


class Expert(models.Model):
    """What somebody of the pool knows. `affiliation_key` is how the employer is compared with who applies."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    affiliation = models.CharField(_("employer"), max_length=160)
    affiliation_key = models.CharField(max_length=320, editable=False)
    fields = models.JSONField(_("fields"), default=list)
    languages = models.JSONField(_("languages"), default=list)
    most_reviews = models.PositiveSmallIntegerField(_("reviews at a time"), default=3)
    orcid = models.CharField(_("ORCID"), max_length=19, blank=True)
    is_available = models.BooleanField(_("available"), default=True)
    joined_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # when they promised to keep what they read to themselves; before it was asked, nobody was
    confidential_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.person)


class Invitation(models.Model):
    """An officer asks somebody into the pool. The same person is asked once at a time."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(answered_at__isnull=True), name="reviews_invited_once"
            ),
        ]


class Newcomer(models.Model):
    """An address without an account that an officer asks into the pool, until a day, with what they may know.

    It carries no secret: who owns the address answers (decision 0025).
    """

    email = models.EmailField()
    fields = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=Q(answered_at=None, withdrawn_at=None), name="reviews_newcomer_once"
            )
        ]

    def is_open(self, now: datetime) -> bool:
        """Whether its owner may still answer."""
        return self.answered_at is None and self.withdrawn_at is None and now < self.expires_at


class Link(models.Model):
    """An officer noted that two organisations belong together, such as by ownership; `one` has the lower key."""

    one = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    noted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="reviews_link_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="reviews_link_in_order"),
        ]


class Conflict(models.Model):
    """Somebody declared an interest in an organisation: they judge none of its applications from then on.

    An officer may lift it, or set aside one that rests on others' word alone: it then keeps why, and counts no more.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    declared_at = models.DateTimeField()
    reason = models.TextField(max_length=REASON_LIMIT, blank=True, default="", db_default="")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_why = models.TextField(max_length=REASON_LIMIT, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "organisation"], name="reviews_conflict_once")]
