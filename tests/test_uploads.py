"""Uploaded files: what becomes of each, whatever stops the work on them, and who is told what."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import StandInEncoder

from rag.assistant import Assistant
from rag.errors import ConfigError, IndexFault, IndexLocked
from rag.index import UPLOADS, Index
from rag.lock import is_being_written, write_lock
from rag.types import UpdateReport
from ui.collections import Collections
from ui.intake import Intake, Intakes, Run
from ui.uploads import Given, Step, add, safe_name, safe_path, settle

PATIENCE = 30.0  # seconds that a condition may take on a busy machine


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("report.txt", "report.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        (".hidden", "hidden"),
        ("..", "document"),
        ("a\0b\n\u202ec.txt", "a_b__c.txt"),
        ("<img src=x>.txt", "_img src=x_.txt"),
        ("Übersicht März.pdf", "Übersicht März.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_upload_names_become_plain_file_names(given: str, safe: str) -> None:
    assert safe_name(given) == safe


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("report.txt", "report.txt"),
        ("news/march/a.txt", "news/march/a.txt"),
        ("news\\march\\a.txt", "news/march/a.txt"),
        ("/etc/passwd", "etc/passwd"),
        ("../news/../../a.txt", "news/a.txt"),
        (".git/./ /config", "git/config"),
        ("a\0/b\n.txt", "a_/b_.txt"),
        ("", "document"),
        ("/".join("abcdefghijklmno"), "f/g/h/i/j/k/l/m/n/o"),
    ],
)
def test_names_with_folders_become_paths_that_lead_down_only(given: str, safe: str) -> None:
    assert safe_path(given) == safe


def uploading(folder: Path, **files: str) -> list[Given]:
    """Files as Gradio leaves them: each in a folder of its own."""
    made = [Given(folder / str(number) / f"{name}.txt", f"{name}.txt") for number, name in enumerate(files)]
    for one, text in zip(made, files.values(), strict=True):
        one.file.parent.mkdir(parents=True)
        one.file.write_text(text)
    return made


def kept(folder: Path) -> dict[str, str]:
    """What stands in an index's uploads, by name."""
    uploads = folder / UPLOADS
    files = (file for file in uploads.rglob("*") if file.is_file())
    return {str(f.relative_to(uploads)): f.read_text() for f in files if not f.is_relative_to(uploads / ".work")}


def named(paths: Sequence[str]) -> list[str]:
    return [Path(path).name for path in paths]


class Shelf:
    """An index that takes what `accepts` says, and fails after it where `fault` is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: dict[str, str] = {}
        self.accepts = True
        self.fault: Exception | None = None

    def update(self, paths: list[Path], *, progress: object, cancelled: object) -> UpdateReport:
        if self.accepts:
            self.held |= {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        if self.fault:
            raise self.fault
        taken = tuple(map(str, paths))
        return UpdateReport(updated=taken) if self.accepts else UpdateReport(rejected=tuple((p, "bad") for p in taken))

    def files(self) -> dict[str, str]:
        return self.held


@pytest.mark.parametrize("fault", [None, ConfigError("broke"), OSError(28, "No space left on device")], ids=repr)
def test_an_uploaded_file_stays_exactly_where_the_index_holds_its_bytes(
    tmp_path: Path, fault: Exception | None
) -> None:
    index: Any = Shelf(tmp_path / "index")
    for accepts, text, stands in ((False, "0", {}), (True, "1", "1"), (False, "2", "1"), (True, "3", "3")):
        index.accepts, index.fault = accepts, fault
        (given,) = uploading(tmp_path / text, a=text)
        with pytest.raises((ConfigError, IndexFault)) if fault else nullcontext():
            add(index, [given])
        assert kept(index.folder) == ({"a.txt": stands} if stands else {})
        assert given.file.exists() == bool(fault and not accepts)  # it was not settled: it can be tried again
        assert given.file.parent.exists() == given.file.exists()
    assert list((index.folder / UPLOADS / ".work").glob("*/")) == []


def test_two_files_of_one_name_in_one_upload_do_not_replace_each_other(tmp_path: Path) -> None:
    index: Any = Shelf(tmp_path / "index")
    files = uploading(tmp_path / "one", a="one") + uploading(tmp_path / "two", a="two")
    report = add(index, files)
    path = str(index.folder / UPLOADS / "a.txt")
    assert report.updated == (path,)
    assert report.rejected == ((path, "another file of this name came with it; add them one after the other"),)
    assert kept(index.folder) == {"a.txt": "one"}


def test_files_of_one_name_in_two_folders_are_two_documents(tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", encoder=StandInEncoder(), create=True) as index:
        one, two = uploading(tmp_path / "1", a="The first."), uploading(tmp_path / "2", a="The second.")
        report = add(index, [Given(one[0].file, "news/north/a.txt"), Given(two[0].file, "news/south/a.txt")])
        uploads = index.folder / UPLOADS
        assert report.added == (str(uploads / "news/north/a.txt"), str(uploads / "news/south/a.txt"))
        assert kept(index.folder) == {"news/north/a.txt": "The first.", "news/south/a.txt": "The second."}
        index.remove(report.added)
        assert [path.name for path in uploads.iterdir()] == [".work"]


def test_a_folder_cannot_take_the_name_of_a_document_nor_a_document_that_of_a_folder(tmp_path: Path) -> None:
    index: Any = Shelf(tmp_path / "index")
    add(index, [*uploading(tmp_path / "1", a="file"), Given(uploading(tmp_path / "2", b="in")[0].file, "folder/b.txt")])
    below, above = uploading(tmp_path / "3", x="below", y="above")
    report = add(index, [Given(below.file, "a.txt/x.txt"), Given(above.file, "folder")])
    assert [reason for _, reason in report.rejected] == [
        "it cannot stand where an earlier document has taken the name of its folder",
        "it cannot stand where an earlier document has taken the name of its folder",
    ]
    assert kept(index.folder) == {"a.txt": "file", "folder/b.txt": "in"}


def test_no_upload_takes_the_name_of_another_on_its_way_in(tmp_path: Path) -> None:
    index: Any = Shelf(tmp_path / "index")
    add(index, [Given(uploading(tmp_path / "0", a="kept")[0].file, "new-a.txt")])
    index.accepts = False
    add(index, uploading(tmp_path / "1", **{"new-a": "rejected", "a": "rejected", "placed": "rejected"}))
    assert kept(index.folder) == {"new-a.txt": "kept"}


def test_an_upload_is_for_this_user_alone(tmp_path: Path) -> None:
    index: Any = Shelf(tmp_path / "index")
    add(index, [Given(uploading(tmp_path / "one", a="one")[0].file, "folder/a.txt")])
    uploads = index.folder / UPLOADS
    paths = uploads, uploads / ".work", uploads / "folder", uploads / "folder" / "a.txt"
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o700, 0o700, 0o700, 0o600]


@pytest.mark.parametrize("undo", ["next upload", "settle"])
def test_an_upload_that_was_killed_is_undone(tmp_path: Path, undo: str) -> None:
    with Index.open(tmp_path / "index", encoder=StandInEncoder(), create=True) as index:
        for text in ("The first version.", "The second version."):
            add(index, uploading(tmp_path / text, news=text))
        uploads = index.folder / UPLOADS
        aside = uploads / ".work" / "killed"
        (aside / "earlier").mkdir(parents=True)
        (aside / "earlier" / "news.txt").write_text("The second version.")
        (aside / "placed.json").write_text(json.dumps(["news.txt", "folder/new.txt", "later.txt"]))
        (uploads / ".work" / "killed-at-once").mkdir()
        (uploads / "folder").mkdir()
        (uploads / "folder" / "new.txt").write_text("It was never indexed.")
        (uploads / "news.txt").write_text("A third that was never indexed.")
        if undo == "settle":
            settle(index)
            assert kept(index.folder) == {"news.txt": "The second version."}
        else:
            add(index, uploading(tmp_path / "other", other="Another."))
            assert kept(index.folder) == {"news.txt": "The second version.", "other.txt": "Another."}
        assert not (uploads / "folder").exists()
        assert list((uploads / ".work").glob("*/")) == []
        index.remove(uploads / "news.txt")
        assert "news.txt" not in kept(index.folder)


def test_nothing_is_undone_while_another_uploads_and_two_do_not_upload_at_once(tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", encoder=StandInEncoder(), create=True) as index:
        add(index, uploading(tmp_path / "1", a="The first."))
        at_work = index.folder / UPLOADS / ".work" / "at-work"
        at_work.mkdir()
        with write_lock(at_work.parent):
            settle(index)
            assert at_work.exists()
            (given,) = uploading(tmp_path / "2", b="The second.")
            with pytest.raises(IndexLocked, match="other files are being added just now"):
                add(index, [given])
        assert given.file.exists()
        assert kept(index.folder) == {"a.txt": "The first."}
        add(index, [given])
        assert kept(index.folder) == {"a.txt": "The first.", "b.txt": "The second."}


def test_the_share_of_an_upload_is_that_of_its_new_bytes(tmp_path: Path) -> None:
    long = "A ship came in. " * 30
    told: list[Step] = []
    with Index.open(tmp_path / "index", encoder=StandInEncoder(), create=True) as index:
        add(index, uploading(tmp_path / "1", known="It is known."))
        files = {"bad": "", "known": "It is known.", "long": long, "short": long[:160]}
        report = add(index, uploading(tmp_path / "2", **files), progress=told.append)
    assert (named(report.unchanged), named(report.added)) == (["known.txt"], ["long.txt", "short.txt"])
    shares = {step.done: step.share for step in told}
    assert shares == {0: 0.0, 1: 0.0, 2: 0.0, 3: 480 / 640, 4: 1.0}
    assert [step.total for step in told] == [4] * len(told)
    assert {step.name for step in told} == {"bad.txt", "known.txt", "long.txt", "short.txt"}
    assert told[-1].passages == 2


# --- the work on them, which can be stopped


class Gate(StandInEncoder):
    """Waits before it embeds any text that holds a word in `closed`, until that is opened."""

    def __init__(self) -> None:
        super().__init__()
        self._gates = {word: threading.Event() for word in ("second", "third")}
        self._reached = {word: threading.Event() for word in ("second", "third")}

    _gates: dict[str, threading.Event]
    _reached: dict[str, threading.Event]

    def open(self) -> None:
        for gate in self._gates.values():
            gate.set()

    def reached(self, word: str) -> bool:
        return self._reached[word].wait(PATIENCE)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        for word, gate in self._gates.items():
            if any(word in text for text in texts):
                self._reached[word].set()
                assert gate.wait(PATIENCE), f"nobody opened {word}"
        return super().encode(texts)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def collections(tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collections]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with Assistant.open(tmp_path / "index", documents=[], encoder=gate) as assistant:
        opened = Collections(assistant)
        yield opened
        gate.open()
        opened.close()


def paragraph(word: str) -> str:
    """More passages than are embedded together: each file is committed before the next is read."""
    return "\n\n".join(f"The {word} ship brought {number} crates of oranges. " * 12 for number in range(160))


def received(folder: Path, *words: str) -> Intake:
    intake = Intake()
    files = uploading(folder, **{f"{number}-{word}": paragraph(word) for number, word in enumerate(words)})
    intake.receive([(one.file, one.name) for one in files], megabytes=50)
    return intake


def finished(run: Run | None) -> Run:
    assert run is not None
    assert run.finished.wait(PATIENCE)
    return run


def private(folder: Path) -> list[Path]:
    return sorted(folder.glob("waiting-*"))


def documents(collections: Collections) -> list[str]:
    return named([document.path for document in collections.documents(collections.first)])


def test_cancel_keeps_what_is_committed_and_continue_goes_on_with_the_rest(
    collections: Collections, gate: Gate, tmp_path: Path
) -> None:
    intake = received(tmp_path / "given", "first", "second", "third")
    (folder,) = private(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    run = intake.start(collections, collections.first)
    assert intake.start(collections, collections.first) is None
    assert gate.reached("second")
    assert documents(collections) == ["0-first.txt"]
    assert run is not None
    assert (run.step.done, run.step.total, run.step.name) == (1, 3, "1-second.txt")
    assert is_being_written(collections.get(collections.first).index.folder)
    intake.cancel()
    gate.open()
    made = finished(run).outcome
    assert named(made.report.added) == ["0-first.txt"]
    assert named(made.report.pending) == ["1-second.txt", "2-third.txt"]
    assert (made.report.cancelled, made.waiting, intake.waiting, intake.run) == (True, 2, 2, None)
    index = collections.get(collections.first).index
    assert list(kept(index.folder)) == ["0-first.txt"]
    assert not is_being_written(index.folder)
    more = finished(intake.start(collections, collections.first)).outcome
    assert named(more.report.added) == ["1-second.txt", "2-third.txt"]
    assert (more.waiting, private(tmp_path)) == (0, [])
    assert sorted(kept(index.folder)) == documents(collections) == ["0-first.txt", "1-second.txt", "2-third.txt"]


@pytest.mark.parametrize("when", ["afterwards", "at work"])
def test_what_is_discarded_is_gone(collections: Collections, gate: Gate, tmp_path: Path, when: str) -> None:
    intake = received(tmp_path / "given", "first", "second")
    run = intake.start(collections, collections.first)
    assert gate.reached("second")
    (intake.discard if when == "at work" else intake.cancel)()
    gate.open()
    finished(run)
    intake.discard()
    assert (intake.waiting, private(tmp_path)) == (0, [])
    assert documents(collections) == ["0-first.txt"]
    assert list(kept(collections.get(collections.first).index.folder)) == ["0-first.txt"]


def test_a_server_that_stops_keeps_what_is_committed_and_leaves_no_lock_and_no_stray_file(
    collections: Collections, gate: Gate, tmp_path: Path
) -> None:
    run = received(tmp_path / "given", "first", "second", "third").start(collections, collections.first)
    assert gate.reached("second")
    closing = threading.Thread(target=collections.close)
    closing.start()
    assert collections.closing.wait(PATIENCE)
    assert closing.is_alive()  # it waits for the work
    gate.open()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert finished(run).outcome.report.cancelled
    index = collections.get(collections.first).index
    assert named(list(index.files())) == list(kept(index.folder)) == ["0-first.txt"]
    assert not is_being_written(index.folder)
    assert not is_being_written(index.folder / UPLOADS / ".work")
    late = finished(received(tmp_path / "late", "fourth").start(collections, collections.first)).outcome
    assert "the chat is being stopped" in str(late.error)


def test_files_wait_while_another_updates_the_index_and_can_be_tried_again(
    collections: Collections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.lock._PATIENCE", 0.1)
    index = collections.get(collections.first).index
    intake = received(tmp_path / "given", "first")
    with write_lock(index.folder):
        made = finished(intake.start(collections, collections.first)).outcome
    assert "is being updated already. Try again when that has finished." in str(made.error)
    assert (made.failed, made.waiting, kept(index.folder)) == (True, 1, {})
    again = finished(intake.start(collections, collections.first)).outcome
    assert (named(again.report.added), again.waiting, again.failed) == (["0-first.txt"], 0, False)


def test_an_unforeseen_fault_is_told_and_the_files_wait(
    collections: Collections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Index, "update", breaks)
    made = finished(received(tmp_path / "given", "first").start(collections, collections.first)).outcome
    assert (made.unexpected, made.error, made.waiting, made.failed) == (True, None, 1, True)


def test_what_was_never_sent_or_lost_on_the_way_is_in_the_report(collections: Collections, tmp_path: Path) -> None:
    intake = received(tmp_path / "given", "first")
    intake.receive([(tmp_path / "gone.txt", "gone.txt")], megabytes=50)
    intake.refuse(["film.txt"], "it is larger than 50 MB")
    made = finished(intake.start(collections, collections.first)).outcome.report
    assert made.rejected == (
        ("gone.txt", "it was lost on the way; add it again"), ("film.txt", "it is larger than 50 MB"),
    )  # fmt: skip
    assert finished(intake.start(collections, collections.first)).outcome.report == UpdateReport()


def test_no_tab_can_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    intake = Intake()
    files = uploading(tmp_path / "given", **{f"n{i}": "x" * 400_000 for i in range(30)})
    intake.receive([(one.file, one.name) for one in files], megabytes=1)
    assert intake.waiting == 25  # up to the file that passes ten times the largest upload
    assert not files[-1].file.exists()
    intake.discard()
    assert private(tmp_path) == []


def test_every_tab_has_files_of_its_own() -> None:
    first = Intake()
    first.refuse(["a.txt"], "it could not be sent")
    assert deepcopy(first) is not first
    assert deepcopy(first)._refused == []


TABS = [f"0b6c9c1e-7f0a-4d52-8a39-2f1e6f1f9a{number:02}" for number in range(3)]


def test_a_tab_finds_its_files_again_and_no_other_does(collections: Collections, tmp_path: Path) -> None:
    intakes, begun = Intakes(), received(tmp_path / "given", "first")
    assert intakes.of(TABS[0], begun) is begun
    assert intakes.of(TABS[0], Intake()) is begun
    other, unknown = Intake(), Intake()
    assert intakes.of(TABS[1], other) is other
    assert intakes.of("", unknown) is unknown
    assert not unknown.kept
    begun.left()  # the session ends, the tab does not
    assert begun.waiting == 1
    run = finished(begun.start(collections, collections.first))
    assert (begun.last, run.seen, run.outcome.waiting) == (run, False, 0)
    late = received(tmp_path / "late", "fourth")
    finished(late.start(collections, collections.first))
    assert intakes.of(TABS[0], late) is late  # its own work is shown before what an earlier page began


def test_files_that_nobody_comes_back_for_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    intakes, first, lost = Intakes(idle=-1), received(tmp_path / "1", "first"), received(tmp_path / "2", "first")
    intakes.of(TABS[0], first)
    assert len(private(tmp_path)) == 2
    assert intakes.of(TABS[1], Intake()) is not first
    assert (first.waiting, lost.waiting) == (0, 1)
    lost.left()
    assert private(tmp_path) == []


# --- collections


@pytest.fixture
def shelf(tmp_path: Path, encoder: StandInEncoder) -> Iterator[Callable[..., Collections]]:
    """Collections in a folder, the first one of which is called news."""
    made: list[Collections] = []
    with Assistant.open(tmp_path / "all" / "news", documents=[], encoder=encoder) as assistant:

        def opened(folder: Path | None = tmp_path / "all") -> Collections:
            made.append(Collections(assistant, folder=folder))
            return made[-1]

        yield opened
        for one in made:
            one.close()


def test_every_index_directly_below_the_folder_is_a_collection(
    shelf: Callable[..., Collections], tmp_path: Path, encoder: StandInEncoder
) -> None:
    for name in ("Zoo", "letters", "letters/inner"):
        Assistant.open(tmp_path / "all" / name, documents=[], encoder=encoder).close()
    (tmp_path / "all" / "empty").mkdir()
    collections = shelf()
    assert (collections.names(), collections.grows) == (["letters", "news", "Zoo"], True)
    assert collections.get("letters") is collections.get("letters")
    assert collections.get("letters").index.encoder is encoder
    for wrong in ("empty", "letters/inner", "../all/letters", ".", ""):
        with pytest.raises(IndexFault, match="there is no such collection"):
            collections.get(wrong)
    assert (shelf(None).names(), shelf(None).grows) == (["news"], False)


def test_an_index_elsewhere_that_is_called_as_the_first_has_a_name_too(
    shelf: Callable[..., Collections], tmp_path: Path, encoder: StandInEncoder
) -> None:
    Assistant.open(tmp_path / "more" / "news", documents=[], encoder=encoder).close()
    collections = shelf(tmp_path / "more")
    assert collections.names() == ["news", "news (more)"]
    assert collections.get("news (more)").index.folder == (tmp_path / "more" / "news").resolve()


def test_an_index_that_cannot_be_opened_fails_alone(
    shelf: Callable[..., Collections], tmp_path: Path, encoder: StandInEncoder
) -> None:
    for name in ("damaged", "other", "sound"):
        other = encoder if name != "other" else StandInEncoder(model_name="another")
        with Assistant.open(tmp_path / "all" / name, documents=[], encoder=other) as opened:
            opened.index.update(uploading(tmp_path / name, a="A ship came in.")[0].file)
    catalog = tmp_path / "all" / "damaged" / "catalog.sqlite"
    catalog.write_bytes(b"\0" * catalog.stat().st_size)
    collections = shelf()
    assert collections.names() == ["damaged", "news", "other", "sound"]
    for _ in range(2):
        with pytest.raises(IndexFault, match="damaged"):
            collections.get("damaged")
        with pytest.raises(IndexFault, match="was built with encoder"):
            collections.documents("other")
    assert named([document.path for document in collections.documents("sound")]) == ["a.txt"]


@pytest.mark.parametrize(
    "name", ["", "  ", "../x", "a/b", "a\\b", ".hidden", "-x", "a.", "x" * 61, "a\0b", "a:b", "NEWS"]
)
def test_a_collection_cannot_be_called_anything(shelf: Callable[..., Collections], tmp_path: Path, name: str) -> None:
    collections = shelf()
    with pytest.raises(ConfigError):
        collections.create(name)
    assert collections.names() == ["news"]
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["news"]


def test_a_new_collection_is_empty_and_can_be_filled(shelf: Callable[..., Collections], tmp_path: Path) -> None:
    collections = shelf()
    assert collections.create("  Briefe  von 1920-30, Teil".replace(",", "")) == "Briefe von 1920-30 Teil"
    (tmp_path / "all" / "taken").mkdir()
    with pytest.raises(ConfigError, match="'Taken' is taken"):
        collections.create("Taken")
    assert collections.documents("Briefe von 1920-30 Teil") == []
    add(collections.get("Briefe von 1920-30 Teil").index, uploading(tmp_path / "given", a="A ship came in."))
    assert named([d.path for d in collections.documents("Briefe von 1920-30 Teil")]) == ["a.txt"]
    with pytest.raises(ConfigError, match="no folder of collections"):
        shelf(None).create("more")


def test_closing_closes_every_collection_but_the_first(shelf: Callable[..., Collections], tmp_path: Path) -> None:
    collections = shelf()
    other = collections.get(collections.create("other"))
    collections.close()
    with pytest.raises(IndexFault):
        other.index.documents()
    assert collections.get("news").index.documents() == []
    with pytest.raises(IndexFault, match="the chat is being stopped"), collections.working("news"):
        pass


def test_a_collection_is_opened_once_however_many_ask(shelf: Callable[..., Collections]) -> None:
    shelf().create("other")
    collections, opened = shelf(), []
    threads = [threading.Thread(target=lambda: opened.append(collections.get("other"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(opened) == 8
    assert len(set(map(id, opened))) == 1
