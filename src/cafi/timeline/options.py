"""Options of the timeline. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DEFAULT_FACTOR = 2


class TimelineOptions(BaseModel):
    """Which frames the output has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    factor: int | None = Field(
        None, ge=2, le=1000, description="Frames for each one acquired: N become (N-1) * factor + 1. [default: 2]"
    )
    every: str | None = Field(
        None, description="One frame at every such step from the first on: 0.5s, 300ms, 0.2µm (along z), 0.5frame."
    )
    times: Path | None = Field(
        None,
        description="A text file with one time on each line: in seconds (µm along z), or with a unit;"
        " of a table, such as NAME.frames.csv, the column of times is read.",
    )
    max_gap: str | None = Field(
        None,
        description="Fill gaps up to this long, such as 30s, or all of them with none;"
        " otherwise gaps longer than 3 times the median are left open.",
    )
    keep_acquired: bool = Field(
        False, description="Add the acquired frames that the timeline would leave out (with --every or --times)."
    )
    axis: Literal["t", "z"] = Field("t", description="Predict frames between times, or planes between depths.")

    @model_validator(mode="after")
    def _one_wish(self) -> TimelineOptions:
        wishes = [name for name in ("factor", "every", "times") if getattr(self, name) is not None]
        if len(wishes) > 1:
            raise ValueError(f"--{wishes[0]} and --{wishes[1]} exclude each other; give one of them")
        return self
