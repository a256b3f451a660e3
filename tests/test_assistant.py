"""The whole route over the stand-in encoder: answers, refusals, history, restriction, a language model."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import StandInEncoder
from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.llms import MockLLM

from rag import Answer, Assistant, Config
from rag.assistant import Underway
from rag.config import LLMSettings, ReaderSettings
from rag.conversation import complete
from rag.errors import IndexFault, IndexMissing, QuestionError
from rag.generator import Generator
from rag.prompts import DECLINED, load
from rag.reader import Candidate
from rag.retrieval import to_read
from rag.several import Place
from rag.showing import in_short, to_show
from rag.support import Claim, Judgement
from rag.types import Document, Span, Turn

TALKS = """Envoys meet in Riyadh

Marco Rubio met Sergei Lavrov in Riyadh on February 18. The two men spoke for four hours.

Yuri Ushakov, an aide to Vladimir Putin, said that no date was set for a summit.

Read more: Syria returns three French children to Paris
"""
FLOOD = "The river Wenna broke through a wall in Ollerby. Solheim said that 62 boats were out that night."
ALWAYS = Config(reader=ReaderSettings(threshold=0.0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "talks.txt").write_text(TALKS)
    (reports / "flood.txt").write_text(FLOOD)
    return reports


@pytest.fixture
def assistant(folder: Path, encoder: StandInEncoder) -> Iterator[Assistant]:
    with Assistant.open(folder.parent / "index", documents=folder, encoder=encoder, config=ALWAYS) as opened:
        yield opened


def test_an_answer_quotes_the_document_at_its_offsets(assistant: Assistant, folder: Path) -> None:
    answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    citation = answer.citations[0]
    assert citation.quote == "Marco Rubio met Sergei Lavrov in Riyadh on February 18."
    assert TALKS[citation.span.start : citation.span.end] == citation.quote
    assert (citation.path, citation.number) == (str(folder / "talks.txt"), 1)
    assert answer.short == "Marco Rubio"
    assert answer.text.startswith(citation.quote + " [1]")
    assert answer.config == ALWAYS.digest()


def test_every_quote_of_every_answer_is_the_slice_of_its_document(assistant: Assistant) -> None:
    for question in (
        "Who met in Riyadh?",
        "How many boats were out?",
        "What did Ushakov say?",
        "Where did the river break?",
    ):
        answer = assistant.ask(question)
        assert answer.citations
        for citation in answer.citations:
            text = assistant.index.document(citation.path).text
            assert citation.quote == text[citation.span.start : citation.span.end]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What did Macron say?", "The documents do not say: they do not mention Macron."),
        (
            "What did Syria return?",
            "The documents do not say: they mention Syria only where they point to another article.",
        ),
        ("How many people met in 1999?", "The documents do not say: they do not mention 1999."),
    ],
)
def test_a_refusal_says_what_the_documents_lack(assistant: Assistant, question: str, reason: str) -> None:
    answer = assistant.ask(question)
    assert (answer.abstained, answer.reason, answer.statements, answer.citations) == (True, reason, (), ())
    assert answer.nearest
    assert answer.text == reason


@pytest.mark.parametrize(
    "teaser",
    [
        "Read more:\n{}",
        "Related:\n\n{}",
        "See also:\n\n## {}",
        "READ MORE → {}",
        "- Read also [{}](http://x)",
        "Read more at Euronews: {}",
        "Also on Euronews: {}",
        "Read more {}",
    ],
)
def test_what_only_a_teaser_says_is_refused(folder: Path, encoder: StandInEncoder, teaser: str) -> None:
    question, headline = "Where did Libya return four tourists?", "Libya returns four Spanish tourists to Madrid"
    page = "# The port\n\nThe port of Oslo is open.\n\n{}\n\nA ship left.\n"
    (folder / "port.md").write_text(page.format(teaser.format(headline)))
    with Assistant.open(folder.parent / "index", documents=folder, encoder=encoder, config=ALWAYS) as assistant:
        answer = assistant.ask(question)
        assert (answer.abstained, answer.citations, answer.short) == (True, (), "")
        (folder / "port.md").write_text(page.format(f"{headline}."))
        assistant.index.update(folder)
        assert assistant.ask(question).citations[0].quote == f"{headline}."


def test_a_refusal_names_the_spelling_that_the_documents_have(assistant: Assistant) -> None:
    assert assistant.ask("Who met Lawrov?").reason == (
        "The documents do not say: they do not mention Lawrov. They do mention Lavrov."
    )


def test_a_number_is_known_in_either_spelling(folder: Path, encoder: StandInEncoder) -> None:
    far = "".join(f"Report {number} is about other things than boats.\n\n" for number in range(60))
    (folder / "harvest.txt").write_text(f"{far}Of the harvest 40,000 tonnes were sold.")
    with Assistant.open(folder.parent / "index", documents=folder, encoder=encoder, config=ALWAYS) as assistant:
        for spelling in ("40,000", "40000"):
            assert "mention" not in assistant.ask(f"Who sold {spelling} tonnes?").reason


def test_statements_are_counted_after_copies_have_become_one(folder: Path, encoder: StandInEncoder) -> None:
    (folder / "copy.txt").write_text(TALKS)
    one = Config(reader=ReaderSettings(threshold=0.0, statements=1))
    with Assistant.open(folder.parent / "index", documents=folder, encoder=encoder, config=one) as assistant:
        answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    assert len(answer.statements) == 1
    assert [Path(citation.path).name for citation in answer.citations] == ["copy.txt", "talks.txt"]


@pytest.mark.parametrize("text", ["Who met \udce9?", "Who met \0?"])
def test_what_is_no_text_is_no_question(assistant: Assistant, text: str) -> None:
    for asking in (assistant.ask, assistant.index.search):
        with pytest.raises(QuestionError, match="characters that are no text"):
            asking(text)


def test_a_meeting_told_elsewhere_does_not_replace_what_the_reader_is_sure_of(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = assistant.index.document(str(folder / "flood.txt"))
    told = [Place(path=flood.path, span=flood.span(0, len("The river Wenna broke through a wall in Ollerby.")))]
    monkeypatch.setattr("rag.assistant.of_meetings", lambda *_: (told, ["the river Wenna"]))
    assert assistant.ask("Who met Sergei Lavrov in Riyadh?").short == "Marco Rubio"


def test_below_the_threshold_nothing_is_answered(folder: Path, encoder: StandInEncoder) -> None:
    never = Config(reader=ReaderSettings(threshold=1.0))
    with Assistant.open(folder.parent / "index", documents=folder, encoder=encoder, config=never) as assistant:
        answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    assert answer.reason == "The documents do not seem to say: no passage answers this closely enough."
    assert 0 < answer.confidence < 1


def test_a_refusal_stays_a_refusal_after_a_good_turn(assistant: Assistant) -> None:
    good = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    history = [Turn(question=good.question, answer=good.text)]
    assert assistant.ask("What did Macron say?", history=history).abstained


def test_a_follow_up_is_read_with_the_person_named_before(assistant: Assistant) -> None:
    answer = assistant.ask("What did he say?", history=[Turn(question="Who is Yuri Ushakov?")])
    assert answer.question == "What did Yuri Ushakov say?"
    assert "no date was set" in answer.text


def test_within_keeps_to_the_documents_given(assistant: Assistant, folder: Path) -> None:
    answer = assistant.ask("How many boats were out?", within=[folder / "talks.txt"])
    assert {citation.path for citation in answer.citations} == {str(folder / "talks.txt")}
    assert assistant.ask("How many boats were out?", within=[folder / "flood.txt"]).short == "62"


def test_a_stream_grows_to_the_complete_answer(folder: Path, encoder: StandInEncoder) -> None:
    with Assistant.open(folder.parent / "index", documents=folder, encoder=encoder, config=ALWAYS) as assistant:
        *parts, last = assistant.stream("Who spoke, met or said that in Riyadh?")
    assert last.complete
    assert not any(part.complete for part in parts)
    assert [part.statements for part in parts] == [last.statements[:n] for n in range(1, len(last.statements))]


def test_the_same_question_has_the_same_answer(assistant: Assistant) -> None:
    assert assistant.ask("Who met in Riyadh?") == assistant.ask("Who met in Riyadh?")


def test_what_is_ranked_first_is_what_is_cited_first(assistant: Assistant) -> None:
    question = "Who met Sergei Lavrov in Riyadh?"
    first = assistant.ask(question).citations[0]
    ranked = assistant.rank(question, k=2)
    assert len(ranked) == 2
    assert ranked[0].span.start <= first.span.start < first.span.end <= ranked[0].span.end
    assert ranked[0].path == first.path


def test_a_deleted_document_is_no_longer_cited(assistant: Assistant, folder: Path) -> None:
    assert assistant.index.remove(folder / "flood.txt") == [str(folder / "flood.txt")]
    answer = assistant.ask("How many boats were out that night?")
    assert {citation.path for citation in answer.citations} == {str(folder / "talks.txt")}
    assert assistant.ask("What did Solheim say?").reason == "The documents do not say: they do not mention Solheim."


def test_a_changed_document_is_quoted_as_it_is_now(assistant: Assistant, folder: Path) -> None:
    (folder / "flood.txt").write_text(FLOOD.replace("62", "75"))
    report = assistant.index.update(folder)
    assert report.updated == (str(folder / "flood.txt"),)
    answer = assistant.ask("How many boats were out?")
    assert answer.short == "75"
    assert "62" not in answer.text


def test_answers_are_the_same_after_reopening(assistant: Assistant, folder: Path, encoder: StandInEncoder) -> None:
    before = assistant.ask("Who met in Riyadh?")
    with Assistant.open(folder.parent / "index", encoder=encoder, config=ALWAYS) as again:
        assert again.ask("Who met in Riyadh?") == before
        assert again.report is None


def test_opening_again_embeds_nothing_again(assistant: Assistant, folder: Path) -> None:
    fresh = StandInEncoder()
    with Assistant.open(folder.parent / "index", documents=folder, encoder=fresh, config=ALWAYS) as again:
        assert again.report is not None
        assert len(again.report.unchanged) == 2
    assert fresh.encoded == []


@pytest.mark.parametrize("question", ["", "  \n", "x" * 2001])
def test_a_question_that_is_none_is_refused_with_the_remedy(assistant: Assistant, question: str) -> None:
    with pytest.raises(QuestionError, match="Ask"):
        assistant.ask(question)


def test_no_index_is_an_error_that_says_how_to_build_one(tmp_path: Path, encoder: StandInEncoder) -> None:
    with pytest.raises(IndexMissing, match="rag index"):
        Assistant.open(tmp_path / "none", encoder=encoder)


def test_an_empty_index_refuses(tmp_path: Path, encoder: StandInEncoder) -> None:
    with Assistant.open(tmp_path / "index", documents=[], encoder=encoder) as assistant:
        answer = assistant.ask("Who met?")
    assert (answer.reason, answer.nearest) == ("No documents are indexed here, so nothing can be answered.", ())


def test_a_history_of_anything_but_turns_is_refused_with_the_remedy(assistant: Assistant) -> None:
    history: Any = [("Who met?", "Rubio.")]
    with pytest.raises(QuestionError, match=r"rag\.Turn\(question=…, answer=…\)"):
        assistant.ask("Where did he go?", history=history)


def test_a_restriction_that_holds_no_document_is_not_called_an_empty_index(assistant: Assistant) -> None:
    assert assistant.ask("Who met?", within=["/nowhere"]).reason == (
        "None of the documents that the question is restricted to is indexed."
    )


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What did Macron/Scholz say?", "Macron, Scholz"),
        ("What did Jean-Luc say?", "Jean, Luc"),
        ("What did Scholz's minister say?", "Scholz"),
        ("What happened in 2031-2032?", "2031, 2032"),
    ],
)
def test_a_refusal_names_what_is_missing_as_the_question_spells_it(
    assistant: Assistant, question: str, missing: str
) -> None:
    assert assistant.ask(question).reason == f"The documents do not say: they do not mention {missing}."


def test_documents_that_change_while_they_are_read_are_read_again(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []

    def changing(index: Any, question: str, **options: Any) -> Any:
        hits = to_read(index, question, **options)
        searched.append(len(hits))
        if len(searched) in changes:
            index.remove(folder / "talks.txt")
            (folder / "talks.txt").write_text(TALKS.replace("Riyadh", f"Riyadh, {len(searched)}"))
            index.update(folder)
        return hits

    monkeypatch.setattr("rag.assistant.to_read", changing)
    changes = {1}
    answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    assert answer.citations[0].quote == "Marco Rubio met Sergei Lavrov in Riyadh, 1 on February 18."
    changes = {3, 4}
    answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    assert (answer.abstained, answer.reason) == (True, "The documents changed while they were read. Ask again.")


def candidate(path: str, short: str, score: float) -> Candidate:
    span = Span(document_id=path, start=0, end=9)
    return Candidate(path=path, span=span, answer=span, short=short, score=score)


def test_other_documents_that_give_the_same_answer_are_cited_too() -> None:
    best = candidate("a", "Sergei Lavrov", 9.0)
    found = [
        best,
        close := candidate("a", "Rubio", 8.5),
        candidate("b", "Putin", 8.4),
        same := candidate("c", "Foreign Minister Sergei Lavrov", 7.0),
        candidate("a", "Lavrov", 7.0),
        candidate("d", "Lavrov", 6.9),
    ]
    assert to_show(found) == [best, close, same]


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Which parties do the candidates belong to?", "the Civic Union; the National Party"),
        ("Who are the candidates?", "the Civic Union; the National Party"),
        ("Which two parties won?", "the Civic Union; the National Party"),
        ("Between which two parties was it?", "the Civic Union; the National Party"),
        ("Which parties won?", "the Civic Union; the National Party"),
        ("Which people won?", "the Civic Union; the National Party"),
        ("List all parties.", "the Civic Union; the National Party"),
        ("Name the parties that won.", "the Civic Union; the National Party"),
        ("Did they win? Which parties won?", "the Civic Union; the National Party"),
        ("What is the bus status?", "the Civic Union"),
        ("Which bus crashed?", "the Civic Union"),
        ("Which class won?", "the Civic Union"),
        ("Which party has the most seats?", "the Civic Union"),
        ("Which minister was dismissed?", "the Civic Union"),
        ("Which city hosts the talks?", "the Civic Union"),
        ("Which Texas city was flooded?", "the Civic Union"),
        ("What caused the floods?", "the Civic Union"),
        ("Who is a candidate?", "the Civic Union"),
        ("Name the mayor of Brackford.", "the Civic Union"),
        ("Who are the candidates? And who won?", "the Civic Union"),
    ],
)
def test_the_short_answer_to_a_question_for_several_tells_all_that_differ(question: str, short: str) -> None:
    assert in_short(question, ["the Civic Union", "Civic Union", "the National Party"]) == short


def test_the_query_engine_gives_text_citations_and_the_whole_answer(assistant: Assistant) -> None:
    response = assistant.as_query_engine().query("Who met Sergei Lavrov in Riyadh?")
    answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    assert str(response) == answer.text
    assert [node.node.get_content() for node in response.source_nodes] == [c.quote for c in answer.citations]
    assert response.metadata == {"answer": answer.as_dict()}
    assert json.loads(json.dumps(response.metadata)) == response.metadata


def test_the_query_engine_tells_a_refusal(assistant: Assistant) -> None:
    response = assistant.as_query_engine().query("What did Macron say?")
    assert (str(response), response.source_nodes) == ("The documents do not say: they do not mention Macron.", [])
    assert response.metadata is not None
    assert response.metadata["answer"]["abstained"] is True


def test_two_files_with_the_same_text_are_cited_by_their_own_paths(assistant: Assistant, folder: Path) -> None:
    (folder / "copy.txt").write_text(FLOOD)
    assistant.index.update(folder)
    answer = assistant.ask("How many boats were out that night?")
    assert {c.path for c in answer.statements[0].citations} == {str(folder / "copy.txt"), str(folder / "flood.txt")}
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))


@pytest.mark.parametrize("change", [lambda text: f"Corrected. {text}", None])
def test_documents_that_change_between_search_and_reading_are_a_refusal(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str] | None
) -> None:
    now = assistant.index.document

    def later(path: str | Path) -> Document:
        if change is None:
            raise IndexFault("index", f"no document at {path}.")
        return dataclasses.replace(now(path), text=change(now(path).text))

    monkeypatch.setattr(assistant.index, "document", later)
    answer = assistant.ask("Who met Sergei Lavrov in Riyadh?")
    assert (answer.statements, answer.short) == ((), "")
    assert answer.reason == "The documents changed while they were read. Ask again."


# --- with a language model


class Unsure:
    """A checker that finds no sentence to be carried for sure."""

    def judge(self, claims: Sequence[Claim]) -> list[Judgement]:
        return [Judgement(supported=0.3, contradicted=0.1)] * len(claims)


def written(assistant: Assistant, draft: str | None) -> Answer:
    """The answer to a question about Riyadh where the model writes `draft`; None: it fails."""

    class Scripted(MockLLM):
        def chat(self, *_: Any, **__: Any) -> ChatResponse:
            if draft is None:
                raise RuntimeError("refused")
            return ChatResponse(message=ChatMessage(role="assistant", content=draft), raw={})

    assistant._generator = Generator(LLMSettings(model="scripted"), prompts=assistant.config.prompts, llm=Scripted())
    return assistant.ask("Who met Sergei Lavrov in Riyadh?")


def test_what_the_model_writes_is_shown_with_the_place_that_says_so(assistant: Assistant) -> None:
    answer = written(assistant, "Marco Rubio met Sergei Lavrov in Riyadh [1].")
    assert answer.answered_by == "scripted"
    assert [statement.text for statement in answer.statements] == ["Marco Rubio met Sergei Lavrov in Riyadh."]
    assert answer.citations[0].quote == "Marco Rubio met Sergei Lavrov in Riyadh on February 18."


def test_a_sentence_that_its_passage_does_not_support_is_removed_and_counted(assistant: Assistant) -> None:
    answer = written(assistant, "Marco Rubio met Sergei Lavrov in Riyadh [1]. Emmanuel Macron met them in Riyadh [1].")
    assert len(answer.statements) == 1
    assert answer.notes == ("1 sentence of scripted removed: not supported by the passages cited.",)


def test_where_nothing_is_supported_the_reader_answers_and_says_so(assistant: Assistant) -> None:
    answer = written(assistant, "Emmanuel Macron met them.")
    assert answer.answered_by == "reader"
    assert answer.citations[0].quote == "Marco Rubio met Sergei Lavrov in Riyadh on February 18."
    assert "so the reader answered" in answer.notes[0]


def test_where_the_endpoint_fails_the_reader_answers_and_says_so(assistant: Assistant) -> None:
    answer = written(assistant, None)
    assert answer.answered_by == "reader"
    assert answer.notes[0].startswith("The language model failed, so the reader answered: ")
    assert answer.citations[0].quote == "Marco Rubio met Sergei Lavrov in Riyadh on February 18."


def test_a_model_that_declines_is_a_refusal(assistant: Assistant) -> None:
    answer = written(assistant, DECLINED)
    assert answer.reason == "The documents do not say, as scripted reads them."
    assert (answer.answered_by, answer.statements) == ("scripted", ())


def test_a_sentence_that_is_supported_in_part_is_marked(assistant: Assistant) -> None:
    assistant._checker = Unsure()
    answer = written(assistant, "Marco Rubio welcomed and met Sergei Lavrov in Riyadh [1].")
    assert [statement.support for statement in answer.statements] == ["partial"]
    assert answer.text == "Marco Rubio welcomed and met Sergei Lavrov in Riyadh. [1] (partly supported)"


@dataclasses.dataclass
class Followed:
    """What a model was asked, and whether it was stopped or came to its end."""

    asked: list[str] = dataclasses.field(default_factory=list)
    closed: list[bool] = dataclasses.field(default_factory=list)


def growing(assistant: Assistant, *sentences: str) -> Followed:
    """Let a model answer that writes these sentences one after the other."""
    followed = Followed()

    class Growing(MockLLM):
        def stream_chat(self, messages: Any, **_: Any) -> Any:
            followed.asked.append(str(messages[-1].content))
            try:
                for count in range(len(sentences)):
                    text = "".join(sentences[: count + 1])
                    message = ChatMessage(role="assistant", content=text)
                    yield ChatResponse(message=message, delta=sentences[count], raw={})
                    time.sleep(0.05)
            finally:
                followed.closed.append(True)

    assistant._generator = Generator(LLMSettings(model="growing"), prompts=assistant.config.prompts, llm=Growing())
    assistant._rewrite = load("rewrite", assistant.config.prompts)
    return followed


def test_a_sentence_is_shown_as_soon_as_it_has_passed_and_no_other_is_ever_shown(assistant: Assistant) -> None:
    met, lie = "Marco Rubio met Sergei Lavrov in Riyadh [1]. ", "Emmanuel Macron met Sergei Lavrov in Riyadh [1]. "
    growing(assistant, met, lie, "Marco Rubio met Sergei Lavrov on February 18 [1].")
    steps = list(assistant.steps("Who met Sergei Lavrov in Riyadh?"))
    answers = [step for step in steps if isinstance(step, Answer)]
    assert answers[0].complete is False
    assert [one.text for one in answers[0].statements] == ["Marco Rubio met Sergei Lavrov in Riyadh."]
    assert [one.text for one in answers[-1].statements] == [
        "Marco Rubio met Sergei Lavrov in Riyadh.",
        "Marco Rubio met Sergei Lavrov on February 18.",
    ]
    assert answers[-1].notes == ("1 sentence of growing removed: not supported by the passages cited.",)
    assert not any("Macron" in answer.text for answer in answers)


def test_who_stops_an_answer_stops_the_model(assistant: Assistant) -> None:
    followed = growing(assistant, *["Marco Rubio met Sergei Lavrov in Riyadh [1]. "] * 100)
    steps = assistant.steps("Who met Sergei Lavrov in Riyadh?")
    assert next(step for step in steps if isinstance(step, Answer)).statements
    steps.close()
    until = time.monotonic() + 5
    while not followed.closed and time.monotonic() < until:
        time.sleep(0.01)
    assert followed.closed == [True]


def test_a_model_makes_a_follow_up_stand_alone(assistant: Assistant) -> None:
    followed = growing(assistant, "Who met Sergei Lavrov in Riyadh?")
    turn = Turn(question="Who is Sergei Lavrov?", answer="Sergei Lavrov was in Riyadh.")
    answer = assistant.ask("And who met the minister there?", history=[turn])
    assert answer.question == "Who met Sergei Lavrov in Riyadh?"
    assert "And who met the minister there?" in followed.asked[0]
    assert answer.answered_by == "reader"  # of a draft that only repeats the question nothing is shown


def test_a_model_that_invents_a_name_leaves_the_follow_up_to_the_rules(assistant: Assistant) -> None:
    growing(assistant, "Whom did Emmanuel Macron meet?")
    turn = Turn(question="What did Sergei Lavrov say?", answer="Sergei Lavrov was in Riyadh.")
    asked = "And whom did he meet?"
    assert assistant.ask(asked, history=[turn]).question == complete(asked, [turn])


def test_the_steps_say_what_is_done_before_the_answer(assistant: Assistant) -> None:
    turn = Turn(question="What did Macron say?")
    searching, reading, *answers = assistant.steps("What did Ushakov say?", history=[turn])
    assert searching == Underway(question="What did Ushakov say?")
    hits = to_read(assistant.index, "What did Ushakov say?", k=assistant.config.retrieval.read)
    assert reading == Underway(question="What did Ushakov say?", passages=len(hits))
    assert answers == list(assistant.stream("What did Ushakov say?"))
    assert assistant.ask("What did Ushakov say?") == answers[-1]


def test_nothing_is_said_to_be_read_where_nothing_is_indexed(tmp_path: Path, encoder: StandInEncoder) -> None:
    with Assistant.open(tmp_path / "index", documents=[], encoder=encoder) as assistant:
        searching, refusal = assistant.steps("Who met?")
    assert searching == Underway(question="Who met?")
    assert refusal.reason == "No documents are indexed here, so nothing can be answered."
