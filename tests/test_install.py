"""Setting up: the locks fit pyproject.toml, no file belongs to one machine, and make passes words on unharmed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]
DEV = [Requirement(line) for name in ("dev", "peers") for line in EXTRAS[name]]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SAMPLE = "eval/suites/sample/documents"

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make: apt-get install make")


def pins(*locks: str) -> dict[str, str]:
    """Canonical name to version; anything but an exact pin fails."""
    found: dict[str, str] = {}
    for line in (line for lock in locks for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()):
        if line.startswith("#") or line == "-r requirements.lock":
            continue
        pin = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][A-Za-z0-9.]*)", line)
        assert pin, f"not an exact pin: {line}"
        name = canonicalize_name(pin[1])
        assert name not in found, f"pinned twice: {name}"
        found[name] = pin[2]
    return found


def needed(name: str) -> Iterator[str]:
    """What the installed package needs on this machine."""
    for line in metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


@pytest.mark.parametrize(("wanted", "locks"), [(RUNTIME, LOCKS[:1]), (DEV, LOCKS)], ids=["runtime", "dev"])
def test_the_locks_pin_every_dependency_within_its_range(wanted: list[Requirement], locks: tuple[str, ...]) -> None:
    found = pins(*locks)
    for requirement in wanted:
        version = found[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"


def test_what_is_installed_fits_the_ranges() -> None:
    for requirement in (*RUNTIME, *DEV):
        version = metadata.version(requirement.name)
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: {version} is installed"


def test_the_locks_are_complete() -> None:
    found = pins(*LOCKS)
    missing = {
        f"{name} needs {other}" for name in found if _installed(name) for other in needed(name) if other not in found
    }
    assert missing == set()


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def test_the_dev_lock_starts_from_the_other_one() -> None:
    assert "-r requirements.lock" in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", [*LOCKS, "Makefile", ".ci/run", "pyproject.toml", "indexes/README.md"])
def test_no_file_of_the_set_up_belongs_to_one_machine(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    wrong = re.findall(r"https?://|index-url|find-links|\+cpu|nvidia|triton|/(?:home|root|Users|work|opt)/\S*", text)
    assert wrong == []


@pytest.mark.parametrize("name", ["footnote", "pip"])
def test_the_locks_leave_out_the_project_and_the_installer(name: str) -> None:
    assert name not in pins(*LOCKS)


def test_the_wheel_holds_the_data_that_the_code_reads() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    data = [ROOT / "ui/style.css", ROOT / "eval/suites/sample/suite.toml", *(ROOT / "prompts").glob("*.txt")]
    data += [file for file in (ROOT / "rag").rglob("*.*") if file.suffix not in (".py", ".pyc")]
    assert {package for package in packages if (ROOT / package).is_dir()} == set(packages)
    for file in data:
        assert file.is_file()
        assert file.relative_to(ROOT).parts[0] in packages
    if shutil.which("git") and (ROOT / ".git").exists():
        # What git ignores, the build leaves out.
        command = ["git", "-C", str(ROOT), "check-ignore", *map(str, data)]
        assert subprocess.run(command, capture_output=True, text=True, timeout=30).stdout == ""


def test_the_installed_command_answers() -> None:
    command = Path(sys.executable).with_name("rag")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: rag ")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30)
    assert done.stdout == f"Footnote {PROJECT['project']['version']}\n"


# --- make


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """Run a target with `rag` replaced: exit code, and the words that it was called with."""
    stub = tmp_path / "rag.py"
    told = tmp_path / "told.json"
    stub.write_text(
        "import json, os, pathlib, sys\n"
        f"pathlib.Path({str(told)!r}).write_text(json.dumps([sys.argv[1:], os.environ['HF_HUB_OFFLINE']]))\n"
        "sys.exit(int(os.environ.get('STUB_EXIT', 0)))\n"
    )

    def making(*words: str, **environment: str) -> tuple[int, list[str]]:
        told.unlink(missing_ok=True)
        command = [
            "make",
            "-s",
            "-o",
            ".venv/installed",
            f"PY={sys.executable}",
            f"RAG={sys.executable} {stub}",
            *words,
        ]
        kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "PORT", "DOCS", "Q")}
        done = subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=30)
        if not told.exists():
            return done.returncode, [done.stderr]
        arguments, offline = json.loads(told.read_text(encoding="utf-8"))
        assert offline == "1"
        return done.returncode, arguments

    return making


@needs_make
def test_make_alone_lists_the_targets() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    for target in ("install", "chat", "ask", "test", "check", "eval", "bench", "clean"):
        assert f"\n  make {target} " in done.stdout


@needs_make
@pytest.mark.parametrize(
    "question",
    [
        "Who met in Riyadh?",
        'What\'s "peace"?',
        "$HOME $(id) `id` ${Q} $$",
        "a; b & c | d > e #f",
        "$(shell exit 1)",
        "-k",
        "*",
        "“ü” \\n",
    ],
)
def test_make_ask_passes_the_question_on_as_it_is(make: Any, question: str) -> None:
    expected = ["ask", "--index", "indexes/sample", "--documents", SAMPLE, "--", question]
    assert make("ask", f"Q={question}") == (0, expected)
    assert make("ask", Q=question) == (0, expected)


@needs_make
def test_make_ask_takes_a_refusal_for_an_answer_and_an_error_for_an_error(make: Any) -> None:
    assert make("ask", "Q=Who?", STUB_EXIT="3")[0] == 0
    assert make("ask", "Q=Who?", STUB_EXIT="1")[0] == 2
    code, (said,) = make("ask")
    assert code == 2
    assert said.startswith('Give a question: make ask Q="Who is Moira Kell?"\n')


@needs_make
@pytest.mark.parametrize("given", ["~/my reports", "/srv/$x's reports", "reports"])
def test_make_chat_gives_each_folder_its_own_index(make: Any, given: str, tmp_path: Path) -> None:
    folder = {"~": str(tmp_path / "my reports"), "/": given, "r": str(ROOT / given)}[given[0]]
    own = hashlib.sha256(folder.encode()).hexdigest()[:8]
    expected = ["chat", "--index", f"indexes/{Path(folder).name}-{own}", "--documents", given]
    assert make("chat", f"DOCS={given}", HOME=str(tmp_path)) == (0, expected)


@needs_make
def test_make_chat_serves_the_sample_reports_and_takes_a_port(make: Any) -> None:
    expected = ["chat", "--index", "indexes/sample", "--documents", SAMPLE]
    assert make("chat") == (0, expected)
    assert make("chat", "PORT=0") == (0, [*expected, "--port", "0"])
    assert list((ROOT / SAMPLE).iterdir())


def checkout(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """`make install` in a bare checkout where every Python is this shell script."""
    for name in ("Makefile", *LOCKS, "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "bin").mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{python}\n")
        (folder / "bin" / name).chmod(0o755)
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "LC_ALL": "C"}
    return subprocess.run(["make", "install"], cwd=folder, env=environment, capture_output=True, text=True, timeout=30)


@needs_make
def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    done = checkout(tmp_path, '[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    assert done.returncode == 2
    assert "Footnote needs Python 3.11 or newer; python3 here is: Python 3.9.2." in done.stderr


@needs_make
def test_a_python_without_venv_is_answered_with_the_package_to_install(tmp_path: Path) -> None:
    done = checkout(tmp_path, 'case "$1" in --version) echo Python 3.11.2;; -m) mkdir .venv; exit 1;; esac')
    assert done.returncode == 2
    assert "On Debian and Ubuntu: apt-get install python3-venv\n" in done.stderr
    assert not (tmp_path / ".venv").exists()
