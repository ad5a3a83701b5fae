"""Run as ``python -m tests.fuzz --count 2000 --seed 1``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.driver import fuzz


def main() -> int:
    """Print the outcomes and the failures; return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Read mutated files.")
    parser.add_argument("--count", type=int, default=2000, help="number of inputs")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds give equal inputs")
    parser.add_argument("--only", type=int, help="try this input alone")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where inputs that fail are kept")
    options = parser.parse_args()
    report = fuzz(options.count, options.seed, options.keep, options.only)
    for failure in report.failures:
        print(failure)
    print(f"seed {options.seed}: " + ", ".join(f"{count} {what}" for what, count in report.counts.most_common()))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
