"""Upkeep of an index: mending each kind of damage, embedding anew beside the old, watching folders, older formats."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import StandInEncoder
from filelock import FileLock

from rag.config import Config, PassageSettings
from rag.database import Database
from rag.errors import IndexDamaged, IndexFault, IndexLocked, IndexMismatch, IndexMissing, UnreadableDocument
from rag.index import Index
from rag.ledger import Ledger
from rag.passages import PassageParser
from rag.rows import PassageRow
from rag.types import Document, UpdateReport
from rag.upkeep import rebuild, repair, watch

TEXTS = {
    "bridge.txt": "Engineers closed the bridge at noon. Cracks had been found in a pillar.",
    "harvest.txt": "The wheat harvest fell by a tenth. Farmers blamed the drought.",
    "riyadh.txt": "The ministers met in Riyadh on Monday. They agreed on a ceasefire.",
}
QUERY = "ministers harvest bridge"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = (tmp_path / "files").resolve()
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path: Path, files: Path, encoder: StandInEncoder) -> Path:
    """An index of the files and of a document that was added by hand."""
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        index.update(files)
        index.add([document("added", "Voters chose a new mayor.")])
    encoder.encoded.clear()
    return (tmp_path / "index").resolve()


def document(path: str, text: str, **fields: Any) -> Document:
    return Document(text=text, path=path, title=path, sha256="", **fields)


def told(folder: Path, encoder: StandInEncoder) -> list[tuple[float, str, str]]:
    """What the index answers, opened anew."""
    with Index.open(folder, encoder=encoder) as index:
        return hits(index)


def hits(index: Index) -> list[tuple[float, str, str]]:
    return [(hit.score, hit.path, hit.text) for hit in index.search(QUERY, k=100)]


def execute(folder: Path, *statements: str) -> None:
    """Change the catalog behind its back."""
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def change_byte(file: Path, old: bytes, new: bytes) -> None:
    whole = file.read_bytes()
    assert len(old) == len(new)
    assert old in whole
    file.write_bytes(whole.replace(old, new))


# --- repair


def test_a_sound_index_is_left_alone(folder: Path, encoder: StandInEncoder) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.restored, made.lost, made.verification.ok) == (None, (), (), True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert encoder.encoded == []


@pytest.mark.parametrize("how", ["missing", "flipped"])
def test_vectors_are_made_again_from_the_catalog(folder: Path, encoder: StandInEncoder, how: str) -> None:
    expected = told(folder, encoder)
    file = folder / "vectors.faiss"
    encoder.encoded.clear()
    whole = file.read_bytes()
    file.unlink() if how == "missing" else file.write_bytes(whole[:-9] + b"?" + whole[-8:])
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.verification.ok, encoder.encoded) == (None, True, [])
    assert told(folder, encoder) == expected


DAMAGE = {
    "text": ["UPDATE documents SET text = replace(text, 'wheat', 'maize') WHERE path LIKE '%harvest%'"],
    "title": ["UPDATE documents SET title = 'Other' WHERE path LIKE '%harvest%'"],
    "date": ["UPDATE documents SET date = '2020-02-02' WHERE path LIKE '%harvest%'"],
    "offsets": ["UPDATE passages SET stop = stop - 1 WHERE id = 2"],
    "vector": ["UPDATE passages SET vector = zeroblob(512) WHERE id = 2"],
    "passage gone": ["DELETE FROM passages WHERE id = 2"],
    "row of the file": ["UPDATE files SET sha256 = 'f' WHERE path LIKE '%harvest%'"],
    "no row of the file": ["DELETE FROM files WHERE path LIKE '%harvest%'"],
    "json": ["UPDATE documents SET pages = '[' WHERE path LIKE '%harvest%'"],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_read_again_and_the_others_are_kept(
    folder: Path, files: Path, encoder: StandInEncoder, kind: str
) -> None:
    expected = told(folder, encoder)
    encoder.encoded.clear()
    execute(folder, *DAMAGE[kind])
    with pytest.raises(IndexDamaged):
        Index.open(folder, encoder=encoder)
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.restored, made.lost) == (3, (str(files / "harvest.txt"),), ())
    assert made.verification.ok
    assert [text.split("\n")[-1] for text in encoder.encoded] == [TEXTS["harvest.txt"]]
    assert told(folder, encoder) == expected
    assert (folder / "catalog.sqlite.damaged").exists()
    assert not list(folder.glob("catalog.sqlite.next*"))
    again = repair(folder, encoder=encoder)
    assert (again.salvaged, again.verification.ok) == (None, True)


@pytest.mark.parametrize(
    "statements",
    [
        ["DELETE FROM lexical WHERE rowid = 2"],
        ["UPDATE lexical_content SET c2 = 'else' WHERE id = 2"],
        ["DELETE FROM lexical_data WHERE id > 10"],
        ["UPDATE lexical_docsize SET sz = x'00'"],
    ],
)  # fmt: skip
def test_a_damaged_lexical_index_is_made_again_and_nothing_is_lost(
    folder: Path, encoder: StandInEncoder, statements: list[str]
) -> None:
    expected = told(folder, encoder)
    encoder.encoded.clear()
    execute(folder, *statements)
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.restored, made.lost, made.verification.ok) == (4, (), (), True)
    assert encoder.encoded == []
    assert told(folder, encoder) == expected


def test_what_is_lost_and_nowhere_on_the_disk_is_told(folder: Path, files: Path, encoder: StandInEncoder) -> None:
    execute(folder, "UPDATE documents SET title = 'Other'")
    (files / "bridge.txt").unlink()
    (files / "riyadh.txt").write_text("")
    made = repair(folder, encoder=encoder)
    assert made.salvaged == 0
    assert made.restored == (str(files / "harvest.txt"),)
    assert made.lost == (str(files / "bridge.txt"), str(files / "riyadh.txt"), "added")
    assert made.verification.ok
    assert [path for _, path, _ in told(folder, encoder)] == [str(files / "harvest.txt")]


@pytest.mark.parametrize("stamp", ["encoder", "weights", "dimension", "passages"])
def test_vectors_of_nobody_knows_which_encoder_are_not_believed(
    folder: Path, files: Path, encoder: StandInEncoder, stamp: str
) -> None:
    execute(folder, f"UPDATE meta SET value = value || '?' WHERE key = '{stamp}'")
    with pytest.raises(IndexDamaged, match="not those that were written"):
        Index.open(folder, encoder=encoder)
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.restored) == (0, tuple(str(files / name) for name in TEXTS))
    assert (made.lost, made.verification.ok) == (("added",), True)
    assert len(encoder.encoded) == 3


@pytest.mark.parametrize("how", ["no database", "gone", "empty", "half"])
def test_a_catalog_that_cannot_be_read_gives_an_empty_index_that_can_be_filled(
    folder: Path, files: Path, encoder: StandInEncoder, how: str
) -> None:
    expected = told(folder, encoder)
    file = folder / "catalog.sqlite"
    whole = file.read_bytes()
    file.write_bytes({"no database": b"not a database " * 300, "half": whole[: len(whole) // 2]}.get(how, b""))
    if how == "gone":
        file.unlink()
    made = repair(folder, encoder=encoder)
    assert made.salvaged is not None
    assert made.verification.ok
    with Index.open(folder, encoder=encoder) as index:
        index.update(files)
        index.add([document("added", "Voters chose a new mayor.")])
        assert hits(index) == expected
        assert index.verify().ok


@pytest.mark.parametrize("destroyed", [slice(0, 16), slice(0, 18), slice(18, 24), slice(0, 100)])
@pytest.mark.parametrize("junk", [b"\0", b"\xff"])
def test_a_catalog_whose_first_bytes_are_destroyed_gives_back_all_that_is_behind_them(
    folder: Path, encoder: StandInEncoder, destroyed: slice, junk: bytes
) -> None:
    expected = told(folder, encoder)
    encoder.encoded.clear()
    data = bytearray((folder / "catalog.sqlite").read_bytes())
    data[destroyed] = junk * (destroyed.stop - destroyed.start)
    (folder / "catalog.sqlite").write_bytes(data)
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.lost, made.verification.ok) == (4, (), True)
    assert encoder.encoded == []
    assert told(folder, encoder) == expected
    assert not list(folder.glob("catalog.sqlite.headed*"))


def test_a_damaged_catalog_that_the_disk_does_not_give_is_told_and_left(
    folder: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray((folder / "catalog.sqlite").read_bytes())
    data[:100] = bytes(100)
    (folder / "catalog.sqlite").write_bytes(data)

    def failing(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("rag.rebuilding._with_head", failing)
    with pytest.raises(IndexFault, match=r"the damaged catalog cannot be read \(Input/output error\)"):
        repair(folder, encoder=encoder)
    assert (folder / "catalog.sqlite").read_bytes() == data
    monkeypatch.undo()
    assert repair(folder, encoder=encoder).salvaged == 4


def test_any_flipped_bytes_are_mended_or_told(folder: Path, files: Path, encoder: StandInEncoder) -> None:
    """Whatever is damaged: afterwards the index is sound, and no file is neither there nor told of as lost,
    unless the list of files itself cannot be read."""
    whole = {file.name: file.read_bytes() for file in folder.iterdir()}
    chance, kept, blind = random.Random(5), 0, 0
    for _ in range(40):
        damaged = bytearray(whole["catalog.sqlite"])
        for at in chance.sample(range(len(damaged)), 30):
            damaged[at] ^= 1 << chance.randrange(8)
        for file in folder.iterdir():
            file.unlink()
        for name, data in {**whole, "catalog.sqlite": bytes(damaged)}.items():
            (folder / name).write_bytes(data)
        made = repair(folder, encoder=encoder)
        assert made.verification.ok
        with Index.open(folder, encoder=encoder) as index:
            there = {one.path for one in index.documents()}
            for name, text in TEXTS.items():
                if str(files / name) in there:
                    assert index.document(files / name).text == text
        kept += made.salvaged or 0
        blind += bool({*map(str, files.iterdir()), "added"} - there - set(made.lost))
    assert kept > 20
    assert blind < 40


def test_an_index_in_use_is_not_mended_under_its_readers(
    folder: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.lock._PATIENCE", 0.05)
    monkeypatch.setattr("rag.rebuilding._PATIENCE", 0.05)
    with Index.open(folder, encoder=encoder) as index:
        hits(index)
        execute(folder, DAMAGE["title"][0])
        with pytest.raises(IndexLocked, match="open elsewhere"):
            repair(folder, encoder=encoder)
    with FileLock(folder / "write.lock"), pytest.raises(IndexLocked, match="being updated"):
        repair(folder, encoder=encoder)
    assert repair(folder, encoder=encoder).salvaged == 3


def test_there_is_nothing_to_mend_where_there_is_no_index(tmp_path: Path, encoder: StandInEncoder) -> None:
    for mend in (repair, rebuild):
        with pytest.raises(IndexMissing, match="no index here"):
            mend(tmp_path / "nothing", encoder=encoder)
    assert not (tmp_path / "nothing").exists()


def test_what_a_repair_kept_aside_goes_with_the_first_deletion(
    folder: Path, files: Path, encoder: StandInEncoder
) -> None:
    execute(folder, DAMAGE["title"][0])
    repair(folder, encoder=encoder)
    assert b"Riyadh" in (folder / "catalog.sqlite.damaged").read_bytes()
    with Index.open(folder, encoder=encoder) as index:
        index.remove(files / "riyadh.txt")
    assert b"riyadh" not in b"".join(file.read_bytes() for file in folder.iterdir()).lower()


# --- rebuild


@pytest.fixture
def other() -> StandInEncoder:
    return StandInEncoder(model_name="other", dimension=64)


def test_all_is_embedded_anew_without_reading_a_file(
    folder: Path, files: Path, encoder: StandInEncoder, other: StandInEncoder, tmp_path: Path
) -> None:
    for file in files.iterdir():
        file.unlink()
    made = rebuild(folder, encoder=other)
    assert sorted(made.added) == sorted(["added", *(str(files / name) for name in TEXTS)])
    assert len(other.encoded) == 4
    with pytest.raises(IndexMismatch, match=r"'other'.*'stand-in'"):
        Index.open(folder, encoder=encoder)
    with Index.open(folder, encoder=other) as index, Index.open(tmp_path / "new", encoder=other, create=True) as new:
        assert index.verify().ok
        new.add(index.document(one.path) for one in index.documents())
        assert hits(index) == hits(new)
    assert sorted(file.name for file in folder.iterdir()) == [
        "catalog.sqlite", "catalog.sqlite.ledger", "vectors.faiss", "write.lock",
    ]  # fmt: skip


def test_the_old_vectors_answer_until_the_new_ones_take_their_place(
    folder: Path, encoder: StandInEncoder, other: StandInEncoder
) -> None:
    expected, seen, failed = told(folder, encoder), [], []
    begun, stop = threading.Event(), threading.Event()
    with Index.open(folder, encoder=encoder) as index:

        def ask() -> None:
            while not stop.is_set():
                try:
                    seen.append(hits(index))
                    begun.set()
                except IndexMismatch as error:
                    failed.append(str(error))
                    return

        reader = threading.Thread(target=ask)
        reader.start()
        begun.wait(10)
        before = len(seen)

        def slowly(_: object) -> None:
            time.sleep(0.05)

        rebuild(folder, encoder=other, progress=slowly)
        during = len(seen)
        reader.join(0.5)
        stop.set()
        reader.join()
    assert during > before
    assert all(one == expected for one in seen)
    assert len(failed) == 1
    assert "was built with" in failed[0]


def test_who_has_the_index_open_finds_the_same_after_a_rebuild_by_the_same_encoder(
    tmp_path: Path, encoder: StandInEncoder
) -> None:
    """Ids of passages are then others: what a reader keeps in memory must not be taken for the new ones'."""
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        for path, text in {"c": "The ministers met.", "b": "A bridge was closed.", "a": "Voters chose."}.items():
            index.add([document(path, text)])
        expected = hits(index)
        old = index.search(QUERY, k=1)[0]
        ids = set(index._catalog.passage_ids().tolist())
        rebuild(tmp_path, encoder=encoder)
        assert hits(index) == expected
        assert index.neighbours(old) == (None, None)
        assert ids.isdisjoint(index._catalog.passage_ids().tolist())
        index.add([document("d", "The harvest.")])
        assert index.verify().ok


def test_a_stopped_rebuild_leaves_the_old_index_and_goes_on_with_the_rest(
    folder: Path, files: Path, encoder: StandInEncoder, other: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.updating._BATCH", 1)
    expected = told(folder, encoder)
    first = rebuild(folder, encoder=other, cancelled=lambda: len(other.encoded) >= 2)
    assert first.cancelled
    assert (len(first.added), len(first.pending)) == (2, 2)
    assert told(folder, encoder) == expected
    done = list(other.encoded)
    with Index.open(folder, encoder=encoder) as index:  # goes on changing meanwhile, but deletes nothing
        index.add([document("later", "A later one.")])
    second = rebuild(folder, encoder=other)
    assert (len(second.unchanged), len(second.added), second.cancelled) == (2, 3, False)
    assert len(other.encoded) == len(set(other.encoded)) == 5
    assert other.encoded[:2] == done
    with Index.open(folder, encoder=other) as index:
        assert index.verify().ok
        assert len(index.documents()) == 5


def test_a_text_deleted_while_a_rebuild_is_stopped_is_in_no_file(
    folder: Path, files: Path, encoder: StandInEncoder, other: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = files / "a_secret.txt"
    secret.write_text("Zyzzyvaquux signed the papers.")
    with Index.open(folder, encoder=encoder) as index:
        index.update(secret)
    monkeypatch.setattr("rag.updating._BATCH", 1)
    rebuild(folder, encoder=other, cancelled=lambda: bool(other.encoded))
    assert b"yzzyvaq" in (folder / "catalog.sqlite.next").read_bytes()
    with Index.open(folder, encoder=encoder) as index:
        index.remove(secret)
    assert b"yzzyvaq" not in b"".join(file.read_bytes() for file in folder.iterdir()).lower()
    rebuild(folder, encoder=other)
    with Index.open(folder, encoder=other) as index:
        assert index.verify().ok
        assert len(index.documents()) == 4


def test_a_deletion_broken_off_leaves_no_trace_beside_the_index_once_it_is_opened(
    folder: Path, files: Path, encoder: StandInEncoder, other: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.updating._BATCH", 1)
    rebuild(folder, encoder=other, cancelled=lambda: len(other.encoded) >= 3)
    assert b"Riyadh" in (folder / "catalog.sqlite.next").read_bytes()
    with Index.open(folder, encoder=encoder) as index:
        monkeypatch.setattr(Index, "finish", lambda self: None)  # as though it were killed
        index.remove(files / "riyadh.txt")
    monkeypatch.undo()
    Index.open(folder, encoder=encoder).close()
    assert b"riyadh" not in b"".join(file.read_bytes() for file in folder.iterdir()).lower()


KILLED = """
import os, signal, sys
from pathlib import Path
from conftest import StandInEncoder
from rag import updating
from rag.upkeep import rebuild
updating._BATCH = 1
told = 0
def progress(now):
    global told
    told += 1
    if told == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
rebuild(sys.argv[1], encoder=StandInEncoder(model_name="other", dimension=64), progress=progress)
"""


def test_a_killed_rebuild_goes_on_where_it_was(folder: Path, encoder: StandInEncoder, other: StandInEncoder) -> None:
    expected = told(folder, encoder)
    killed = subprocess.run([sys.executable, "-c", KILLED, folder, "3"], env=environment(), timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert told(folder, encoder) == expected
    report = rebuild(folder, encoder=other)
    assert (len(report.unchanged), len(report.added), len(other.encoded)) == (3, 1, 1)
    with Index.open(folder, encoder=other) as index:
        assert index.verify().ok
        assert len(index.documents()) == 4


def environment() -> dict[str, str]:
    here = Path(__file__).resolve().parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])}


def test_another_rule_of_passages_is_another_index(folder: Path, encoder: StandInEncoder) -> None:
    short = Config(passages=PassageSettings(pieces=16))
    with Index.open(folder, encoder=encoder) as index:
        index.add([document("long", "It says what others say as well. " * 30)])
        before = index.verify().passages
    rebuild(folder, encoder=encoder, config=short)
    with pytest.raises(IndexMismatch, match="passages '2/16'"):
        Index.open(folder, encoder=encoder)
    with Index.open(folder, encoder=encoder, config=short) as index:
        assert index.verify().ok
        assert index.verify().passages > before


def test_a_file_of_several_documents_stays_one(tmp_path: Path, encoder: StandInEncoder, other: StandInEncoder) -> None:
    folder = tmp_path / "index"
    with Index.open(folder, encoder=encoder, create=True) as index:
        index.add([document("/one", "Of its own.")])
        mails = [document(f"/box.mbox/{n}", f"Mail {n} tells of the bridge.", gaps=("a picture",)) for n in range(3)]
        contents = [(one, rows_of(one, encoder)) for one in mails]
        index._catalog.put_file("/box.mbox", "abc", contents, readers=7)
    report = rebuild(folder, encoder=other)
    assert sorted(report.added) == ["/box.mbox", "/one"]
    with Index.open(folder, encoder=other) as index:
        assert index.verify().ok
        assert index.files() == {"/box.mbox": "abc", "/one": ""}
        assert index._catalog.files(7) == {"/box.mbox": "abc", "/one": ""}
        assert [index.document(one.path) for one in mails] == mails
        assert index.remove("/box.mbox") == [one.path for one in mails]
        assert index.files() == {"/one": ""}


def rows_of(one: Document, encoder: StandInEncoder) -> list[PassageRow]:
    nodes = PassageParser(encoder).parse(one)
    return [
        PassageRow(
            start=node.start_char_idx, stop=node.end_char_idx, title=one.title, section="", text=node.text,
            sentences=tuple(node.metadata["sentences"]), embedded=os.urandom(32), vector=encoder.encode([node.text])[0],
        )
        for node in nodes
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "title", "date", "row of the file"])
def test_damage_is_not_embedded_anew_and_sealed_as_sound(folder: Path, other: StandInEncoder, kind: str) -> None:
    execute(folder, *DAMAGE[kind])
    Ledger(folder / "catalog.sqlite").acknowledge(0)  # as after an update that was broken off
    with pytest.raises(IndexDamaged):
        rebuild(folder, encoder=other)
    assert other.encoded == []


# --- watching


class Watching:
    """A watch in a thread of its own: `reports` are those that it told."""

    def __init__(self, index: Index, folders: Sequence[Path]) -> None:
        self.reports: list[UpdateReport] = []
        self.error: BaseException | None = None
        self.stop = threading.Event()
        self._index, self._folders = index, folders
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            watch(self._index, self._folders, told=self.reports.append, stop=self.stop)
        except BaseException as error:
            self.error = error

    def until(self, reached: Callable[[], bool], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            assert self.error is None
            assert time.monotonic() < deadline, f"not reached: {self.reports}"
            time.sleep(0.02)


@contextmanager
def watching(index: Index, *folders: Path) -> Iterator[Watching]:
    one = Watching(index, folders)
    one.thread.start()
    try:
        one.until(lambda: bool(one.reports))
        yield one
    finally:
        one.stop.set()
        began = time.monotonic()
        one.thread.join(10)
        assert not one.thread.is_alive()
        assert time.monotonic() - began < 2.0
        assert one.error is None


@pytest.fixture
def index(tmp_path: Path, encoder: StandInEncoder) -> Iterator[Index]:
    with Index.open(tmp_path / "watched index", encoder=encoder, create=True) as index:
        yield index


def texts(index: Index) -> dict[str, str]:
    return {Path(one.path).name: index.document(one.path).text for one in index.documents()}


def test_the_index_follows_what_is_added_edited_moved_and_deleted(index: Index, files: Path) -> None:
    with watching(index, files) as one:
        assert set(one.reports[0].added) == {str(files / name) for name in TEXTS}
        (files / "new.txt").write_text("A new file.")
        one.until(lambda: texts(index).get("new.txt") == "A new file.")
        (files / "new.txt").write_text("A newer one.")
        one.until(lambda: texts(index).get("new.txt") == "A newer one.")
        (files / "sub").mkdir()
        (files / "new.txt").rename(files / "sub" / "moved.txt")
        one.until(lambda: set(texts(index)) == {*TEXTS, "moved.txt"})
        (files / "sub" / "moved.txt").unlink()
        one.until(lambda: texts(index) == TEXTS)
        (files / "bad.txt").write_bytes(b"")
        one.until(lambda: bool(one.reports[-1].rejected))
    assert index.verify().ok


def test_what_changes_during_the_first_update_is_not_missed(
    index: Index, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Index.update

    def late(self: Index, *given: Any, **more: Any) -> UpdateReport:
        report = update(self, *given, **more)
        if not (files / "late.txt").exists():
            (files / "late.txt").write_text("It came after the folder was listed.")
        return report

    monkeypatch.setattr(Index, "update", late)
    with watching(index, files) as one:
        one.until(lambda: "late.txt" in texts(index))


def test_a_burst_of_changes_is_few_updates(index: Index, files: Path) -> None:
    with watching(index, files) as one:
        for number in range(60):
            (files / f"{number}.txt").write_text(f"Number {number} of many.")
        one.until(lambda: len(index.documents()) == 63)
        assert len(one.reports) < 20


@pytest.mark.parametrize("where", ["below", "the same"])
def test_an_index_in_the_watched_folder_does_not_wake_itself(
    files: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    updates: list[float] = []
    update = Index.update
    monkeypatch.setattr(
        Index, "update", lambda self, *given, **more: updates.append(time.monotonic()) or update(self, *given, **more)
    )
    with (
        Index.open(files / "index" if where == "below" else files, encoder=encoder, create=True) as index,
        watching(index, files) as one,
    ):
        (files / "new.txt").write_text("A new file.")
        one.until(lambda: "new.txt" in texts(index))
        time.sleep(0.7)
        (files / ".hidden.txt").write_text("Nobody lists it.")
        time.sleep(0.7)
        assert 2 <= len(updates) <= 4
        after = len(updates)
        time.sleep(1.0)
        assert len(updates) == after
        assert set(texts(index)) == {*TEXTS, "new.txt"}


def test_a_watch_waits_for_another_writer_and_can_be_stopped_meanwhile(index: Index, files: Path) -> None:
    with watching(index, files) as one:
        with FileLock(index.folder / "write.lock"):
            (files / "new.txt").write_text("A new file.")
            time.sleep(1.0)
            assert "new.txt" not in texts(index)
        one.until(lambda: "new.txt" in texts(index))
        lock = FileLock(index.folder / "write.lock")
        lock.acquire()
        (files / "other.txt").write_text("Another file.")
        time.sleep(0.5)
        one.stop.set()
        one.thread.join(2.0)
        lock.release()
        assert not one.thread.is_alive()
    assert "other.txt" not in texts(index)


def test_a_watch_that_is_stopped_at_once_updates_nothing(index: Index, files: Path) -> None:
    one = Watching(index, [files])
    one.stop.set()
    one.thread.start()
    one.thread.join(2.0)
    assert (one.reports, one.error, index.documents()) == ([], None, [])


def test_only_folders_are_watched(index: Index, files: Path) -> None:
    for path in (files / "riyadh.txt", files / "absent"):
        with pytest.raises(UnreadableDocument, match="no folder"):
            watch(index, [files, path], told=lambda report: None)


# --- an index of format 1

FORMAT_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    row INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, id TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, author TEXT, text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL,
    gaps TEXT NOT NULL, seal TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents(row) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, section TEXT NOT NULL, sentences TEXT NOT NULL,
    embedded BLOB NOT NULL, vector BLOB NOT NULL);
CREATE INDEX passages_by_document ON passages(document, start);
CREATE INDEX passages_by_embedded ON passages(embedded);
CREATE VIRTUAL TABLE lexical USING fts5(title, section, text, tokenize = "porter unicode61 remove_diacritics 2");
INSERT INTO lexical(lexical, rank) VALUES ('rank', 'bm25(0.5, 0.5, 1.0)');
"""


@pytest.fixture
def old(folder: Path, tmp_path: Path) -> Path:
    """The same index as the first version wrote it."""
    file = tmp_path / "old" / "catalog.sqlite"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(FORMAT_1)
        connection.execute(f"ATTACH '{folder}/catalog.sqlite' AS new")
        columns = "row, path, id, sha256, title, date, author, text, pages, headings, gaps"
        connection.execute(f"INSERT INTO documents SELECT {columns}, 'of another rule' FROM new.documents")
        connection.execute("INSERT INTO passages SELECT * FROM new.passages")
        connection.execute(
            "INSERT INTO lexical(rowid, title, section, text) SELECT rowid, title, section, text FROM new.lexical"
        )
        connection.execute("INSERT INTO meta SELECT key, value FROM new.meta WHERE key != 'stamp'")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'format'")
    return file.parent


def test_an_index_of_the_first_format_is_brought_up_to_this_one(
    old: Path, folder: Path, files: Path, encoder: StandInEncoder
) -> None:
    expected = told(folder, encoder)
    for use in (lambda: Index.open(old, encoder=encoder), lambda: repair(old, encoder=encoder)):
        with pytest.raises(IndexMismatch, match=r"earlier version.*rag index FOLDER"):
            use()
    encoder.encoded.clear()
    with Index.open(old, encoder=encoder, create=True) as index:
        assert [f for f in index.verify().findings if not f.startswith("vectors.faiss")] == []
        assert index.document(files / "riyadh.txt").text == TEXTS["riyadh.txt"]
        assert set(index.files()) == {"added", *(str(files / name) for name in TEXTS)}
        report = index.update(files)  # other readers have read them: they are read again
        assert report.updated == tuple(str(files / name) for name in TEXTS)
        assert index.update(files).unchanged == tuple(str(files / name) for name in TEXTS)
        assert encoder.encoded == []
        assert hits(index) == expected
        assert index.verify().ok
    assert told(old, encoder) == expected


def test_documents_damaged_before_are_found_after_the_upgrade(old: Path, files: Path, encoder: StandInEncoder) -> None:
    execute(old, "UPDATE documents SET text = replace(text, 'wheat', 'maize')")
    with pytest.raises(IndexDamaged, match="harvest"):
        Index.open(old, encoder=encoder, create=True)
    made = repair(old, encoder=encoder)
    assert (made.salvaged, made.restored) == (3, (str(files / "harvest.txt"),))


# --- compaction


def test_the_catalog_shrinks_after_large_deletions_and_not_after_small_ones(
    tmp_path: Path, encoder: StandInEncoder
) -> None:
    file = tmp_path / "catalog.sqlite"
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.add(document(f"/{n}", f"Paper {n}. " + "It says what others say as well. " * 60) for n in range(40))
        whole = file.stat().st_size
        index.remove("/0")
        assert file.stat().st_size >= whole * 0.9
        for n in range(1, 36):
            index.remove(f"/{n}")
        assert file.stat().st_size < whole * 0.4
        assert [one.path for one in index.documents()] == [f"/{n}" for n in range(36, 40)]
        assert index.verify().ok


def test_a_disk_too_full_to_compact_keeps_the_index_whole(
    tmp_path: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = Database.all

    def full(self: Database, sql: str, *values: object) -> Any:
        if sql == "VACUUM":
            raise IndexFault("here", "the catalog cannot be read or written (database or disk is full).")
        return every(self, sql, *values)

    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.add(document(f"/{n}", f"Paper {n}. " + "It says what others say as well. " * 60) for n in range(10))
        monkeypatch.setattr(Database, "all", full)
        for n in range(9):
            index.remove(f"/{n}")
        assert [one.path for one in index.documents()] == ["/9"]
        assert index.verify().ok


def test_what_a_repair_lost_is_told_by_the_next_if_it_was_stopped_before_it_could(
    tmp_path: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, files = tmp_path / "index", tmp_path / "files"
    files.mkdir()
    for name in ("kept", "lost"):
        (files / f"{name}.txt").write_text(f"The {name} ship came in at noon.")
    with Index.open(folder, encoder=encoder, create=True) as index:
        index.update(files)
    catalog = folder / "catalog.sqlite"
    catalog.write_bytes(catalog.read_bytes().replace(b"The lost ship", b"The last ship"))
    (files / "lost.txt").unlink()
    with monkeypatch.context() as stopped:
        stopped.setattr(Index, "update", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            repair(folder, encoder=encoder)
    made = repair(folder, encoder=encoder)
    assert (made.salvaged, made.lost) == (None, (str(files.resolve() / "lost.txt"),))
    assert repair(folder, encoder=encoder).lost == ()
