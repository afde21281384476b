"""Decimals that are never rounded: a result that does not fit raises, instead of losing a cent."""

from decimal import Clamped, Context, Decimal, Inexact, InvalidOperation, Overflow

EXACT = Context(prec=20_000, traps=[Clamped, Inexact, InvalidOperation, Overflow])
ZERO, WHOLE = Decimal(0), Decimal(100)


def share_of(amount: Decimal, percent: Decimal) -> Decimal:
    """So many per cent of an amount."""
    return amount if percent == WHOLE else EXACT.multiply(amount, percent).scaleb(-2, EXACT)


def plus(first: Decimal, second: Decimal) -> Decimal:
    """The sum."""
    return EXACT.add(first, second)


def text(amount: Decimal) -> str:
    """An amount as people write it, without exponent and without zeros at the end."""
    plain = format(amount, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
