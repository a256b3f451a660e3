"""The documents side of the page: the list and the report as they are told, and all of it in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import ask, watched
from conftest import StandInEncoder
from serving import HARVEST, NEWS, WHERE, served
from test_uploads import Gate, kept, paragraph

from rag.assistant import Assistant
from rag.errors import IndexLocked
from rag.types import Answer, IndexedDocument, UpdateReport
from ui import listing
from ui.adding import _left_out, _named
from ui.collections import Collections
from ui.finding import Wanted, matching, outlets
from ui.intake import Outcome
from ui.uploads import Step

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Gradio sums up its own events with what the installed pandas deprecates.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]

HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) </bdi><script>alert(1)</script> a\u202eb"


def indexed(path: str, **more: Any) -> IndexedDocument:
    given = {"title": Path(path).stem, "date": None, "author": None, "sha256": "0", "passages": 1, "characters": 1}
    return IndexedDocument(path=path, **{**given, **more})


class Read(HTMLParser):
    """The tags and the text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


# --- which documents are meant


DOCUMENTS = [
    indexed("/n/b.txt", title="Straße closed", date="2025-03-14", outlet="Herald"),
    indexed("/n/a.txt", title="bridge opened", date="2025-03", outlet="Herald"),
    indexed("/m/c.txt", title="Bridge closed", date="2024-12-31T23:00:00+01:00", outlet="Post"),
    indexed("/m/d.txt", title="Election", date="2025"),
    indexed("/m/e.txt", title="Undated"),
    indexed("/m/f.txt", title="Odd", date="in spring"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "cadfbe"),
        ({"words": "BRIDGE"}, "ca"),
        ({"words": "closed /n/"}, "b"),
        ({"words": "strasse"}, "b"),
        ({"words": "bridge strike"}, ""),
        ({"outlet": "Herald"}, "ab"),
        ({"since": "2025"}, "adb"),
        ({"until": "2024"}, "c"),
        ({"since": "2025-03-20"}, "ad"),  # some day of that month, or of that year, may be meant
        ({"since": "2025-03-14", "until": "2025-03-14"}, "adb"),
        ({"since": "2025-02", "until": "2025-02"}, "d"),
        ({"since": " 2024-12-31 ", "until": "2024-12-31"}, "c"),
        ({"since": "2025-13"}, "cadfbe"),
        ({"order": "newest"}, "badcfe"),
        ({"order": "oldest"}, "cdabfe"),
    ],
)
def test_documents_are_found_by_words_outlet_and_date(wanted: dict[str, str], found: str) -> None:
    assert "".join(Path(one.path).stem for one in matching(DOCUMENTS, Wanted(**wanted))) == found


def test_a_bound_that_is_no_date_is_named() -> None:
    assert Wanted(since="2025-3", until="2025-03").unreadable() == ["2025-3"]
    assert Wanted(since="2025-02-32", until="soon ").unreadable() == ["2025-02-32", "soon"]
    assert outlets(DOCUMENTS) == ["Herald", "Post"]


def test_ten_thousand_documents_are_filtered_within_the_blink_of_an_eye() -> None:
    many = [indexed(f"/n/{i % 50}/{i}.txt", title=f"Report {i}", date=f"2025-{i % 12 + 1:02}") for i in range(10_000)]
    began = time.perf_counter()
    found = matching(many, Wanted(words="report 7", since="2025-03", order="newest"))
    assert time.perf_counter() - began < 2  # measured: 0.02 s; the rest is for a busy machine
    assert len(found) == sum("7" in f"{i}{i % 50}" and i % 12 >= 2 for i in range(10_000))


# --- what is told


def test_a_document_is_told_in_two_plain_lines() -> None:
    assert listing.label(indexed("/x/uploads/f/a.txt")) == "a\nf/a.txt"
    whole = indexed("/a.txt", title="Talks  in\u202e Riyadh\n", outlet="Herald", date="2025", gaps=("p. 1", "p. 2"))
    assert listing.label(whole) == "Talks in\ufffd Riyadh\nHerald · 2025 · 2 gaps"


@pytest.mark.parametrize(
    ("matches", "documents", "said"),
    [
        (0, 0, "No documents yet. Add some to ask about."),
        (1, 1, "1 document."),
        (7, 1200, "7 of 1,200 documents match."),
        (1200, 1200, "1,200 documents, the first 100 are listed."),
    ],
)
def test_the_list_says_how_many_match(matches: int, documents: int, said: str) -> None:
    assert Read(listing.found(matches=matches, documents=documents)).text == said


def test_what_is_asked_is_told_unless_it_is_all() -> None:
    assert listing.scope((), DOCUMENTS) == ""
    assert Read(listing.scope(("/m/d.txt",), DOCUMENTS)).text == "Asking only Election"
    assert Read(listing.scope(("/m/d.txt", "/m/e.txt"), DOCUMENTS)).text == "Asking only the 2 ticked of 6 documents"


@pytest.mark.parametrize(
    ("done", "share", "seconds", "left"),
    [(0, 0.5, 60, None), (3, 0.01, 60, None), (3, 0.5, 0.5, None), (3, 0.25, 20, 60.0), (4, 1.0, 20, 0.0)],
)
def test_time_left_is_told_once_it_can_be_measured(done: int, share: float, seconds: float, left: float | None) -> None:
    assert listing.time_left(Step(done=done, total=9, name="a", passages=1, share=share), seconds) == left


def test_progress_is_told_in_words_and_as_a_bar() -> None:
    html = listing.progress(Step(done=2, total=8, name="f/a.txt", passages=1400, share=0.25), seconds=20)
    assert '<progress value="0.2500" max="1" title="Adding documents">' in html
    assert Read(html).text == "File 3 of 8f/a.txt25%1,400 passages embedded · 20 s · about 1 min 0 s left"
    stopping = listing.progress(Step(done=8, total=8, name="", passages=1, share=0), seconds=4000, cancelled=True)
    assert Read(stopping).text == "Stopping after this filePreparing…0%1 passage embedded · 1 h 6 min"


def test_the_report_names_every_file_with_its_fate() -> None:
    made = UpdateReport(
        added=("/i/uploads/n/a.txt",), updated=("/u/b.txt",), unchanged=("/u/c.txt",), pending=("/u/e.txt",),
        rejected=(("/u/d.xyz", "unknown"),), gaps=(("/u/b.txt", "p. 3: no text"),), cancelled=True,
    )  # fmt: skip
    outcome = Outcome(collection="c", report=made, seconds=61)
    assert Read(listing.report(outcome)).text == (
        "Added: 1n/a.txtUpdated: 1b.txtUnchanged: 1c.txtRejected: 1d.xyz: unknownNot reached: 1e.txt"
        "Could not be read in part: 1b.txt: p. 3: no textIn 1 min 1 s."
    )
    assert Read(listing.heard(outcome)).text == "Stopped: 1 added, 1 updated, 1 unchanged, 1 rejected, 1 not reached."
    locked = Outcome(collection="c", error=IndexLocked("/i", "is being updated.", remedy="Try again."), waiting=2)
    assert Read(listing.report(locked)).text == (
        "That did not work./i: is being updated.Try again.2 files wait to be added."
    )
    assert Read(listing.report(Outcome(collection="c"))).text == "No files were added."


def test_a_short_time_is_not_told_and_what_can_be_added_is_told_once() -> None:
    reason = ".xyz files are not supported. Supported: .csv, .doc."
    made = UpdateReport(rejected=(("/u/a.xyz", reason), ("/u/b.xyz", reason), ("/u/c.txt", "it is empty")))
    assert Read(listing.report(Outcome(collection="c", report=made, seconds=0.4))).text == (
        "Rejected: 3a.xyz: .xyz files are not supported.b.xyz: .xyz files are not supported.c.txt: it is empty"
        "What can be added.csv, .doc."
    )


def test_a_long_report_is_folded() -> None:
    made = UpdateReport(added=tuple(f"/u/{i}.txt" for i in range(1200)), updated=("/u/b.txt",))
    html = listing.report(Outcome(collection="c", report=made))
    assert re.findall(r"<details( open)?><summary>([^<]+)", html) == [("", "Added: 1,200"), (" open", "Updated: 1")]
    assert html.count("<li>") == 1001
    assert "and 200 more" in html


def test_hostile_names_become_letters() -> None:
    def everything(text: str) -> str:
        made = UpdateReport(added=(text,), rejected=((text, text),), gaps=((text, text),))
        fault = Outcome(collection="c", error=IndexLocked(text, text, remedy=text))
        outcome = Outcome(collection="c", report=made)
        parts = (
            listing.report(outcome), listing.report(fault), listing.heard(fault),
            listing.progress(Step(done=0, total=1, name=text, passages=0, share=0), seconds=1),
            listing.found(matches=1, documents=1, unreadable=[text]),
            listing.scope([text], [indexed(text, title=text)]),
        )  # fmt: skip
        return "".join(parts)

    assert Read(everything(HOSTILE)).tags == Read(everything("plain")).tags
    assert "alert(1)" not in everything(HOSTILE)


def test_names_come_from_the_batch_they_were_told_of() -> None:
    files = [Path("/t/1/k-1.txt"), Path("/t/2/k-0"), Path("/t/3/k-2.txt"), Path("/t/4/other-0.txt")]
    assert [name for _, name in _named(files, '["f/a.txt", "b"] k')] == ["b", "f/a.txt", "k-2.txt", "other-0.txt"]
    assert [name for _, name in _named(files[:1], "nonsense")] == ["k-1.txt"]
    assert list(_left_out('{"large": ["film.mp4"], "lost": []} 3', megabytes=50)) == [
        ("it is larger than 50 MB", ["film.mp4"]), ("it could not be sent", []),
    ]  # fmt: skip
    assert list(_left_out("[1] 3", megabytes=50)) == [("it is larger than 50 MB", []), ("it could not be sent", [])]
    assert list(_left_out("nonsense 3", megabytes=50)) == []


# --- in the browser


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def collections(tmp_path: Path, gate: Gate) -> Iterator[Collections]:
    """NEWS in a collection called news, beside an empty one called letters."""
    reports = tmp_path / "reports"
    reports.mkdir()
    for name, text in NEWS.items():
        (reports / name).write_text(text)
    shelf = tmp_path / "all"
    Assistant.open(shelf / "letters", documents=[], encoder=StandInEncoder()).close()
    with Assistant.open(shelf / "news", documents=reports, encoder=gate) as assistant:
        made = Collections(assistant, folder=shelf)
        yield made
        gate.open()
        made.close()


@pytest.fixture
def page(browser: Any, collections: Collections) -> Iterator[Any]:
    with served(collections) as chat, watched(browser, chat.url) as seen:
        opened = seen.open()
        listed(opened, "2 documents.")
        yield opened
        seen.overlook_cut_streams()


def listed(page: Any, said: str) -> None:
    page.locator("#documents-found").get_by_text(said, exact=True).wait_for(state="attached")


def upload(page: Any, *files: tuple[str, str]) -> None:
    page.set_input_files(
        "#upload input[type=file]",
        [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in files],
    )


def reported(page: Any) -> list[str]:
    page.wait_for_selector("#report .fn-report")
    return page.eval_on_selector_all("#report summary", "all => all.map((one) => one.textContent)")


def test_an_upload_shows_its_progress_and_can_be_cancelled_continued_and_read_about(
    page: Any, collections: Collections, gate: Gate
) -> None:
    upload(page, ("1 {first}.txt", paragraph("first")), ("2.txt", paragraph("second")), ("3.xyz", "?"))
    page.get_by_text("File 2 of 3").wait_for()
    bar = page.get_by_role("progressbar", name="Adding documents")
    assert 0.4 < float(bar.get_attribute("value")) < 0.6
    assert re.search(r"[\d,]+ passages embedded · \d+ s", page.inner_text("#upload-progress"))
    page.click("#upload-cancel")
    page.get_by_text("Stopping after this file").wait_for()
    gate.open()
    assert reported(page) == ["Added: 1", "Not reached: 2"]
    assert page.locator("#library-heard[aria-live=polite]").inner_text() == "Stopped: 1 added, 2 not reached."
    folder = collections.get("news").index.folder
    assert list(kept(folder)) == ["1 {first}.txt"]
    listed(page, "3 documents.")
    page.click("#upload-continue")
    page.locator("#report").get_by_text("Rejected: 1").wait_for()
    assert reported(page) == ["Added: 1", "Rejected: 1", "What can be added"]
    assert sorted(kept(folder)) == ["1 {first}.txt", "2.txt"]
    page.wait_for_selector("#upload-continue", state="detached")
    listed(page, "4 documents.")


def test_a_page_that_is_loaded_anew_goes_on_with_its_upload_and_its_collection(
    page: Any, collections: Collections, gate: Gate
) -> None:
    page.click("#collection input")
    page.get_by_role("option", name="letters").click()
    listed(page, "No documents yet. Add some to ask about.")
    upload(page, ("1.txt", paragraph("first")), ("2.txt", paragraph("second")), ("3.txt", HARVEST))
    page.get_by_text("File 2 of 3").wait_for()
    page.reload()
    page.get_by_text("File 2 of 3").wait_for()
    assert page.input_value("#collection input") == "letters"
    listed(page, "1 document.")
    gate.open()
    assert reported(page) == ["Added: 3"]
    listed(page, "3 documents.")
    assert list(kept(collections.get("letters").index.folder)) == ["1.txt", "2.txt", "3.txt"]
    page.reload()
    listed(page, "3 documents.")
    assert page.locator("#report .fn-report").count() == 0  # it was seen


def test_what_became_of_an_upload_is_told_to_a_tab_that_comes_back(
    page: Any, collections: Collections, gate: Gate
) -> None:
    upload(page, ("1.txt", paragraph("first")), ("2.txt", paragraph("second")), ("3.txt", paragraph("third")))
    page.get_by_text("File 2 of 3").wait_for()
    page.click("#upload-cancel")
    page.get_by_text("Stopping after this file").wait_for()
    address = page.url
    page.goto("about:blank")
    gate.open()
    folder, end = collections.get("news").index.folder, time.monotonic() + 30
    while list((folder / "uploads" / ".work").glob("*/")) and time.monotonic() < end:
        time.sleep(0.05)
    page.goto(address)
    assert reported(page) == ["Added: 1", "Not reached: 2"]
    page.click("#upload-continue")
    page.locator("#report").get_by_text("Added: 2").wait_for()
    assert list(kept(folder)) == ["1.txt", "2.txt", "3.txt"]


def test_a_folder_is_added_with_its_sub_folders_and_without_what_is_hidden(
    page: Any, collections: Collections, tmp_path: Path
) -> None:
    for name in ("north/a.txt", "south/a.txt", ".git/config.txt", "south/.hidden.txt", "~$lock.txt"):
        file = tmp_path / "given" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"This is {name} of the harvest.")
    with page.expect_file_chooser() as chosen:
        page.click("#upload-folder")
    chosen.value.set_files(tmp_path / "given")
    assert reported(page) == ["Added: 2"]
    names = ["given/north/a.txt", "given/south/a.txt"]
    assert page.eval_on_selector_all("#report li", "all => all.map((one) => one.textContent)") == names
    assert sorted(kept(collections.get("news").index.folder)) == names


DROP = """async () => {
  const file = (name, text) => ({isFile: true, name, file: (done) => done(new File([text], name))});
  const folder = (name, inner) => ({isFile: false, name, createReader: () => {
    const batches = [inner.slice(0, 1), inner.slice(1), []];
    return {readEntries: (done) => done(batches.shift())};
  }});
  const dropped = folder('given', [file('a.txt', 'The north harvest.'), folder('deep', [file('a.txt', 'The south.')])]);
  DataTransferItem.prototype.webkitGetAsEntry = () => dropped;
  const transfer = new DataTransfer();
  transfer.items.add(new File(['?'], 'given'));
  const zone = document.querySelector('#upload button');
  for (const type of ['dragenter', 'dragover', 'drop']) {
    zone.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: transfer}));
  }
}"""


def test_a_folder_can_be_dropped(page: Any, collections: Collections) -> None:
    page.evaluate(DROP)
    assert reported(page) == ["Added: 2"]
    assert sorted(kept(collections.get("news").index.folder)) == ["given/a.txt", "given/deep/a.txt"]


def test_many_files_come_in_batches_and_make_one_report(page: Any) -> None:
    upload(page, *((f"{number}.txt", f"Ship {number} came in.") for number in range(450)))
    assert reported(page) == ["Added: 450"]
    listed(page, "452 documents, the first 100 are listed.")
    assert page.locator("#documents input").count() == 100


def test_only_what_is_ticked_is_asked_and_ticks_outlive_filters(
    page: Any, collections: Collections, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    steps = Assistant.steps

    def noted(self: Assistant, question: str, **options: Any) -> Iterator[Any]:
        asked.append(options["within"])
        return steps(self, question, **options)

    monkeypatch.setattr(Assistant, "steps", noted)
    page.fill("#documents-words textarea, #documents-words input", "dock")
    listed(page, "1 of 2 documents match.")
    page.get_by_label("Dockworkers end their strike").check()
    page.locator("#documents-scope").get_by_text("Asking only Dockworkers end their strike").wait_for()
    page.fill("#documents-words textarea, #documents-words input", "")
    listed(page, "2 documents.")
    assert page.get_by_label("Dockworkers end their strike").is_checked()
    assert not page.get_by_label("Delegations meet in Riyadh").is_checked()
    (port,) = (d.path for d in collections.documents("news") if d.path.endswith("port.txt"))
    ask(page, WHERE)
    assert list(asked[-1] or ()) == [port]  # type: ignore[call-overload]
    page.click("#documents-all")
    page.wait_for_selector("#documents-scope .fn-scope", state="detached")
    ask(page, WHERE)
    assert not asked[-1]
    page.click("#documents-tick")
    page.locator("#documents-scope").get_by_text("Asking only the 2 ticked of 2 documents").wait_for()


def test_a_removal_is_confirmed_and_what_is_removed_is_gone_at_once(
    page: Any, collections: Collections, tmp_path: Path
) -> None:
    upload(page, ("harvest.txt", HARVEST))
    listed(page, "3 documents.")
    for title in ("Harvest report", "Delegations meet in Riyadh"):
        page.get_by_label(title).check()
    page.click("#documents-remove:enabled")
    page.locator("#removal").get_by_text("Remove 2 documents?").wait_for()
    page.click("#removal-no")
    page.wait_for_selector("#removal", state="detached")
    assert len(collections.documents("news")) == 3
    page.click("#documents-remove")
    page.click("#removal-yes")
    listed(page, "1 document.")
    page.wait_for_selector("#documents-scope .fn-scope", state="detached")
    assert [d.title for d in collections.documents("news")] == ["Dockworkers end their strike"]
    assert kept(collections.get("news").index.folder) == {}
    assert (tmp_path / "reports" / "riyadh.txt").exists()
    answer = collections.get("news").ask(WHERE)
    assert isinstance(answer, Answer)
    assert {hit.path for hit in answer.nearest} <= {str(tmp_path / "reports" / "port.txt")}


def test_a_removal_while_files_are_added_says_so(
    page: Any, gate: Gate, collections: Collections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.lock._PATIENCE", 0.1)
    upload(page, ("2.txt", paragraph("second")))
    page.get_by_text("File 1 of 1").wait_for()
    assert gate.reached("second")
    page.get_by_label("Delegations meet in Riyadh").check()
    page.click("#documents-remove:enabled")
    page.click("#removal-yes")
    page.get_by_text("is being updated already").first.wait_for()
    assert len(collections.documents("news")) == 2
    gate.open()
    listed(page, "3 documents.")


def test_dates_outlets_and_order_narrow_the_list(page: Any) -> None:
    made = "<html><head><title>{0}</title><meta property='article:published_time' content='{1}'>" \
           "<meta property='og:site_name' content='{2}'></head><body><p>{3}</p></body></html>"  # fmt: skip
    text = "The harbour was quiet all day, and the ships that lay there did not leave before noon. " * 4
    upload(
        page, *((f"{n}.html", made.format(f"Report {n}", f"2025-0{n}-14", f"Paper {n % 2}", text)) for n in (3, 4, 5))
    )
    listed(page, "5 documents.")
    page.click("#documents-filter > button")
    page.fill("#documents-since input, #documents-since textarea", "2025-04")
    listed(page, "2 of 5 documents match.")
    page.fill("#documents-until input, #documents-until textarea", "2025-4")
    page.get_by_text("No date: 2025-4").wait_for()
    page.fill("#documents-until input, #documents-until textarea", "2025-04")
    listed(page, "1 of 5 documents match.")
    assert page.inner_text("#documents").split("\n") == ["Report 4", "Paper 0 · 2025-04-14"]
    for field in ("since", "until"):
        page.fill(f"#documents-{field} input, #documents-{field} textarea", "")
    listed(page, "5 documents.")
    page.click("#documents-outlet input")
    page.get_by_role("option", name="Paper 1").click()
    listed(page, "2 of 5 documents match.")
    page.click("#documents-order input")
    page.get_by_role("option", name="Newest first").click()
    page.locator("#documents label").first.get_by_text("Report 5").wait_for()


def test_collections_are_switched_and_begun(page: Any, collections: Collections) -> None:
    page.get_by_label("Delegations meet in Riyadh").check()
    page.wait_for_selector("#documents-scope .fn-scope")
    page.click("#collection input")
    page.get_by_role("option", name="letters").click()
    listed(page, "No documents yet. Add some to ask about.")
    page.wait_for_selector("#documents-scope .fn-scope", state="detached")
    page.click("#new-collection > button")
    page.fill("#collection-name input, #collection-name textarea", "../x")
    page.click("#collection-create")
    page.get_by_text("a collection cannot be called so").wait_for()
    page.fill("#collection-name input, #collection-name textarea", "Field notes")
    page.click("#collection-create")
    page.get_by_text("Field notes was created.").wait_for()
    assert collections.names() == ["Field notes", "letters", "news"]
    upload(page, ("harvest.txt", HARVEST))
    listed(page, "1 document.")
    assert [d.title for d in collections.documents("Field notes")] == ["Harvest report"]
    assert collections.documents("letters") == []


def test_a_collection_that_cannot_be_opened_says_why_and_the_others_go_on(
    page: Any, collections: Collections, tmp_path: Path
) -> None:
    catalog = tmp_path / "all" / "letters" / "catalog.sqlite"
    catalog.write_bytes(b"\0" * catalog.stat().st_size)
    page.click("#collection input")
    page.get_by_role("option", name="letters").click()
    page.locator("#documents-found").get_by_text("damaged").first.wait_for()
    page.click("#collection input")
    page.get_by_role("option", name="news").click()
    listed(page, "2 documents.")


def test_the_list_works_by_keyboard_in_a_drawer_of_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_selector("#library:not(.open)", state="attached")
    page.get_by_role("button", name="Documents", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#library.open")
    page.focus("#documents-words textarea, #documents-words input")
    page.keyboard.type("riyadh")
    listed(page, "1 of 2 documents match.")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'checkbox'"):
            break
    page.keyboard.press("Space")
    page.locator("#documents-scope").get_by_text("Asking only Delegations meet in Riyadh").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.keyboard.press("Escape")
    page.wait_for_selector("#library:not(.open)", state="attached")


def test_hostile_titles_and_names_are_letters_in_the_list_and_the_report(page: Any) -> None:
    title = '&lt;img src=x onerror="window.__hit=1"&gt; __i18n__{"key": "x"} ' + "x" * 60
    text = "<p>The harvest of the valley was large, and nobody had expected that after so dry a summer.</p>" * 3
    upload(page, ("<svg onload=alert(1)>.html", f"<html><head><title>{title}</title></head><body>{text}</body></html>"))
    assert reported(page) == ["Added: 1"]
    assert "svg onload=alert(1)" in page.inner_text("#report")
    listed(page, "3 documents.")
    assert '<img src=x onerror="window.__hit=1">' in page.inner_text("#documents")
    for region in ("#report", "#documents", "#documents-scope"):
        assert page.locator(region).locator("img, svg, script, [onerror], [onload]").count() == 0
