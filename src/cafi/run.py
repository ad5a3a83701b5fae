"""The description of a run: one model, of which the command line, Python and TOML are faces."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from cafi.engine.options import EngineOptions
from cafi.errors import CafiError
from cafi.movie.options import ReadOptions, WriteOptions
from cafi.quality.options import TrustOptions
from cafi.timeline.options import TimelineOptions

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_METHOD = "kymo"


class MethodOptions(BaseModel):
    """Which method fills the gaps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = Field(DEFAULT_METHOD, description="The method that fills the gaps; `cafi models list` shows all.")
    weights: str | None = Field(
        None,
        description="Weights of your own training for a learned method: the folder that `cafi finetune` made, or a"
        " .safetensors file with its card beside it.",
    )
    zoom: int = Field(
        1,
        description="zooming-slowmo: output pixels for each input pixel. With 2 or 4 no pixel is an acquired one any"
        " more, and every frame is marked as resampled.",
    )
    input_frames: int = Field(2, description="zooming-slowmo: how many acquired frames around a gap it looks at.")
    repeat: bool = Field(
        False,
        description="For a factor of 4, 8 or 16: predict the middle of each gap, then the middles of the halves, and so"
        " on, also with a method for any time. Methods for the middle alone always do.",
    )
    mix: bool = Field(
        True,
        description="Kymo: mix it with linear blending where next to nothing moves, by as much as held-out frames of"
        " the movie advise; found before the run.",
    )

    @field_validator("zoom", "input_frames")
    @classmethod
    def _check_choice(cls, value: int, info: ValidationInfo) -> int:
        choices = {"zoom": (1, 2, 4), "input_frames": (2, 4)}[str(info.field_name)]
        if value not in choices:
            raise ValueError(f"take {', '.join(map(str, choices[:-1]))} or {choices[-1]}")
        return value

    @property
    def special(self) -> dict[str, int]:
        """Options that only some methods have, where they are not left to their defaults."""
        return self.model_dump(exclude={"method", "weights", "repeat", "mix"}, exclude_defaults=True)


class Run(BaseModel):
    """Everything that decides what an interpolated movie looks like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    method: MethodOptions = MethodOptions()
    timeline: TimelineOptions = TimelineOptions()
    read: ReadOptions = ReadOptions()
    write: WriteOptions = WriteOptions()
    engine: EngineOptions = EngineOptions()
    trust: TrustOptions = TrustOptions()


def describe_run(run: Run | None = None, **options: Any) -> Run:
    """Compose a run from options by their own names.

    Parameters
    ----------
    run : Run, optional
        What to start from; the defaults otherwise.
    **options
        Any option of any part, such as ``factor=4`` or ``method='linear'``.

    Raises
    ------
    CafiError
        If there is no such option, or a value does not fit it.
    """
    run = run or Run()
    sections = {name: part for name in Run.model_fields if isinstance(part := getattr(run, name), BaseModel)}
    changed: dict[str, dict[str, Any]] = {name: part.model_dump(exclude_unset=True) for name, part in sections.items()}
    for option, value in options.items():
        owner = next((name for name, part in sections.items() if option in type(part).model_fields), None)
        if owner is None:
            known = sorted(field for part in sections.values() for field in type(part).model_fields)
            raise CafiError(f"There is no option '{option}'; the options are {', '.join(known)}.")
        changed[owner][option] = value
    return _validated(changed)


def read_run(path: Path) -> Run:
    """Read the description of a run from a TOML file.

    Raises
    ------
    CafiError
        If the file cannot be read, is no TOML, or describes no run.
    """
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CafiError(f"{path}: there is no such file; check the name.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CafiError(f"{path} cannot be read as a description of a run; is it a TOML file?") from error
    except tomllib.TOMLDecodeError as error:
        raise CafiError(f"{path} is not valid TOML; mend it, or write options on the command line.") from error
    return _validated(described)


def _validated(described: dict[str, Any]) -> Run:
    try:
        return Run.model_validate(described)
    except ValidationError as error:
        raise CafiError(sentence_for(error)) from error


def sentence_for(error: ValidationError) -> str:
    """Say the first thing that a validation found wrong, in one sentence of our own."""
    first = error.errors()[0]
    wish = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        # A rule about several options names them itself.
        return f"{wish}."
    option = ".".join(str(part) for part in first["loc"]) or "the options"
    return f"{option}: {wish[:1].lower()}{wish[1:]} (given: {first['input']!r})."
