"""The command line that does again what was done."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pydantic import BaseModel


def command_line(words: Iterable[str], options: Iterable[BaseModel | None], named: Collection[str] = ()) -> str:
    """Return a command line, quoted for a shell.

    Parameters
    ----------
    words : iterable of str
        What stands before the options.
    options : iterable of pydantic models, or None
        Of each, the options are named that are not the default.
    named : collection of str
        Options that are named in any case, because their default may be another one day.
    """
    flags = [flag for model in options if model is not None for flag in _flags(model, named)]
    return shlex.join(["cafi", *words, *flags])


def _flags(model: BaseModel, named: Collection[str]) -> list[str]:
    flags: list[str] = []
    for option, field in type(model).model_fields.items():
        value = getattr(model, option)
        if value != field.get_default(call_default_factory=True) or option in named:
            flags += _flag(option.replace("_", "-"), value)
    return flags


def _flag(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, list | tuple):
        return [part for item in value for part in (f"--{name}", str(item))]
    return [f"--{name}", str(value)]
