"""What a machine's word for waiting means."""

import pytest
from fabrica.training.engine import is_about_hours, words_of_reason
from fabrica.training.engine.reasons import BY_BUILD, BY_NAME, CLOSED, NO_HOURS, UNKNOWN

EVERY = [*BY_NAME.values(), *(words for _pattern, words in BY_BUILD), UNKNOWN]
BUDGET = [
    "QOSGrpGRESMinutes", "AssocGrpGRESMinutes", "QOSGrpCPUMinutesLimit", "AssocGrpCPUMinutesLimit",
    "QOSGrpBillingMinutes", "QOSGrpWallLimit",
]  # fmt: skip


def test_every_word_has_a_sentence_and_something_to_do():
    assert [words for words in EVERY if not (words.sentence.endswith(".") and words.todo.endswith("."))] == []


@pytest.mark.parametrize("code", BUDGET)
def test_a_budget_that_is_used_up_asks_for_more_hours(code):
    assert (words_of_reason(code), is_about_hours(code)) == (NO_HOURS, True)


def test_a_project_that_was_closed_for_new_jobs_may_ask_for_hours_too():
    assert (words_of_reason("QOSGrpSubmitJobsLimit"), is_about_hours("QOSGrpSubmitJobsLimit")) == (CLOSED, True)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("Priority", "Jobs with a higher priority are ahead of it."),
        ("Resources", "It is next, and waits until enough devices are free."),
        ("QOSGrpGRES", "The project uses as many devices as it may at the same time."),
        ("AssocGrpNodeLimit", "The project uses as many devices as it may at the same time."),
        ("QOSGrpGRESRunMinutes", "The project's running jobs may still use all that it may have running at once."),
        ("QOSMaxGRESPerJob", "It asks for more devices than one job may have."),
        ("QOSMaxNodePerJobLimit", "It asks for more devices than one job may have."),
        ("QOSMaxGRESPerUser", "You or your project use as many devices as one may at the same time."),
        ("MaxGRESPerAccount", "You or your project use as many devices as one may at the same time."),
        ("AssocMaxCpuMinutesPerJobLimit", "Its devices times its time limit are more hours than one job may have."),
        ("QOSMinGRES", "It asks for fewer devices than a job must have here."),
        ("JobHeldAdmin", "An operator of the machine holds it back."),
        ("launch failed requeued held", "The machine tried to start it several times in vain, and holds it back now."),
        ("ReqNodeNotAvail, UnavailableNodes:n[1-9]", "The nodes that it needs are down or reserved, for example for "
         "maintenance."),
        ("(Priority)", "Jobs with a higher priority are ahead of it."),
        ("ReqNodeNotAvail(Unavailable:n1)", "The nodes that it needs are down or reserved, for example for maintenance."),
        ("Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
         "The nodes that it needs are down or reserved, for example for maintenance."),
    ],
)  # fmt: skip
def test_it_means(code, sentence):
    assert words_of_reason(code).sentence == sentence
    assert is_about_hours(code) is False


@pytest.mark.parametrize("code", ["NewInSlurm99", "qosgrpgres", "QOSGrpGRESMinutesX", "<b>"])
def test_a_word_nobody_knows_is_shown_as_it_is(code):
    assert words_of_reason(code) == (
        f"The machine says why it waits in a word we do not know: {code}.", "Ask the operator.",
    )  # fmt: skip


def test_the_words_are_translated_by_whoever_shows_them():
    assert words_of_reason("Priority", str.upper).todo == "IT MOVES UP BY ITSELF."
    assert words_of_reason("New", lambda text: f"fr {text}").sentence == (
        "fr The machine says why it waits in a word we do not know: New."
    )
