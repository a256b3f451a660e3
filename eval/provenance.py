"""What made a result: commit, machine and versions, so that it can be trusted a year later."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CODE = ("rag", "ui", "eval", "prompts", "pyproject.toml", "requirements.lock")
PACKAGES = (
    "bm25s", "faiss-cpu", "footnote", "llama-index-core", "nltk", "numpy", "sentence-transformers", "tokenizers",
    "torch", "transformers",
)  # fmt: skip


def provenance() -> dict[str, Any]:
    """Commit, machine and versions that made a result; no path, host or user."""
    commit, dirty = _commit()
    return {"commit": commit, "dirty": dirty, "machine": machine(), "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES}}  # fmt: skip


def code_digest() -> str:
    """Sixteen hex digits over everything in the packages that makes an answer or a figure."""
    found = hashlib.sha256()
    for folder in ("rag", "eval", "prompts"):
        for file in sorted((ROOT / folder).rglob("*")):
            if (
                file.suffix in (".py", ".toml", ".json", ".txt", ".safetensors")
                and "eval/results" not in file.as_posix()
            ):
                found.update(f"{file.relative_to(ROOT)}\0".encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


def publish(found: dict[str, Any], out: Path | None) -> None:
    """Print figures as JSON, and write them to `out` where one is named."""
    text = json.dumps(found, indent=2)
    print(text)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")


def machine() -> str:
    """Number of cores and the processor's model."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{os.cpu_count()} cores, {model or platform.processor() or platform.machine()}"


class PeakMemory:
    """The most memory that this process held between entering and leaving, in MiB; None where the system cannot tell.

    Linux keeps the high-water mark in /proc/self/status, and sets it back when 5 is written to /proc/self/clear_refs.
    """

    mib: float | None = None

    def __enter__(self) -> PeakMemory:
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            self._known = True
        except OSError:
            self._known = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._known:
            lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
            kib = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
            self.mib = None if kib is None else round(kib / 1024, 1)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> tuple[str, bool | None]:
    """The commit of this checkout and whether what makes a result differs from it; ("unknown", None) outside of one."""
    top = _git(ROOT, "rev-parse", "--show-toplevel")
    if top is None or Path(top.strip()).resolve() != ROOT:
        return "unknown", None
    head = _git(ROOT, "rev-parse", "HEAD")
    left_out = (":(exclude)eval/results", ":(exclude)eval/suites")  # a suite has a digest of its own
    status = _git(ROOT, "--no-optional-locks", "status", "--porcelain", "--", *CODE, *left_out)
    return (head or "unknown").strip(), None if status is None else bool(status.strip())


def _git(folder: Path, *words: str) -> str | None:
    """What git prints; None where it fails. GIT_* variables, as hooks set them, could point to another checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        command = ["git", "-C", str(folder), *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
