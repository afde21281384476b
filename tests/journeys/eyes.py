"""A person with a browser of their own, who looks at every page: accessible, fitting, quiet, in light and dark."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, TimeoutError

from tests.journeys.site import Site

SERIOUS = {"serious", "critical"}
WIDTHS, SCHEMES = (320, 768, 1280), ("light", "dark")
SCREENS = Path(__file__).resolve().parents[2] / "var" / "screens"
PATIENCE_MILLISECONDS = 30_000
TRIES, FRAME_MILLISECONDS = 4, 15_000
# without transitions: a colour is measured when it has arrived
STILL = {"reduced_motion": "reduce"}


@dataclass
class Findings:
    """What was wrong on which page, of everybody."""

    seen: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Visitor:
    """Somebody in front of a browser."""

    site: Site
    page: Page
    findings: Findings
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> int:
        """Open a page of the site; returns the status."""
        return self.page.goto(self.site.url + address).status

    def look_at(self, address: str, name: str, status: int = 200) -> None:
        """Open a page and look at it."""
        assert (address, self.go(address)) == (address, status)
        self.look(name, status=status)

    def home_says(self, title: str) -> None:
        """Open the home until the one thing to do now is this; workers need a moment."""
        until = time.monotonic() + PATIENCE_MILLISECONDS / 1000
        told = ""
        while told != title and time.monotonic() < until:
            self.go("/home/")
            told = self.page.locator(".next-step h2").inner_text()
        assert told == title

    def sign_in(self, who: str) -> None:
        """Sign in as one of the cast."""
        self.go("/accounts/login/")
        self.page.fill("[name=login]", f"{who}@demo.example")
        self.page.fill("[name=password]", self.site.passwords[who])
        with self.page.expect_navigation():
            self.page.press("[name=password]", "Enter")

    def look(self, name: str, *, status: int = 200) -> None:
        """Look at this page in every width and scheme, keep the pictures, and note what is wrong."""
        self.findings.seen.append(name)
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 900})
                self._measure(name, width, scheme)
        self._examine(name, "dark")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 320, "height": 900})
        self._examine(name, "light")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        expected = [one for one in self.complaints if status != 200 and f"status of {status}" in one]
        self.findings.wrong += [f"{name}: {one}" for one in self.complaints if one not in expected]
        self.complaints.clear()

    def _measure(self, name: str, width: int, scheme: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self._photograph(SCREENS / f"{name}-{width}-{scheme}.png")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.findings.wrong.append(f"{name}: {wide} px wide in {width} px")

    def _photograph(self, picture: Path) -> None:
        """Take a picture; a browser with five windows on a busy machine at times draws no frame until it is asked again."""
        for tries_left in reversed(range(TRIES)):
            try:
                self.page.screenshot(path=picture, full_page=True, animations="disabled", timeout=FRAME_MILLISECONDS)
                return
            except TimeoutError:
                if not tries_left:
                    raise
                self.page.bring_to_front()

    def _examine(self, name: str, scheme: str) -> None:
        for one in Axe().run(self.page).response["violations"]:
            if one["impact"] in SERIOUS:
                where = "; ".join(node["html"][:160] for node in one["nodes"][:3])
                self.findings.wrong.append(f"{name} ({scheme}): {one['id']}: {where}")


@contextmanager
def visitor(browser: Browser, site: Site, findings: Findings, **options: object) -> Iterator[Visitor]:
    """A browser window of its own; what its console says is a finding."""
    context = browser.new_context(**STILL, **{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    made = Visitor(site, context.new_page(), findings)
    tell = lambda message: made.complaints.append(message.text) if message.type == "error" else None
    made.page.on("console", tell)
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()
