"""Somebody at their own browser; for every journey that several people walk one after the other."""

import os

from axe_playwright_python.sync_playwright import Axe

SERIOUS = {"serious", "critical"}
SHOTS = os.environ.get("FABRICA_SCREENSHOTS", "")
NARROW, WIDE = 360, 1280
BOTH = ((NARROW, "light"), (WIDE, "dark"))
ALL = ((NARROW, "light"), (NARROW, "dark"), (WIDE, "light"), (WIDE, "dark"))


class Visitor:
    """Every page that is looked at is held to accessibility, width and quiet."""

    def __init__(self, page):
        self.page, self.url = page, page.url.removesuffix("/home/")

    def go(self, address, name=""):
        self.page.goto(self.url + address)
        if name:
            self.look(name)
        return self.page

    def look(self, name):
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
        found = [(v["id"], [n["target"] for n in v["nodes"]]) for v in Axe().run(self.page).response["violations"]
                 if v["impact"] in SERIOUS]  # fmt: skip
        assert (name, found, self.page.complaints) == (name, [], [])
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert (name, wide) == (name, self.page.viewport_size["width"])

    def look_twice(self, name):
        """On a telephone in the light and on a desk in the dark; pictures are taken of the other two as well."""
        for width, scheme in ALL if SHOTS else BOTH:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            self.look(f"{name}-{width}-{scheme}")

    def press(self, words):
        """A button, and its second question where it asks one; by keyboard alone."""
        self.page.locator(f"main button:has-text('{words}')").focus()
        self.page.keyboard.press("Enter")
        if self.page.locator("dialog.confirm[open]").count():
            self.page.locator("dialog.confirm[open] button:has-text('Yes'), dialog.confirm[open] .button").first.focus()
            self.page.keyboard.press("Enter")

    def send(self, words):
        """Press a button, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.press(words)

    def follow(self, words):
        """A link of the page, by keyboard alone."""
        with self.page.expect_navigation():
            self.page.focus(f"main a:has-text('{words}')")
            self.page.keyboard.press("Enter")

    def unfold(self, words):
        """What is folded away under these words."""
        self.page.focus(f"main summary:has-text('{words}')")
        self.page.keyboard.press("Enter")
