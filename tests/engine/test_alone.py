"""Two runs never work on the same folder, and a dead one is in nobody's way."""

import errno
import signal
import subprocess
import sys

import pytest

from cafi.engine.alone import alone
from cafi.engine.partial import open_partial
from cafi.errors import CafiError

HOLD = """
import sys, time
from pathlib import Path
from cafi.engine.alone import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [{"resume": True, "overwrite": False}, {"resume": False, "overwrite": True}])
def test_the_work_of_a_run_that_goes_on_is_left_alone(tmp_path, how):
    partial = open_partial(tmp_path / "a.tif", {"factor": 2}, resume=False, overwrite=False)
    with (
        alone(partial.folder),
        pytest.raises(CafiError, match=r"a\.tif\.partial is the work of a run that goes on now; wait for its end"),
    ):
        open_partial(tmp_path / "a.tif", {"factor": 2}, **how)
    assert open_partial(tmp_path / "a.tif", {"factor": 2}, **how).done == set()


def test_a_run_that_was_killed_holds_nothing(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(CafiError, match="goes on now"), alone(tmp_path):
            pass
        process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        process.wait()
    with alone(tmp_path):
        assert (tmp_path / "lock").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_no_obstacle(tmp_path, monkeypatch, number):
    def unsupported(_file):
        raise OSError(number, "told by the system")

    monkeypatch.setattr("cafi.engine.alone._lock", unsupported)
    entered = []
    with alone(tmp_path), alone(tmp_path):
        entered.append(True)
    assert entered == [True]
