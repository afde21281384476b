"""The doctor asks the mail server and the site's own address."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fabrica.config.doctor import (
    https, mail,
)  # fmt: skip
from fabrica.config.doctor.finding import bad, well
from fabrica.config.tests.mailserver import certificate, smtp
from fabrica.config.tests.mailserver import https as https_server
from fabrica.config.tests.doctor_site import served, site, trusted  # noqa: F401 - fixtures


pytestmark = pytest.mark.django_db


def as_mail(settings, server, **changes):
    given = {"EMAIL_HOST": "localhost", "EMAIL_PORT": server.port, "EMAIL_USE_TLS": True, "EMAIL_HOST_USER": ""}
    for name, value in {**given, **changes}.items():
        setattr(settings, name, value)


def test_a_mail_server_is_greeted_with_tls_and_signed_in_to_and_gets_no_letter(site, served, trusted):
    server = served(smtp(trusted))
    as_mail(site, server, EMAIL_HOST_USER="portal", EMAIL_HOST_PASSWORD="p")
    assert list(mail.server()) == [well("The mail server localhost answers with TLS.")]
    assert server.told == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_a_mail_server_without_tls_where_none_is_asked_for(site, served):
    as_mail(site, served(smtp()), EMAIL_USE_TLS=False)
    assert list(mail.server()) == [well("The mail server localhost answers.")]


def test_a_mail_server_that_offers_no_tls(site, served):
    server = served(smtp())
    as_mail(site, server)
    assert list(mail.server()) == [
        bad(
            f"localhost at port {server.port}: STARTTLS extension not supported by server.",
            "Check FABRICA_SMTP_PORT and FABRICA_SMTP_TLS.",
        )
    ]


def test_a_mail_server_that_nobody_vouches_for(site, served, tmp_path):
    as_mail(site, served(smtp(certificate(tmp_path))))
    (found,) = mail.server()
    assert (found.is_well, found.what.split(":")[0]) == (False, "The certificate of localhost is not trusted")


def test_a_mail_server_that_refuses_the_password_is_told_without_it(site, served, trusted):
    as_mail(site, served(smtp(trusted, password_is_good=False)), EMAIL_HOST_USER="portal", EMAIL_HOST_PASSWORD="hush")
    assert list(mail.server()) == [
        bad("localhost does not accept FABRICA_SMTP_USER and its password.", "Correct them.")
    ]


def test_a_mail_server_that_is_not_there(site, served):
    server = served(smtp())
    port = server.port
    server.close()
    server.close = lambda: None
    site.EMAIL_HOST, site.EMAIL_PORT = "127.0.0.1", port
    (found,) = mail.server()
    assert (found.is_well, found.todo) == (False, "Check FABRICA_SMTP_HOST and _PORT.")


def test_a_site_without_a_mail_server(site):
    site.EMAIL_HOST = ""
    assert list(mail.server()) == [
        bad("Mails are printed to the log: nobody can confirm an address.", "Set FABRICA_SMTP_HOST.")
    ]
    site.INSECURE_OK = True
    assert list(mail.server()) == [well("Mails are printed to the log.")]


def test_letters_from_localhost_are_refused_elsewhere(site):
    site.EMAIL_HOST, site.DEFAULT_FROM_EMAIL = "mail.example.eu", "fabrica@localhost"
    assert [one.is_well for one in mail.sender()] == [False]
    site.DEFAULT_FROM_EMAIL = "fabrica@example.eu"
    assert list(mail.sender()) == []


# HTTPS


@pytest.mark.parametrize(
    ("url", "hosts", "proxy", "told"),
    [
        ("https://f.example", ["f.example"], True, [well("People reach this site at https://f.example.")]),
        (
            "http://f.example", ["f.example"], True,
            [bad("FABRICA_URL is http://f.example, which is not HTTPS.", "Set it to the address people use.")],
        ),
        (
            "https://f.example", ["g.example"], True,
            [bad("FABRICA_HOSTS does not name f.example, so it is refused.", "Add it to FABRICA_HOSTS.")],
        ),
        (
            "https://f.example", [".example"], False,
            [
                well("People reach this site at https://f.example."),
                bad(
                    "No proxy is trusted, so every page leads to HTTPS for ever.",
                    "Serve behind a proxy as deploy/nginx.conf does, and set FABRICA_BEHIND_PROXY=1.",
                ),
            ],
        ),
    ],
)  # fmt: skip
def test_the_address_and_what_the_settings_say_of_it(site, url, hosts, proxy, told):
    site.FABRICA_URL, site.ALLOWED_HOSTS, site.FABRICA_BEHIND_PROXY = url, hosts, proxy
    assert list(https.address()) == told


def test_a_certificate_that_holds(site, served, trusted):
    site.FABRICA_URL = f"https://localhost:{served(https_server(trusted)).port}"
    (found,) = https.certificate()
    ends = datetime.now(UTC) + timedelta(days=365)
    assert found == well(f"The certificate holds until {ends:%Y-%m-%d}.")


def test_a_certificate_that_soon_ends(now):
    assert https.until(now + timedelta(days=15), now).is_well
    assert https.until(now + timedelta(days=13), now) == bad(
        "The certificate holds until 2026-12-06.", "Renew it: certbot, or your authority."
    )


def test_a_certificate_that_nobody_vouches_for(site, served, tmp_path):
    site.FABRICA_URL = f"https://localhost:{served(https_server(certificate(tmp_path))).port}"
    (found,) = https.certificate()
    assert (found.is_well, found.todo) == (False, "Renew it, and let the proxy send the whole chain.")


def test_an_address_that_leads_nowhere(site, served):
    server = served(smtp())
    port = server.port
    server.close()
    server.close = lambda: None
    site.FABRICA_URL = f"https://localhost:{port}"
    assert [one.is_well for one in (*https.certificate(), *https.answers())] == [False, False]


def test_the_page_is_asked_for_as_a_person_does(site, served, tmp_path):
    server = served(https_server(certificate(tmp_path), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    site.FABRICA_URL = f"https://localhost:{server.port}"
    assert list(https.answers()) == [well(f"The portal answers at https://localhost:{server.port}/accounts/login/.")]
    assert server.told == ["GET /accounts/login/ HTTP/1.1"]


def test_a_proxy_that_does_not_say_https_and_one_that_changes_the_host():
    page = "https://f.example/accounts/login/"
    round_and_round = https.judge(page, httpx.Response(301, headers={"Location": page}))
    assert round_and_round.what == (
        "The portal leads to itself for ever: it does not learn that it is reached over HTTPS."
    )
    assert https.judge(page, httpx.Response(400)).what == f"The portal answers 400 at {page}."


def test_a_demonstration_needs_no_https(site):
    site.INSECURE_OK = True
    assert [one.is_well for one in (*https.address(), *https.certificate(), *https.answers())] == [True]
