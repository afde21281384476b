"""Django's handle on audit."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audit."""

    name = "fabrica.audit"
    label = "audit"
