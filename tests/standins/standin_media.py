"""A video writer of the standard library alone: uncompressed AVI, columns of one colour each."""

import struct
from pathlib import Path


def _chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def write_avi(path, columns, width, height, count, fps):
    """Write `count` frames; in each column a black bar moves to the right."""
    total = width * len(columns)
    row_bytes = (3 * total + 3) // 4 * 4
    frames = []
    for index in range(count):
        row = b""
        for red, green, blue in columns:
            bar = index % (width - 4)
            pixel = bytes((blue, green, red))
            row += pixel * bar + b"\0\0\0" * 4 + pixel * (width - bar - 4)
        frames.append(row.ljust(row_bytes, b"\0") * height)
    size = row_bytes * height
    main = struct.pack(
        "<14I", 1000000 // fps, size * fps, 0, 16, count, 0, 1, size, total, height, *(0,) * 4
    )
    stream = (
        b"vids"
        + b"\0\0\0\0"
        + struct.pack(
            "<IHHIIIIIIIIhhhh",
            0,
            0,
            0,
            0,
            1,
            fps,
            0,
            count,
            size,
            0xFFFFFFFF,
            0,
            0,
            0,
            total,
            height,
        )
    )
    shape = struct.pack("<IiiHHIIiiII", 40, total, height, 1, 24, 0, size, 0, 0, 0, 0)
    headers = (
        b"hdrl"
        + _chunk(b"avih", main)
        + _chunk(b"LIST", b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", shape))
    )
    movie = b"movi" + b"".join(_chunk(b"00db", frame) for frame in frames)
    body = b"AVI " + _chunk(b"LIST", headers) + _chunk(b"LIST", movie)
    Path(path).write_bytes(_chunk(b"RIFF", body))
