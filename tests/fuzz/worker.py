"""One process that reads what it is told to, within 2 GB of address space."""

from __future__ import annotations

import json
import resource
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

ADDRESS_SPACE = 2 * 2**30


def answer(path: Path) -> dict[str, Any]:
    """Open a movie and read its first, middle and last plane."""
    from cafi.errors import CafiError
    from cafi.movie.reading import open_movie

    try:
        with open_movie(path) as movie:
            size = movie.header.size
            for t, c, z in {(0, 0, 0), (size.t // 2, size.c // 2, size.z // 2), (size.t - 1, size.c - 1, size.z - 1)}:
                plane = movie.source.read(t, c, z)
                expected = (size.y, size.x) if movie.header.samples == 1 else (size.y, size.x, movie.header.samples)
                if plane.shape != expected or plane.dtype != movie.header.dtype:
                    return {"error": f"a plane is {plane.dtype} {plane.shape}, the header says {movie.header}"}
            return {
                "size": list(size),
                "samples": movie.header.samples,
                "format": movie.format,
                "scenes": len(movie.scenes),
            }
    except CafiError as error:
        return {"refused": str(error)}
    except BaseException:
        return {"error": traceback.format_exc()}


def main() -> None:
    """Answer each line of standard input, a path, by a line of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    # A warning would be printed among the user's output.
    warnings.simplefilter("error")
    for line in sys.stdin:
        print(json.dumps(answer(Path(line.rstrip("\n")))), flush=True)


if __name__ == "__main__":
    main()
