"""Options of what comes beside the frames. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TrustOptions(BaseModel):
    """What is said about how far to trust predicted frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uncertainty: bool = Field(
        False,
        description="Write a second movie, OUT.interval, with a lower and an upper bound for every predicted pixel:"
        " nine of ten measured values lie between, as calibrated on held-out frames of this movie first.",
    )
    checks: bool = Field(
        True,
        description="Look at every gap for reasons to distrust its frames, and come to a verdict on the movie.",
    )
