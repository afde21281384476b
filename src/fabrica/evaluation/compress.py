"""What a general compressor makes of the same bytes."""

import lzma

PRESET = 9


def xz_bits(stream: bytes) -> int:
    """The size in bits of the stream compressed as by `xz -9`, container included; it has seen no other text."""
    return 8 * len(lzma.compress(stream, format=lzma.FORMAT_XZ, preset=PRESET))
