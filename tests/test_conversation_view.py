"""The conversation: what it shows and keeps, whose it is, and how it goes in a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import serving
from browser import PATIENCE, ask, watched
from conftest import StandInEncoder
from test_ui import Parsed, cited, document

from rag.assistant import Assistant, Underway
from rag.types import Answer, Hit, Turn
from ui import conversation, feedback, render
from ui.conversation import Conversation
from ui.history import Histories
from ui.server import ChatServer

# Gradio sums up its own events with a method that the installed pandas deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated")

TAB, OTHER = "0b6c9c1e-7f0a-4d52-8a39-2f1e6f1f9a01", "1b6c9c1e-7f0a-4d52-8a39-2f1e6f1f9a02"
SOURCE = document("One. Two.")
ONE = Answer(question="q", statements=(cited(SOURCE, "One."),), short="one", confidence=0.9)


def said(now: Conversation) -> str:
    return Parsed(now.messages()[-1]["content"]).text


# What is said


def test_an_exchange_says_truly_what_is_done_for_it() -> None:
    now = Conversation().asking("And what did he say?")
    assert (now.busy, now.exchanges[0].waiting, said(now)) == (True, True, "Waiting for its turn…")
    now = now.doing(Underway(question="And what did Rubio say?"))
    assert (now.exchanges[0].waiting, said(now)) == (False, "Read as: And what did Rubio say?Searching…")
    now = now.doing(Underway(question="And what did he say?", passages=1))
    assert said(now) == "Reading 1 passage…"
    now = now.answering(replace(ONE, complete=False))
    assert (now.busy, now.turns) == (True, ())
    now = now.answering(ONE)
    assert (now.busy, now.turns) == (False, (Turn(question="q", answer="One. [1]"),))


def test_a_stopped_answer_keeps_what_it_found_and_is_no_history() -> None:
    part = Conversation().asking("q").answering(replace(ONE, complete=False))
    stopped = part.stopped()
    assert said(stopped).startswith("oneOne.\u00a0[1]Confidence: high (90%)")
    assert said(stopped).endswith("Stopped here: there may be more. Try again")
    assert (stopped.turns, stopped.stopped()) == ((), stopped)
    assert said(Conversation().asking("q").stopped()) == "Stopped. Try again"


def test_a_question_that_was_never_begun_can_be_taken_back() -> None:
    before = Conversation().asking("q").answering(ONE)
    assert before.asking("r").taken_back() == before
    begun = before.asking("r").doing(Underway(question="r"))
    assert begun.taken_back() == begun


def test_a_long_conversation_keeps_its_questions_and_the_last_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "KEPT", 2)
    now = Conversation()
    for number in range(4):
        now = now.asking(f"q{number}").answering(replace(ONE, question=f"q{number}"))
    assert [exchange.asked for exchange in now.exchanges] == ["q0", "q1", "q2", "q3"]
    assert [exchange.answer is not None for exchange in now.exchanges] == [False, False, True, True]
    assert 'href="#source-4-1"' in now.exchanges[3].said
    assert [turn.question for turn in now.turns] == ["q1", "q2", "q3"]


def test_a_refusal_says_what_it_looked_for_and_links_the_nearest_passages() -> None:
    near = Hit(score=0.2, text="Grain fell.", title="Grain", path="/g.txt", span=SOURCE.span(0, 3), passage_id=1)
    refusal = Answer(question="What did Émile Zola say about 2 ships?", reason="They do not say.", nearest=(near, near))
    shown = Parsed(render.answer(refusal, asked=refusal.question, turn=3, searched=1200))
    assert "They do not say.Looked for Émile, Zola, say, 2, ships in 1,200 documents." in shown.text
    assert [a["href"] for tag, a in shown.tags if tag == "a"] == ["#nearest-3-1", "#nearest-3-2"]
    assert render.announcement(refusal) == "No sure answer. They do not say."


def test_several_documents_count_as_several_sources_and_two_places_of_one_do_not() -> None:
    second = cited(document("One.", path="/other.txt"), "One.", number=2)
    same = cited(SOURCE, "Two.", number=2)
    assert render.sources(ONE) == "1 source"
    assert render.sources(replace(ONE, statements=(*ONE.statements, same))) == "1 source"
    both = replace(ONE, statements=(*ONE.statements, second))
    assert render.sources(both) == "2 sources"
    assert render.announcement(both) == "Answer complete: one. Confidence high (90%), 2 sources."


def test_partial_support_is_tagged_and_the_meter_stands_at_the_confidence() -> None:
    part = replace(ONE, statements=(replace(ONE.statements[0], support="partial"),), confidence=0.34)
    shown = Parsed(render.answer(part, asked="q", turn=1))
    assert "One.\u00a0[1] partly supported" in shown.text
    assert ("span", {"class": "fn-meter fn-of-10-3", "aria-hidden": "true"}) in shown.tags
    assert render.announcement(part) == "Answer complete: one. Confidence low (34%), 1 source, 1 partly supported."


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ('it was "not everything we marched for', 'it was "not everything we marched for"'),
        ('not everything we marched for"', '"not everything we marched for"'),
        ('"I took away their telephones', '"I took away their telephones"'),
        ('he said "yes" and "no', 'he said "yes" and "no"'),
        ("“with a floor and a ceiling", "“with a floor and a ceiling”"),
        ("a floor” and “a ceiling", "“a floor” and “a ceiling”"),
        ("mot », dit-il", "« mot », dit-il".replace("« ", "«")),
        ("the union's general secretary", "the union's general secretary"),
        ('"whole"', '"whole"'),
        ("", ""),
    ],
)
def test_a_short_answer_is_shown_with_the_quotation_marks_it_was_cut_between(cut: str, whole: str) -> None:
    assert render.balanced(cut) == whole
    answer = replace(ONE, short=cut)
    assert Parsed(render.answer(answer, asked="q", turn=1)).text.startswith(f"{whole}One.\u00a0[1]")
    assert answer.statements[0].text == "One."


# Whose it is


def test_a_tab_gets_its_own_conversation_of_each_collection_and_no_other() -> None:
    histories, now = Histories(), Conversation().asking("q").answering(ONE)
    histories.put(TAB, "news", now)
    assert histories.get(TAB, "news") == now
    assert histories.get(TAB, "law") == histories.get(OTHER, "news") == Conversation()


@pytest.mark.parametrize("tab", ["", "x", TAB.upper(), f"{TAB} ", TAB.replace("-4d", "-1d"), "../" + TAB])
def test_an_id_of_another_form_keeps_nothing(tab: str) -> None:
    histories = Histories()
    histories.put(tab, "news", Conversation().asking("q"))
    assert histories.get(tab, "news") == Conversation()


def test_tabs_are_forgotten_when_they_are_idle_or_too_many() -> None:
    now = [0.0]
    histories = Histories(tabs=2, idle=10, clock=lambda: now[0])
    asked = Conversation().asking("q")
    ids = [f"0b6c9c1e-7f0a-4d52-8a39-2f1e6f1f9a{number:02}" for number in range(3)]
    histories.put(ids[0], "c", asked)
    histories.put(ids[1], "c", asked)
    assert histories.get(ids[0], "c") == asked  # used now, so the other one is the oldest
    histories.put(ids[2], "c", asked)
    assert [histories.get(one, "c") for one in ids] == [asked, Conversation(), asked]
    now[0] = 9.0
    histories.get(ids[0], "c")
    now[0] = 11.0
    assert [histories.get(one, "c") for one in ids] == [asked, Conversation(), Conversation()]


def test_what_was_asked_before_the_tab_was_known_is_answered_and_a_new_chat_stays_empty() -> None:
    histories = Histories()
    asked = Conversation().asking("Who met in Riyadh?")
    histories.open(TAB, "one")  # the page has told which tab it is, and shows nothing yet
    assert not histories.advance(TAB, "one", before=asked, now=asked.stopped())
    histories.adopt(TAB, "one", asked)
    assert histories.advance(TAB, "one", before=asked, now=asked.stopped())
    histories.put(TAB, "one", Conversation())  # "New chat"
    histories.adopt(TAB, "one", asked)
    assert histories.get(TAB, "one") == Conversation()
    histories.adopt("", "one", asked)
    assert histories.get("", "one") == Conversation()


def test_what_a_tab_has_left_behind_does_not_come_back_over_it() -> None:
    histories, asked = Histories(), Conversation().asking("q")
    histories.put(TAB, "c", asked)
    assert histories.advance(TAB, "c", before=asked, now=asked.answering(ONE))
    histories.put(TAB, "c", Conversation())
    assert not histories.advance(TAB, "c", before=asked.answering(ONE), now=asked)
    assert histories.get(TAB, "c") == Conversation()
    assert histories.advance("", "c", before=asked, now=asked)  # a browser without an id is answered all the same


def test_a_tab_that_shows_another_conversation_stops_what_it_was_being_told() -> None:
    histories, asked = Histories(), Conversation().asking("q")
    histories.put(TAB, "a", asked)
    histories.put(OTHER, "a", asked)
    histories.stop(TAB)
    assert histories.get(TAB, "a") == asked.stopped()
    assert not histories.advance(TAB, "a", before=asked, now=asked.answering(ONE))
    assert histories.advance(OTHER, "a", before=asked, now=asked.answering(ONE))


def test_a_tab_finds_the_collection_again_that_it_has_shown_last() -> None:
    histories, asked = Histories(), Conversation().asking("q")
    histories.put(TAB, "b", asked)
    assert (histories.open(TAB, "a"), histories.collection(TAB)) == (Conversation(), "a")
    assert (histories.open(TAB, "b"), histories.collection(TAB)) == (asked, "b")
    assert histories.open("x", "b") == Conversation()
    assert [histories.collection(tab) for tab in (OTHER, "x", "")] == ["", "", ""]


def test_equal_answers_share_their_documents() -> None:
    histories = Histories()

    def fresh(**more: Any) -> Answer:
        return replace(ONE, statements=(cited(document("One. Two.", **more), "One."),))

    first, second, later = (histories.shared(fresh()), histories.shared(fresh()), histories.shared(fresh(date="2026")))
    assert first == second == ONE
    assert first.citations[0].document is second.citations[0].document
    assert later.citations[0].date == "2026"


def test_a_wrong_source_is_written_down_by_its_number(tmp_path: Path) -> None:
    feedback.wrong(tmp_path, ONE, citation=1)
    feedback.wrong(tmp_path, ONE)
    first, second = (tmp_path / feedback.WRONG).read_text(encoding="utf-8").splitlines()
    assert '"wrong_citation": 1' in first
    assert "wrong_citation" not in second


# In a browser

NEWS = {
    "talks.txt": "Envoys meet in Riyadh\n\nMarco Rubio met Sergei Lavrov in Riyadh on February 18. Rubio, the "
    "secretary of state, said that Europe would have a seat at the table at some point.\n",
    "port.txt": "Dockworkers end their strike\n\nDockworkers at the northern port returned to work on Monday. "
    "The union accepted a raise of four percent.\n",
}
WHO = "Who met Sergei Lavrov in Riyadh?"


class Gate:
    """Holds answers up between their first part and the end, where it is closed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open, self.steps = threading.Event(), Assistant.steps
        self.open.set()
        monkeypatch.setattr(Assistant, "steps", lambda assistant, *a, **k: self._steps(assistant, *a, **k))

    def _steps(self, assistant: Assistant, *given: Any, **more: Any) -> Iterator[Underway | Answer]:
        for step in self.steps(assistant, *given, **more):
            if isinstance(step, Answer) and not self.open.is_set():
                yield replace(step, complete=False)
                self.open.wait(60)
            yield step


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(monkeypatch)
    yield made
    made.open.set()  # also after a failure: what is held takes a place in the queue from the next test


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    folder = tmp_path_factory.mktemp("conversation")
    for name, text in NEWS.items():
        (folder / name).write_text(text)
    given = [folder / name for name in NEWS]
    with (
        Assistant.open(folder / "index", documents=given, encoder=StandInEncoder()) as one,
        serving.served(one) as chat,
    ):
        yield chat


@pytest.fixture
def context(browser: Any, served: ChatServer) -> Iterator[Any]:
    with watched(browser, served.url, accept_downloads=True) as opened:
        yield opened
        opened.overlook_cut_streams()


@pytest.fixture
def page(context: Any) -> Any:
    return begun(context.open())


def until(page: Any, script: str, argument: object = None) -> None:
    """Wait until a script gives something true; Playwright's own way to wait for that needs 'unsafe-eval'."""
    for _ in range(PATIENCE // 50):
        if page.evaluate(script, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within {PATIENCE} ms: {script}")


def begun(page: Any) -> Any:
    page.wait_for_selector("body.fn-started")
    return page


def test_a_reload_brings_the_conversation_back_to_its_own_tab_alone(context: Any, page: Any) -> None:
    ask(page, WHO)
    tab = page.evaluate("sessionStorage.getItem('footnote-tab')")
    assert tab not in page.url
    page.reload()
    page.wait_for_selector("#chat .fn-sure")
    assert page.inner_text("#chat .fn-question") == WHO
    page.wait_for_selector("#evidence mark")
    other = begun(context.open())
    other.evaluate("id => sessionStorage.setItem('footnote-tab', id)", tab)
    other.reload()  # a duplicated tab begins with the id of its original
    begun(other)
    until(other, "id => sessionStorage.getItem('footnote-tab') !== id", tab)
    ask(other, "Who returned to work on Monday?")
    assert other.locator("#chat .fn-question").count() == 1
    page.reload()
    page.wait_for_selector("#chat .fn-sure")
    assert page.locator("#chat .fn-question").all_inner_texts() == [WHO]
    page.wait_for_selector("#evidence mark")


def test_a_new_chat_is_empty_and_stays_so(page: Any) -> None:
    ask(page, WHO)
    page.click("#new")
    page.wait_for_selector("#chat .fn-question", state="detached")
    assert page.locator("#evidence .fn-source").count() == 0
    assert page.is_disabled("#export-html")
    page.reload()
    begun(page)
    page.wait_for_selector("#chat .fn-welcome")
    assert page.locator("#chat .fn-question").count() == 0


def test_a_follow_up_is_read_with_the_name_before_and_says_so(page: Any) -> None:
    ask(page, WHO)
    ask(page, "And what did he say about Europe?")
    assert page.inner_text("#chat .fn-read") == "Read as: And what did Marco Rubio say about Europe?"
    assert "Europe would have a seat" in page.locator("#chat .fn-answer").nth(1).inner_text()


def test_stop_keeps_what_was_found_and_the_next_question_is_answered(page: Any, gate: Gate) -> None:
    gate.open.clear()
    page.fill("#question textarea", WHO)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chat .fn-statement")
    assert page.is_disabled("#ask")
    page.fill("#question textarea", "typed meanwhile")
    with page.expect_response(lambda response: response.request.method == "POST"):  # Escape could arrive before it
        page.press("#question textarea", "Enter")  # one question at a time
    page.press("#question textarea", "Escape")
    page.wait_for_selector("#chat .fn-stopped")
    assert "Marco Rubio met Sergei Lavrov" in page.inner_text("#chat .fn-answer")
    assert page.locator("#chat .fn-question").all_inner_texts() == [WHO]
    assert page.input_value("#question textarea") == "typed meanwhile"
    page.fill("#question textarea", "Who returned to work on Monday?")
    page.press("#question textarea", "Enter")  # while the stopped one still reads
    page.locator("#chat .fn-statement").nth(1).wait_for()
    gate.open.set()
    page.wait_for_selector("#ask:enabled")
    assert page.locator("#chat .fn-sure").count() == 2
    assert page.locator("#chat .fn-question").all_inner_texts() == [WHO, "Who returned to work on Monday?"]
    page.reload()
    page.wait_for_selector("#chat .fn-stopped")


def test_a_question_that_waits_can_be_had_back(browser: Any, served: ChatServer, gate: Gate) -> None:
    gate.open.clear()
    with ExitStack() as stack:
        # Two are answered together. Each in a browser of its own: Gradio's streams use up one's six connections.
        pages = [begun(stack.enter_context(watched(browser, served.url)).open()) for _ in range(3)]
        for one in pages:
            one.fill("#question textarea", WHO)
            one.press("#question textarea", "Enter")
            one.wait_for_selector("#chat .fn-question")
            if one is not pages[2]:
                one.wait_for_selector("#chat .fn-statement")
        assert pages[2].inner_text("#chat .fn-pending") == "Waiting for its turn…"
        pages[2].click("#stop")
        pages[2].wait_for_selector("#chat .fn-question", state="detached")
        assert pages[2].input_value("#question textarea") == WHO
        gate.open.set()
        pages[2].press("#question textarea", "Enter")
        pages[2].wait_for_selector("#chat .fn-sure")
        for one in pages[:2]:
            one.wait_for_selector("#ask:enabled")


def test_eight_tabs_of_one_browser_do_not_hold_each_other_up(context: Any, page: Any) -> None:
    tabs = [page, *(begun(context.open()) for _ in range(7))]  # more than it has connections to one host
    for one in tabs:
        ask(one, WHO)
    assert [one.locator("#chat .fn-question").count() for one in tabs] == [1] * 8
    held = [address for address in context.asked if "/heartbeat/" in address]
    assert len(held) == len(set(held)) == 8  # asked once by each tab, and answered at once


def test_three_tabs_of_one_browser_are_answered_at_the_same_time(context: Any, page: Any, gate: Gate) -> None:
    gate.open.clear()
    tabs = [page, *(begun(context.open()) for _ in range(2))]
    for one in tabs:
        one.fill("#question textarea", WHO)
        one.press("#question textarea", "Enter")
        one.wait_for_selector("#chat .fn-question")
    tabs[2].reload()
    begun(tabs[2])
    gate.open.set()
    for one in tabs[:2]:
        one.wait_for_selector("#chat .fn-sure")


def test_shift_and_enter_break_the_line(page: Any) -> None:
    page.focus("#question textarea")
    page.keyboard.type("Who met")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Sergei Lavrov?")
    assert page.input_value("#question textarea") == "Who met\nSergei Lavrov?"
    assert page.locator("#chat .fn-question").count() == 0
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat .fn-sure")
    assert page.text_content("#chat .fn-question") == "Who met\nSergei Lavrov?"


def test_an_error_offers_to_ask_the_same_again(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Iterator[Answer]:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as patched:
        patched.setattr(Assistant, "steps", fails)
        ask(page, WHO, fails=True)
    assert "An unexpected error stopped this." in page.inner_text("#chat .fn-fault")
    assert "secret" not in page.content()
    assert page.locator("#chat .message-buttons button").locator("visible=true").count() == 0  # nothing to judge
    page.focus("#chat .fn-again")
    page.keyboard.press("Space")
    page.wait_for_selector("#chat .fn-sure")
    assert page.locator("#chat .fn-question").all_inner_texts() == [WHO, WHO]
    assert page.locator("#chat button[aria-label^=Right]").locator("visible=true").count() == 1


def test_where_the_queue_is_full_the_question_comes_back_and_it_is_said(context: Any, page: Any) -> None:
    full = {"status": 503, "json": {"detail": "Queue is full. Max size is 32 and size is 32."}}
    page.route("**/queue/join*", lambda route: route.fulfill(**full))
    page.fill("#question textarea", WHO)
    page.press("#question textarea", "Enter")
    until(page, "q => document.querySelector('#question textarea').value === q", WHO)
    page.get_by_text("busy").first.wait_for()
    page.wait_for_selector("#ask:enabled")
    page.wait_for_selector("#chat .fn-question", state="detached")
    context.wrong[:] = [line for line in context.wrong if "503" not in line]  # the browser's own note of the status


def test_a_suggestion_is_asked_with_a_click(page: Any) -> None:
    page.wait_for_selector("#chat .fn-suggestion")
    suggested = page.locator("#chat .fn-suggestion").first.inner_text()
    page.locator("#chat .fn-suggestion").first.click()
    page.wait_for_selector("#chat .fn-sure")
    assert page.inner_text("#chat .fn-question") == suggested


def test_a_screen_reader_hears_once_that_an_answer_is_complete(page: Any) -> None:
    assert page.get_attribute(".fn-live", "aria-live") == "polite"
    assert page.get_attribute("#chat [role=log]", "aria-live") == "off"
    page.evaluate(
        "heard = []; new MutationObserver(() => heard.push(document.querySelector('.fn-live').textContent))"
        ".observe(document.querySelector('.fn-live'), {childList: true, subtree: true, characterData: true})"
    )
    ask(page, WHO)
    until(page, "heard.some((one) => one)")
    found = {one for one in page.evaluate("heard") if one}
    assert len(found) == 1
    assert re.fullmatch(r"Answer complete: Marco Rubio\. Confidence \w+ \(\d+%\), 1 source\.", found.pop())


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_conversation_is_handed_out_as_a_file(page: Any, form: str, tmp_path: Path) -> None:
    ask(page, WHO)
    with page.expect_download() as caught:
        page.click(f"#export-{form}")
    assert re.fullmatch(r"footnote-\d{4}-\d\d-\d\d-\d{6}\.(md|html)", caught.value.suggested_filename)
    caught.value.save_as(tmp_path / "file")
    text = (tmp_path / "file").read_text(encoding="utf-8")
    assert "Marco Rubio met Sergei Lavrov in Riyadh on February 18." in text
    assert text.startswith("# Footnote" if form == "markdown" else "<!doctype html>")


def test_everything_is_reached_with_the_keyboard(page: Any) -> None:
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "fn-skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('#question textarea')")
    page.keyboard.type(WHO)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat .fn-sure")
    until(page, "document.activeElement.matches('#question textarea')")
    reached = set()
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        reached.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.className")
        )
    assert {"fn-mark", "Right: keep this as a question of the suite"} <= reached


def test_on_a_phone_the_question_is_in_reach_and_the_documents_are_a_drawer(browser: Any, served: ChatServer) -> None:
    with watched(browser, served.url, width=360, height=740) as opened:
        page = begun(opened.open())
        assert not page.is_visible("#library .sidebar-content")
        ask(page, "Where did the foreign ministers of both countries meet? " + "z" * 200)
        ask(page, WHO)
        box = page.locator("#question textarea").bounding_box()
        assert (box["x"] >= 0, box["y"] + box["height"] <= 740) == (True, True)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.click("#library > .toggle-button")
        until(page, "document.querySelector('#library').getBoundingClientRect().left >= 0")
        page.keyboard.press("Escape")
        page.wait_for_selector("#library .sidebar-content", state="hidden")
        assert page.evaluate("document.activeElement.matches('#library > .toggle-button')")


@pytest.mark.parametrize(("width", "height"), [(1280, 420), (360, 640)])
def test_the_newest_question_stands_at_the_top_until_somebody_scrolls(
    browser: Any, served: ChatServer, width: int, height: int
) -> None:
    below = (
        "[...document.querySelectorAll('#chat .fn-question')].at(-1).getBoundingClientRect().top"
        " - document.querySelector('#chat [role=log]').getBoundingClientRect().top"
    )
    with watched(browser, served.url, width=width, height=height) as opened:
        page = begun(opened.open())
        ask(page, f"{WHO} {'z' * 300}")
        ask(page, f"{WHO} {'y' * 300}")
        until(page, f"0 <= {below} && {below} < 40")
        page.locator("#chat [role=log]").hover()
        page.mouse.wheel(0, -300)
        until(page, f"{below} > 40")
        page.evaluate("document.querySelector('#chat .fn-answer').classList.add('changed')")
        page.wait_for_timeout(200)
        assert page.evaluate(below) > 40


def test_enter_that_picks_a_word_of_an_input_method_asks_nothing(page: Any) -> None:
    page.fill("#question textarea", WHO)
    sent = (
        "composing => document.querySelector('#question textarea').dispatchEvent(new KeyboardEvent('keypress',"
        " {key: 'Enter', isComposing: composing, bubbles: true, cancelable: true}))"
    )
    page.evaluate(sent, True)
    page.evaluate(sent, False)  # asks
    page.wait_for_selector("#chat .fn-sure")
    assert page.locator("#chat .fn-question").count() == 1
