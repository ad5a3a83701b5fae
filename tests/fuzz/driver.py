"""Mutates, has the worker read, and judges."""

from __future__ import annotations

import json
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO, Any

from tests.fuzz.corpus import build_corpus
from tests.fuzz.header import contradiction
from tests.fuzz.mutate import mutate

SECONDS = 10.0
LONGEST_SENTENCE = 500


@dataclass
class Report:
    """What came of the inputs: how many of each outcome, and the failures."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Worker:
    """The process that reads; started anew after a crash."""

    def __init__(self, log: IO[bytes]) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, path: Path) -> dict[str, Any]:
        """Return the worker's answer, or the way in which it failed."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                cwd=Path(__file__).parents[2],
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        printed = self._log.tell()
        process.stdin.write(f"{path}\n".encode())
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], SECONDS)
        line = process.stdout.readline() if ready else b""
        if not line:
            failure = "timeout" if not ready else f"crash with exit code {process.wait()}"
            self.stop()
            return {"failure": failure}
        self._log.seek(printed)
        if noise := self._log.read():
            return {"failure": "noise on standard error: " + noise.decode(errors="replace")}
        return dict(json.loads(line))

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def judge(path: Path, answer: dict[str, Any]) -> tuple[str, str | None]:
    """Return the outcome, and what is wrong with it."""
    if "failure" in answer:
        return answer["failure"].split(":")[0], answer["failure"]
    if "error" in answer:
        return "other exception", answer["error"]
    if "refused" in answer:
        sentence = answer["refused"].replace(str(path), "FILE")
        told = re.sub(r"\S*/\S*", "FILE", sentence)
        if len(told) > LONGEST_SENTENCE or "\n" in told or "Traceback" in told or re.search(r"\. [A-Z]", told):
            return "no sentence", answer["refused"]
        return "refused", None
    wrong = contradiction(path, answer)
    return ("contradicts the header", f"{wrong}: {answer}") if wrong else ("read", None)


def fuzz(count: int, seed: int, keep: Path, only: int | None = None) -> Report:
    """Try mutated inputs.

    Parameters
    ----------
    count : int
    seed : int
    keep : Path
        Folder for the inputs that fail.
    only : int or None
        Try this one of them alone.
    """
    report = Report()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as log:
        corpus = build_corpus(Path(scratch) / "corpus")
        worker = Worker(log)
        try:
            for number in range(count) if only is None else [only]:
                random = Random(f"{seed} {number}")
                source = random.choice(corpus)
                target = Path(scratch) / f"{seed}-{number}-{source.name}"
                mutate(source, target, random)
                outcome, failure = judge(target, worker.ask(target))
                report.counts[outcome] += 1
                if failure is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    kept = keep / target.name
                    shutil.rmtree(kept, ignore_errors=True)
                    shutil.move(target, kept)
                    report.failures.append(f"{kept}: {outcome}\n{failure}")
                elif target.is_dir():
                    shutil.rmtree(target)
                else:
                    target.unlink(missing_ok=True)
        finally:
            worker.stop()
    return report
