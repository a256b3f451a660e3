"""The catalog against oracles: BM25 by its formula, contents by what was put in, damage by flipping bytes."""

from __future__ import annotations

import hashlib
import math
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nltk.stem.porter import PorterStemmer

from rag.catalog import Catalog
from rag.errors import IndexDamaged, IndexFault, IndexMissing
from rag.rows import PassageRow, storable
from rag.types import Document

DIMENSION = 8
WORDS = (
    "ceasefire minister border talks riyadh agreed prisoners released envoys flooding harvest running runners".split()
)


def make(path: str, *paragraphs: str, title: str = "Report", **fields: object) -> tuple[Document, list[PassageRow]]:
    """A document of these paragraphs, each a passage with a vector that its text determines."""
    text = "\n\n".join(paragraphs)
    document = Document(text=text, path=path, title=title, sha256=hashlib.sha256(text.encode()).hexdigest(), **fields)  # type: ignore[arg-type]
    rows, start = [], 0
    for paragraph in paragraphs:
        stop = start + len(paragraph)
        rows.append(
            PassageRow(
                start=start, stop=stop, title=title, section="", text=paragraph, sentences=((start, stop),),
                embedded=hashlib.sha256(paragraph.encode()).digest(), vector=vector_of(paragraph),
            )
        )  # fmt: skip
        start = stop + 2
    return document, rows


def vector_of(text: str) -> np.ndarray:
    row = np.random.default_rng(list(text.encode())).normal(size=DIMENSION).astype(np.float32)
    return row / np.linalg.norm(row)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    catalog.set_meta({"dimension": str(DIMENSION)})
    yield catalog
    catalog.close()


def test_a_document_comes_back_as_it_was_put(catalog: Catalog) -> None:
    document, rows = make(
        "/a.txt", "Ünïcode ☂ first.", "Second 𝄞 one.", title="T", date="2024-05-01", author="A. Writer",
        pages=(0, 18), headings=((0, 7),), gaps=("page 2 is an image",),
    )  # fmt: skip
    catalog.put(document, rows)
    assert catalog.document("/a.txt") == document
    [listed] = catalog.documents()
    assert (listed.path, listed.title, listed.date, listed.author) == ("/a.txt", "T", "2024-05-01", "A. Writer")
    assert (listed.passages, listed.characters, listed.gaps) == (2, len(document.text), ("page 2 is an image",))
    first, second = catalog.hits({1: 0.5, 2: 0.9})[::-1]
    assert (first.text, second.text) == ("Ünïcode ☂ first.", "Second 𝄞 one.")
    assert (first.page, second.page, second.score, second.sentences) == (1, 2, 0.9, ((18, 31),))
    assert document.text[second.span.start : second.span.end] == second.text
    assert catalog.neighbours(first) == (None, replace(second, score=first.score))
    assert catalog.neighbours(second)[1] is None
    assert catalog.findings() == catalog.lexical_findings() == []


def test_vectors_are_kept_as_float16(catalog: Catalog) -> None:
    catalog.put(*make("/a", "one", "two", "three"))
    expected = np.stack([vector_of(text) for text in ("one", "three")]).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(catalog.vectors(np.array([1, 3]), DIMENSION), expected)
    digests = [hashlib.sha256(text.encode()).digest() for text in ("three", "unknown")]
    found = catalog.embedded(digests)
    assert list(found) == digests[:1]
    np.testing.assert_array_equal(found[digests[0]], expected[1])


def test_row_ids_are_never_used_again(catalog: Catalog) -> None:
    catalog.put(*make("/a", "one", "two"))
    catalog.put(*make("/b", "three"))
    catalog.remove("/b")
    catalog.put(*make("/a", "one again"))
    assert catalog.passage_ids().tolist() == [4]
    catalog.remove("/a")
    catalog.put(*make("/c", "four"))
    assert catalog.passage_ids().tolist() == [5]
    assert catalog.count() == (1, 1)
    assert catalog.lexical("one two three", 10) == {}


def test_every_change_has_a_state_of_its_own_even_from_the_same_past(tmp_path: Path) -> None:
    states = []
    for name in "ab":
        catalog = Catalog(tmp_path / name, create=True)
        states.append(catalog.state)
        catalog.put(*make("/a", "one"))
        states.append(catalog.state)
        assert catalog.generation == 1
        catalog.close()
    assert states[0] == states[2]
    assert states[1] != states[3]


def test_a_number_with_a_comma_is_found_as_a_phrase(catalog: Catalog) -> None:
    for number, text in enumerate(["40,000 boats", "40 boats", "000 of 40", "40000 boats", "3.5 boats"]):
        catalog.put(*make(f"/{number}", text))
    assert sorted(catalog.lexical("40,000", 9)) == [1]
    assert sorted(catalog.lexical("40000", 9)) == [4]
    assert sorted(catalog.lexical("3.5", 9)) == [5]


def test_bm25_is_that_of_the_formula_over_porter_stems(catalog: Catalog) -> None:
    chance = random.Random(7)
    texts: dict[int, list[list[str]]] = {}
    for number in range(60):
        title = " ".join(chance.choices(WORDS, k=2))
        paragraphs = [" ".join(chance.choices(WORDS, k=chance.randint(3, 25))) for _ in range(chance.randint(1, 3))]
        for paragraph in paragraphs:
            texts[len(texts) + 1] = [title.split(), paragraph.split()]
        catalog.put(*make(f"/{number}", *paragraphs, title=title))
    for query in ("ceasefire talks", "runner released", "border border flooding minister agreed harvest"):
        expected = bm25(query.split(), texts)
        found = catalog.lexical(query, 1000)
        assert found == pytest.approx(expected, rel=1e-9)
        assert list(found) == sorted(found, key=lambda i: (-found[i], i))
        assert list(catalog.lexical(query, 5)) == list(found)[:5]
        inside = [f"/{number}" for number in range(0, 60, 3)]
        allowed = set(catalog.passage_ids(inside).tolist())
        assert catalog.lexical(query, 1000, inside) == {i: score for i, score in found.items() if i in allowed}


def bm25(query: list[str], texts: dict[int, list[list[str]]], k1: float = 1.2, b: float = 0.75) -> dict[int, float]:
    """Robertson & Zaragoza 2009 with title words at half weight; idf as SQLite documents it."""
    stemmer = PorterStemmer(mode="ORIGINAL_ALGORITHM")
    stemmed = {i: [[stemmer.stem(word) for word in field] for field in fields] for i, fields in texts.items()}
    lengths = {i: sum(map(len, fields)) for i, fields in stemmed.items()}
    mean = sum(lengths.values()) / len(lengths)
    scores: dict[int, float] = {}
    for term in {stemmer.stem(word) for word in query}:
        counts = {i: 0.5 * title.count(term) + text.count(term) for i, (title, text) in stemmed.items()}
        holding = sum(count > 0 for count in counts.values())
        idf = max(math.log((len(texts) - holding + 0.5) / (holding + 0.5)), 1e-6)
        for i, count in counts.items():
            if count:
                gain = idf * count * (k1 + 1) / (count + k1 * (1 - b + b * lengths[i] / mean))
                scores[i] = scores.get(i, 0.0) + gain
    return scores


@pytest.mark.parametrize("query", ["", "?!", 'a" OR "b', "text:*", "NEAR(a b)", "-", "\0", "é\u0301 ²", "_"])
def test_no_query_is_taken_for_syntax(catalog: Catalog, query: str) -> None:
    catalog.put(*make("/a", "nothing of the kind"))
    assert catalog.lexical(query, 5) == {}


def test_a_snapshot_sees_one_state_while_another_thread_writes(catalog: Catalog) -> None:
    catalog.put(*make("/a", "one"))
    with catalog.snapshot():
        before = catalog.count(), catalog.state
        writer = threading.Thread(target=lambda: catalog.put(*make("/b", "two", "three")))
        writer.start()
        writer.join()
        assert (catalog.count(), catalog.state) == before == ((1, 1), before[1])
    assert catalog.count() == (2, 3)


def test_a_failed_write_leaves_the_old_version(catalog: Catalog) -> None:
    old, rows = make("/a", "the old text")
    catalog.put(old, rows)
    state = catalog.state
    new, rows = make("/a", "the new text")
    with pytest.raises(UnicodeEncodeError):
        catalog.put(new, [rows[0], replace(rows[0], section="\ud800")])
    assert catalog.document("/a") == old
    assert catalog.state == state
    assert catalog.findings() == []


def test_connections_of_threads_that_have_ended_are_closed(catalog: Catalog) -> None:
    for _ in range(5):
        thread = threading.Thread(target=catalog.count)
        thread.start()
        thread.join()
    assert len(catalog._db._sessions) <= 2


def test_closing_waits_for_reads_and_later_use_says_closed(catalog: Catalog) -> None:
    catalog.put(*make("/a", "one"))
    inside, go, seen = threading.Event(), threading.Event(), []

    def read() -> None:
        with catalog.snapshot():
            inside.set()
            go.wait(5)
            seen.append(catalog.count())

    reader = threading.Thread(target=read)
    reader.start()
    inside.wait(5)
    closer = threading.Thread(target=catalog.close)
    closer.start()
    go.set()
    reader.join()
    closer.join()
    assert seen == [(1, 1)]
    with pytest.raises(IndexFault, match="closed"):
        catalog.count()


def test_eight_threads_may_begin_the_same_catalog(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def begin() -> None:
        try:
            Catalog(tmp_path / "c.sqlite", create=True).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    catalog = Catalog(tmp_path / "c.sqlite")
    assert (catalog.count(), catalog.generation) == ((0, 0), 0)
    catalog.close()


def test_a_catalog_that_is_absent_or_empty_is_missing_and_reading_creates_nothing(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    with pytest.raises(IndexMissing, match="no index here"):
        Catalog(file)
    assert not file.exists()
    file.touch()
    with pytest.raises(IndexMissing):
        Catalog(file)
    Catalog(file, create=True).close()
    Catalog(file).close()


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_catalog_of_ours_is_refused_and_kept(tmp_path: Path, create: bool) -> None:
    text = tmp_path / "text"
    text.write_bytes(b"no database, but long enough to hold a header of one hundred bytes" * 20)
    other = tmp_path / "other"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE sheep (name TEXT)")
    connection.close()
    later = tmp_path / "later"
    Catalog(later, create=True).close()
    with sqlite3.connect(later) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    connection.close()
    for file in (text, other, later):
        with pytest.raises(IndexDamaged, match="rag verify --repair"):
            Catalog(file, create=create)
    assert text.read_bytes().startswith(b"no database")


def test_flipped_bytes_are_found_or_harmless_and_never_a_raw_error(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    intact = Catalog(file, create=True)
    intact.set_meta({"dimension": str(DIMENSION)})
    chance = random.Random(3)
    for number in range(12):
        intact.put(*make(f"/{number}", *(" ".join(chance.choices(WORDS, k=20)) for _ in range(3)), pages=(0, 50)))
    expected = _everything(intact)
    intact.close()
    whole = file.read_bytes()
    noticed = 0
    for _ in range(250):
        damaged = bytearray(whole)
        for at in chance.sample(range(len(whole)), 3):
            damaged[at] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        catalog: Catalog | None = None
        try:
            catalog = Catalog(file)
            findings = catalog.lexical_findings() + catalog.findings()
            if findings:
                noticed += 1
                _everything(catalog)
            else:
                assert _everything(catalog) == expected
        except IndexFault:
            noticed += 1
        finally:
            if catalog is not None:
                catalog.close()
    assert noticed > 50


def _everything(catalog: Catalog) -> object:
    ids = catalog.passage_ids()
    with catalog.snapshot():
        hits = catalog.hits({int(i): 1.0 for i in ids})
        return (
            catalog.documents(), [catalog.document(f"/{n}") for n in range(12)], catalog.count(), hits,
            [catalog.neighbours(hit) for hit in hits[:3]], catalog.vectors(ids, DIMENSION).tobytes(),
            [catalog.lexical(word, 99) for word in WORDS], catalog.files(), catalog.generation,
        )  # fmt: skip


def test_each_kind_of_change_behind_its_back_is_a_finding(catalog: Catalog, tmp_path: Path) -> None:
    for change, finding in (
        ("UPDATE documents SET text = replace(text, 'two', 'six')", "not as they were indexed"),
        ("UPDATE documents SET title = 'Other'", "not as they were indexed"),
        ("UPDATE passages SET start = start + 1 WHERE id = 2", "not as they were indexed"),
        (
            "UPDATE passages SET vector = (SELECT vector FROM passages WHERE id = 1) WHERE id = 2",
            "as they were indexed",
        ),
        ("DELETE FROM passages WHERE id = 2", "lexical entries without a passage"),
        ("DELETE FROM lexical WHERE rowid = 2", "lexical entries do not hold"),
        ("UPDATE lexical SET text = 'else' WHERE rowid = 2", "lexical entries do not hold"),
        ("UPDATE lexical_content SET c2 = 'else' WHERE id = 2", "lexical index is damaged"),
    ):
        file = tmp_path / hashlib.sha256(change.encode()).hexdigest()
        one = Catalog(file, create=True)
        one.put(*make("/a", "one", "two"))
        assert one.findings() + one.lexical_findings() == []
        connection = sqlite3.connect(file)
        with connection:
            connection.execute(change)
        connection.close()
        assert any(finding in found for found in one.findings() + one.lexical_findings()), change
        one.close()


def test_a_removed_text_is_in_no_file_afterwards(catalog: Catalog, tmp_path: Path) -> None:
    for number in range(30):
        catalog.put(*make(f"/{number}", *(f"{word} number {number}" for word in WORDS)))
    secret = "zyzzyvaquux"
    catalog.put(*make("/secret", f"{secret} in the text " * 400, "more", title=f"On {secret}"))
    catalog.put(*make("/later", "a later one"))
    assert secret in _bytes(tmp_path)
    catalog.remove("/secret")
    catalog.settle()
    assert secret not in _bytes(tmp_path)
    assert "yzzyvaq" not in _bytes(tmp_path)
    assert catalog.findings() + catalog.lexical_findings() == []


def _bytes(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1").lower() for file in folder.iterdir())


def test_text_that_sqlite_would_cut_or_refuse_is_not_storable() -> None:
    assert storable("plain ☂ 𝄞 \ue000\uffff")
    assert not storable("a\0b")
    assert not storable("a\udcffb")


# --- files of several documents


def mailbox(catalog: Catalog, *names: str) -> list[Document]:
    contents = [make(f"/box/{name}", f"Mail {name}.", parts=((0, f"mail {name}"),)) for name in names]
    catalog.put_file("/box", "abc", contents, readers=3)
    return [document for document, _ in contents]


def test_a_file_of_several_documents_is_stored_and_replaced_whole(catalog: Catalog) -> None:
    catalog.put(*make("/a", "one"))
    first = mailbox(catalog, "1", "2", "3")
    assert catalog.source("/box") == ("/box", "abc", 3, first)
    assert catalog.paths() == ["/a", "/box/1", "/box/2", "/box/3"]
    assert catalog.files(3) == {"/a": "", "/box": "abc"}
    assert set(catalog.files()) == set(catalog.versions()) == {"/a", "/box"}
    before = catalog.versions()["/box"]
    assert catalog.hits({2: 1.0})[0].part == "mail 1"
    second = mailbox(catalog, "2", "4")
    assert catalog.source("/box").documents == second
    assert catalog.paths() == ["/a", "/box/2", "/box/4"]
    assert catalog.versions()["/box"] != before
    assert catalog.findings() == catalog.lexical_findings() == []
    catalog.remove("/box")
    assert (catalog.paths(), set(catalog.files())) == (["/a"], {"/a"})


def test_a_file_that_has_lost_one_of_its_documents_counts_as_changed(catalog: Catalog) -> None:
    mailbox(catalog, "1", "2")
    catalog.remove("/box/1")
    assert (catalog.files(), catalog.paths()) == ({"/box": ""}, ["/box/2"])
    assert catalog.findings() == []
    catalog.remove("/box/2")
    assert (catalog.files(), catalog.paths()) == ({}, [])
    assert catalog.findings() == []


def test_a_document_may_pass_from_one_file_to_another(catalog: Catalog) -> None:
    """A mailbox that becomes a folder: its mails are then files of their own."""
    mailbox(catalog, "1", "2")
    catalog.put(*make("/box/1", "A file now."))
    assert catalog.paths() == ["/box/1", "/box/2"]
    assert catalog.files() == {"/box": "", "/box/1": catalog.source("/box/1").sha256}
    assert catalog.findings() == catalog.lexical_findings() == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("DELETE FROM files", "3 documents without their file."),
        ("UPDATE files SET readers = 4", "/box: what is noted of the file, or the list of its documents, has changed."),
        ("DELETE FROM documents WHERE path = '/box/1'", "/box: what is noted of the file, or the list"),
        ("UPDATE documents SET parts = '[]' WHERE path = '/box/1'", "/box/1: the document or its passages"),
        ("UPDATE documents SET outlet = 'The Times'", "/box/1: the document or its passages"),
        ("UPDATE meta SET value = '9' WHERE key = 'dimension'", "what says which encoder built it has changed."),
    ],
)
def test_a_change_of_what_is_noted_of_files_is_a_finding(
    catalog: Catalog, tmp_path: Path, change: str, finding: str
) -> None:
    mailbox(catalog, "1", "2")
    catalog.put(*make("/a", "one"))
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(change)
    assert any(found.startswith(finding) for found in catalog.findings())


def test_a_catalog_becomes_another_at_once(tmp_path: Path) -> None:
    old, new = (Catalog(tmp_path / name, create=True) for name in ("old", "new"))
    old.put(*make("/gone", "one", "two"))
    for _ in range(2):
        new.put(*make("/a", "three"))
    state, generations = old.state, old.generation + new.generation
    with old.snapshot():
        writer = threading.Thread(target=lambda: old.become(new))
        before = old.paths()
        writer.start()
        writer.join()
        assert (old.paths(), old.state) == (before, state)
    assert old.paths() == ["/a"]
    assert old.generation > generations
    assert old.state != state
    assert old.findings() == old.lexical_findings() == []
    old.settle()
    assert old.ledger.fits()
    for catalog in (old, new):
        catalog.close()


def test_the_k_best_are_all_that_score_so_and_stand_in_the_order_of_paths(catalog: Catalog) -> None:
    for path in ("/c", "/a", "/d", "/b"):
        catalog.put(*make(path, "the same talks"))
    assert sorted(catalog.lexical("talks", 1)) == [1, 2, 3, 4]
    best = catalog.best(dict.fromkeys((1, 2, 3, 4), 0.5) | {3: 0.25}, 2)
    assert list(best) == [2, 4]
    assert [hit.path for hit in catalog.hits(best)] == ["/a", "/b"]
