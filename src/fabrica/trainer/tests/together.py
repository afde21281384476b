"""One process of several that train on what a test laid into a folder; prints what it saw as one line of JSON.

`python -m fabrica.trainer.tests.together FOLDER UNTIL FAULTY`: wishes to stop at step UNTIL (rank 1 alone does); rank
FAULTY fails at step 3, each -1 for never.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np

from fabrica.kit.errors import Refused
from fabrica.trainer.alone import Interrupted
from fabrica.trainer.group import join
from fabrica.trainer.loop import Trainer
from fabrica.trainer.place import place_from
from fabrica.trainer.recipe import recipe_from


def main(folder, until, faulty):
    group = join(place_from(os.environ), "test", seconds=60)
    losses = {}
    seen = {"losses": losses}

    def tell(report):
        if group.rank == faulty and report.step == 3:
            raise Refused("This one fails.", why="It was told to.", todo="Nothing.")
        losses[report.step] = report.loss

    code = 0
    try:
        recipe = recipe_from(json.loads((folder / "recipe.json").read_text()))
        group.connect()
        trainer = Trainer(recipe, np.load(folder / "tokens.npy"), folder / "checkpoints", group)
        seen["finished"] = trainer.run(tell, lambda: group.rank == 1 and trainer.step == until)
        raw = b"".join(value.numpy().tobytes() for value in trainer.model.state_dict().values())
        seen |= {"weights": hashlib.sha256(raw).hexdigest(), "step": trainer.step}
    except (Refused, OSError, Interrupted) as problem:
        seen["problem"], code = str(problem), 3
        if isinstance(problem, Refused):
            group.tell(problem)
    seen["code"] = group.part(code, orderly=not code)
    print(json.dumps(seen))


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
