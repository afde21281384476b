"""Every next step as the portal says it. `%(...)s` is filled with the step's words."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext_lazy

from fabrica.portal.engine import Kind, Stuck

Text = str | Promise


@dataclass(frozen=True)
class Saying:
    """Title, reason and link: an address by name with its label, and a fragment for a part of the page."""

    title: Text
    why: Text
    address: str = ""
    label: Text = ""
    fragment: str = ""


SAYINGS: dict[Kind, Saying] = {
    Kind.DECIDE: Saying(
        ngettext_lazy("%(count)d application waits for you", "%(count)d applications wait for you", "count"),
        "",
        "portal:queue",
        gettext_lazy("Open the queue"),
    ),
    Kind.QUEUE_EMPTY: Saying(
        gettext_lazy("Nothing waits for you"),
        gettext_lazy("Every application is decided, or waits for somebody else."),
        "portal:queue",
        gettext_lazy("See the queue"),
    ),
    Kind.REVIEW: Saying(
        ngettext_lazy("%(count)d review waits for you", "%(count)d reviews wait for you", "count"),
        gettext_lazy("Say first whether you have a conflict of interest; then you read the application."),
        "reviews:mine",
        gettext_lazy("See your reviews"),
    ),
    Kind.NOTHING_TO_REVIEW: Saying(
        gettext_lazy("Nothing to review now"),
        gettext_lazy("We write to you when you are asked for a review."),
        "reviews:mine",
        gettext_lazy("See your reviews"),
    ),
    Kind.JOIN_POOL: Saying(
        gettext_lazy("You are invited into the pool of experts"),
        gettext_lazy("Tell us what you know and how much you can take, or decline."),
        "reviews:profile",
        gettext_lazy("Answer the invitation"),
    ),
    Kind.RANK: Saying(
        ngettext_lazy(
            "%(count)d application waits for the panel", "%(count)d applications wait for the panel", "count"
        ),
        gettext_lazy("Its experts have reviewed it, and the time for an answer is over."),
        "portal:panels",
        gettext_lazy("Open the panel"),
    ),
    Kind.NOTHING_TO_RANK: Saying(
        gettext_lazy("Nothing waits for the panel"),
        gettext_lazy("We write to you when applications are to be ranked."),
        "portal:panels",
        gettext_lazy("Open the panel"),
    ),
    Kind.BOARD: Saying(
        gettext_lazy("Look at the desk of the ethics board"),
        gettext_lazy("We write to you when your vote is asked for, or evidence was given."),
        "trust:desk",
        gettext_lazy("Open the desk"),
    ),
    Kind.REGISTER: Saying(
        gettext_lazy("Register your organisation"),
        gettext_lazy("Applications are made by organisations. You need the legal name and the registration number."),
        "people:organisation_new",
        gettext_lazy("Register your organisation"),
    ),
    Kind.ANSWER: Saying(
        gettext_lazy("Accept or decline the award"),
        gettext_lazy("Hours are offered to %(title)s. They are kept for you until your answer is due."),
        "portal:answer",
        gettext_lazy("Read it and answer"),
    ),
    Kind.MEND: Saying(
        gettext_lazy("Mend your application and submit it again"),
        gettext_lazy(
            "%(title)s was sent back: the officer asks you to change something. What, stands at the top of the form."
        ),
        "applications:edit",
        gettext_lazy("Change your answers"),
    ),
    Kind.SHOW_CONDITION: Saying(
        gettext_lazy("Show how a condition is met"),
        gettext_lazy("%(title)s: %(owed)s. The award waits for it; it is due on %(due)s."),
        "trust:condition",
        gettext_lazy("Give the evidence"),
    ),
    Kind.MEND_DATA: Saying(
        gettext_lazy("Your data could not be copied"),
        gettext_lazy("The copying into %(project)s stopped. The project's page says why and what you can do."),
        "portal:project",
        gettext_lazy("See what happened"),
        "#data",
    ),
    Kind.CHOOSE_DATA: Saying(
        gettext_lazy("Choose your data"),
        gettext_lazy("%(project)s is ready on the machine. Choose a dataset from the catalogue, or bring your own."),
        "dataspaces:list",
        gettext_lazy("Open the catalogue"),
    ),
    Kind.LAUNCH: Saying(
        gettext_lazy("Launch your first run"),
        gettext_lazy(
            "The data of %(project)s is in place. You see the plan, its time and its GPU-hours before anything starts."
        ),
        "training:new",
        gettext_lazy("Launch a run"),
    ),
    Kind.MEND_RUN: Saying(
        gettext_lazy("Your run failed"),
        gettext_lazy(
            "Run %(run)s of %(project)s ended before its model was finished. Its page says why and what to do."
        ),
        "training:run",
        gettext_lazy("See why"),
    ),
    Kind.ASSESS_IMPACT: Saying(
        gettext_lazy("Assess the impact on the people whose data you use"),
        gettext_lazy("%(title)s uses personal data for training. Its data waits until an impact assessment is signed."),
        "trust:impact",
        gettext_lazy("Open the impact assessment"),
    ),
    Kind.FINISH_DRAFT: Saying(
        gettext_lazy("Finish your application"),
        gettext_lazy(
            "%(title)s is a draft. It is saved as you write; nobody but your organisation sees it until you submit it."
        ),
        "applications:edit",
        gettext_lazy("Go on writing"),
    ),
    Kind.WATCH: Saying(
        gettext_lazy("Watch your run"),
        gettext_lazy(
            "Run %(run)s of %(project)s is under way. If it is interrupted, it goes on from its last checkpoint."
        ),
        "training:run",
        gettext_lazy("Watch it"),
    ),
    Kind.WAIT_ACCOUNT: Saying(
        gettext_lazy("Your account on the machine is being made"),
        gettext_lazy("%(project)s is open. We write to you as soon as its account was read back from the machine."),
        "portal:project",
        gettext_lazy("See the project"),
    ),
    Kind.WAIT_STAGING: Saying(
        gettext_lazy("Your data is being copied"),
        gettext_lazy("Every file for %(project)s is checked as it is copied. Then you can launch a run."),
        "portal:project",
        gettext_lazy("See how far it is"),
        "#data",
    ),
    Kind.HELP: Saying(
        ngettext_lazy("%(count)d project needs your help", "%(count)d projects need your help", "count"),
        gettext_lazy("%(project)s is stuck. What keeps it is said beside it below."),
        "portal:project",
        gettext_lazy("See the project"),
    ),
    Kind.NOTHING_STUCK: Saying(
        gettext_lazy("Nothing is stuck"),
        gettext_lazy("The projects you help go on. Here you will see when one of them does not."),
        "home",
        gettext_lazy("See your projects"),
        "#projects",
    ),
    Kind.WAIT_DECISION: Saying(
        gettext_lazy("Wait for our decision"),
        gettext_lazy("We have %(title)s. You hear from us by %(due)s; we write to you when something changes."),
        "applications:detail",
        gettext_lazy("See where it stands"),
    ),
    Kind.LOOK_AT_MODEL: Saying(
        gettext_lazy("Look at your model"),
        gettext_lazy(
            "The model of %(project)s is registered: measured, documented and signed. You can "
            "download it, and publish it."
        ),
        "",
        gettext_lazy("See the model"),
    ),
    Kind.PUBLISH_DATA: Saying(
        gettext_lazy("Publish your first dataset"),
        gettext_lazy(
            "Describe it, name its licence and policy, and upload the files. Nobody uses it "
            "without accepting your terms."
        ),
        "dataspaces:mine",
        gettext_lazy("Begin"),
    ),
    Kind.SEE_USAGE: Saying(
        gettext_lazy("See who uses your data"),
        gettext_lazy("Every project that accepted your terms, for what purpose, and since when."),
        "dataspaces:mine",
        gettext_lazy("See the use"),
    ),
    Kind.OPERATE: Saying(
        gettext_lazy("Look after the factory"),
        gettext_lazy(
            "The start page shows how busy the machines are. Calls, machines and accounts are "
            "kept in the administration and with the command fabrica-site."
        ),
        "portal:start",
        gettext_lazy("See the machines"),
    ),
    Kind.APPLY: Saying(
        gettext_lazy("Apply for computing time"),
        ngettext_lazy(
            "One call is open. The planner tells you how many hours your model needs.",
            "%(count)d calls are open. The planner tells you how many hours your model needs.",
            "count",
        ),
        "calls:list",
        gettext_lazy("See the open calls"),
    ),
    Kind.NO_CALL: Saying(
        gettext_lazy("Wait for the next call"),
        gettext_lazy("No call is open at the moment. New ones stand on the page of calls."),
        "calls:list",
        gettext_lazy("See the calls"),
    ),
}


STUCK: dict[Stuck, Text] = {
    Stuck.ACCOUNT: gettext_lazy("its account on the machine is not ready"),
    Stuck.DATA: gettext_lazy("its data could not be copied"),
    Stuck.RUN: gettext_lazy("its last run failed"),
    Stuck.HOURS: gettext_lazy("no hours are left"),
    Stuck.REPORT: gettext_lazy("a report is late"),
}
