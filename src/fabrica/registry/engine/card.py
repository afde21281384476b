"""The card's words, by the name they had before there were other documents."""

from fabrica.registry.engine.documents.card import comparisons, known, render_card
from fabrica.registry.engine.documents.schema import at

__all__ = ["at", "comparisons", "known", "render_card"]
