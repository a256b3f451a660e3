"""Seeded SIGKILLs: whatever was acknowledged is there, whole, and the next update goes on.

A child edits, renames, deletes and indexes files for as long as it lives, and writes down what it is about to do and
what the index has acknowledged. Others embed everything anew with another encoder, or mend a damaged copy.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import StandInEncoder
from stress import STRESS, Children, Direct, figures, put_file, serve

from rag import updating
from rag.config import Config, RetrievalSettings
from rag.errors import IndexMismatch
from rag.index import Index
from rag.passages import PassageParser
from rag.types import Document, Progress
from rag.upkeep import rebuild, repair

FILES, BOXES = 40, 4  # a box is a file that holds several documents
LONG = 7  # the file that is now and then so long that the catalog shrinks when it goes
INDEXES, KILLS = (100, 10) if STRESS else (10, 5)
CLEARED = 300 if STRESS else 12  # kills while a box is being removed
SANDBOXED = 10  # of so many children, one reads files as a user's update does
WORDS = (
    "ministers met riyadh ceasefire harvest wheat bridge cracks mayor voters drought pillar monday noon ship".split()
)
CONFIG = Config(retrieval=RetrievalSettings(candidates=1000))
ENCODERS = [StandInEncoder(), StandInEncoder(model_name="stand-in-2", dimension=64)]

States = Mapping[str, set[str | None]]


def text_of(number: int, version: int) -> str:
    chance = random.Random(f"{number}/{version}")
    count = 150 if number == LONG and version % 4 == 0 else chance.randint(1, 3)
    sections = (f"# Part {i}\n\n{' '.join(chance.choices(WORDS, k=12))} {version}." for i in range(count))
    return "\n\n".join(sections)


def box_of(box: str, version: int) -> list[Document]:
    number = int(box[-1])
    count = random.Random(f"{number}/{version}").randint(1, 4)
    texts = [text_of(1000 * (number + 1) + i, version) for i in range(count)]
    return [Document(text=text, path=f"{box}/{i}", title=f"Mail {i}", sha256=sha(text)) for i, text in enumerate(texts)]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def box_sha(texts: Mapping[str, str]) -> str | None:
    """Of all documents in a box, path to SHA-256; None where there are none."""
    return sha(repr(sorted(texts.items()))) if texts else None


def opened(folder: Path) -> Index:
    """The index in `folder`, with the encoder that has built it."""
    try:
        return Index.open(folder, encoder=ENCODERS[0], config=CONFIG, create=True)
    except IndexMismatch:
        return Index.open(folder, encoder=ENCODERS[1], config=CONFIG)


# --- the children


class Journal:
    """What a child is about to do, and what was acknowledged, a line each."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, kind: str, states: Mapping[str, str | None]) -> None:
        os.write(self._descriptor, (json.dumps([kind, states]) + "\n").encode())


def work(order: list[Any]) -> None:
    what, folder, seed = order
    if seed % SANDBOXED:
        updating.Sandbox = Direct  # type: ignore[assignment, misc]
    done: dict[str, Callable[[Path, int], None]] = {
        "change": change, "clear": clear_often, "rebuild": rebuild_often, "repair": repair_once
    }  # fmt: skip
    done[what](Path(folder), seed)


def change(folder: Path, seed: int) -> None:
    """Change files and update the index until killed."""
    chance, journal = random.Random(seed), Journal(folder)
    files = [folder / "files" / f"{number}.md" for number in range(FILES)]
    with opened(folder / "index") as index:
        for version in range(seed * 1000, seed * 1000 + 1000):
            change_files(files, folder / "aside", chance, version)
            update(index, files, journal)
            dropped = str(chance.choice(files))
            journal.note("may be", {dropped: None})
            if index.remove(dropped):
                journal.note("is", {dropped: None})
            box = f"{folder}/boxes/{chance.randrange(BOXES)}"
            change_box(index, box, box_of(box, version) if chance.random() < 0.8 else [], journal)


def change_files(files: list[Path], aside: Path, chance: random.Random, version: int) -> None:
    there = [number for number, file in enumerate(files) if file.exists()]
    for number in chance.sample(range(FILES), 6) if there else range(FILES):
        aside.write_text(text_of(number, version))
        aside.replace(files[number])
    for number in chance.sample(there, min(2, len(there))):
        files[number].unlink(missing_ok=True)
    if there and files[there[0]].exists():
        files[there[0]].replace(chance.choice(files))


def update(index: Index, files: list[Path], journal: Journal) -> None:
    done = 0

    def acknowledge(progress: Progress) -> None:
        nonlocal done
        if progress.done > done:
            done = progress.done
            journal.note("is", {progress.path: sha(Path(progress.path).read_text())})

    journal.note("may be", {str(file): sha(file.read_text()) if file.exists() else None for file in files})
    report = index.update(files[0].parent, progress=acknowledge, sync=True)
    journal.note("is", dict.fromkeys(report.removed))


def change_box(index: Index, box: str, documents: list[Document], journal: Journal) -> None:
    """Store another version of a box, or none."""
    texts = {document.path: sha(document.text) for document in documents}
    states = {**{f"{box}/{i}": texts.get(f"{box}/{i}") for i in range(4)}, box: box_sha(texts)}
    journal.note("may be", states)
    if documents:
        put_file(index, box, documents)
    else:
        index.remove(box)
    journal.note("is", states)


def clear_often(folder: Path, seed: int) -> None:
    """Store a box and remove it again, over and over, until killed."""
    box, journal = f"{folder}/boxes/0", Journal(folder)
    with opened(folder / "index") as index:
        for version in range(seed * 1000, seed * 1000 + 1000):
            change_box(index, box, box_of(box, version), journal)
            change_box(index, box, [], journal)


def rebuild_often(folder: Path, seed: int) -> None:
    """Embed everything anew, now with one encoder and now with the other, until killed."""
    journal = Journal(folder)
    for number in range(1000):
        rebuild(folder / "index", config=CONFIG, encoder=ENCODERS[(seed + number) % 2])
        journal.note("is", {})


def repair_once(folder: Path, seed: int) -> None:
    repair(folder / "damaged", config=CONFIG, encoder=ENCODERS[seed % 2])
    while True:
        signal.pause()


# --- the test


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children(__file__) as started:
        yield started


def kill_one(children: Children, what: str, folder: Path, *, seed: int, lines: int, delay: float) -> None:
    """Start a child and kill it `delay` seconds after it has written that many lines of its journal."""
    journal, deadline = folder / "journal", time.monotonic() + 20
    wanted = lines + (journal.read_bytes().count(b"\n") if journal.exists() else 0)
    children.begin([what, str(folder), seed])
    children.go()
    while lines and time.monotonic() < deadline:
        time.sleep(0.001)
        if journal.exists() and journal.read_bytes().count(b"\n") >= wanted:
            break
    time.sleep(delay)
    children.kill()
    assert children.ended() == -signal.SIGKILL, "the child failed before it was killed"


def possible(folder: Path) -> dict[str, set[str | None]]:
    """Path to the versions that the index may hold: the one acknowledged last, or any begun since."""
    states: dict[str, set[str | None]] = {}
    journal = folder / "journal"
    written = journal.read_bytes() if journal.exists() else b""
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:  # a kill may tear a long line: what it tells had not begun, or was not acknowledged
        os.truncate(journal, len(whole))
    for line in whole.splitlines():
        kind, said = json.loads(line)
        for path, text in said.items():
            states[path] = {text} if kind == "is" else states.get(path, {None}) | {text}
    return states


def check(index: Index, states: States) -> int:
    """Assert that every document is one that may be there, whole; return how many are."""
    findings = index.verify().findings
    assert [finding for finding in findings if not finding.startswith("vectors.faiss")] == []
    listed = {document.path: document for document in index.documents()}
    assert set(listed) <= set(states)
    hits: dict[str, list[tuple[int, int, str]]] = {}
    for hit in index.search("ministers", k=10_000):
        hits.setdefault(hit.path, []).append((hit.span.start, hit.span.end, hit.text))
    assert set(hits) == set(listed)
    parser = PassageParser(index.encoder)
    for path, document in ((path, index.document(path)) for path in listed):
        wanted = [(node.start_char_idx, node.end_char_idx, node.text) for node in parser.parse(document)]
        assert sorted(hits[path]) == wanted
        assert listed[path].passages == len(wanted)
    texts = {path: sha(index.document(path).text) for path in listed}
    for path, allowed in states.items():
        is_box = path.rpartition("/")[0].endswith("/boxes")
        within = {one: text for one, text in texts.items() if one.startswith(f"{path}/")}
        found = box_sha(within) if is_box else texts.get(path)
        assert found in allowed, f"{path} is {'gone' if found is None else 'of another version'}"
    return len(listed)


def ranking(index: Index) -> list[tuple[float, str, int]]:
    hits = [hit for query in ("ceasefire riyadh", "wheat 3 noon") for hit in index.search(query, k=1000)]
    return sorted((-round(hit.score, 9), hit.path, hit.span.start) for hit in hits)


def damaged_copy(folder: Path, chance: random.Random) -> None:
    """Put a copy of the index, with some bytes of its catalog changed, where `repair_once` mends it."""
    shutil.rmtree(folder / "damaged", ignore_errors=True)
    shutil.copytree(folder / "index", folder / "damaged")
    catalog = folder / "damaged" / "catalog.sqlite"
    data = bytearray(catalog.read_bytes())
    for at in chance.sample(range(4096, len(data)), 3):
        data[at] ^= 1 << chance.randrange(8)
    catalog.write_bytes(data)


def check_mended(folder: Path, states: States, seed: int) -> int:
    """Mend what the killed child left: what is there then may be there, and is whole."""
    mended = repair(folder / "damaged", config=CONFIG, encoder=ENCODERS[seed % 2])
    assert mended.verification.ok
    with Index.open(folder / "damaged", encoder=ENCODERS[seed % 2], config=CONFIG) as index:
        return check(index, {path: allowed | {None} for path, allowed in states.items()})


def compare_with_scratch(folder: Path) -> None:
    """After an update, which goes on where others were killed, it is as an index built of the files at once."""
    with (
        opened(folder / "index") as index,
        Index.open(folder / "scratch", encoder=index.encoder, config=CONFIG, create=True) as scratch,
    ):
        index.remove(folder / "boxes")
        index.update(folder / "files", sync=True)
        scratch.update(folder / "files")
        assert index.verify().ok
        assert index.files() == scratch.files()
        assert ranking(index) == ranking(scratch)


def test_kills_lose_nothing_that_was_acknowledged(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updating, "Sandbox", Direct)
    began, chance, tmp_path = time.monotonic(), random.Random(20), tmp_path.resolve()
    kept, kinds = [], []
    for number in range(INDEXES):
        folder = tmp_path / str(number)
        (folder / "files").mkdir(parents=True)
        for kill in range(KILLS):
            # The first comes while the schema, or the first documents, are being written.
            what = chance.choice(["change", "change", "change", "rebuild", "repair"]) if kill > 1 else "change"
            lines = {"change": chance.randint(1, 60), "rebuild": chance.randint(0, 3), "repair": 0}[what]
            delay = chance.uniform(0.0, 0.01 if what == "change" else 0.15)
            if not kill:
                lines, delay = max(0, number % 10 - 6), 0.004 * (number % 10)
            seed = number * KILLS + kill
            if what == "repair":
                with opened(folder / "index") as index:
                    seed += (seed + ENCODERS.index(index.encoder)) % 2  # an even one for the first encoder
                damaged_copy(folder, chance)
            kill_one(children, what, folder, seed=seed, lines=lines, delay=delay)
            states = possible(folder)
            with opened(folder / "index") as index:
                kept.append(check(index, states))
            if what == "repair":
                check_mended(folder, states, seed)
            kinds.append(what)
        compare_with_scratch(folder)
        shutil.rmtree(folder)
    figures("kills", began, kills=len(kinds), **{one: kinds.count(one) for one in sorted(set(kinds))},
            documents_acknowledged_at_a_kill=sum(kept), lost=0, half=0)  # fmt: skip
    assert len(kept) == INDEXES * KILLS
    assert sum(kept) > 10 * INDEXES * KILLS  # else the kills came before there was anything to lose
    assert set(kinds) == {"change", "rebuild", "repair"}


def test_a_kill_while_a_file_is_removed_leaves_all_of_its_documents_or_none(children: Children, tmp_path: Path) -> None:
    began, chance, tmp_path = time.monotonic(), random.Random(21), tmp_path.resolve()
    kept = []
    for seed in range(CLEARED):
        # The third line of a child, and every fourth from there, says that it begins to remove.
        lines, delay = 3 + 4 * chance.randint(0, 2), chance.uniform(0.0, 0.02)
        kill_one(children, "clear", tmp_path, seed=seed, lines=lines, delay=delay)
        with opened(tmp_path / "index") as index:
            kept.append(check(index, possible(tmp_path)))
    figures("kills while a file is removed", began, kills=len(kept), still_there=sum(map(bool, kept)), half=0)
    assert len(kept) == CLEARED


if __name__ == "__main__":
    serve(work, seconds=120, also=["rag.documents.markdown"])
