"""Work in progress survives a kill at any byte, and is never mixed with another run's."""

import pytest

from cafi.engine.partial import JOURNAL_FILE, RUN_FILE, open_partial, partial_folder
from cafi.engine.windows import Slot
from cafi.errors import CafiError

RUN = {"method": "linear", "run": {"factor": 2}, "source": {"fingerprint": "sha256:1"}}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.ome.tif"


def begin(target, run=RUN, *, resume=False, overwrite=False):
    return open_partial(target, run, resume=resume, overwrite=overwrite)


def test_what_was_done_is_known_after_reopening(target):
    partial = begin(target)
    partial.mark_done(Slot(3, 0))
    partial.note("plane 3,0,0", {"blank": True})
    again = begin(target, resume=True)
    assert again.done == {Slot(3, 0)}
    assert again.notes == {"plane 3,0,0": {"blank": True}}


@pytest.mark.parametrize("kept", range(0, 60, 7))
def test_a_torn_journal_loses_only_its_last_line(target, kept):
    partial = begin(target)
    for t in range(4):
        partial.mark_done(Slot(t, 0))
    journal = partial.folder / JOURNAL_FILE
    text = journal.read_bytes()
    journal.write_bytes(text[:kept])
    again = begin(target, resume=True)
    assert len(again.done) == text[:kept].count(b"\n")
    again.mark_done(Slot(9, 9))
    assert Slot(9, 9) in begin(target, resume=True).done


def test_a_damaged_journal_counts_up_to_its_first_damaged_line(target):
    partial = begin(target)
    for t in range(4):
        partial.mark_done(Slot(t, 0))
    journal = partial.folder / JOURNAL_FILE
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:2], bytes(len(lines[2])), lines[3]]))
    again = begin(target, resume=True)
    assert again.done == {Slot(0, 0), Slot(1, 0)}
    again.mark_done(Slot(9, 9))
    assert begin(target, resume=True).done == {Slot(0, 0), Slot(1, 0), Slot(9, 9)}


@pytest.mark.parametrize("content", [b"", b'{"method": "lin', bytes(40)])
def test_a_damaged_run_file_is_one_sentence(target, content):
    (begin(target).folder / RUN_FILE).write_bytes(content)
    for resume in (False, True):
        with pytest.raises(CafiError, match=r"run.json is damaged, so that its run cannot go on; give --overwrite"):
            begin(target, resume=resume)
    assert begin(target, overwrite=True).done == set()
    assert begin(target, resume=True).done == set()


def test_frames_that_are_not_there_are_forgotten(target):
    partial = begin(target)
    for t in range(4):
        partial.mark_done(Slot(t, 1))
    partial.keep(lambda t, z: t != 2 and z == 1)
    assert partial.done == {Slot(0, 1), Slot(1, 1), Slot(3, 1)}


def test_a_folder_without_a_run_file_counts_as_never_begun(target):
    partial = begin(target)
    partial.mark_done(Slot(0, 0))
    (partial.folder / RUN_FILE).unlink()
    assert begin(target).done == set()


def test_resuming_nothing_begins(target):
    assert begin(target, resume=True).done == set()
    assert partial_folder(target).is_dir()


def test_unfinished_work_is_not_thrown_away_unasked(target):
    begin(target)
    with pytest.raises(CafiError, match="give --resume to continue it, or --overwrite to start anew"):
        begin(target)
    assert begin(target, overwrite=True).done == set()


def test_an_existing_target_is_not_replaced_unasked(target):
    target.write_bytes(b"precious")
    with pytest.raises(CafiError, match="exists already"):
        begin(target)
    assert target.read_bytes() == b"precious"


def test_other_settings_are_refused_on_resume(target):
    begin(target)
    with pytest.raises(CafiError, match=r"begun with other settings \(run\)"):
        begin(target, RUN | {"run": {"factor": 4}}, resume=True)


def test_a_changed_source_is_refused_on_resume(target):
    begin(target)
    with pytest.raises(CafiError, match="source has changed"):
        begin(target, RUN | {"source": {"fingerprint": "sha256:2"}}, resume=True)
