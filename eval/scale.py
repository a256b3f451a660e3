"""An index of 100,000 passages: how long opening, the first answer, mending and checking take, and what it weighs.

    python -m eval.scale --keep /tmp/large

Its documents are those of a data set, again and again under new titles; its vectors are random, as their making is not
what is measured: the index bears the real encoder's stamp. Each figure is measured in a process of its own, the pages
of its files in the system's cache.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.provenance import provenance
from eval.suite import Suite
from eval.systems import folder_bytes
from rag.config import Config
from rag.encoder import DEFAULT, PINNED, Encoder, Vectors, bundled, piece_counter
from rag.index import Index
from rag.types import Document

_AT_ONCE = 500  # documents
_DIMENSION, _WINDOW = 384, 256  # of the bundled encoder
TARGETS = {"open and first answer": 2.0, "vectors.faiss made again": 5.0}  # seconds


class FakeEncoder(Encoder):
    """Counts pieces as the bundled encoder does and bears its name, but draws a vector by lot for each text."""

    _drawn: int = 0

    def __init__(self) -> None:
        super(Encoder, self).__init__(model_name=DEFAULT)
        self._tokenizer = piece_counter(Path(bundled(), "tokenizer.json").read_text(encoding="utf-8"))

    @property
    def digest(self) -> str:
        return PINNED["model.safetensors"]

    @property
    def dimension(self) -> int:
        return _DIMENSION

    @property
    def window(self) -> int:
        return _WINDOW

    def encode(self, texts: Sequence[str]) -> Vectors:
        seeds = (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts)
        rows = [np.random.default_rng(seed).standard_normal(_DIMENSION, dtype=np.float32) for seed in seeds]
        vectors = np.stack(rows) if rows else np.zeros((0, _DIMENSION), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)


def build(folder: Path, suite: Suite, *, passages: int, progress: Callable[[str], None]) -> None:
    """Fill the index in `folder` until it holds so many passages; one that holds them already stays as it is."""
    with Index.open(folder, config=Config(), encoder=FakeEncoder(), create=True) as index:
        documents = _repeated(suite.documents)
        known = {document.path for document in index.documents()}
        while (there := sum(document.passages for document in index.documents())) < passages:
            progress(f"{there:,} of {passages:,} passages")
            index.add(itertools.islice((one for one in documents if one.path not in known), _AT_ONCE))


def _repeated(documents: Sequence[Document]) -> Iterator[Document]:
    for turn in itertools.count():
        for one in documents:
            again = {"title": f"{one.title} ({turn + 1})", "path": f"{one.path} ({turn + 1})"} if turn else {}
            yield replace(one, **again)


# --- measured, each in a process of its own


def _open(folder: Path, question: str) -> dict[str, float]:
    from rag.ledger import file_digest

    with _Clock() as whole, Index.open(folder, config=Config()) as index:
        whole.stop()
        with _Clock() as digest:
            file_digest(index.folder / "catalog.sqlite")
    return {"open": whole.seconds, "of that, the digest of the catalog": digest.seconds}


def _answer(folder: Path, question: str) -> dict[str, float]:
    with _Clock() as imports:
        import faiss  # noqa: F401
        import sentence_transformers  # noqa: F401
        import torch  # noqa: F401

        import rag.network  # noqa: F401
        from rag.assistant import Assistant
        from rag.encoder import Encoder
        from rag.reader import Reader

        Encoder.from_settings(Config().encoder).encode(["What is imported with the first use is imported now."])
        assert Reader().network
    config = Config()
    with _Clock() as opening:
        assistant = Assistant.open(folder, config=config)
    with _Clock() as loading:
        assistant.load()
    with _Clock() as first:
        assistant.ask(question)
    with _Clock() as second:
        assistant.ask(f"{question} Or not?")
    assistant.close()
    return {
        "imports": imports.seconds,
        "open and first answer": opening.seconds + first.seconds,
        "of that, the first answer": first.seconds,
        "besides, loading the weights of encoder and reader": loading.seconds,
        "second answer": second.seconds,
    }


def _vectors(folder: Path, question: str) -> dict[str, float]:
    import faiss  # noqa: F401

    (folder / "vectors.faiss").unlink()
    with Index.open(folder, config=Config()) as index, _Clock() as again:
        index.update([])
    return {"vectors.faiss made again": again.seconds}


def _after_a_kill(folder: Path, question: str) -> dict[str, float]:
    from rag.ledger import Ledger

    ledger = Ledger(folder / "catalog.sqlite")
    noted = ledger.read()
    assert noted is not None
    ledger.acknowledge(noted.generation)  # as a writer leaves it that was killed
    with _Clock() as whole, Index.open(folder, config=Config()):
        whole.stop()
    return {"open after a kill": whole.seconds}


def _verify(folder: Path, question: str) -> dict[str, float]:
    with Index.open(folder, config=Config()) as index, _Clock() as whole:
        found = index.verify()
    assert found.ok, found.findings
    return {"verify": whole.seconds}


MEASURED = {"open": _open, "answer": _answer, "vectors": _vectors, "kill": _after_a_kill, "verify": _verify}


class _Clock:
    """Seconds from entering to `stop`, or to leaving."""

    seconds = 0.0

    def __enter__(self) -> _Clock:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.seconds = self.seconds or time.perf_counter() - self._began


def measure(folder: Path, question: str, *, rounds: int, progress: Callable[[str], None]) -> dict[str, list[float]]:
    """Seconds of each figure, one for each round; a process that read the files before is not counted."""
    samples: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for name in MEASURED if number else ["open"]:
            progress(f"round {number} of {rounds}: {name}")
            command = [sys.executable, "-m", "eval.scale", "--one", name, str(folder), question]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{name}: {done.stderr}")
            for what, seconds in json.loads(done.stdout).items() if number else ():
                samples.setdefault(what, []).append(round(seconds, 4))
    return samples


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the index's files."""
    return {file.name: file.stat().st_size for file in sorted(folder.iterdir())} | {"all": folder_bytes(folder)}


def table(found: dict[str, Any]) -> str:
    """Medians with the least and the greatest, and whether they are what they should be."""
    lines = []
    for what, values in found["seconds"].items():
        middle = statistics.median(values)
        target = TARGETS.get(what)
        aim = "" if target is None else f"   at most {target:.0f} s: {'reached' if middle <= target else 'MISSED'}"
        lines.append(f"{what:52} {middle:8.3f} s   ({min(values):.3f} – {max(values):.3f}){aim}")
    lines += [f"{name:52} {size / 1e6:8.1f} MB" for name, size in found["bytes"].items()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the index, measure it, print the figures, and write `--out` where given."""
    parser = argparse.ArgumentParser(prog="python -m eval.scale", description="Speed of a large index.")
    parser.add_argument("--data", default="../shared/data/train", help="folder of a suite or a data set")
    parser.add_argument("--passages", type=int, default=100_000, help="passages of the index, at least")
    parser.add_argument("--rounds", type=int, default=5, help="processes that measure each figure")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the index is, or is made and stays")
    parser.add_argument("--out", type=Path, help="results file")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "FOLDER", "QUESTION"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        name, folder, question = given.one
        print(json.dumps(MEASURED[name](Path(folder), question)))
        return 0

    def progress(text: str) -> None:
        print(text, file=sys.stderr)

    suite = Suite.load(given.data)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary, "index")
        build(folder, suite, passages=given.passages, progress=progress)
        question = suite.questions[0].question
        found = {"seconds": measure(folder, question, rounds=given.rounds, progress=progress), "bytes": sizes(folder)}
        with Index.open(folder, config=Config()) as index:
            found |= {"documents": len(index.documents()), "passages": index.verify().passages}
    found |= {"rounds": given.rounds, **provenance()}
    print(table(found))
    print(f"{found['documents']:,} documents, {found['passages']:,} passages; {given.rounds} rounds, medians (range)")
    print(f"{found['machine']}, Python {found['python']}")
    print(", ".join(f"{name} {version}" for name, version in found["packages"].items()))
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
