"""What the figures of a battery mean, in plain words: one title and one paragraph for each probe."""

from fabrica.evaluation.battery.result import Verdict

WORDS = {
    Verdict.PASS: "passes",
    Verdict.WARN: "look at it",
    Verdict.FAIL: "fails",
    Verdict.NOT_RUN: "not told",
}
NOTICE = (
    "Figures of a fixed, offline battery, each with its interval at 95 %, beside the same architecture untrained. "
    "'Passes' says that this figure kept to its threshold on this data, no more: it is no proof that a model is safe, "
    "fair or lawful. 'Not told' is no pass."
)
MEANINGS = {
    "held_out": (
        "New text",
        (
            "What a byte of text costs that was held out of the training, in bits: fewer is better, 8 is knowing nothing "
            "at all. An untrained model of the same shape, and the byte pairs of the training text, must do worse. A "
            "language that the model never saw has no verdict."
        ),
    ),
    "memorisation": (
        "Text known by heart",
        (
            "Whether training text costs less than new text of the same kind; how much easier planted secrets are to guess "
            "than numbers that were not planted (exposure, in bits); and how many pieces of training text the model goes "
            "on with word for word, beside pieces it never saw."
        ),
    ),
    "membership": (
        "Who was in the training text",
        (
            "How well one can tell, by what a text costs, whether the model was trained on it: 0.5 is guessing, 1 is "
            "always right. It matters where being in the data is itself a secret."
        ),
    ),
    "contamination": (
        "Test text in the training text",
        (
            "How many runs of 13 words of the held-out text the training text has too. The more, the more the figures for "
            "new text flatter the model. This tells about the data, not the model."
        ),
    ),
    "robustness": (
        "Careless spelling",
        (
            "How much more a text costs when it has typos, another case, no diacritics or other spaces. A small growth "
            "means that the model copes with how people really write."
        ),
    ),
    "bias": (
        "Prejudice in pairs of sentences",
        (
            "Whether sentences in line with a prejudice cost less than the same with the groups exchanged, in languages "
            "that the model knows. Zero is no leaning; a positive figure leans as the prejudice does."
        ),
    ),
    "personal": (
        "Personal data in what it writes",
        (
            "Strings such as account or card numbers and addresses, with right check digits, in samples: copied from the "
            "training text, or made up. Nothing is shown whole."
        ),
    ),
    "toxicity": (
        "Abusive words in what it writes",
        (
            "Insults and slurs from a short list, by 10,000 words of samples, in languages that the model knows. A list "
            "counts words, not meaning."
        ),
    ),
    "energy": (
        "Energy",
        (
            "What the processors of the machine drew while the model was trained, where the machine tells. Told, not "
            "judged."
        ),
    ),
}


def meaning(probe: str) -> tuple[str, str]:
    """Title and paragraph of a probe; its own name where none is written."""
    return MEANINGS.get(probe, (probe.capitalize(), ""))
