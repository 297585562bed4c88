"""PNG files of about a wanted size: noise that does not compress, and a text chunk that the upstream counts up in."""

import random
import struct
import zlib


def write_png(path, size):
    """Writes the largest square picture that fits `size` bytes."""
    side = 1
    while len(_png(side + 1)) <= size:
        side += max(1, side // 64)
    while len(_png(side)) > size:
        side -= 1
    path.write_bytes(_png(side))
    return path


def _png(side):
    noise = random.Random(side)
    rows = b"".join(b"\0" + noise.randbytes(side * 3) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tEXt", b"Counter\0" + b"0" * 16), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
