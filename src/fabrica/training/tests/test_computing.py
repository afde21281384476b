"""What a run took is told to trust when it ends, also when it failed, and an award when it is made."""

import pytest
from fabrica.clusters.adapters.fake import Outcome
from fabrica.kit.errors import Refused
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.sizes import training_flops
from fabrica.training.models import Run
from fabrica.training.services.computing import operations_of
from fabrica.training.tests.test_following import AllAlike, fresh, turn
from fabrica.trust.models import ComputeEstimate
from fabrica.trust.services.purposes import propose_purpose


def rows(subject):
    return {row.method: row for row in ComputeEstimate.objects.filter(subject=subject)}


def test_a_failed_runs_hours_count_for_its_model_and_an_award_is_looked_at_when_made(site, clock, fake):
    award = rows(f"award:{site.project.slug}")
    assert award["granted"].gpu_seconds == site.award.gpu_seconds
    assert award["architecture"].flop == 6 * 4_000_000 * 2_000_000 * 3  # as its application says: three runs
    fake.outcomes = AllAlike(Outcome(seconds=30.0, exit_code=3))
    run = site.launch(clock.now)
    for _turn in range(3):
        turn(clock, 20.0)
    run = fresh(run)
    assert (run.state, run.used_gpu_seconds) == ("failed", 30)
    model = rows(f"model:{site.project.slug}/tiny")
    assert (model["metered"].gpu_seconds, model["metered"].flop > 0, model["architecture"].flop) == (30, True, None)


def test_operations_are_counted_up_to_the_last_step_that_was_reached():
    recipe = {"name": "tiny"}
    whole = training_flops(recipe_from(recipe))
    run = Run(kind="train", recipe=recipe, steps=100, step=25)
    assert operations_of(run) == whole / 4
    run.step = 10**9  # what a job says of itself is not believed beyond its recipe
    assert operations_of(run) == whole
    assert operations_of(Run(kind="train", recipe={"gone": 1}, steps=100, step=25)) is None
    assert operations_of(Run(kind="command", recipe=None)) is None


def test_nothing_is_launched_while_another_purpose_is_under_review(site, clock):
    propose_purpose(
        project=site.project, purpose="To sort people.", reason="A customer asked.", by=site.cast.applicant,
        now=clock.now,
    )  # fmt: skip
    with pytest.raises(Refused, match="under review"):
        site.launch(clock.now)
