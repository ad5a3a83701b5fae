"""Options of held-out checks, and of what comes beside the frames.

Imports only pydantic, so that the command line starts fast.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator


class EvaluateOptions(BaseModel):
    """What is held out, who predicts it, and how thoroughly."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drop: str = Field("2", description="Keep every such frame and hold out those between; several as 2,3,4.")
    methods: str = Field("all", description="Methods to compare, such as kymo,linear; `cafi models list` shows them.")
    minutes: float | None = Field(
        None, gt=0, description="Time for all together; a method too slow for its share fills a fixed choice of gaps."
    )
    channels: str | None = Field(
        None, description="Channels to score, by name or number, such as 0,GFP; all predict together in any case."
    )
    intervals: bool = Field(
        False,
        description="Also calibrate intervals for the pixels of the best method, and show them with their coverage.",
    )
    mix: bool = Field(
        True, description="Mix Kymo with linear blending where next to nothing moves, as `cafi interpolate` does."
    )
    maps: bool = Field(False, description="Also write error and SSIM maps of every held-out frame, as TIFF.")

    @field_validator("drop", "methods", "channels", mode="before")
    @classmethod
    def _as_text(cls, given: object) -> object:
        """From Python a number or a list does as well as the text that the command line gives."""
        if isinstance(given, int) and not isinstance(given, bool):
            return str(given)
        return ",".join(map(str, given)) if isinstance(given, list | tuple) else given

    @field_validator("drop")
    @classmethod
    def _check_drop(cls, text: str) -> str:
        if not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", text) or min(map(int, text.split(","))) < 2:
            raise ValueError("give whole numbers from 2 on, such as 2 or 2,3,4")
        return text

    @property
    def drops(self) -> tuple[int, ...]:
        """The rates, each once, in order."""
        return tuple(sorted({int(part) for part in self.drop.split(",")}))


class TrustOptions(BaseModel):
    """What is said about how far to trust predicted frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uncertainty: bool = Field(
        False,
        description="Write a second movie, OUT.interval, with a lower and an upper bound for every predicted pixel:"
        " nine of ten measured values lie between, as calibrated on held-out frames of this movie first."
        " Not with --zoom.",
    )
    checks: bool = Field(
        True,
        description="Look at every gap for reasons to distrust its frames, and come to a verdict on the movie.",
    )


def parts(text: str) -> tuple[str, ...]:
    """Return the entries of a comma-separated list, without blanks."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
