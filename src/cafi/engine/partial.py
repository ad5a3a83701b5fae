"""Work in progress: the folder ``OUT.partial/`` from which a killed run resumes."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cafi.engine.alone import alone
from cafi.engine.windows import Slot
from cafi.errors import CafiError
from cafi.movie.writing.progress import make_folder, told_clearly
from cafi.movie.writing.publishing import discard
from cafi.movie.writing.replacing import refuse_taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN_FILE = "run.json"
JOURNAL_FILE = "journal.jsonl"


def partial_folder(target: Path) -> Path:
    """Return where the work in progress for a target lives."""
    return target.with_name(target.name + ".partial")


@dataclass
class Partial:
    """An open folder of work in progress.

    Attributes
    ----------
    folder : Path
    done : set of Slot
        Places that are safely stored.
    notes : dict
        What was noted on the way (JSON-serialisable), by a key.
    """

    folder: Path
    done: set[Slot] = field(default_factory=set)
    notes: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, value: Any) -> None:
        """Keep something that the end of the run must know, also after a kill; the first value stays."""
        with self._lock:
            if key not in self.notes:
                self.notes[key] = value
                self._append({"key": key, "value": value})

    def mark_done(self, slot: Slot) -> None:
        """Remember that a slot was stored; to be called after it was."""
        with self._lock:
            self.done.add(slot)
            self._append({"slot": list(slot)})

    def keep(self, holds: Callable[[int, int], bool]) -> None:
        """Forget the slots whose frames are not there as they were stored, so that they are made again."""
        self.done = {slot for slot in self.done if holds(*slot)}

    def remove(self) -> None:
        """Delete the folder, once the target stands."""
        discard(self.folder)

    def _append(self, entry: dict[str, Any]) -> None:
        with (
            told_clearly(self.folder, lambda: f"{len(self.done)} frames are stored"),
            (self.folder / JOURNAL_FILE).open("a", encoding="utf-8") as journal,
        ):
            journal.write(json.dumps(entry, separators=(",", ":")) + "\n")


def open_partial(target: Path, run: dict[str, Any], *, resume: bool, overwrite: bool) -> Partial:
    """Begin or continue the work towards a target.

    Parameters
    ----------
    target : Path
        The file or folder that is to appear.
    run : dict
        Everything that decides the result (JSON-serialisable): a resumed run must agree with it.
    resume : bool
        Continue what an interrupted run left, if it left anything.
    overwrite : bool
        Whether an existing target, or unfinished work, may be replaced.

    Raises
    ------
    CafiError
        If something is in the way and may not be replaced, or if unfinished work belongs to
        another run or another source, or to one that goes on.
    """
    folder = partial_folder(target)
    if folder.is_dir():
        with alone(folder):
            pass  # nobody else works there
    earlier = _read_run(folder, overwrite=overwrite)
    resuming = resume and earlier is not None
    refuse_taken(target, overwrite=overwrite or resuming)
    if resume and earlier is not None:
        _refuse_other_run(folder, earlier, run)
        return _reopened(folder)
    if earlier is not None and not overwrite:
        raise CafiError(
            f"{folder} holds the work of an interrupted run;"
            " give --resume to continue it, or --overwrite to start anew."
        )
    return _begun(target, run)


def _begun(target: Path, run: dict[str, Any]) -> Partial:
    folder = partial_folder(target)
    if folder.exists() and not folder.is_dir():
        raise CafiError(f"{folder} is in the way of the work in progress; move it away.")
    with told_clearly(target, lambda: "no frame is stored"):
        make_folder(folder.parent)
        discard(folder)
        folder.mkdir()
        (folder / JOURNAL_FILE).touch()
        draft = folder / (RUN_FILE + ".tmp")
        draft.write_text(json.dumps(run, indent=1, sort_keys=True), encoding="utf-8")
        # Appears last and whole: without it the folder counts as never begun.
        draft.replace(folder / RUN_FILE)
    return Partial(folder)


def _reopened(folder: Path) -> Partial:
    partial = Partial(folder)
    journal = folder / JOURNAL_FILE
    text = journal.read_bytes()
    entries, whole = _entries(text)
    if whole < len(text):
        # A kill may tear the last line, a power cut more; what they said is simply done again.
        with journal.open("r+b") as stream:
            stream.truncate(whole)
    for entry in entries:
        if "slot" in entry:
            partial.done.add(Slot(*entry["slot"]))
        else:
            partial.notes[entry["key"]] = entry["value"]
    return partial


def _entries(journal: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return what the lines of a journal say, up to the first that is damaged, and how many bytes they take."""
    found: list[dict[str, Any]] = []
    whole = 0
    for line in journal.splitlines(keepends=True):
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n"):
            break
        found.append(entry)
        whole += len(line)
    return found, whole


def _read_run(folder: Path, *, overwrite: bool) -> dict[str, Any] | None:
    """Return what a folder says of its run; None where it says nothing, and where that is damaged and may go."""
    path = folder / RUN_FILE
    try:
        run: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        if overwrite:
            return None
        raise CafiError(f"{path} is damaged, so that its run cannot go on; give --overwrite to start anew.") from error
    return run


def _refuse_other_run(folder: Path, earlier: dict[str, Any], run: dict[str, Any]) -> None:
    now = json.loads(json.dumps(run))
    differing = sorted(key for key in earlier.keys() | now.keys() if earlier.get(key) != now.get(key))
    if not differing:
        return
    if "source" in differing:
        raise CafiError(
            f"The source has changed since the run in {folder} was interrupted; give --overwrite to start anew."
        )
    raise CafiError(
        f"{folder} was begun with other settings ({', '.join(differing)});"
        " repeat them, or give --overwrite to start anew."
    )
