"""What Slurm's error words mean: an answer that never came, or a refusal to be told in a sentence. Pure."""

from fabrica.kit.errors import Problem, Refused, Unreachable

# Words of answers that did not come: the command may or may not have had its effect.
_SILENT = (
    "unable to contact", "connection refused", "connection timed out", "socket timed out", "zero bytes",
    "communication connection failure", "problem talking to the database", "no route to host", "unable to establish",
    "could not contact", "transport failure", "connection reset", "slurm backup controller", "not responding",
    "database is busy",
    "unable to connect to database", "persistent connection", "protocol authentication error", "temporarily unable",
)  # fmt: skip
# Programs that only read: where one fails for a reason nobody knows, nothing is known, and it is asked again.
_READING = ("squeue", "sacct", "sinfo")
_REFUSALS = (
    (
        "invalid account",
        "The machine does not let this job be charged to its account.",
        "The account is missing there, or its UNIX account may not charge it.",
        "Ask the operator to run `fabrica-site clusters plan`.",
    ),
    (
        "invalid qos",
        "The machine does not know the budget (QoS) of this project.",
        "It was removed or may not be used in this partition.",
        "Ask the operator to run `fabrica-site clusters plan`.",
    ),
    (
        "job violates accounting/qos policy",
        "The project may submit no more jobs.",
        "Its hours are used up, or a limit of the site is reached.",
        "See the project's hours; ask for more, or wait until a job ends.",
    ),
    (
        "time limit",
        "The job asks for more time than the partition allows.",
        "",
        "Give a shorter time limit.",
    ),
    (
        "node configuration is not available",
        "No node of this machine can ever run this job.",
        "It asks for more devices, memory or processors than a node has.",
        "Ask for less, or spread the devices over more nodes.",
    ),
    (
        "invalid partition",
        "The partition of this access mode does not exist on the machine.",
        "",
        "Ask the operator to compare the machine's file with its partitions.",
    ),
    (
        "a password is required",
        "Fabrica may not run commands as the project's account.",
        "sudo asked for a password.",
        "Ask the operator to install the sudo rule of docs/operator/slurm.md.",
    ),
    (
        "unknown user",
        "The project's UNIX account does not exist on the machine.",
        "",
        "Ask the operator to create it; `fabrica-site clusters plan` names it.",
    ),
)


def is_silent(text: str) -> bool:
    """Whether the words tell of an answer that never came."""
    lower = text.lower()
    return any(words in lower for words in _SILENT)


def problem_of(program: str, text: str) -> Problem:
    """What a command that ended badly means: Unreachable where nothing is known, else Refused in a sentence."""
    lower = text.lower()
    if is_silent(text):
        return Unreachable(
            f"{program} did not reach Slurm.", why=text.strip()[:300], todo="It is tried again by itself."
        )
    for words, what, why, todo in _REFUSALS:
        if words in lower:
            return Refused(what, why=why or text.strip()[:300], todo=todo)
    if program in _READING:
        return Unreachable(f"{program} failed.", why=text.strip()[:300], todo="It is tried again by itself.")
    return Refused(f"{program} refused.", why=text.strip()[:300], todo="Ask the operator.")
