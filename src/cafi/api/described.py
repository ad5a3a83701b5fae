"""What public functions share: options from a model and keyword arguments, and progress that nobody watches."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable

Options = TypeVar("Options", bound=BaseModel)


def described(kind: type[Options], options: Options | None, changes: dict[str, Any]) -> Options:
    """Return options with changes made to them.

    Raises
    ------
    CafiError
        If there is no such option, or it cannot have such a value.
    """
    from cafi.run import sentence_for

    given = {} if options is None else options.model_dump(exclude_unset=True)
    if unknown := set(changes) - set(kind.model_fields):
        raise CafiError(f"There is no option '{min(unknown)}'; the options are {', '.join(kind.model_fields)}.")
    try:
        return kind.model_validate(given | changes)
    except ValidationError as error:
        raise CafiError(sentence_for(error)) from error


def unwatched(_title: str) -> AbstractContextManager[Callable[[int, int], None]]:
    """Stand in for a watch where nobody wants to see the progress."""
    return nullcontext(lambda _done, _total: None)
