"""A tiny model that knows its training text by heart, planted secrets included, and the texts that it never saw."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fabrica.evaluation.battery import canaries
from fabrica.evaluation.battery.context import Context, Sizes
from fabrica.evaluation.battery.material import Document, Material, Source
from fabrica.evaluation.battery.profiles import Profile
from fabrica.evaluation.battery.subject import PackagedSubject
from fabrica.trainer.loop import Trainer
from fabrica.trainer.model import new_model
from fabrica.trainer.package import Packaged
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.tokens import encode, train_tokenizer

SIZES = Sizes(
    pieces=40, piece_bytes=240, scan_bytes=10**6, canary_rivals=127, samples=2, pairs=1, texts=4, taught_bytes=10_000
)
PROFILE = Profile("quick", 1e9, SIZES)
SHAPE = {"name": "tiny", "steps": 200, "batch": 8, "model": {"context": 64}}
SOURCE = Source("texts@1", Path("/data/texts"), "en")


@dataclass(frozen=True)
class Learnt:
    """What there is to measure."""

    subject: PackagedSubject
    material: Material

    def context(self, subject=None, **changes):
        return Context(subject or self.subject, self.material, SIZES, **changes)

    def untrained(self, seed):
        """Another model of the same shape that saw nothing, of another seed than the twin."""
        model = new_model(recipe_from(SHAPE | {"seed": seed}))
        return PackagedSubject(Packaged(model, self.subject.packaged.tokenizer), 1)


@cache
def learnt():
    text = "".join(path.read_text() for path in sorted(Path(json.__file__).parent.glob("*.py"))).encode()
    pieces = [text[at : at + 300] for at in range(0, 8_400, 300)]
    training, held_out = pieces[:14], pieces[14:]
    secrets = canaries.make(3, 1)
    planted = canaries.plant(training, secrets, 1)
    tokenizer = train_tokenizer(planted, 320, 50_000)
    trainer = Trainer(recipe_from(SHAPE), encode(tokenizer, planted))
    trainer.run(lambda _report: None)
    documents = (tuple(Document(raw, SOURCE) for raw in part) for part in (held_out, training))
    return Learnt(PackagedSubject(Packaged(trainer.model, tokenizer), 1), Material(*documents, secrets))
