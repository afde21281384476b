import pytest
from fabrica.kit.errors import Refused
from fabrica.training.states import FINAL, MOVES, ON_THE_MACHINE, OPEN, State, check_move


def test_every_state_has_a_way_to_an_end():
    reach = set(FINAL)
    while more := {one for one in OPEN if MOVES[one] & reach} - reach:
        reach |= more
    assert reach == set(State)


def test_every_open_state_can_fail_and_be_cancelled():
    assert all(MOVES[one] >= {State.FAILED, State.CANCELLED} for one in OPEN)


def test_what_ended_stays_ended():
    assert set(FINAL) == {State.SUCCEEDED, State.FAILED, State.CANCELLED}
    with pytest.raises(Refused) as told:
        check_move(State.SUCCEEDED, State.RUNNING)
    assert told.value.what == "A run that is succeeded cannot become running."


def test_each_state_is_queued_on_the_machine_or_final():
    assert {State.QUEUED, *ON_THE_MACHINE, *FINAL} == set(State)
