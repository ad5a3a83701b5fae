"""Options of the downstream checks. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DownstreamOptions(BaseModel):
    """Whether predicted frames serve the analysis that comes after."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tracking: bool = Field(
        False, description="Track spots at full rate, without the held-out frames, and with predicted ones."
    )
    spot_diameter: float | None = Field(
        None, gt=1, le=200, description="Of the spots to be tracked, in pixels; measured on the movie otherwise."
    )
    greatest_step: float | None = Field(
        None, gt=0, le=1000, description="Farthest way of a spot in one frame, in pixels; measured otherwise."
    )
    segmentation: bool = Field(False, description="Segment nuclei in held-out frames as measured and as predicted.")
    segmenter: Literal["threshold", "cellpose", "stardist"] = Field(
        "threshold", description="How nuclei are segmented; cellpose and stardist must be installed."
    )
