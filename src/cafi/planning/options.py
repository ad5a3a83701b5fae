"""Options of planning. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_BOUND = "attained>=0.9"


class PlanOptions(BaseModel):
    """What quality a plan must keep, and how long may be spent on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quality: str = Field(
        DEFAULT_BOUND,
        description="What predicted frames must keep: 'attained>=0.9' (nine tenths of the SSIM that a perfect"
        " prediction would have, so that noise, which nobody can predict, does not count), 'ssim>=0.9', 'psnr>=30' or"
        " 'tracking>=0.8' (alpha of the particle tracking challenge).",
    )
    methods: str = Field(
        "kymo,optical_flow,linear", description="Methods to try, separated by commas; `cafi models list` shows all."
    )
    confidence: float = Field(
        0.95, ge=0.5, le=0.999, description="That quality is kept while the movie goes on as it does in the pilot."
    )
    longest: int = Field(16, ge=2, le=64, description="Longest interval that is tried, in frames of the pilot.")
    minutes: float = Field(5.0, gt=0, description="Time to spend; less time looks at fewer gaps and shorter intervals.")
