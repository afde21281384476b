"""A decoder-only transformer: RMSNorm before each part, rotary positions, SwiGLU, embedding tied to the output."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from fabrica.trainer.recipe import ModelShape, Recipe

INIT_DEVIATION = 0.02
ROTARY_BASE = 10_000.0


def rotary(context: int, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines (context, head_width / 2) of rotary positions (Su et al. 2021, arXiv 2104.09864)."""
    rates = ROTARY_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    angles = torch.outer(torch.arange(context, dtype=torch.float32), rates)
    return angles.cos(), angles.sin()


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each pair (first half, second half) of x (..., tokens, head_width) by its position's angle."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Attention(nn.Module):
    """Causal self-attention with rotary positions; queries and keys are normalised, which keeps training stable."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.mix = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        heads = self.mix(x).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        size = (query.shape[-1],)
        query = turn(functional.rms_norm(query, size), cos, sin).to(value.dtype)
        key = turn(functional.rms_norm(key, size), cos, sin).to(value.dtype)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.out(seen.transpose(1, 2).reshape(batch, tokens, width))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention, then SwiGLU (Shazeer 2020, arXiv 2002.05202), each behind an RMSNorm and added to its input."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.norm_1 = nn.RMSNorm(shape.width)
        self.attention = Attention(shape)
        self.norm_2 = nn.RMSNorm(shape.width)
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.norm_1(x), cos, sin)
        y = self.norm_2(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))  # type: ignore[no-any-return]


class Model(nn.Module):
    """Tokens (batch, tokens) to logits (batch, tokens, vocab_size); at most `context` tokens at once."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: ModelShape, vocab_size: int) -> None:
        super().__init__()
        self.shape, self.vocab_size = shape, vocab_size
        self.embedding = nn.Embedding(vocab_size, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width)
        cos, sin = rotary(shape.context, shape.width // shape.heads)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length])
        return functional.linear(self.norm(x), self.embedding.weight)


def new_model(recipe: Recipe) -> Model:
    """The untrained model of a recipe: every matrix from N(0, 0.02) by the recipe's seed, every gain 1."""
    model = Model(recipe.model, recipe.vocab_size)
    dice = torch.Generator().manual_seed(recipe.seed)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=INIT_DEVIATION, generator=dice)
    return model
