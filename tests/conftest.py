"""Flags for long proofs and benchmarks; one quiet TensorFlow set-up for every test that needs it."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from engine.training.tensorflow_setup import tensorflow_environment
from tests.what_is_lacking import end_where_something_is_lacking

# The fixtures below import Qt and more, which would end in a traceback per file.
end_where_something_is_lacking()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
tensorflow_environment()
# No test reads or writes the preferences of whoever runs the tests; children inherit this.
OWN_FOLDER = Path(tempfile.gettempdir(), f"nutshell-tests-{os.getpid()}")
os.environ["NUTSHELL_PREFERENCES"] = str(OWN_FOLDER / "preferences.toml")

# A shell that starts the tests in the background has them ignore Ctrl+C, and their children would too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = (
    "tests.qt_fixtures",
    "tests.small_study",
    "tests.shipped_toys",
    "tests.toy_run",
    "tests.finished_study",
    "tests.device_toy",
    "tests.loopback_sshd",
    "tests.arm64_python",
)

WORKERS = 2
"""As many as CI has cores; each has a TensorFlow of its own."""
ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long proofs too")
    parser.addoption("--benchmark", action="store_true", help="run the benchmarks too")
    parser.addoption("--bundle", action="store_true", help="run what the built program has to do too")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """All tests at once run side by side, a file after the other each, as most tests hold one core."""
    # This is called in each worker too.
    if "PYTEST_XDIST_WORKER" in os.environ or getattr(config.option, "numprocesses", 0) is not None:
        return
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.getoption("--benchmark")
    if whole and (os.cpu_count() or 1) > 1:
        config.option.numprocesses, config.option.dist = WORKERS, "loadfile"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for marker in ("slow", "benchmark", "bundle"):
            # Not `keywords`, among which are the names of the folders above.
            if item.get_closest_marker(marker) and not config.getoption(f"--{marker}"):
                item.add_marker(pytest.mark.skip(reason=f"needs --{marker}"))


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds `main.py`."""
    return ROOT


@pytest.fixture(scope="session")
def cifar10_mini() -> Path:
    """4,000 training and 1,000 test images of CIFAR-10 as JPEG files, where they lie beside the checkout."""
    path = Path(os.environ.get("NUTSHELL_CIFAR10_MINI", ROOT.parent / "shared" / "data" / "cifar10-mini"))
    if not path.is_dir():
        pytest.skip(f"there is no {path}; NUTSHELL_CIFAR10_MINI names another place")
    return path
