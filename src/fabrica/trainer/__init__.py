"""Training one small language model: what is trained (recipe), on what (texts, tokenizer), how (model, loop).

Words: a *recipe* is the typed, complete description of a training; a *document* is one text file; a *stream* is
documents as bytes, each ended by one NUL; a *step* is one update of the weights; a *checkpoint* is all that is
needed to go on as if nothing had happened. Knows no job, no portal and no Django; `recipe` and `sizes` load no
numerical library, so that a form can check a recipe.
"""

import os

# Threads that wait for each other sleep instead of spinning: on processors shared with other work (a portal beside the
# training) spinning halves the speed, alone it gains little. It is read when PyTorch's thread library loads, so here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
