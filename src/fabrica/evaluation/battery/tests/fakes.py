"""A subject whose costs and words are given, so that a probe's verdict is known beforehand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


def uniform(text: str) -> float:
    """Eight bits for each byte: what a model that knows nothing pays."""
    return 8.0 * len(text.encode())


@dataclass(frozen=True, eq=False)
class FakeSubject:
    """`cost(text)` is what a text costs in bits, `say(prompt, number, seed)` what follows a prompt."""

    cost: Callable[[str], float] = uniform
    say: Callable[[str, int, int], str] = field(default=lambda _prompt, _number, _seed: "")
    twin: "FakeSubject | None" = None
    sha256: str = "0" * 64

    @property
    def untrained(self) -> "FakeSubject":
        return self.twin or FakeSubject()

    def bits(self, texts: Sequence[str]) -> list[float]:
        return [self.cost(text) for text in texts]

    def generate(self, prompts: Sequence[str], *, tokens: int, seed: int) -> list[str]:
        return [self.say(prompt, number, seed) for number, prompt in enumerate(prompts)]
