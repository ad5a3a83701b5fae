"""Calling a command, and saying what went wrong: bad input is one sentence, a fault of ours is called so."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from cyclopts import App

BAD_INPUT = 2
OUR_FAULT = 70
INTERRUPTED = 130


def run(app: App, argv: list[str]) -> int:
    """Run one command line and return its exit code.

    0 all done; 1 some movies of a batch failed; 2 bad input; 70 a fault of cafi itself; 130
    interrupted by Ctrl-C.
    """
    from cyclopts import CycloptsError

    try:
        command, bound, _ = app.parse_args(argv, exit_on_error=False, print_error=False)
        result = command(*bound.args, **bound.kwargs)
        return result if isinstance(result, int) else 0
    except CafiError as error:
        return _say(str(error))
    except CycloptsError as error:
        return _say(f"{_usage_sentence(error)} `cafi --help` and `cafi COMMAND --help` tell more.")
    except KeyboardInterrupt:
        print("cafi: stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output left, as `| head` does: nothing more to say to anyone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _say(_denied(error)) if _is_denied(error) else _own_fault(argv)
    except MemoryError:
        return _say("There is not enough memory for this; lower --memory, or give the machine more.")
    except Exception:
        return _own_fault(argv)


def _say(sentence: str) -> int:
    print(f"cafi: {sentence}", file=sys.stderr)
    return BAD_INPUT


def _is_denied(error: OSError) -> bool:
    """Whether the operating system keeps a file from us, which is for the user to change wherever it happens."""
    return error.filename is not None and (isinstance(error, PermissionError) or error.errno == errno.EROFS)


def _denied(error: OSError) -> str:
    return f"{error.filename}: access is denied; change its permissions, or name another file or folder."


def _usage_sentence(error: Exception) -> str:
    """Put a command-line mistake into one sentence; pydantic's own wording is never shown."""
    from cyclopts import UnusedCliTokensError
    from pydantic import ValidationError

    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        first, *others = error.unused_tokens
        more = f" and {len(others)} more" if others else ""
        return (
            f"There is no place for {first}{more}; name one thing at a time, or put a pattern such as 'data/*.tif' in"
            " quotes, so that the shell does not list its files."
        )
    if isinstance(error.__cause__, ValidationError):
        from cafi.run import sentence_for

        sentence = sentence_for(error.__cause__)
        return sentence if sentence.startswith("--") else "--" + sentence.replace("_", "-", 1)
    return " ".join(str(error).split())


def _own_fault(argv: list[str]) -> int:
    import platform
    import traceback

    import cafi

    lines = [f"cafi {cafi.__version__}, Python {platform.python_version()}, {platform.platform()}"]
    lines += [f"command: cafi {' '.join(argv)}", "", traceback.format_exc()]
    with tempfile.NamedTemporaryFile("w", prefix="cafi-fault-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write("\n".join(lines))
    print(
        f"cafi: This is a fault of cafi, not of your data or command. What happened is written in {log.name};"
        " please report it together with that file.",
        file=sys.stderr,
    )
    return OUR_FAULT
