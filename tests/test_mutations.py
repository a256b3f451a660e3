"""Damaged files of an index: it gives what the intact one gives, or says that it is damaged and can be mended.

Mutants are opened in processes forked for it, so that a crash or a hang is seen.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import StandInEncoder
from stress import STRESS, Children, figures, put_file, serve

from rag import rebuilding
from rag.errors import IndexDamaged, IndexMissing, RagError
from rag.index import Index, Mode
from rag.types import Document
from rag.upkeep import repair

MUTANTS, WORKERS = (10_000, 2) if STRESS else (150, 1)
BATCH = 25  # of one child: to fork it takes as long as a mutant
SECONDS = 60  # for a mutant: then it hangs
WORDS = "ministers met riyadh ceasefire harvest wheat bridge cracks mayor voters drought pillar monday noon ship 40,000"
PAGE = 4096
ENCODER = StandInEncoder()
OFTEN = {"catalog.sqlite": 8, "catalog.sqlite-wal": 8}  # as often as others are damaged once
MODES: tuple[Mode, ...] = ("fused", "dense", "lexical")


# --- the intact index


def document(path: str, seed: str) -> Document:
    chance = random.Random(seed)
    words = WORDS.split()
    parts = [" ".join(chance.choices(words, k=chance.randint(5, 60))).capitalize() + "." for _ in range(4)]
    text = "\n\n".join(parts)
    return Document(
        text=text, path=path, title=f"On {chance.choice(words)}", sha256=hashlib.sha256(text.encode()).hexdigest(),
        date="2024-05-01", author="A. Writer", outlet="The Daily", headings=((0, 9),), gaps=("a picture",),
        pages=(0, len(parts[0])), parts=((0, "slide 1"), (len(parts[0]), "slide 2")),
    )  # fmt: skip


def settled(folder: Path) -> None:
    """An index as an update leaves it, with room that deleted documents have left."""
    with Index.open(folder, encoder=ENCODER, create=True) as index:
        index.add([document(f"/{number}", f"{number}") for number in range(12)])
        put_file(index, "/box", [document(f"/box/{number}", f"b{number}") for number in range(4)])
        index.remove("/3")


def killed(folder: Path) -> None:
    """What a kill leaves after its last change was acknowledged: much of it stands only in the log."""
    work = folder.with_name("work")
    settled(work)
    with Index.open(work, encoder=ENCODER) as index:
        stands, finish = Index.finish, lambda self: None
        Index.finish = finish  # type: ignore[method-assign]
        try:
            index.add([document("/1", "edited"), document("/new", "new")])
            put_file(index, "/box", [document(f"/box/{number}", f"c{number}") for number in range(3)])
            index.remove("/2")
        finally:
            Index.finish = stands  # type: ignore[method-assign]
        shutil.copytree(work, folder)
    shutil.rmtree(work)


def unnoted(folder: Path) -> None:
    """An index that has lost its ledger: nothing but its own checks can tell what is wrong with it."""
    settled(folder)
    (folder / "catalog.sqlite.ledger").unlink()


STATES: dict[str, Callable[[Path], None]] = {"settled": settled, "killed": killed, "unnoted": unnoted}


def given(folder: Path) -> dict[str, str]:
    """What the index gives: the list of documents, what each search finds, and each document, as digests."""
    chance, words = random.Random(1), WORDS.split()
    with Index.open(folder, encoder=ENCODER) as index:
        listed = index.documents()
        searches = [
            index.search(" ".join(chance.choices(words, k=3)), k=5, mode=MODES[number % 3]) for number in range(20)
        ]
        found = [
            [(hit.score, hit.path, hit.span, hit.text, hit.section, hit.place, hit.date) for hit in hits]
            for hits in searches
        ]
        every: dict[str, list[Any]] = {one.path: [one, index.document(one.path)] for one in listed}
        for hit in sorted(index.search(WORDS, k=1000), key=lambda hit: hit.span.start):
            every[hit.path].append((hit.span, hit.text, hit.section, hit.sentences))
    values = {"documents": [one.path for one in listed], "searches": found, **every}
    return {what: hashlib.sha256(repr(value).encode()).hexdigest() for what, value in values.items()}


# --- damage


def mutate(folder: Path, chance: random.Random) -> tuple[str, str]:
    """Damage one file of the index; return which and how."""
    files = sorted(file for file in folder.iterdir())
    file = chance.choices(files, [8 if file.name in ("catalog.sqlite", "catalog.sqlite-wal") else 1 for file in files])[
        0
    ]
    data = bytearray(file.read_bytes())
    how = chance.choice(sorted(HOW))
    if how == "delete":
        file.unlink()
    else:
        file.write_bytes(HOW[how](data, chance))
    return file.name, how


def flip(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(min(len(data), chance.choice([1, 1, 2, 8]))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def overwrite(data: bytearray, chance: random.Random, *, random_bytes: bool) -> bytearray:
    start = chance.randrange(len(data) + 1)
    stop = min(len(data), start + int(2 ** chance.uniform(0, 14)))
    data[start:stop] = chance.randbytes(stop - start) if random_bytes else bytes(stop - start)
    return data


def swap(data: bytearray, chance: random.Random) -> bytearray:
    size = chance.choice([16, 512, PAGE])
    if blocks := len(data) // size:
        one, other = (chance.randrange(blocks) * size for _ in range(2))
        data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]
    return data


HOW: dict[str, Callable[[bytearray, random.Random], bytes]] = {
    "flip": flip,
    "zero": lambda data, chance: overwrite(data, chance, random_bytes=False),
    "random": lambda data, chance: overwrite(data, chance, random_bytes=True),
    "truncate": lambda data, chance: data[: chance.randrange(len(data) + 1)],
    "append": lambda data, chance: data + chance.randbytes(chance.choice([1, 100, PAGE])),
    "swap": swap,
    "empty": lambda data, chance: b"",
    "delete": lambda data, chance: data,
}


# --- the children


def work(order: list[Any]) -> None:
    """Damage copies and look at them; mend those that are refused; write down what came of each."""
    base = Path(order[0])
    for seed in order[1]:
        signal.alarm(SECONDS)
        state = list(STATES)[seed % len(STATES)]
        folder = base / f"mutant-{seed}"
        shutil.copytree(base / state, folder)
        file, how = mutate(folder, random.Random(seed))
        came = {"seed": seed, "state": state, "file": file, "how": how, "kept": None}
        expected, earlier = (json.loads((base / f"{name}.json").read_text()) for name in (state, "settled"))
        try:
            came["outcome"] = look(folder, expected)
            if came["outcome"].startswith("Index"):
                # What stood only in a log that is lost is there as it was before.
                logged = earlier if (state, file) == ("killed", "catalog.sqlite-wal") else {}
                came["kept"] = mend(folder, expected, logged)
        except Exception:
            traceback.print_exc()
            came["outcome"] = "failure"
        with (base / "journal").open("a") as journal:
            journal.write(json.dumps(came) + "\n")
        shutil.rmtree(folder)


def mend(folder: Path, expected: dict[str, str], earlier: dict[str, str]) -> float:
    """Repair the index; return the share of documents that it has kept, each as it was."""
    mended = repair(folder, encoder=ENCODER)
    assert mended.verification.ok, mended.verification.findings
    found = {path: value for path, value in given(folder).items() if path.startswith("/")}
    wrong = [path for path, value in found.items() if value not in (expected.get(path), earlier.get(path))]
    assert not wrong, f"{wrong} came out of the repair otherwise than they were"
    return len(found) / sum(path.startswith("/") for path in expected)


def look(folder: Path, expected: dict[str, str]) -> str:
    """How what the index gives compares with what is expected of it, or the RagError that refuses it."""
    try:
        return "same" if given(folder) == expected else "silent difference"
    except IndexMissing:
        return "nothing left" if lost_with_its_ledger(folder) else "IndexMissing"
    except RagError as error:
        return type(error).__name__


def lost_with_its_ledger(folder: Path) -> bool:
    """Whether neither the catalog nor its ledger says that there ever was an index."""
    catalog = folder / "catalog.sqlite"
    return not (folder / "catalog.sqlite.ledger").exists() and not (catalog.exists() and catalog.stat().st_size > PAGE)


@pytest.fixture(scope="module")
def children() -> Iterator[list[Children]]:
    started = [Children(__file__) for _ in range(WORKERS)]
    yield started
    for one in started:
        one.__exit__()


def test_a_damaged_file_is_noticed_or_makes_no_difference_and_is_mended(
    children: list[Children], tmp_path: Path
) -> None:
    began = time.monotonic()
    for state, make in STATES.items():
        make(tmp_path / state)
        shutil.copytree(tmp_path / state, tmp_path / "intact")
        (tmp_path / f"{state}.json").write_text(json.dumps(given(tmp_path / "intact")))
        shutil.rmtree(tmp_path / "intact")
    ended: list[int] = []

    def run(number: int) -> None:
        child = children[number]
        for first in range(number * BATCH, MUTANTS, WORKERS * BATCH):
            child.begin([str(tmp_path), list(range(first, min(first + BATCH, MUTANTS)))])
            child.go()
            ended.append(child.ended())

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    came = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    outcomes = Counter(one["outcome"] for one in came)
    kept = [one["kept"] for one in came if one["kept"] is not None]
    figures(
        "mutations", began, mutants=len(came), crashes=sum(status < 0 for status in ended),
        silent_differences=outcomes["silent difference"], **dict(sorted(outcomes.items())),
        mended=len(kept), kept_by_repair=f"{sum(kept) / len(kept):.0%}",
    )  # fmt: skip
    assert [one for one in came if one["outcome"] in ("silent difference", "failure")] == []
    assert set(ended) == {0}
    assert len(came) == MUTANTS
    assert outcomes["same"] > MUTANTS / 10
    assert len(kept) > MUTANTS / 10


# --- what chance would hardly hit


def test_a_lexical_index_that_ranks_otherwise_than_it_was_made_to_is_damaged(tmp_path: Path) -> None:
    unnoted(tmp_path)
    expected = given(tmp_path)
    (tmp_path / "catalog.sqlite.ledger").unlink()
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE lexical_config SET v = 'bm25(0.5, 0.6, 1.0)' WHERE k = 'rank'")
    with pytest.raises(IndexDamaged, match="ranks words otherwise"):
        given(tmp_path)
    assert repair(tmp_path, encoder=ENCODER).verification.ok
    assert given(tmp_path) == expected


def test_nobody_reads_a_damaged_index_while_it_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mender holds the write lock, which otherwise says that a sound index is being updated."""
    settled(tmp_path / "index")
    damage_text(tmp_path / "index" / "catalog.sqlite")
    told: list[str] = []

    def look_meanwhile(catalog: Path) -> None:
        with pytest.raises(IndexDamaged, match="Wait until it is mended") as refused:
            given(catalog.parent)
        told.append(str(refused.value))

    monkeypatch.setattr(rebuilding, "_exclude_others", look_meanwhile)
    assert repair(tmp_path / "index", encoder=ENCODER).verification.ok
    assert len(told) == 1
    assert "/5" not in given(tmp_path / "index")


def damage_text(catalog: Path) -> None:
    """Change the text of the document at /5."""
    text = document("/5", "5").text.encode()
    data = catalog.read_bytes()
    assert text in data
    catalog.write_bytes(data.replace(text, text.upper(), 1))


if __name__ == "__main__":
    serve(work, seconds=SECONDS)
