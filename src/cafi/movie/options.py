"""Options of reading and writing. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ReadOptions(BaseModel):
    """How a file is understood."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    axes: str | None = Field(
        None,
        description="What the file's dimensions mean, in their order, such as TYX, ZYX, TCYX or TZCYXS"
        " (S: RGB samples); overrides what the file says.",
    )
    scene: int | Literal["all"] | None = Field(
        None,
        description="Which scene (position, series) of a file with several: its number from `cafi info`, or all"
        " (one output for each).",
    )


class WriteOptions(BaseModel):
    """How the result is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    compression: Literal["deflate", "zstd", "lzw", "none"] = Field(
        "deflate",
        description="Lossless codec of the output. OME-Zarr always takes zstd, unless none.",
    )
    pyramid: bool = Field(
        False, description="Store smaller copies for fast zooming in OME-TIFF (OME-Zarr always has them)."
    )
