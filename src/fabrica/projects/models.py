"""Projects and their members."""

from django.db import models

from fabrica.people.models import Organisation, Person
from fabrica.projects.states import Role


class Project(models.Model):
    """Work that an award pays for."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Also the name of its account on the cluster.")
    title = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(help_text="Copied from the application.")
    gate_decision = models.CharField(max_length=30, help_text="Copied from the application.")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title


class Member(models.Model):
    """A person who works in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="projects_member_once")]
