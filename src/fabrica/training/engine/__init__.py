"""What a run's files say, how long it may take, and what an ended attempt means. Pure functions."""

from fabrica.training.engine.ending import ENDING_OF_HOLD, Ending, ending
from fabrica.training.engine.evaluating import EVALUATION_SECONDS, Evaluated, check_evaluated, evaluated_in_job
from fabrica.training.engine.limits import (
    DEFAULT_COMMAND_SECONDS,
    MAX_ATTEMPTS,
    MAX_TIME_LIMIT_SECONDS,
    MIN_ATTEMPT_SECONDS,
    MIN_TIME_LIMIT_SECONDS,
    check_command,
    check_nodes,
    in_container,
    time_limit,
    wait_after,
)
from fabrica.training.engine.reading import (
    Failure,
    Line,
    Lines,
    Progress,
    Result,
    keeps,
    printable,
    read_failure,
    read_lines,
    read_progress,
    read_result,
)
from fabrica.training.engine.reasons import Words
from fabrica.training.engine.waiting import is_about_hours, reason_code, words_of_reason

__all__ = [
    "DEFAULT_COMMAND_SECONDS",
    "ENDING_OF_HOLD",
    "EVALUATION_SECONDS",
    "MAX_ATTEMPTS",
    "MAX_TIME_LIMIT_SECONDS",
    "MIN_ATTEMPT_SECONDS",
    "MIN_TIME_LIMIT_SECONDS",
    "Ending",
    "Evaluated",
    "Failure",
    "Line",
    "Lines",
    "Progress",
    "Result",
    "Words",
    "check_command",
    "check_evaluated",
    "check_nodes",
    "ending",
    "evaluated_in_job",
    "in_container",
    "is_about_hours",
    "keeps",
    "printable",
    "read_failure",
    "read_lines",
    "read_progress",
    "read_result",
    "reason_code",
    "time_limit",
    "wait_after",
    "words_of_reason",
]
