"""What a facilitator does on the pages: join, look after a project, and nothing that its members do."""

import time

from tests.journeys.eyes import PATIENCE_MILLISECONDS, Visitor


def invited(ada: Visitor, slug: str, email: str) -> str:
    """The principal investigator invites them; returns the link of the letter that the worker sends."""
    page = ada.page
    ada.go(f"/projects/{slug}/")
    page.fill("#id_email", email)
    page.select_option("#id_role", "facilitator")
    page.click("button:has-text('Send the invitation')")
    page.wait_for_selector(f"#members >> xpath=.. >> text={email}")
    until = time.monotonic() + PATIENCE_MILLISECONDS / 1000
    while (link := ada.site.link_in_letters("/invitations/")) is None and time.monotonic() < until:
        page.wait_for_timeout(200)
    assert link is not None
    return link


def join(max_: Visitor, link: str) -> None:
    """Through the link of the letter, by keyboard alone."""
    max_.go(link)
    max_.page.focus("main form .button")
    max_.page.keyboard.press("Enter")
    max_.page.wait_for_url("**/projects/**")


def look_after(max_: Visitor, slug: str, run: str) -> None:
    """Their project on their home, and whom to write to; on its page nothing to work with, to lead or to launch."""
    page = max_.page
    max_.home_says("Nothing is stuck")
    assert page.locator("#projects ~ .grid h3 a").get_attribute("href") == f"/projects/{slug}/"
    assert page.locator("a[href^='mailto:ada@demo.example?']").inner_text() == "Write to Ada Moreau"
    assert page.locator("text=You have not applied yet").count() == 0
    max_.look("home-facilitator")
    max_.look_at(f"/projects/{slug}/", "project-facilitator")
    assert page.locator("button:has-text('Send the invitation')").count() == 0
    assert {max_.go(address) for address in (run, f"/projects/{slug}/runs/")} == {200}
    assert (page.locator("text=Cancel this run").count(), page.locator("text=Launch a run").count()) == (0, 0)
    assert max_.go(f"/projects/{slug}/runs/new/") in {403, 404}
    max_.complaints.clear()
