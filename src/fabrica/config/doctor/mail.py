"""Mail: the server is greeted, never given a letter."""

import smtplib
import ssl
from collections.abc import Iterator
from typing import Final

from django.conf import settings

from fabrica.config.doctor.finding import Finding, bad, well

PATIENCE_SECONDS: Final = 8.0


def sender() -> Iterator[Finding]:
    """Whether letters come from an address that others accept."""
    if not settings.EMAIL_HOST:
        return
    if settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        yield bad(
            f"Letters come from {settings.DEFAULT_FROM_EMAIL}.", "Set FABRICA_MAIL_FROM to the site's own address."
        )


def server() -> Iterator[Finding]:
    """Greet it, ask for TLS and sign in as letters do."""
    if settings.EMAIL_HOST:
        yield greet(settings.EMAIL_HOST, settings.EMAIL_PORT)
    elif settings.INSECURE_OK:
        yield well("Mails are printed to the log.")
    else:
        yield bad("Mails are printed to the log: nobody can confirm an address.", "Set FABRICA_SMTP_HOST.")


def greet(host: str, port: int) -> Finding:
    """What the server at an address says."""
    try:
        with smtplib.SMTP(host, port, timeout=PATIENCE_SECONDS) as smtp:
            smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                smtp.starttls(context=ssl.create_default_context())
            if settings.EMAIL_HOST_USER:
                smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except smtplib.SMTPAuthenticationError:
        return bad(f"{host} does not accept FABRICA_SMTP_USER and its password.", "Correct them.")
    except smtplib.SMTPNotSupportedError as error:
        return bad(f"{host} at port {port}: {error}", "Check FABRICA_SMTP_PORT and FABRICA_SMTP_TLS.")
    except ssl.SSLCertVerificationError as error:
        return bad(
            f"The certificate of {host} is not trusted: {error.verify_message}.", "Use the name it was made for."
        )
    except (OSError, smtplib.SMTPException) as error:
        return bad(
            f"The mail server {host} at port {port} does not answer: {error}", "Check FABRICA_SMTP_HOST and _PORT."
        )
    return well(f"The mail server {host} answers{' with TLS' if settings.EMAIL_USE_TLS else ''}.")
