#!/usr/bin/env python3
"""Makes pictures of the tiles that tracer.wasm has drawn. Needs nothing but Python.

    ./stitch.py result/ picture.png      one frame: a picture; several frames: an animation (APNG), which browsers play

The tiles are the files of the folder in the order of the numbers in their names, or those of a list of files.
"""

import pathlib
import re
import struct
import sys
import zlib


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def frames_of(tiles: list[bytes]) -> tuple[int, int, list[bytes]]:
    """Returns width, height and the pixels of each frame. A frame begins with the tile whose corner is 0, 0."""
    places = [struct.unpack_from("<4H", tile) for tile in tiles]
    width = max(x + w for x, _, w, _ in places)
    height = max(y + h for _, y, _, h in places)
    frames: list[bytearray] = []
    for (x, y, w, h), tile in zip(places, tiles):
        if (x, y) == (0, 0):
            frames.append(bytearray(width * height * 3))
        for row in range(h):
            start = ((y + row) * width + x) * 3
            frames[-1][start : start + w * 3] = tile[8 + row * w * 3 : 8 + (row + 1) * w * 3]
    return width, height, [bytes(frame) for frame in frames]


def compress(width: int, height: int, pixels: bytes) -> bytes:
    """Each row is stored as the difference from the row above it (PNG filter 2), which packs better."""
    above, packed = bytes(width * 3), bytearray()
    for y in range(height):
        row = pixels[y * width * 3 : (y + 1) * width * 3]
        packed.append(2)
        packed += bytes((a - b) & 255 for a, b in zip(row, above))
        above = row
    return zlib.compress(bytes(packed), 9)


def png(tiles: list[bytes], frames_per_second: int = 25) -> bytes:
    width, height, frames = frames_of(tiles)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    if len(frames) == 1:
        return out + chunk(b"IDAT", compress(width, height, frames[0])) + chunk(b"IEND", b"")
    out += chunk(b"acTL", struct.pack(">II", len(frames), 0))
    sequence = 0
    for number, frame in enumerate(frames):
        out += chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, 1, frames_per_second, 0, 0))
        sequence += 1
        body = compress(width, height, frame)
        if number == 0:
            out += chunk(b"IDAT", body)
        else:
            out += chunk(b"fdAT", struct.pack(">I", sequence) + body)
            sequence += 1
    return out + chunk(b"IEND", b"")


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    *sources, target = map(pathlib.Path, sys.argv[1:])
    files = [file for source in sources for file in (source.iterdir() if source.is_dir() else [source])]
    files.sort(key=lambda file: [int(digits) for digits in re.findall(r"\d+", file.name)])
    target.write_bytes(png([file.read_bytes() for file in files if file.is_file()]))


if __name__ == "__main__":
    main()
