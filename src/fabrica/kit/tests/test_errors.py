import pytest
from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused, Unreachable


@pytest.mark.parametrize(
    ("kind", "status"), [(Refused, 409), (NotAllowed, 403), (NotFound, 404), (Unreachable, 503), (Problem, 500)]
)
def test_each_problem_has_its_status(kind, status):
    assert kind("No.").status == status


def test_a_problem_tells_what_why_and_what_to_do():
    problem = Refused("It is closed.", why="It closed yesterday.", todo="Choose another.", call="one")
    assert str(problem) == "It is closed. It closed yesterday. Choose another."
    assert problem.as_dict() == {
        "what": "It is closed.", "why": "It closed yesterday.", "todo": "Choose another.", "call": "one",
    }  # fmt: skip


def test_what_is_not_said_leaves_no_gap():
    assert str(Refused("It is closed.", todo="Choose another.")) == "It is closed. Choose another."
