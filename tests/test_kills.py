"""Fifty seeded SIGKILLs: whatever was acknowledged is there, whole, and the next update goes on.

A child edits, deletes and indexes files for as long as it lives, and writes down what it is about to do and what
the index has acknowledged. Children are forked from a server that has imported everything, but has opened nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import StandInEncoder

from rag.config import Config, RetrievalSettings
from rag.index import Index
from rag.passages import PassageParser
from rag.types import Document, Progress

FILES = 40
INDEXES, KILLS = 10, 5
WORDS = (
    "ministers met riyadh ceasefire harvest wheat bridge cracks mayor voters drought pillar monday noon ship".split()
)
CONFIG = Config(retrieval=RetrievalSettings(candidates=1000))


def text_of(number: int, version: int) -> str:
    chance = random.Random(f"{number}/{version}")
    sections = (
        f"# Part {i}\n\n{' '.join(chance.choices(WORDS, k=12))} {version}." for i in range(chance.randint(1, 3))
    )
    return "\n\n".join(sections)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- the child


def work(folder: Path, seed: int) -> None:
    """Change files and update the index until killed."""
    chance = random.Random(seed)
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(kind: str, states: dict[str, str | None]) -> None:
        os.write(journal, (json.dumps([kind, states]) + "\n").encode())

    done = 0

    def acknowledge(progress: Progress) -> None:
        nonlocal done
        if progress.done > done:
            done = progress.done
            note("is", {progress.path: sha(Path(progress.path).read_text())})

    files = [folder / "files" / f"{number}.md" for number in range(FILES)]
    index = Index.open(folder / "index", encoder=StandInEncoder(), config=CONFIG, create=True)
    for version in range(10_000):
        for number in range(FILES) if not any(file.exists() for file in files) else chance.sample(range(FILES), 6):
            aside = folder / "aside"
            aside.write_text(text_of(number, seed * 1000 + version))
            aside.replace(files[number])
        gone = [file for file in chance.sample(files, 2) if version and file.exists()]
        for file in gone:
            file.unlink()
        note("may be", {str(file): sha(file.read_text()) if file.exists() else None for file in files})
        done = 0
        report = index.update(folder / "files", progress=acknowledge, sync=True)
        note("is", dict.fromkeys(report.removed))
        dropped = str(chance.choice(files))
        note("may be", {dropped: None})
        if index.remove(dropped):
            note("is", {dropped: None})


def serve() -> None:
    """Fork a child for each line of standard input; tell its pid, then how it ended."""
    import faiss  # noqa: F401

    import rag.documents.markdown  # noqa: F401

    warm = StandInEncoder()
    PassageParser(warm).parse(Document(text=text_of(0, 0), path="", title="", sha256=""))
    warm.encode(WORDS)
    for line in sys.stdin:
        folder, seed = json.loads(line)
        pid = os.fork()
        if not pid:
            try:
                work(Path(folder), seed)
            finally:
                os._exit(1)
        os.write(1, f"{pid}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())


# --- the test


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    here = Path(__file__).resolve()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent.parent), str(here.parent)])}
    with subprocess.Popen(
        [sys.executable, str(here)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def kill_one(server: subprocess.Popen[str], folder: Path, *, seed: int, lines: int, delay: float) -> None:
    """Start a child and kill it `delay` seconds after it has written that many lines of its journal."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps([str(folder), seed]) + "\n")
    server.stdin.flush()
    pid = int(server.stdout.readline())
    journal, deadline = folder / "journal", time.monotonic() + 20
    wanted = lines + (journal.read_bytes().count(b"\n") if journal.exists() else 0)
    while lines and time.monotonic() < deadline:
        time.sleep(0.001)
        if journal.exists() and journal.read_bytes().count(b"\n") >= wanted:
            break
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert int(server.stdout.readline()) == -signal.SIGKILL, "the child failed before it was killed"


def possible(folder: Path) -> dict[str, set[str | None]]:
    """Path to the versions that the index may hold: the one acknowledged last, or any begun since."""
    states: dict[str, set[str | None]] = {}
    journal = folder / "journal"
    for line in journal.read_text().splitlines() if journal.exists() else ():
        kind, said = json.loads(line)
        for path, text in said.items():
            states[path] = {text} if kind == "is" else states.get(path, {None}) | {text}
    return states


def check(index: Index, states: dict[str, set[str | None]]) -> int:
    """Assert that every document is one that may be there, whole; return how many are."""
    findings = index.verify().findings
    assert [finding for finding in findings if not finding.startswith("vectors.faiss")] == []
    listed = {document.path: document for document in index.documents()}
    assert set(listed) <= set(states)
    hits: dict[str, list[tuple[int, int, str]]] = {}
    for hit in index.search("ministers", k=1000):
        hits.setdefault(hit.path, []).append((hit.span.start, hit.span.end, hit.text))
    assert set(hits) == set(listed)
    parser = PassageParser(index.encoder)
    for path, allowed in states.items():
        if path not in listed:
            assert None in allowed, f"{path} was acknowledged and is gone"
            continue
        document = index.document(path)
        assert sha(document.text) in allowed, f"{path} is of another version"
        wanted = [(node.start_char_idx, node.end_char_idx, node.text) for node in parser.parse(document)]
        assert sorted(hits[path]) == wanted
        assert listed[path].passages == len(wanted)
    return len(listed)


def ranking(index: Index) -> list[tuple[float, str, int]]:
    hits = [hit for query in ("ceasefire riyadh", "wheat 3 noon") for hit in index.search(query, k=1000)]
    return sorted((-round(hit.score, 9), hit.path, hit.span.start) for hit in hits)


def test_fifty_kills_lose_nothing_that_was_acknowledged(
    server: subprocess.Popen[str], tmp_path: Path, encoder: StandInEncoder
) -> None:
    chance = random.Random(20)
    kept = []
    for number in range(INDEXES):
        folder = tmp_path / str(number)
        (folder / "files").mkdir(parents=True)
        for kill in range(KILLS):
            # The first comes while the schema, or the first documents, are being written.
            lines = chance.randint(1, 60) if kill else max(0, number - 6)
            delay = chance.uniform(0.0, 0.01) if kill else 0.004 * number
            kill_one(server, folder, seed=number * KILLS + kill, lines=lines, delay=delay)
            with Index.open(folder / "index", encoder=encoder, config=CONFIG, create=True) as index:
                kept.append(check(index, possible(folder)))
        with (
            Index.open(folder / "index", encoder=encoder, config=CONFIG) as index,
            Index.open(folder / "scratch", encoder=encoder, config=CONFIG, create=True) as scratch,
        ):
            index.update(folder / "files", sync=True)
            scratch.update(folder / "files")
            assert index.verify().ok
            assert {d.path: d.sha256 for d in index.documents()} == {d.path: d.sha256 for d in scratch.documents()}
            assert ranking(index) == ranking(scratch)
    assert len(kept) == 50
    assert sum(kept) > 500  # else the kills came before there was anything to lose


if __name__ == "__main__":
    serve()
