"""Looks at a freshly installed site from its own machine: with httpx, which the site brings."""

import re
import ssl
import sys
import time
from pathlib import Path

import httpx

NAME, EMAIL, PASSWORD = "factory.example.eu", "operator@example.eu", "correct horse battery"
SITE = f"https://{NAME}"


def browser():
    return httpx.Client(base_url=SITE, verify=ssl.create_default_context(), timeout=20)


def probes():
    """A probe names a bare address as the host, over plain HTTP; the portal is ready within a minute."""
    until, last = time.monotonic() + 60, None
    while time.monotonic() < until:
        try:
            last = httpx.get("http://127.0.0.1:8000/readyz", timeout=5)
            if last.status_code == 200:
                break
        except httpx.TransportError as error:
            last = error
        time.sleep(0.3)
    assert getattr(last, "text", last) == "ready\n", last
    alive = httpx.get("http://127.0.0.1:8000/healthz", headers={"Host": "10.0.0.7"})
    assert (alive.status_code, alive.text) == (200, "alive\n")
    assert httpx.get("http://127.0.0.1:8000/metrics").status_code == 404


def proxy():
    """The headers that the settings expect are set, whatever a caller sends."""
    plain = httpx.get(f"http://{NAME}/calls/")
    assert (plain.status_code, plain.headers["Location"]) == (301, f"{SITE}/calls/")
    with browser() as site:
        forged = {"X-Request-ID": "forged-by-a-caller", "X-Forwarded-Proto": "http"}
        page = site.get("/accounts/login/", headers=forged)
        assert page.status_code == 200, page.text
        assert re.fullmatch("[0-9a-f]{32}", page.headers["X-Request-ID"]), page.headers
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        sheet = re.search(r'href="(/static/[^"]+\.css)"', page.text)[1]
        assert site.get(sheet).status_code == 200
        assert [site.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 404, 404]


def sign_up(log):
    """As a person does: the form, the letter's link, the button behind it."""
    with browser() as site:
        post(site, "/accounts/signup/", email=EMAIL, password1=PASSWORD, password2=PASSWORD, name="Olga Operator")
        link = letter(Path(log))
        assert post(site, link.removeprefix(SITE)).status_code == 302


def post(site, address, **fields):
    page = site.get(address)
    assert page.status_code == 200, (address, page.status_code)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    answer = site.post(address, data={"csrfmiddlewaretoken": token, **fields}, headers={"Referer": SITE + address})
    assert answer.status_code == 302, (address, answer.status_code, answer.text)
    return answer


def letter(log):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := re.search(rf"{SITE}/accounts/confirm-email/\S+", log.read_text()):
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"no letter in {log}")


{"probes": probes, "proxy": proxy, "sign-up": sign_up}[sys.argv[1]](*sys.argv[2:])
