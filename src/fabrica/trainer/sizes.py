"""What a recipe amounts to: parameters, tokens, floating-point operations. Standard library only."""

from fabrica.trainer.recipe import Recipe


def parameter_count(recipe: Recipe) -> int:
    """The exact number of trainable weights; the embedding is shared with the output and counts once."""
    shape = recipe.model
    attention = 4 * shape.width**2
    feed_forward = 3 * shape.width * shape.hidden
    gains = 2 * shape.width
    return recipe.vocab_size * shape.width + shape.layers * (attention + feed_forward + gains) + shape.width


def tokens_per_step(recipe: Recipe) -> int:
    """Tokens predicted in one step: sequences times context."""
    return recipe.batch * recipe.model.context


def flops_per_token(recipe: Recipe) -> int:
    """Floating-point operations of training on one token, forward and backward: 6 N + 12 L W T.

    N parameters, L layers, W width, T context; attention is counted in full, not halved for causality. Source:
    Chowdhery et al. 2022, PaLM (arXiv 2204.02311), appendix B; the 6 N is Kaplan et al. 2020 (arXiv 2001.08361).
    """
    shape = recipe.model
    return 6 * parameter_count(recipe) + 12 * shape.layers * shape.width * shape.context


def training_flops(recipe: Recipe) -> int:
    """Floating-point operations of the whole training: `flops_per_token` times all tokens of all steps."""
    return flops_per_token(recipe) * tokens_per_step(recipe) * recipe.steps
