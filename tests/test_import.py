"""Importing cafi and asking for help load nothing heavy (law 9)."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "torch", "dask", "cv2", "zarr", "tifffile", "scipy")
REPORT = f"import sys; sys.stderr.write('heavy:' + ','.join(m for m in {HEAVY!r} if m in sys.modules))"


@pytest.mark.parametrize(
    "code",
    [
        "import cafi",
        "import cafi; dir(cafi)",
        "import cafi.run",
        "from cafi.cli import build_app; build_app()",
        "from cafi.cli import build_app, running; running.run(build_app(), ['--help'])",
        "from cafi.cli import build_app, running; running.run(build_app(), ['interpolate', '--help'])",
        "from cafi.cli import build_app, running; running.run(build_app(), ['models', 'list'])",
    ],
)
def test_nothing_heavy_is_loaded(code):
    done = subprocess.run([sys.executable, "-c", f"{code}\n{REPORT}"], capture_output=True, text=True, check=True)
    assert done.stderr.endswith("heavy:")


def test_what_is_public_is_there():
    import cafi

    for name in cafi.__all__:
        assert getattr(cafi, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        cafi.nonsense  # noqa: B018


def test_the_version_is_the_packages():
    from importlib.metadata import version

    import cafi

    assert cafi.__version__ == version("cafi")
