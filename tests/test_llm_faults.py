"""Whatever an endpoint does, the reader's answer or the sentences that came stand there in time, and say why."""

from __future__ import annotations

import itertools
import json
import socket
import time
import tracemalloc
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from conftest import StandInEncoder
from faulty_models import FAULTS, FIRST, NOWHERE, WHOLE, Fault
from llm_server import Endpoint, endless, event, failure, hang, hang_after, pieces, said
from test_assistant import ALWAYS, TALKS

from eval.llm_faults import table
from rag import Assistant, writing
from rag.breaker import Breaker
from rag.config import Config, LLMSettings
from rag.errors import LLMError
from rag.generator import Generator
from rag.types import Document, Hit

ROOT = Path(__file__).parent.parent
SCALE = 1 / 30  # of the default deadlines: half a second for the first token
QUESTION = "Who met Sergei Lavrov in Riyadh?"
PROMPTS = Config().prompts
QUOTE = "Marco Rubio met Sergei Lavrov in Riyadh on February 18."


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "talks.txt").write_text(TALKS)
    with Assistant.open(
        folder / "index", documents=folder / "talks.txt", encoder=StandInEncoder(), config=ALWAYS
    ) as opened:
        opened.load()
        with Endpoint(said(WHOLE)) as endpoint:  # what is imported for the first draft is not waited for again
            generator(endpoint).draft(QUESTION, [hit()])
        yield opened


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a retry, and a name server that answers at once."""
    monkeypatch.setattr(writing, "PAUSE", 0.01)
    resolve = socket.getaddrinfo

    def resolved(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host in (NOWHERE.split("/")[2], NOWHERE.split("/")[2].encode()):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


def closed_port() -> socket.socket:
    """A port that is bound and not listened to: nothing else can answer there."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def generator(endpoint: Endpoint, **changes: Any) -> Generator:
    return Generator(LLMSettings(model="model", base_url=endpoint.url, **changes), prompts=PROMPTS)


def hit() -> Hit:
    document = Document(text=TALKS, path="talks.txt", title="Talks", sha256="0" * 64)
    return Hit(
        score=1.0, text=TALKS, title="Talks", path="talks.txt", span=document.span(0, len(TALKS)), passage_id=1
    )  # fmt: skip


def settings(fault: Fault, endpoint: Endpoint, closed: socket.socket) -> LLMSettings:
    made = fault.settings(endpoint.url, scale=SCALE)
    if fault.base_url == "closed":
        made = made.model_copy(update={"base_url": f"http://127.0.0.1:{closed.getsockname()[1]}/v1"})
    return made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_ends_in_an_answer_that_says_so_in_time(assistant: Assistant, fault: Fault) -> None:
    with Endpoint(*fault.script(SCALE)) as endpoint, closed_port() as closed:
        given = settings(fault, endpoint, closed)
        drafts: list[writing.Draft] = []
        assistant._generator = asking = Generator(given, prompts=PROMPTS)
        stream = asking.stream
        asking.stream = lambda *a, **k: (drafts.append(one) or one for one in stream(*a, **k))  # type: ignore[method-assign]
        began = time.monotonic()
        answer = assistant.ask(QUESTION)
        seconds = time.monotonic() - began
        asked = len(endpoint.requests)
    assert asked == fault.asked
    assert answer.answered_by == fault.answered_by
    assert answer.citations[0].quote == QUOTE
    notes = " ".join(answer.notes)
    assert "sk-canary" not in str(answer.as_dict())
    if fault.answered_by == "reader":
        assert f"{asking.endpoint}: " in notes
        assert fault.says in notes
    else:
        assert fault.cut in drafts[-1].cut
        assert drafts[-1].cut in notes
        assert bool(fault.cut) == bool(drafts[-1].cut)
        assert WHOLE.startswith(drafts[-1].text) or fault.name == "endless"
        assert drafts[-1].text.startswith(FIRST)
    if fault.limit:
        due = getattr(given, fault.limit)
        assert due <= seconds < due + 3.0
    assert seconds < 8.0


# Cancelling, and an endpoint that keeps failing


@pytest.mark.parametrize("script", [hang_after(*map(event, pieces(WHOLE))), hang_after(), endless(first=WHOLE)])
def test_closing_the_stream_closes_the_connection_at_once(script: Any) -> None:
    with Endpoint(script) as endpoint:
        stream = generator(endpoint, max_tokens=100_000, context_window=200_000).stream(QUESTION, [hit()])
        next(stream)
        began = time.monotonic()
        stream.close()  # type: ignore[attr-defined]
        assert endpoint.gone.wait(1.0)
        assert time.monotonic() - began < 1.0


def test_a_model_that_has_not_begun_can_be_stopped_within_a_second() -> None:
    with Endpoint(hang) as endpoint:
        began = time.monotonic()
        for draft in generator(endpoint).stream(QUESTION, [hit()]):
            assert draft == writing.Draft(text="")
            break
        assert time.monotonic() - began < 1.5


def test_each_draft_begins_with_the_one_before_and_ends_with_a_sentence() -> None:
    sentences = [f"Marco Rubio met envoy number {n} in Riyadh [1]." for n in range(6)]
    with Endpoint(said(" ".join(sentences))) as endpoint:
        drafts = [draft.text for draft in generator(endpoint).stream(QUESTION, [hit()])]
    assert drafts[-1] == " ".join(sentences)
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(drafts))
    assert all(draft in {" ".join(sentences[:n]) for n in range(7)} for draft in drafts)


def test_thoughts_are_never_shown_while_they_come() -> None:
    thoughts = "<think>\nMarco Rubio was not there at all [1]. Or was he? Let us say so [1].\n</think>\n"
    with Endpoint(said(thoughts + WHOLE)) as endpoint:
        drafts = [draft.text for draft in generator(endpoint).stream(QUESTION, [hit()])]
    assert drafts[-1] == WHOLE
    assert all(WHOLE.startswith(draft) for draft in drafts)


def test_without_a_supported_sentence_in_time_the_model_is_given_up() -> None:
    with Endpoint(hang_after(*map(event, pieces(f"{WHOLE} {WHOLE}")))) as endpoint:
        stream = generator(endpoint, first_sentence=0.6).stream(QUESTION, [hit()], accepted=lambda: False)
        with pytest.raises(LLMError, match=r"no supported sentence came within 0\.6 s\."):
            list(stream)
        late = generator(endpoint, first_sentence=0.6, idle=1.0).stream(QUESTION, [hit()], accepted=lambda: True)
        assert list(late)[-1].cut == "nothing more came for 1 s"


def test_an_endpoint_that_fails_three_times_is_left_alone_for_a_minute() -> None:
    now = [1000.0]
    with Endpoint(failure(401)) as endpoint:
        asking = Generator(
            LLMSettings(model="model", base_url=endpoint.url), prompts=PROMPTS, breaker=Breaker(clock=lambda: now[0])
        )

        def message() -> str:
            with pytest.raises(LLMError) as caught:
                asking.draft(QUESTION, [hit()])
            return caught.value.message.removeprefix(endpoint.url)

        assert {message() for _ in range(3)} == {": refused the key (HTTP 401)."}
        now[0] += 17
        assert message() == (
            ": failed 3 times in a row, at last so: refused the key (HTTP 401). It is not asked again for 43 s."
        )
        assert len(endpoint.requests) == 3
        now[0] += 43
        assert message() == ": refused the key (HTTP 401)."
        assert len(endpoint.requests) == 4
        endpoint.script = [said(WHOLE)]
        now[0] += 60
        assert asking.draft(QUESTION, [hit()]) == WHOLE
        assert asking.draft(QUESTION, [hit()]) == WHOLE


def test_only_one_question_tries_an_endpoint_that_failed() -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    for _ in range(3):
        assert breaker.enter() is None
        breaker.failed("no.")
    now[0] = 60.0
    assert [breaker.enter() is None for _ in range(3)] == [True, False, False]
    breaker.left()
    assert [breaker.enter() is None for _ in range(2)] == [True, False]
    breaker.succeeded()
    assert [breaker.enter() is None for _ in range(3)] == [True, True, True]


def test_a_prompt_that_is_too_long_and_a_reader_who_stops_are_no_failures_of_the_endpoint() -> None:
    with Endpoint(failure(400, "too long")) as endpoint:
        asking = generator(endpoint)
        for _ in range(5):
            with pytest.raises(LLMError, match="too long"):
                asking.draft(QUESTION, [hit()])
        endpoint.script = [hang]
        for _ in range(2):
            stream = asking.stream(QUESTION, [hit()])
            next(stream)
            stream.close()  # type: ignore[attr-defined]
        endpoint.script = [said(WHOLE)]
        assert asking.draft(QUESTION, [hit()]) == WHOLE


@pytest.mark.parametrize(
    "given", [pytest.param(formatdate(usegmt=True), id="now"), "Wed, 01 Jan 2020 00:00:00 GMT", "0", "nonsense"]
)
def test_a_time_to_wait_that_has_passed_or_cannot_be_read_is_no_reason_to_give_up(given: str) -> None:
    with Endpoint(failure(503, retry_after=given), said(WHOLE)) as endpoint:
        assert generator(endpoint).draft(QUESTION, [hit()]) == WHOLE


def test_a_date_to_wait_for_that_is_far_off_is_said_and_not_waited_for() -> None:
    with Endpoint(failure(503, retry_after=formatdate(time.time() + 3600, usegmt=True))) as endpoint:
        began = time.monotonic()
        with pytest.raises(LLMError, match=r"asks to wait 3,(600|59\d) s\."):
            generator(endpoint).draft(QUESTION, [hit()])
        assert time.monotonic() - began < 5.0
        assert len(endpoint.requests) == 1


def test_what_never_ends_takes_little_memory() -> None:
    with Endpoint(said(WHOLE)) as endpoint:
        list(generator(endpoint).stream(QUESTION, [hit()]))  # what is imported for the first of all is no part of it
    with Endpoint(endless(first=WHOLE, piece="x" * 1000)) as endpoint:
        asking = generator(endpoint)
        tracemalloc.start()
        try:
            *_, last = asking.stream(QUESTION, [hit()])
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert last.cut == "it wrote more than llm.max_tokens allows"
    assert most < 64 * 1024 * 1024


def test_the_table_of_faults_in_the_readme_is_that_of_its_result() -> None:
    found = json.loads((ROOT / "eval" / "results" / "llm" / "faults.json").read_text(encoding="utf-8"))
    assert [row["fault"] for row in found["faults"]] == [fault.name for fault in FAULTS]
    assert all(row["seconds"] < 30 for row in found["faults"])
    assert table(found["faults"]) in (ROOT / "README.md").read_text(encoding="utf-8")
