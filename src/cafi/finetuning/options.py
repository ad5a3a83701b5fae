"""Options of fine-tuning. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cafi.engine.options import parse_bytes


class FinetuneOptions(BaseModel):
    """How a network is adapted to one's own movies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = Field("kymo", description="The learned method to adapt; `cafi models list` shows all.")
    minutes: float = Field(10.0, gt=0, description="Training ends after this time, or earlier if nothing is gained.")
    steps: int | None = Field(None, ge=1, description="End after so many steps instead, however long they take.")
    channels: str | None = Field(
        None, description="Channels to learn from, by name or number, such as 0,GFP; all otherwise."
    )
    keep_general: bool = Field(False, description="Mix simulated movies in, so that other movies are forgotten less.")
    device: str = Field("auto", description="auto, cpu, cuda, mps.")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto takes bfloat16 where the device computes in it, float32 elsewhere."
    )
    memory: str = Field("auto", description="Memory that training may take, such as 4GB; auto is half of what is free.")
    seed: int = Field(0, ge=0, description="Of everything that is drawn by chance.")

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, text: str) -> str:
        if text != "auto":
            parse_bytes(text)
        return text

    @field_validator("channels", mode="before")
    @classmethod
    def _as_text(cls, given: object) -> object:
        """From Python a number or a list does as well as the text that the command line gives."""
        if isinstance(given, int) and not isinstance(given, bool):
            return str(given)
        return ",".join(map(str, given)) if isinstance(given, list | tuple) else given
