"""Sound small files of every kind, to be mutated."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
import zarr

from cafi.movie.frames import FrameTable
from cafi.movie.options import WriteOptions
from cafi.movie.writing import write_movie
from tests.helpers import array_movie

PIXELS = np.arange(4 * 2 * 3 * 18 * 21, dtype=np.uint16).reshape(4, 2, 3, 18, 21) * 37


def build_corpus(folder: Path) -> list[Path]:
    """Write the files into a folder and return them; a folder of several files counts as one."""
    folder.mkdir(parents=True, exist_ok=True)
    return [*_plain(folder), *_imagej(folder), *_ome(folder), *_zarr(folder), *_images(folder), *_our_own(folder)]


def _plain(folder: Path) -> list[Path]:
    frames, files = PIXELS[:, 0, 0], []
    rgb = np.stack([frames, frames + 9, frames + 99], -1).astype(np.uint8)
    kinds: dict[str, tuple[np.ndarray[Any, Any], dict[str, Any]]] = {
        "plain": (frames, {"metadata": None}),
        "big_endian": (frames, {"metadata": None, "byteorder": ">"}),
        "bigtiff": (frames, {"metadata": None, "bigtiff": True, "compression": "zlib"}),
        "strips": (frames, {"metadata": None, "rowsperstrip": 5, "compression": "zlib", "predictor": True}),
        "lzw": (frames, {"metadata": None, "compression": "lzw"}),
        "packbits": (frames.astype(np.uint8), {"metadata": None, "compression": "packbits"}),
        "zstd": (frames.astype(np.float32), {"metadata": None, "compression": "zstd"}),
        "lzma": (frames, {"metadata": None, "compression": "lzma"}),
        "jpeg2000": (frames, {"metadata": None, "compression": "jpeg2000"}),
        "webp": (rgb, {"metadata": None, "photometric": "rgb", "compression": "webp"}),
        "jpegxl": (frames, {"metadata": None, "compression": "jpegxl"}),
        "tiles": (frames, {"metadata": None, "tile": (16, 16), "compression": "zlib"}),
        "floats": (frames.astype(np.float64), {"metadata": None, "compression": "zlib", "predictor": 3}),
        "rgb_jpeg": (rgb, {"metadata": None, "photometric": "rgb", "compression": "jpeg"}),
        "rgb_planar": (np.moveaxis(rgb, -1, 1), {"metadata": None, "photometric": "rgb", "planarconfig": "separate"}),
        "shaped": (frames, {"metadata": {"axes": "TYX"}}),
        "shaped_channels": (PIXELS[:, :, 0], {"metadata": {"axes": "TCYX"}, "compression": "zlib"}),
        "shaped_one_page": (frames, {"metadata": {"axes": "TYX"}, "truncate": True}),
        "volume": (PIXELS[:, 0], {"metadata": {"axes": "TZYX"}, "volumetric": True, "tile": (1, 16, 16)}),
    }
    for name, (pixels, options) in kinds.items():
        files.append(folder / f"{name}.tif")
        tifffile.imwrite(files[-1], pixels, **{"photometric": "minisblack"} | options)
    return files


def _imagej(folder: Path) -> list[Path]:
    tables = [np.stack([np.arange(256, dtype=np.uint8)] * 3)] * 2
    kinds: dict[str, tuple[np.ndarray[Any, Any], dict[str, Any]]] = {
        "hyperstack": (np.moveaxis(PIXELS, 1, 2), {"axes": "TZCYX", "finterval": 2.5, "unit": "um", "spacing": 0.5}),
        "slices": (PIXELS[0, 0], {"axes": "ZYX"}),
        "labels": (
            PIXELS[:, :, 0],
            {"axes": "TCYX", "Labels": ["gfp", "rfp"] * 4, "LUTs": tables, "Info": "a = 1", "Overlays": b"\0" * 9},
        ),
    }
    files = []
    for name, (pixels, metadata) in kinds.items():
        files.append(folder / f"imagej_{name}.tif")
        tifffile.imwrite(files[-1], pixels, imagej=True, metadata=metadata, resolution=(4, 4))
    files.append(folder / "imagej_one_page.tif")
    description = "ImageJ=1.54f\nimages=4\nframes=4\nhyperstack=true\nfinterval=2\n"
    tifffile.imwrite(files[-1], PIXELS[:1, 0, 0].astype(">u2"), byteorder=">", description=description, metadata=None)
    with tifffile.TiffFile(files[-1]) as tiff:
        offset = tiff.pages.first.dataoffsets[0]
    with files[-1].open("r+b") as file:
        file.seek(offset)
        file.write(PIXELS[:, 0, 0].astype(">u2").tobytes())
    return files


def _ome(folder: Path) -> list[Path]:
    times = [0.0, 1.0, 2.5, 3.0]
    planes = {"DeltaT": [t for t in times for _ in range(6)], "DeltaTUnit": ["s"] * 24}
    calibrated = {
        "axes": "TCZYX",
        "PhysicalSizeX": 300,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeZ": 1.5,
        "TimeIncrement": 1.0,
        "Plane": planes,
        "Channel": {"Name": ["gfp", "rfp"], "Color": [16711935, -16776961]},
    }
    files = [folder / f"{name}.ome.tif" for name in ("stack", "compressed", "rgb")]
    tifffile.imwrite(files[0], PIXELS, photometric="minisblack", metadata=calibrated)
    tifffile.imwrite(files[1], PIXELS[:, 0, 0], compression="zlib", metadata={"axes": "TYX"}, bigtiff=True)
    rgb = np.stack([PIXELS[:, 0, 0]] * 3, -1).astype(np.uint8)
    tifffile.imwrite(files[2], rgb, photometric="rgb", metadata={"axes": "TYXS"})
    several = folder / "several"
    several.mkdir(exist_ok=True)
    uuids = ["urn:uuid:0f0e0d0c-0000-0000-0000-00000000000" + str(number) for number in range(2)]
    data = "".join(
        f'<TiffData FirstT="{t}" IFD="{t % 2}" PlaneCount="1">'
        f'<UUID FileName="part{t // 2}.ome.tif">{uuids[t // 2]}</UUID></TiffData>'
        for t in range(4)
    )
    for number in range(2):
        xml = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuids[number]}">'
            '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16"'
            ' SizeX="21" SizeY="18" SizeZ="1" SizeC="1" SizeT="4">'
            f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{data}</Pixels></Image></OME>'
        )
        part = PIXELS[2 * number : 2 * number + 2, 0, 0]
        tifffile.imwrite(
            several / f"part{number}.ome.tif", part, photometric="minisblack", description=xml, metadata=None
        )
    return [*files, several]


def _zarr(folder: Path) -> list[Path]:
    axes = [
        {"name": "t", "type": "time", "unit": "second"},
        {"name": "c", "type": "channel"},
        *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
    ]
    scale = [{"type": "scale", "scale": [2.5, 1.0, 0.5, 0.3, 0.3]}]
    images = [{"name": "image", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    omero = {"channels": [{"label": "gfp", "color": "00FF00"}, {"label": "rfp", "color": "FF0000"}]}
    files = []
    for name, version, shards in (("old", 2, None), ("new", 3, None), ("sharded", 3, (2, 2, 3, 18, 24))):
        files.append(folder / f"{name}.zarr")
        shutil.rmtree(files[-1], ignore_errors=True)
        group = zarr.open_group(files[-1], mode="w", zarr_format=version)
        chunks = (1, 1, 3, 18, 12) if shards else (2, 1, 1, 9, 21)
        array = group.create_array("0", shape=PIXELS.shape, dtype="u2", chunks=chunks, shards=shards)
        array[:] = PIXELS
        if version == 2:
            group.attrs.update({"multiscales": [images[0] | {"version": "0.4"}], "omero": omero})
        else:
            group.attrs["ome"] = {"version": "0.5", "multiscales": images, "omero": omero}
    return files


def _images(folder: Path) -> list[Path]:
    files = [folder / "png", folder / "jpeg"]
    for target in files:
        target.mkdir(exist_ok=True)
    for t in range(3):
        (files[0] / f"{t}.png").write_bytes(imagecodecs.png_encode(PIXELS[t, 0, 0]))
        (files[1] / f"{t}.jpg").write_bytes(imagecodecs.jpeg_encode(PIXELS[t, 0, 0].astype(np.uint8)))
    return files


def _our_own(folder: Path) -> list[Path]:
    """Outputs of cafi, which carry its records."""
    times = np.array([0.0, 0.5, 1.25, 3.0])
    kind, left = np.array([0, 1, 1, 0], np.uint8), np.array([0, 0, 0, 1])
    frames = FrameTable("t", "s", times, kind, left, times % 3 / 3, times[[0, -1]])
    movie = array_movie(PIXELS, times=times, times_from="planes", frames=frames, provenance={"method": "linear"})
    files = [folder / name for name in ("ours.ome.tif", "ours.tif", "ours.ome.zarr")]
    for file in files:
        write_movie(movie, file, WriteOptions())
    return files
