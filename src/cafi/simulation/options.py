"""Options of the simulation. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_PIXELS = 2**26  # of a movie; about 6 GB of memory while it is made


class SimulationOptions(BaseModel):
    """What a simulated movie shows, and how it is recorded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scene: Literal["mixed", "particles", "rods", "filaments", "cells", "tissue"] = Field(
        "mixed", description="What is in the field of view; mixed draws layers, contrast and illumination too."
    )
    side: int = Field(256, ge=32, le=2048, multiple_of=4, description="Height and width in pixels.")
    frames: int = Field(21, ge=1, le=10_000, description="Number of frames.")
    speed: float = Field(3.0, ge=0, le=100, description="Typical displacement in pixels per frame.")
    noise: float = Field(
        0.06, ge=0.003, le=1, description="Standard deviation of photon noise, as a share of the brightest structures."
    )
    bits: int = Field(16, ge=8, le=16, description="Of the camera; the file has 16 in any case.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="The same seed gives the same movie.")

    @model_validator(mode="after")
    def _fit_into_memory(self) -> SimulationOptions:
        most = MOST_PIXELS // self.side**2
        if self.frames > most:
            raise ValueError(
                f"--side {self.side} allows at most {most} frames, and {self.frames} were asked for; give"
                f" --frames {most} or a smaller --side"
            )
        return self
