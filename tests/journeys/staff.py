"""What officers and assessors do on the pages."""

from tests.journeys.eyes import Visitor


def take(who: Visitor, name: str) -> None:
    """Open the queue from the home's next step, and the most urgent application."""
    who.page.click(".next-step .button")
    if name == "screen":
        who.look("queue")
    who.page.click("text=Take the most urgent")
    who.page.wait_for_selector("#decide form")
    who.look(f"desk-{name}")


def screen(olga: Visitor) -> None:
    """Eligible."""
    take(olga, "screen")
    olga.page.click("button:has-text('Eligible')")
    olga.page.wait_for_selector("text=Nothing else waits for you.")


def assess(tomas: Visitor) -> None:
    """It fits the machine."""
    take(tomas, "assess")
    tomas.page.check("[name=verdict][value=fit]")
    tomas.page.fill("[name=comment]", "Small, clear, feasible here.")
    tomas.page.check("[name=no_conflict]")
    tomas.page.click("button:has-text('Hand in the assessment')")
    tomas.page.wait_for_selector("text=Nothing else waits for you.")


def award(olga: Visitor) -> None:
    """What was recommended; asked once more before it is booked."""
    take(olga, "decide")
    olga.page.click("button[value=award]")
    olga.page.click("dialog >> text=Yes, go on")
    olga.page.wait_for_selector("text=Nothing else waits for you.")
