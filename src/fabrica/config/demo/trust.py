"""The trust interview, answered over the API: one question after the other, as a person does."""

from collections.abc import Mapping

from fabrica.cli.client import Client

# A model that completes source code in an editor: it writes, but only code, and nobody talks with it.
OF_CODE = {"interacts": "no", "exempt": "yes", "code_only": "yes", "flop": "7.2e13"}
# A model that forecasts the weather: numbers in, numbers out.
OF_WEATHER = {"text": "no", "interacts": "no"}


def interviewed(client: Client, answers: Mapping[str, str]) -> dict[str, str]:
    """Everything that comes up, answered with these, and else as most projects would."""
    told: dict[str, str] = {}
    while left := client.post("/trust/next", told)["questions"]:
        one = left[0]
        told[one["id"]] = answers.get(one["id"], one["usual"])
    return told
