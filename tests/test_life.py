"""The life of an index against an oracle: whatever is done to files and index, it is as one built of them from scratch.

A Hypothesis state machine adds, edits, moves, spoils and deletes files, updates the index, kills updates and opens it
again. The oracle is a dict of path to text, and ranks every passage by brute force. FOOTNOTE_STRESS=1 lets it live
2,000 lives of 50 steps.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from conftest import StandInEncoder
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from rag import updating
from rag.config import Config, RetrievalSettings
from rag.documents import Loaded, load
from rag.fusion import fuse, query_words
from rag.index import Index, Mode
from rag.passages import PassageParser
from rag.schema import create
from rag.types import Document, Progress

STRESS = bool(os.environ.get("FOOTNOTE_STRESS"))
LIVES, STEPS = (2_000, 50) if STRESS else (20, 15)
PHASES = [Phase.generate] if STRESS else [Phase.generate, Phase.shrink]
COUNT = 6  # candidates, so few that they do not reach all passages
CONFIG = Config(retrieval=RetrievalSettings(candidates=COUNT))
MODES: tuple[Mode, ...] = ("fused", "dense", "lexical")
QUERIES = ("ministers ceasefire riyadh", "mayor bridge", "absent")

# Few names and few sentences: the same title, text and passage stand in several places. `turn.txt` is now a file, now a
# folder; no reader takes a .xyz.
NAMES = ("a.txt", "A.txt", "sub/a.txt", "b.md", "sub/b.md", "turn.txt", "turn.txt/a.txt", "turn.txt/b.md", "c.xyz")
SENTENCES = (
    "The ministers met in Riyadh and spoke of a ceasefire.",
    "Engineers closed the bridge at noon.",
    "Voters chose a new mayor, who opened the bridge.",
    "The wheat harvest fell by a tenth.",
)
SPOILT = {"empty": b"", "blank": b" \n\t\n", "binary": b"\x00\x01\x02PK\x03\x04" * 9, "link": None}

Place = tuple[str, int, int]  # of a passage: path and span


# --- what the oracle knows of a text


class Remembering(StandInEncoder):
    """Encodes each text once in this process, however often it is asked to."""

    def encode(self, texts: Any) -> Any:
        self.encoded.extend(texts)
        if not len(texts):
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([row_of(text) for text in texts])


ENCODER = Remembering()
PARSER = PassageParser(ENCODER, pieces=CONFIG.passages.pieces)


@cache
def row_of(text: str) -> Any:
    return StandInEncoder.encode(StandInEncoder(), [text])[0]


@cache
def read(name: str, text: str) -> Document:
    """As the readers make it of a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_text(text)
        [document] = load(file).documents
    assert document.text == text
    return document


@cache
def passages_of(path: str, text: str) -> tuple[tuple[int, int, str, Any], ...]:
    """Start, end, section and vector of each passage."""
    nodes = PARSER.parse(read(Path(path).name, text))
    vectors = [row_of(PARSER.embedded_text(node)).astype(np.float16).astype(np.float32) for node in nodes]
    return tuple(
        (node.start_char_idx, node.end_char_idx, node.metadata["section"], vector)
        for node, vector in zip(nodes, vectors, strict=True)
    )


def ranked(texts: dict[str, str]) -> list[list[tuple[float, Place]]]:
    """What search must find: by brute force over all vectors, and a lexical index made for the purpose."""
    places: list[Place] = []
    vectors = []
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        create(database)
        for path in sorted(texts):
            title = read(Path(path).name, texts[path]).title
            for start, end, section, vector in passages_of(path, texts[path]):
                places.append((path, start, end))
                vectors.append(vector)
                words = (len(places), title, section, texts[path][start:end])
                database.execute("INSERT INTO lexical (rowid, title, section, text) VALUES (?, ?, ?, ?)", words)
        if not places:
            return [[] for _ in QUERIES for _ in MODES]
        stacked, sql = np.stack(vectors), "SELECT rowid, -rank FROM lexical WHERE lexical MATCH ?"
        rows = (stacked / np.linalg.norm(stacked, axis=1, keepdims=True)).astype(
            np.float64
        )  # rounded as vectors.py does
        lists = []
        for query in QUERIES:
            match = " OR ".join(f'"{word}"' for word in sorted(set(query_words(query).lower().split())))
            lexical = best(dict(database.execute(sql, (match,))))
            cosines = dict(enumerate((rows * row_of(query)).sum(axis=1).clip(-1.0, 1.0).round(6).tolist(), 1))
            dense = best(cosines)
            fused = fuse(dense | {i: cosines[i] for i in lexical}, lexical)
            lists += [in_order(scores, places) for scores in (fused, dense, lexical)]
    return lists


def in_order(scores: dict[int, float], places: list[Place]) -> list[tuple[float, Place]]:
    pairs = ((score, places[i - 1]) for i, score in scores.items())
    return sorted(pairs, key=lambda one: (-one[0], one[1]))[:COUNT]


def best(scores: dict[int, float]) -> dict[int, float]:
    """The first COUNT of them, with all that are as good as the last of these."""
    worst = sorted(scores.values(), reverse=True)[:COUNT][-1:]
    return {i: score for i, score in scores.items() if score >= worst[0]}


def found(index: Index) -> list[list[tuple[float, Place]]]:
    """What search finds of the queries in each mode."""
    lists = [index.search(query, k=COUNT, mode=mode) for query in QUERIES for mode in MODES]
    return [[(hit.score, (hit.path, hit.span.start, hit.span.end)) for hit in hits] for hits in lists]


# --- the machine


class Direct:
    """In place of the process with limits, which has tests of its own: reads in this one."""

    def __init__(self, _: object) -> None:
        pass

    def __enter__(self) -> Direct:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def load(self, path: Path, **_: object) -> Loaded:
        return load(path)


class Life(RuleBasedStateMachine):
    """`disk` is what stands in the files, None where nobody could read it; `texts` what the index must hold."""

    server: ClassVar[subprocess.Popen[str]]
    lived: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="footnote-life-", dir=Life.base)))
        self.home, self.folder = self.root / "files", self.root / "index"
        self.home.mkdir()
        self.disk: dict[str, str | None] = {}
        self.texts: dict[str, str] = {}
        self.words: dict[str, str] = {}  # of each text ever written, the one that is in no other
        self.leaving = False  # whether a reader may have kept the last update from overwriting what was deleted
        self.encoder = Remembering()
        self.index = Index.open(self.folder, encoder=self.encoder, config=CONFIG, create=True)
        Life.count("lives")

    base: ClassVar[str] = tempfile.gettempdir()

    @classmethod
    def count(cls, what: str) -> None:
        cls.lived[what] = cls.lived.get(what, 0) + 1

    # --- files

    names = st.sampled_from(NAMES)
    picks = st.lists(st.integers(0, len(SENTENCES) - 1), min_size=1, max_size=3)
    files = st.lists(st.tuples(names, picks), min_size=1, max_size=5)

    def at(self, name: str) -> str:
        return str(self.home / name)

    def clear(self, path: str) -> None:
        """Make room for a file at `path`, whatever file or folder is in the way."""
        target = Path(path)
        for blocking in (target, *target.parents):
            if blocking == self.home:
                break
            if blocking.is_symlink() or blocking.is_file():
                blocking.unlink()
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.disk = {
            known: text
            for known, text in self.disk.items()
            if known != path and not known.startswith(f"{path}/") and not path.startswith(f"{known}/")
        }

    def write(self, path: str, text: str) -> None:
        self.clear(path)
        Path(path).write_text(text)
        self.disk[path] = None if path.endswith(".xyz") else text

    @initialize(chosen=files)
    def begin(self, chosen: list[tuple[str, list[int]]]) -> None:
        for name, picked in chosen:
            self.put(name, picked)

    @rule(name=names, picked=picks)
    def add(self, name: str, picked: list[int]) -> None:
        """A new file, or an old one with new content."""
        Life.count("steps")
        self.put(name, picked)

    def put(self, name: str, picked: list[int]) -> None:
        """Write a file whose last section holds a word that is nowhere else."""
        word = "".join(random.Random(f"{len(self.words)}").choices("bcdfghjklmnpqrtvwxz", k=14))
        sections = [f"# Part {n}\n\n{SENTENCES[n]}" for n in picked]
        text = "\n\n".join([*sections, f"# Mark\n\nThe word is {word}."])
        self.words[text] = word
        self.write(self.at(name), text)

    @precondition(lambda self: self.disk)
    @rule(data=st.data(), name=names)
    def copy(self, data: st.DataObject, name: str) -> None:
        Life.count("steps")
        if (text := self.disk[data.draw(st.sampled_from(sorted(self.disk)))]) is not None:
            self.write(self.at(name), text)

    @precondition(lambda self: self.disk)
    @rule(data=st.data(), name=names)
    def move(self, data: st.DataObject, name: str) -> None:
        """To another name, which may differ in its case alone."""
        Life.count("steps")
        old = data.draw(st.sampled_from(sorted(self.disk)))
        if (text := self.disk[old]) is not None and old != self.at(name):
            aside = self.root / "aside"
            Path(old).rename(aside)
            self.disk.pop(old)
            self.clear(self.at(name))
            aside.rename(self.at(name))
            self.disk[self.at(name)] = None if name.endswith(".xyz") else text

    @precondition(lambda self: self.disk)
    @rule(data=st.data())
    def move_folder(self, data: st.DataObject) -> None:
        Life.count("steps")
        if (self.home / "sub").is_dir():
            below = {path: text for path, text in self.disk.items() if path.startswith(self.at("sub/"))}
            for path in below:
                self.disk.pop(path)
            (self.home / "sub").rename(self.root / "aside")
            self.clear(self.at("turn.txt"))
            (self.root / "aside").rename(self.home / "turn.txt")
            self.disk |= {path.replace(self.at("sub"), self.at("turn.txt"), 1): text for path, text in below.items()}

    @precondition(lambda self: self.disk)
    @rule(data=st.data(), how=st.sampled_from(sorted(SPOILT)))
    def spoil(self, data: st.DataObject, how: str) -> None:
        """What nobody can read takes the place of a file, and may make way for it again."""
        Life.count("steps")
        path = data.draw(st.sampled_from(sorted(self.disk)))
        self.clear(path)
        content = SPOILT[how]
        if content is None:
            Path(path).symlink_to(self.home / "absent")
        else:
            Path(path).write_bytes(content)
        self.disk[path] = None

    @precondition(lambda self: self.disk)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        Life.count("steps")
        path = data.draw(st.sampled_from(sorted(self.disk)))
        Path(path).unlink()
        self.disk.pop(path)

    # --- the index

    def expected(self, given: list[str], *, sync: bool) -> dict[str, str]:
        """What the index holds after an update, and what must be reported of it."""
        reached = {path: text for path, text in self.disk.items() if _within(path, given)}
        after = self.texts | {path: text for path, text in reached.items() if text is not None}
        if sync:
            folders = [one for one in given if Path(one).is_dir()]
            after = {path: text for path, text in after.items() if path in self.disk or not _within(path, folders)}
        return after

    def given(self, data: st.DataObject) -> list[str]:
        whole = [str(self.home)]
        parts = sorted(path for path in self.disk if self.disk[path] is not None)
        return data.draw(st.one_of(st.just(whole), st.lists(st.sampled_from(parts), min_size=1, max_size=2, unique=True)
                                   if parts else st.just(whole)))  # fmt: skip

    @rule(data=st.data(), sync=st.booleans())
    def update(self, data: st.DataObject, sync: bool) -> None:
        Life.count("steps")
        self.do_update(self.given(data), sync=sync)
        self.check()

    def do_update(self, given: list[str], *, sync: bool) -> None:
        after = self.expected(given, sync=sync)
        known = set(self.embedded())
        self.encoder.encoded.clear()
        report = self.index.update(given, sync=sync)
        encoded = [hashlib.sha256(text.encode()).digest() for text in self.encoder.encoded]
        assert len(encoded) == len(set(encoded)), "a passage was embedded twice"
        assert not known & set(encoded), "an unchanged passage was embedded again"
        reached = {path: text for path, text in self.disk.items() if _within(path, given)}
        good = {path for path, text in reached.items() if text is not None}
        assert set(report.added) == good - set(self.texts)
        assert set(report.updated) == {path for path in good & set(self.texts) if self.texts[path] != reached[path]}
        assert set(report.unchanged) == {path for path in good & set(self.texts) if self.texts[path] == reached[path]}
        assert {path for path, _ in report.rejected} == set(reached) - good
        assert set(report.removed) == set(self.texts) - set(after)
        assert report.given == len(reached)
        self.texts = after

    def embedded(self) -> list[bytes]:
        return [digest for (digest,) in self.index._catalog._db.all("SELECT embedded FROM passages")]

    @rule(data=st.data())
    def update_beside_readers(self, data: st.DataObject) -> None:
        """Others search meanwhile: of each document they see one version, whole."""
        Life.count("steps")
        given = [str(self.home)]
        before, after = self.texts, self.expected(given, sync=True)
        stop, failed = threading.Event(), []

        def read() -> None:
            try:
                while not stop.is_set():
                    seen: dict[str, set[tuple[int, int]]] = {}
                    for hit in self.index.search("the word is", k=500, mode="dense"):
                        seen.setdefault(hit.path, set()).add((hit.span.start, hit.span.end))
                    for path, spans in seen.items():
                        whole = [spans_of(path, one[path]) for one in (before, after) if path in one]
                        assert any(spans <= one for one in whole), f"{path} is neither as it was nor as it is"
            except BaseException as error:
                failed.append(error)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            self.do_update_quietly(given, after)
        finally:
            stop.set()
            for reader in readers:
                reader.join()
        assert failed == []
        self.leaving = True
        self.check()

    def do_update_quietly(self, given: list[str], after: dict[str, str]) -> None:
        self.index.update(given, sync=True)
        self.texts = after

    @rule(pick=st.integers(0, len(NAMES) + 1))
    def remove(self, pick: int) -> None:
        """Which one is drawn without a look at what the index holds: that hangs on the moment of the last kill."""
        Life.count("steps")
        choices = [*sorted(self.texts), self.at("sub"), self.at("turn.txt")]
        one = choices[pick % len(choices)]
        gone = [path for path in sorted(self.texts) if _within(path, [one])]
        assert self.index.remove(one) == gone
        self.texts = {path: text for path, text in self.texts.items() if path not in gone}
        if gone:
            self.leaving = False
        self.check()

    @rule()
    def reopen(self) -> None:
        Life.count("steps")
        self.open_again()
        self.check()

    def open_again(self) -> None:
        self.index.close()
        self.index = Index.open(self.folder, encoder=self.encoder, config=CONFIG)

    @rule(after=st.integers(0, 5), delay=st.integers(0, 40), sync=st.booleans(), chosen=files)
    def kill(self, after: int, delay: int, sync: bool, chosen: list[tuple[str, list[int]]]) -> None:
        """A process of its own updates the index and is killed: after so many words of progress, or after a while."""
        Life.count("steps")
        for name, picked in chosen:
            self.put(name, picked)
        given = [str(self.home)]
        whole = self.expected(given, sync=sync)
        journal = self.root / "journal"
        journal.unlink(missing_ok=True)
        self.index.close()
        request = {"folder": str(self.folder), "given": given, "sync": sync, "after": after, "delay": delay / 1000,
                   "journal": str(journal)}  # fmt: skip
        ended = ask(Life.server, request)
        assert ended in (0, -signal.SIGKILL), "the child failed before it was killed"
        Life.count("kills" if ended else "kills too late")
        self.index = Index.open(self.folder, encoder=self.encoder, config=CONFIG)
        holds = {document.path: self.index.document(document.path).text for document in self.index.documents()}
        for path in {*self.texts, *whole, *holds}:
            allowed = {self.texts.get(path), whole.get(path)}
            assert holds.get(path) in allowed, f"{path} is neither as it was nor as it is"
        for path in journal.read_text().splitlines() if journal.exists() else ():
            assert holds.get(path) == whole.get(path), f"{path} was acknowledged, and is not there"
        if not ended:
            assert holds == whole
        self.texts = holds
        self.leaving = False
        self.check()

    # --- the invariant

    def check(self) -> None:
        """Everything that the index says is what the oracle says."""
        Life.count("checks")
        assert [d.path for d in self.index.documents()] == sorted(self.texts)
        assert {path: self.index.document(path).text for path in self.texts} == self.texts
        findings = [one for one in self.index.verify().findings if not one.startswith("vectors.faiss")]
        assert findings == []
        assert found(self.index) == ranked(self.texts)
        if Life.lived["checks"] % 5 == 0:
            self.compare_with_scratch()
        self.look_for_traces()

    def compare_with_scratch(self) -> None:
        Life.count("comparisons with an index from scratch")
        with Index.open(self.root / "scratch", encoder=ENCODER, config=CONFIG, create=True) as scratch:
            scratch.add(replace(read(Path(path).name, text), path=path) for path, text in self.texts.items())
            assert found(self.index) == found(scratch)
            assert self.index.verify().passages == scratch.verify().passages
        shutil.rmtree(self.root / "scratch")

    def look_for_traces(self) -> None:
        if self.leaving:
            self.index.update([])
            self.leaving = False
        stored = b"".join(file.read_bytes() for file in self.folder.iterdir()).lower()
        for text, word in self.words.items():
            if text not in self.texts.values():
                assert word[3:-2].encode() not in stored, "a deleted text has left a trace"

    def teardown(self) -> None:
        try:
            self.do_update([str(self.home)], sync=True)
            self.check()
            self.compare_with_scratch()
        finally:
            self.index.close()
            shutil.rmtree(self.root)


def _within(path: str, given: list[str]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in given)


def spans_of(path: str, text: str) -> set[tuple[int, int]]:
    return {(start, end) for start, end, *_ in passages_of(path, text)}


# --- the process that is killed


def serve() -> None:
    """Fork a child for each request, kill it if it does not do so itself, and tell how it ended."""
    import faiss  # noqa: F401

    import rag.documents.markdown  # noqa: F401

    passages_of("b.md", "# Warm\n\nEverything is imported.")
    updating.Sandbox = Direct  # type: ignore[assignment, misc]
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            code = 1
            try:
                work(request)
                code = 0
            finally:
                os._exit(code)
        if not request["after"]:
            time.sleep(request["delay"])
            os.kill(pid, signal.SIGKILL)
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())


def work(request: dict[str, Any]) -> None:
    """Update the index, writing down what it acknowledges; kill this process after so many words of progress."""
    journal = os.open(request["journal"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    told, done = 0, 0

    def progress(now: Progress) -> None:
        nonlocal told, done
        told += 1
        if now.done > done:
            done = now.done
            os.write(journal, f"{now.path}\n".encode())
        if told == request["after"]:
            os.kill(os.getpid(), signal.SIGKILL)

    with Index.open(request["folder"], encoder=Remembering(), config=CONFIG) as index:
        index.update(request["given"], sync=request["sync"], progress=progress)


def ask(server: subprocess.Popen[str], request: dict[str, Any]) -> int:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


@contextlib.contextmanager
def serving() -> Iterator[subprocess.Popen[str]]:
    here = Path(__file__).resolve()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent.parent), str(here.parent)])}
    with subprocess.Popen(
        [sys.executable, str(here)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


# --- the tests


def live(number: int, lives: int, steps: int, base: str) -> dict[str, int]:
    """So many lives from one seed; raises what diverges."""
    updating.Sandbox = Direct  # type: ignore[assignment, misc]
    Life.lived, Life.base = {}, base
    given = settings(
        max_examples=lives, stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False, phases=PHASES,
    )  # fmt: skip
    with serving() as server:
        Life.server = server
        run_state_machine_as_test(seed(number)(Life), settings=given)
    return Life.lived


def test_whatever_happens_the_index_is_as_one_built_from_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(updating, "Sandbox", Direct)
    began = time.monotonic()
    if STRESS:
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            seeds = [(number, LIVES // 8, STEPS, str(tmp_path)) for number in range(8)]
            done = pool.starmap(live, seeds, chunksize=1)
    else:
        done = [live(2, LIVES, STEPS, str(tmp_path))]
    lived = {what: sum(one.get(what, 0) for one in done) for one in done for what in one}
    with capsys.disabled():
        said = ", ".join(f"{number:,} {what}" for what, number in lived.items())
        sys.stdout.write(f"\n{said}, 0 divergences in {time.monotonic() - began:.0f} s\n")
    assert lived["lives"] >= LIVES
    assert lived["kills"] >= LIVES / 10


if __name__ == "__main__":
    serve()
