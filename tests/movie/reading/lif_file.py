"""Leica LIF files as the format's description has them: a header in XML, then blocks of pixels."""

import struct
from pathlib import Path

import numpy as np

DIMENSION_IDS = {"X": 1, "Y": 2, "Z": 3, "T": 4, "M": 10}


def write_lif(path: Path, *images: dict) -> Path:
    """Write images, each a dict of `pixels`, `axes` (stored order, slowest first), and optionally more."""
    elements, blocks = [], []
    for number, image in enumerate(images, start=1):
        name = f"MemBlock_{number}"
        data = np.ascontiguousarray(image["pixels"]).tobytes()
        elements.append(element(name=image.get("name", f"Series{number:03}"), block=name, size=len(data), **{
            key: image[key] for key in image if key != "name"
        }))  # fmt: skip
        blocks.append(memory_block(name, data))
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="Project"><Memory Size="0" MemoryBlockID="MemBlock_0"/>'
        f"<Children>{''.join(elements)}</Children></Element></LMSDataContainerHeader>"
    )
    text = xml.encode("utf-16-le")
    header = struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(xml)) + text
    path.write_bytes(header + memory_block("MemBlock_0", b"") + b"".join(blocks))
    return path


def memory_block(name: str, data: bytes) -> bytes:
    text = name.encode("utf-16-le")
    head = struct.pack("<IIBQBI", 0x70, len(text) + 14, 0x2A, len(data), 0x2A, len(name))
    return head + text + data


def element(
    name, block, size, pixels, axes, lengths=None, luts=("Gray",), dyes=(), resolution=None, stamps=None, is_flim=False
):
    """Describe one image; `lengths` are from first to last element in metres, or seconds for T."""
    pixels = np.asarray(pixels)
    strides = dict(zip(axes, pixels.strides, strict=True))
    counts = dict(zip(axes, pixels.shape, strict=True))
    bits = resolution or 8 * pixels.dtype.itemsize
    channels = ""
    parts = counts.get("S", 1) * counts.get("C", 1)
    for number in range(parts):
        channel, sample = divmod(number, counts.get("S", 1))
        offset = channel * strides.get("C", 0) + sample * strides.get("S", 0)
        tag = sample + 1 if "S" in axes else 0
        dye = f"<ChannelProperty><Key>DyeName</Key><Value>{dyes[channel]}</Value></ChannelProperty>" if dyes else ""
        channels += (
            f'<ChannelDescription DataType="{int(pixels.dtype.kind == "f")}" ChannelTag="{tag}" Resolution="{bits}"'
            f' NameOfMeasuredQuantity="" Min="0" Max="255" Unit="" LUTName="{luts[channel % len(luts)]}"'
            f' IsLUTInverted="0" BytesInc="{offset}" BitInc="0">{dye}</ChannelDescription>'
        )
    dimensions = "".join(
        f'<DimensionDescription DimID="{DIMENSION_IDS[axis]}" NumberOfElements="{counts[axis]}" Origin="0"'
        f' Length="{(lengths or {}).get(axis, 0)!r}" Unit="{"s" if axis == "T" else "m"}" BitInc="0"'
        f' BytesInc="{strides[axis]}"/>'
        for axis in axes
        if axis in DIMENSION_IDS
    )
    times = (
        ""
        if stamps is None
        else f'<TimeStampList NumberOfTimeStamps="{len(stamps)}">{" ".join(stamps)}</TimeStampList>'
    )
    counts_of_photons = "<SingleMoleculeDetection/>" if is_flim else ""
    return (
        f'<Element Name="{name}"><Data><Image><ImageDescription><Channels>{channels}</Channels>'
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription>{times}</Image>{counts_of_photons}</Data>"
        f'<Memory Size="{size}" MemoryBlockID="{block}"/></Element>'
    )


def stamp(seconds: float) -> str:
    """Return a time stamp of LAS X: units of 100 ns since 1601, in hexadecimal."""
    return f"{133_500_000_000_000_000 + round(seconds * 1e7):x}"
