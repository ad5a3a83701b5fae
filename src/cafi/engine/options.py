"""Options of the engine. Imports only pydantic, so that the command line starts fast."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class EngineOptions(BaseModel):
    """Where and how frames are predicted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps. Classical methods always run on the CPU.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Arithmetic of learned methods; auto is float32. The others are faster where the device computes in"
        " them, and less exact: try them on a few frames first.",
    )
    memory: str = Field("2GB", description="Memory that predicting may take, such as 800MB or 4GB; decides tiles.")

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, text: str) -> str:
        parse_bytes(text)
        return text


def parse_bytes(text: str) -> int:
    """Return the number of bytes that a text such as '2GB', '800 MB' or '1.5g' means.

    Raises
    ------
    ValueError
        If it is no such text, or below one megabyte.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text.lower())
    if match is None:
        raise ValueError(f"'{text}' is no amount of memory; write it like 800MB or 2GB")
    amount = int(float(match[1]) * _UNITS[match[2]])
    if amount < 10**6:
        raise ValueError(f"{text} of memory is too little; give at least 1MB")
    return amount
