"""Make .venv with this project in it, then open the course or run the tests.

    python scripts/dev.py lab [OPTIONS]      the course in JupyterLab; the options are those of `mcp-notebook lab`
    python scripts/dev.py test [OPTIONS]     all tests, then the notebooks; the options are pytest's
    python scripts/dev.py notebooks [FILES]  only the notebooks, compared with their stored outputs
    python scripts/dev.py environment EXTRA  only .venv, with an extra of pyproject.toml

`make` calls these. They need only Python 3.10 or later, so they also work where there is no make, as on Windows.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OWN_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# For the notebooks alone, another environment can be named.
PYTHON = Path(os.environ.get("VENV_PYTHON") or OWN_PYTHON)
# One process a core, and each file of tests in one of them: its tests share a kernel or a page of the browser. The
# files with few tests take the longest, so they must not come last.
PARALLEL = ("-n", "logical", "--dist", "loadfile", "--no-loadscope-reorder")
AGAIN = 64  # the status of pytest if only tests failed that depend on time, see tests/conftest.py
COVERED = {
    "bench": ("bench", "peers", "test", "tutorial", "lite"),
    "dev": ("dev", "peers", "test", "tutorial", "lite"),
    "test": ("test", "tutorial", "lite"),
}


def main(words: list[str]) -> int:
    if sys.version_info < (3, 10):  # noqa: UP036 - any Python may start this
        return fail(f"This is Python {sys.version.split()[0]}, and 3.10 or later is needed. Run it with a newer one.")
    if words[:1] == ["environment"] and len(words) == 2:
        return environment(words[1])
    if words[:1] == ["notebooks"]:
        return environment("test") or notebooks(*words[1:])
    if words[:1] == ["lab"]:
        return environment("tutorial") or run(OWN_PYTHON, "-m", "mcp_notebook", "lab", *words[1:])
    if words[:1] == ["test"]:
        return (
            environment("dev")
            or prepared("browser")
            or prepared("node")
            or prepared("redis")
            or prepared("nginx")
            or tests(*words[1:])
            or notebooks()
        )
    return fail(str(__doc__))


def tests(*words: str) -> int:
    """Run the tests; those with servers, kernels or a browser that fail beside others run once more, alone.

    Their deadlines are generous, but a machine that others use, too, can stand still for longer. Those in which the
    garbage collector found something run again, too, see `tests/conftest.py`. A test that fails alone, or one of the
    others, fails the run. The report of the first run stays, so that an unsteady test is seen.
    """
    status = run(OWN_PYTHON, "-m", "pytest", *PARALLEL, *words)
    if status != AGAIN:
        return status
    print("The tests that failed run once more, alone.", flush=True)
    return run(OWN_PYTHON, "-m", "pytest", "--last-failed", *words)


def notebooks(*files: str) -> int:
    """Run the notebooks, in another order each time: none may need what another one has left.

    The warnings of nbval's own process are not theirs, so they are not errors.
    """
    nbval = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/support/nbval_sanitize.cfg")
    options = ("-W", "default", "-p", "tests.support.nbval_history", "-p", "no:cacheprovider")
    # Learners' notebooks have no outputs to compare; their solutions have.
    chosen = list(files) or sorted(map(str, ROOT.glob("chapters/solutions/*.ipynb")))
    seed = os.environ.get("ORDER") or str(random.randrange(1_000))
    random.Random(seed).shuffle(chosen)
    if len(chosen) > 1:
        print(f"The order of the notebooks is {seed}; ORDER={seed} repeats it.", flush=True)
    return run(PYTHON, "-m", "pytest", *options, *nbval, "--nbval-cell-timeout=60", *PARALLEL, *chosen)


def prepared(what: str) -> int:
    """Find or install a browser, Node, Redis or nginx for the tests; without sh, tests that find none are skipped."""
    sh = shutil.which("sh")
    return run(sh, f"scripts/{what}.sh") if sh else 0


def environment(extra: str) -> int:
    """Install this project into .venv, editable, with an extra; do nothing if that is done."""
    if wrong := unusable():
        return fail(wrong)
    if not works() and (status := made()):
        return status
    # An editable install points to this folder: a moved folder counts as a change.
    wanted = f"{ROOT}\n{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}"
    stamp = VENV / f"installed-{extra}"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"Installing into .venv (extra: {extra}); with pip, the first time takes a minute or two", flush=True)
    project = ("-e", f".[{extra}]")
    uv = shutil.which("uv")
    # uv takes seconds, but is configured in its own way: pip may reach an index that uv does not.
    if not (uv and run(uv, "pip", "install", "--quiet", "--python", OWN_PYTHON, *project) == 0) and run(
        OWN_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *project
    ):
        return fail("Installing failed; pip's reason is above. No network? Connect, and run this again.")
    for name in COVERED.get(extra, (extra,)):
        (VENV / f"installed-{name}").write_text(wanted, encoding="utf-8")
    return 0


def unusable() -> str | None:
    """Return why the .venv that is there cannot be used; None if it can, or if there is none that runs."""
    have = version(OWN_PYTHON)
    if have is None:
        return None
    start_over = "remove the folder .venv (make clean), then run this again"
    if tuple(map(int, have.split("."))) < (3, 10):
        return f".venv is Python {have}, and 3.10 or later is needed: {start_over}."
    wanted = os.environ.get("PYTHON")
    if wanted and version(wanted) != have:
        return f".venv is Python {have}, and PYTHON={wanted} is not: {start_over}, or leave PYTHON out."
    return None


def works() -> bool:
    """Return whether .venv has a Python with pip: its Python may be gone, or making it was interrupted."""
    return any(quietly(OWN_PYTHON, *words) is not None for words in (("-c", "import pip"), ("-m", "ensurepip")))


def made() -> int:
    print(f"Making .venv with {sys.executable} ({version(sys.executable)})", flush=True)
    if run(sys.executable, "-m", "venv", "--clear", VENV):
        return fail("Could not make .venv; the reason is above (Debian, Ubuntu: apt install python3-venv may help).")
    return 0


def version(python: str | Path) -> str | None:
    return quietly(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")


def quietly(*words: str | Path) -> str | None:
    """Return what a program prints; None if it cannot be started, or fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def run(*words: str | Path) -> int:
    """Run a program in the project's folder, and return its status."""
    with subprocess.Popen(words, cwd=ROOT) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the terminal interrupts the program, too, which decides when to end


def fail(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
