from datetime import timedelta

import pytest
from fabrica.kit.errors import Refused
from fabrica.training.engine import check_command, in_container, time_limit, wait_after


@pytest.mark.parametrize(
    ("planned", "given", "limit"),
    [(10, None, 600), (1_000, None, 3_000), (1_000, 60, 60), (None, None, 3_600), (None, 90, 90), (0, None, 600)],
)
def test_the_time_limit_is_the_given_one_else_thrice_the_plan_with_a_floor(planned, given, limit):
    assert time_limit(planned, given) == limit


@pytest.mark.parametrize(("planned", "given"), [(10, 0), (10, 29), (10, 604_801), (400_000, None), (10, -5)])
def test_a_time_limit_out_of_bounds_is_refused(planned, given):
    with pytest.raises(Refused) as told:
        time_limit(planned, given)
    assert told.value.why == "A run takes between 30 and 604,800 seconds."


def test_waits_double_and_stop_growing_at_two_minutes():
    assert [wait_after(tries) for tries in (1, 2, 3, 6, 7, 1_000)] == [
        timedelta(seconds=seconds) for seconds in (2, 4, 8, 64, 120, 120)
    ]


@pytest.mark.parametrize("command", [[], [""], ["  "], ["true", 1], ["x" * 4_001], ["true"] * 201, ["a\0b"], [None]])
def test_a_command_that_is_no_list_of_texts_is_refused(command):
    with pytest.raises(Refused) as told:
        check_command(command)
    assert told.value.what == "The command cannot be run."


def test_a_command_is_taken_as_it_is():
    assert check_command(["sh", "-c", "echo $(x) ''", ""]) == ["sh", "-c", "echo $(x) ''", ""]


def test_a_container_gets_the_data_for_reading():
    assert in_container("/images/a.sif", ["python3", "x.py"], ["/data/one"]) == [
        "apptainer", "exec", "--bind", "/data/one:/data/one:ro", "/images/a.sif", "python3", "x.py",
    ]  # fmt: skip


@pytest.mark.parametrize("image", ["a.sif", "docker://alpine", "/x,y.sif", "/a\0b", "-x"])
def test_an_image_that_is_no_full_path_is_refused(image):
    with pytest.raises(Refused):
        in_container(image, ["true"], [])
