"""The evaluation measures what it says: measures, suites, runs and reports."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import measures
from eval import provenance as provenance_module
from eval.baselines import starter_nodes, starter_splitter, stems, true_offsets
from eval.benchmark import matching_size
from eval.benchmark import table as benchmark_table
from eval.expected import below, deviations, expected, floor
from eval.journal import Journal
from eval.report import markdown, table
from eval.robustness import robustness
from eval.run import Run, evaluate, results_file, run_suite
from eval.scoring import OF_ROWS, score, summarise
from eval.suite import Gold, Question, Suite
from eval.systems import Found, Reply, Said, build
from rag.config import Config
from rag.errors import SuiteError
from rag.types import Document

ANSWERS = [
    # short, gold answers, exact match, F1
    ("Riyadh", ["Riyadh"], 1.0, 1.0),
    ("riyadh", ["Riyadh"], 1.0, 1.0),
    ("the Riyadh", ["Riyadh"], 1.0, 1.0),
    ("A treaty", ["The treaty"], 1.0, 1.0),
    ("an apple a day", ["apple day"], 1.0, 1.0),
    ("theatre", ["the atre"], 0.0, 0.0),
    ("Riyadh.", ["Riyadh"], 1.0, 1.0),
    ("U.S.", ["US"], 1.0, 1.0),
    ("$1,200", ["1200"], 1.0, 1.0),
    ("twenty-one", ["twentyone"], 1.0, 1.0),
    ("  two \n words ", ["two words"], 1.0, 1.0),
    ("'quoted'", ['"quoted"'], 1.0, 1.0),
    ("’tis", ["tis"], 0.0, 0.0),  # the official rule removes ASCII punctuation only
    ("Zürich", ["ZÜRICH"], 1.0, 1.0),
    ("Ελλάδα", ["Ελλάδα."], 1.0, 1.0),
    ("café", ["cafe"], 0.0, 0.0),
    ("東京", ["東京"], 1.0, 1.0),
    ("in Riyadh", ["Riyadh"], 0.0, 2 / 3),
    ("Riyadh", ["Riyadh, Saudi Arabia"], 0.0, 1 / 2),
    ("Lavrov and Rubio", ["Rubio and Lavrov"], 0.0, 1.0),
    ("to be or not to be", ["to be"], 0.0, 1 / 2),
    ("be be", ["be"], 0.0, 2 / 3),
    ("ha ha ha", ["ha ha"], 0.0, 4 / 5),
    ("Paris", ["Rome"], 0.0, 0.0),
    ("October", ["October 1973", "October", "1973"], 1.0, 1.0),
    ("in 1973", ["October 1973", "1973"], 0.0, 2 / 3),
    ("", ["Riyadh"], 0.0, 0.0),
    ("", [], 1.0, 1.0),
    ("Riyadh", [], 0.0, 0.0),
    ("A", ["A"], 1.0, 1.0),
    ("the", ["Riyadh"], 0.0, 0.0),
]


@pytest.mark.parametrize(("short", "answers", "exact", "overlap"), ANSWERS)
def test_short_answers_are_compared_by_the_rules_of_squad(
    short: str, answers: list[str], exact: float, overlap: float
) -> None:
    assert measures.exact_match(short, answers) == exact
    assert measures.f1(short, answers) == pytest.approx(overlap)


def test_a_mean_counts_zeros_and_leaves_out_the_unscored() -> None:
    assert measures.mean([1.0, None, 0.0, 0.5]) == (0.5, 3)
    assert measures.mean([None]) == (None, 0)
    assert measures.median([3.0, 1.0, 10.0]) == 3.0
    assert measures.median([]) is None


def place(doc_id: str, start: int, end: int) -> Found:
    return Found(doc_id=doc_id, start=start, end=end)


def gold(doc_id: str, start: int, end: int, **more: Any) -> Gold:
    return Gold(doc_id=doc_id, start=start, end=end, **more)


RANKED = [place("a", 0, 100), place("b", 0, 100), place("a", 100, 200)]


def test_a_find_holds_the_gold_span_whole() -> None:
    assert measures.first_find(RANKED, [gold("a", 90, 100)]) == 1
    assert measures.first_find(RANKED, [gold("a", 100, 110)]) == 3
    assert measures.first_find(RANKED, [gold("a", 95, 105)]) is None
    assert measures.first_find(RANKED, [gold("c", 0, 1), gold("b", 5, 6)]) == 2


def test_of_a_gold_span_longer_than_the_passage_half_is_enough() -> None:
    assert measures.first_find(RANKED, [gold("b", 0, 200)]) == 2
    assert measures.first_find(RANKED, [gold("b", 0, 201)]) is None
    assert measures.first_find(RANKED, [gold("a", 50, 150)]) is None  # as long as a passage, so it must be whole


def test_evidence_without_a_place_is_found_anywhere_in_its_document() -> None:
    assert measures.first_find(RANKED, [gold("b", 0, 5_000, anywhere=True)]) == 2
    assert measures.recall_within(RANKED, [gold("b", 0, 5_000, anywhere=True)], 101) == 1.0
    assert measures.recall_within(RANKED, [gold("b", 0, 5_000, anywhere=True)], 100) == 0.0
    assert measures.citation_precision([place("b", 7, 8)], [gold("b", 0, 5_000, anywhere=True)]) == 1.0


def test_ranks_become_recall_and_reciprocal_rank() -> None:
    third = [gold("a", 150, 160)]
    assert [measures.recall_at_k(RANKED, third, k) for k in (1, 2, 3)] == [0.0, 0.0, 1.0]
    assert measures.reciprocal_rank(RANKED, third, 10) == pytest.approx(1 / 3)
    assert measures.reciprocal_rank(RANKED, third, 2) == 0.0
    assert measures.recall_at_k(RANKED, [], 1) is None
    assert measures.reciprocal_rank(RANKED, [], 1) is None


def test_reading_stops_where_the_characters_end() -> None:
    third = [gold("a", 150, 160)]
    assert measures.recall_within(RANKED, third, 260) == 1.0
    assert measures.recall_within(RANKED, third, 259) == 0.0
    assert measures.recall_within(RANKED, [gold("a", 95, 105)], 205) == 1.0  # read as one with its neighbour
    beside = [place("a", 0, 100), place("a", 101, 200)]
    assert measures.recall_within(beside, [gold("a", 90, 110)], 150) == 1.0  # the space between is read
    apart = [place("a", 0, 100), place("a", 110, 200)]
    assert measures.recall_within(apart, [gold("a", 90, 120)], 250) == 0.0
    assert measures.recall_within(RANKED, [gold("a", 0, 300)], 250) == 1.0  # half of 300 is 150
    assert measures.recall_within(RANKED, [gold("a", 0, 300)], 249) == 0.0
    assert measures.recall_within(RANKED, [], 1_000) is None
    nested = [place("a", 0, 10), place("a", 1, 3), place("a", 2, 9)]  # ten characters of thirty, whatever the order
    assert measures.recall_within(nested, [gold("a", 0, 30)], 100) == 0.0
    twice = [place("a", 0, 100), place("a", 50, 150)]
    assert measures.recall_within(twice, [gold("a", 140, 150)], 199) == 0.0  # the shared half is read twice


def slow_find(passage: Found, wanted: Gold) -> bool:
    held = {(passage.doc_id, i) for i in range(passage.start, passage.end)}
    sought = {(wanted.doc_id, i) for i in range(wanted.start, wanted.end)}
    return sought <= held or (len(sought) > len(held) and 2 * len(sought & held) >= len(sought))


def slow_recall_within(ranked: Sequence[Found], evidence: Sequence[Gold], characters: int) -> float:
    tape = [(passage, i) for passage in ranked for i in range(passage.start, passage.end)][:characters]
    seen = {(passage.doc_id, i) for passage, i in tape}
    for wanted in evidence:
        sought = {(wanted.doc_id, i) for i in range(wanted.start, wanted.end)}
        touching = {passage for passage, i in tape if (passage.doc_id, i) in sought}
        long = all(len(sought) > passage.end - passage.start for passage in touching)
        if sought <= seen or (long and 2 * len(sought & seen) >= len(sought)):
            return 1.0
    return 0.0


def spans(most: int) -> st.SearchStrategy[tuple[str, int, int]]:
    return st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, most)).map(
        lambda t: (t[0], t[1], t[1] + t[2])
    )


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    ranked=st.lists(spans(12), max_size=6),
    evidence=st.lists(spans(25), min_size=1, max_size=3),
    k=st.integers(1, 7),
    characters=st.integers(0, 70),
)
def test_rank_measures_agree_with_counting_characters_one_by_one(
    ranked: list[tuple[str, int, int]], evidence: list[tuple[str, int, int]], k: int, characters: int
) -> None:
    passages, golds = [place(*p) for p in ranked], [gold(*g) for g in evidence]
    finds = [any(slow_find(passage, g) for g in golds) for passage in passages[:k]]
    assert measures.recall_at_k(passages, golds, k) == float(any(finds))
    assert measures.reciprocal_rank(passages, golds, k) == (1 / (finds.index(True) + 1) if any(finds) else 0.0)
    assert measures.recall_within(passages, golds, characters) == slow_recall_within(passages, golds, characters)


def test_citations_are_right_where_they_overlap_a_gold_span() -> None:
    golds = [gold("a", 10, 20), gold("b", 0, 5)]
    assert measures.citation_precision([place("a", 19, 30), place("a", 20, 30)], golds) == 0.5
    assert measures.citation_precision([place("b", 10, 20)], golds) == 0.0
    assert measures.citation_precision([], golds) == 0.0
    assert measures.citation_precision([place("a", 0, 100)], []) == 0.0
    assert measures.citation_recall([place("b", 4, 9)], golds) == 1.0
    assert measures.citation_recall([], golds) == 0.0
    assert measures.citation_recall([place("a", 0, 9)], []) is None


def test_a_question_about_several_facts_wants_each_of_them_cited() -> None:
    golds = [gold("a", 0, 5, fact="who"), gold("b", 0, 5, fact="who"), gold("a", 9, 12, fact="when")]
    assert measures.citation_recall([place("b", 0, 1)], golds) == 0.5
    assert measures.citation_recall([place("a", 0, 5), place("b", 0, 5)], golds) == 0.5
    assert measures.citation_recall([place("b", 0, 1), place("a", 11, 20)], golds) == 1.0


def test_recall_is_the_share_of_the_facts_found() -> None:
    golds = [gold("a", 0, 5, fact="who"), gold("b", 0, 5, fact="who"), gold("a", 109, 112, fact="when")]
    assert measures.recall_at_k(RANKED, golds, 1) == 0.5
    assert measures.recall_at_k(RANKED, golds, 3) == 1.0
    assert measures.recall_within(RANKED, golds, 200) == 0.5
    assert measures.recall_within(RANKED, golds, 300) == 1.0


def test_refusals_have_precision_and_recall(tiny: Suite) -> None:
    question = tiny.questions[0]
    nobody = replace(question, answerable=False, answers=(), evidence=())
    given = [(True, question), (True, nobody), (False, nobody), (False, question), (True, nobody)]
    rows = [score(one, Reply(refused=refused), [], k=10) for refused, one in given]
    found = {name: (cell["value"], cell["n"]) for name, cell in summarise(rows).items()}
    assert found["refusal_precision"] == (pytest.approx(2 / 3, abs=1e-6), 3)
    assert found["refusal_recall"] == (pytest.approx(2 / 3, abs=1e-6), 3)
    assert found["false_refusals"] == (0.5, 2)
    assert found["refusal_f1"] == (pytest.approx(2 / 3, abs=1e-6), 5)


# --- suites

MEETING = "Talks in Riyadh\n\nThe ministers met in Riyadh on Tuesday. They signed nothing, officials said."
HARVEST = "A poor harvest\n\nFarmers near Lyon lost half of their apricots to frost in April. Prices doubled in Riyadh."
FLOOD = "Floods recede\n\nThe river Oder fell below four metres on Sunday. The mayor of Wroclaw thanked volunteers."
TEXTS = {"floods.txt": FLOOD, "harvest.txt": HARVEST, "meeting.txt": MEETING}


def evidence(doc_id: str, quote: str, **more: Any) -> dict[str, Any]:
    start = TEXTS[doc_id].index(quote)
    return {"doc_id": doc_id, "start": start, "end": start + len(quote), "text": quote, **more}


def asked(name: str, question: str, answers: list[str], *places: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "question": question, "answers": answers, "answerable": bool(answers),
            "evidence": list(places), **more}  # fmt: skip


QUESTIONS = [
    asked("q1", "Where were the ministers who met on Tuesday?", ["Riyadh"],
          evidence("meeting.txt", "in Riyadh on Tuesday"), category="place"),
    asked("q2", "What did farmers near Lyon lose to frost?", ["half of their apricots", "apricots"],
          evidence("harvest.txt", "half of their apricots"), evidence("harvest.txt", "apricots"), category="thing"),
    asked("q3", "How far did the river Oder fall?", ["below four metres"], evidence("floods.txt", "below four metres"),
          category="number"),
    asked("q4", "Who won the chess championship in Reykjavik?", [], category="unanswerable"),
]  # fmt: skip


def write_suite(folder: Path, questions: list[dict[str, Any]], toml: str = 'name = "tiny"\n') -> Path:
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    (folder / "suite.toml").write_text(toml, encoding="utf-8")
    (folder / "questions.jsonl").write_text("".join(json.dumps(q) + "\n" for q in questions), encoding="utf-8")
    return folder


def write_data(folder: Path, questions: list[dict[str, Any]], documents: list[dict[str, Any]] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    given = documents or [{"id": name, "title": text.split("\n")[0], "text": text} for name, text in TEXTS.items()]
    for name, rows in (("documents", given), ("questions", questions)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Suite:
    return Suite.load(write_data(tmp_path / "tiny", QUESTIONS))


def test_a_suite_folder_is_read_with_documents_named_by_their_relative_path(tmp_path: Path) -> None:
    suite = Suite.load(write_suite(tmp_path / "folder", QUESTIONS, 'name = "tiny"\ndescription = "three reports"\n'))
    assert (suite.name, suite.description, suite.total) == ("tiny", "three reports", 4)
    assert [document.path for document in suite.documents] == ["floods.txt", "harvest.txt", "meeting.txt"]
    assert suite.documents[2].text == MEETING
    assert suite.questions[0].evidence == (gold("meeting.txt", MEETING.index("in Riyadh on"), MEETING.index(". They")),)
    assert [q.category for q in suite.questions] == ["place", "thing", "number", "unanswerable"]


def test_a_data_folder_keeps_the_text_exactly_as_given(tiny: Suite) -> None:
    assert {document.path: document.text for document in tiny.documents} == TEXTS
    assert tiny.documents[2].title == "Talks in Riyadh"
    assert tiny.gaps == ()


def test_the_digest_changes_with_any_word_and_not_with_the_folder(tmp_path: Path, tiny: Suite) -> None:
    assert Suite.load(write_data(tmp_path / "elsewhere", QUESTIONS)).digest == tiny.digest
    other = [*QUESTIONS[:3], QUESTIONS[3] | {"question": "Who won?"}]
    assert Suite.load(write_data(tmp_path / "other", other)).digest != tiny.digest
    assert tiny.sample(2).digest == tiny.digest


def test_alternative_places_are_further_gold_spans(tmp_path: Path) -> None:
    start, other = MEETING.index("Riyadh"), MEETING.rindex("Riyadh")
    first = {"doc_id": "meeting.txt", "start": start, "end": start + 6, "text": "Riyadh", "alt_starts": [other]}
    suite = Suite.load(write_data(tmp_path / "alt", [asked("q", "Where?", ["Riyadh"], first)]))
    assert suite.questions[0].evidence == (gold("meeting.txt", start, start + 6), gold("meeting.txt", other, other + 6))
    wrong = first | {"alt_starts": [other + 1]}
    with pytest.raises(SuiteError, match=r"line 1 \(id q\): meeting.txt does not say 'Riyadh' at .* \(alt_starts\)"):
        Suite.load(write_data(tmp_path / "wrong", [asked("q", "Where?", ["Riyadh"], wrong)]))


def test_evidence_without_offsets_names_the_whole_document(tmp_path: Path) -> None:
    whole = {"doc_id": "meeting.txt", "start": None, "end": None, "text": None}
    suite = Suite.load(write_data(tmp_path / "whole", [asked("q", "Where?", ["Riyadh"], whole)]))
    assert suite.questions[0].evidence == (gold("meeting.txt", 0, len(MEETING), anywhere=True),)


def test_a_sample_is_the_same_for_the_same_seed_and_keeps_all_documents(tiny: Suite) -> None:
    many = replace(tiny, questions=tuple(replace(tiny.questions[0], id=f"q{i:02}") for i in range(50)), total=50)
    drawn = [q.id for q in many.sample(5, seed=3).questions]
    assert drawn == sorted(random.Random(3).sample([f"q{i:02}" for i in range(50)], 5))
    assert drawn != [q.id for q in many.sample(5, seed=4).questions]
    reversed_ = replace(many, questions=many.questions[::-1])
    assert {q.id for q in reversed_.sample(5, seed=3).questions} == set(drawn)
    assert many.sample(5).documents == many.documents
    assert many.sample(99) is many
    with pytest.raises(SuiteError, match="cannot sample 0"):
        many.sample(0)


GOOD = QUESTIONS[0]
PLACE = GOOD["evidence"][0]
WRONG = [
    (GOOD | {"evidence": [PLACE | {"start": PLACE["start"] + 1}]}, r"does not say 'in Riyadh on Tuesday' at"),
    (GOOD | {"evidence": [PLACE | {"start": 0, "end": 20}]}, rf"It says so first at {PLACE['start']}:{PLACE['end']}"),
    (GOOD | {"evidence": [PLACE | {"text": "in Paris"}]}, "Copy the text from the document"),
    (GOOD | {"evidence": [PLACE | {"end": None}]}, "or null for all three"),
    (GOOD | {"evidence": [PLACE | {"start": True}]}, "evidence True:"),
    (GOOD | {"evidence": [PLACE | {"doc_id": "nowhere.txt"}]}, "no document 'nowhere.txt'. Known: floods.txt, harvest"),
    (GOOD | {"evidence": [PLACE | {"begin": 1}]}, "unknown key 'begin'"),
    (GOOD | {"evidence": [PLACE | {"doc_id": ["a"]}]}, r"no document \['a'\]"),
    (GOOD | {"evidence": [PLACE | {"alt_starts": 3}]}, "alt_starts is 3"),
    (GOOD | {"meta": ["x"]}, r"meta is \['x'\]"),
    (GOOD | {"evidence": []}, "answerable without evidence"),
    (GOOD | {"evidence": {}}, "evidence is not a list"),
    (GOOD | {"answers": []}, "answerable without an answer"),
    (GOOD | {"answers": ["Riyadh", " "]}, "a blank answer"),
    (GOOD | {"answers": "Riyadh"}, "answers is not a list"),
    (GOOD | {"answerable": False}, "unanswerable, yet has answers"),
    (GOOD | {"answerable": "yes"}, "answerable is 'yes'"),
    (GOOD | {"question": "  "}, "question is '  '"),
    (GOOD | {"answerabel": True}, "unknown key 'answerabel'"),
    (QUESTIONS[1] | {"id": "q3"}, "the id is used twice"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_an_error_in_a_suite_names_file_line_question_and_remedy(
    tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    folder = write_suite(tmp_path / "wrong", [QUESTIONS[2], wrong])
    with pytest.raises(SuiteError, match=message) as caught:
        Suite.load(folder)
    assert str(caught.value).startswith(f"{folder / 'questions.jsonl'}, line 2 (id {wrong['id']}): ")
    assert caught.value.remedy


def test_a_published_set_keeps_its_defective_questions_and_lists_the_defects(tmp_path: Path) -> None:
    defective = [GOOD | {"answers": ["Riyadh", ""]}, QUESTIONS[1] | {"evidence": []}, QUESTIONS[2]]
    suite = Suite.load(write_data(tmp_path / "set", defective))
    assert suite.gaps == ("question q1: a blank answer", "question q2: answerable without evidence")
    assert [len(q.evidence) for q in suite.questions] == [1, 0, 1]
    assert suite.questions[0].answers == ("Riyadh",)


def test_a_folder_that_is_no_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"no suite 'nonesuch'\. Give a folder"):
        Suite.load("nonesuch")
    with pytest.raises(SuiteError, match=r"neither suite\.toml nor questions\.jsonl\.gz"):
        Suite.load(tmp_path)
    folder = write_suite(tmp_path / "broken", QUESTIONS)
    (folder / "questions.jsonl").write_text('{"id": \n', encoding="utf-8")
    with pytest.raises(SuiteError, match=r"questions\.jsonl, line 1: .* One JSON object per line"):
        Suite.load(folder)
    (folder / "suite.toml").write_text('nmae = "x"\n', encoding="utf-8")
    with pytest.raises(SuiteError, match=r"nmae = 'x'\. Known, each a text: description, documents, name"):
        Suite.load(folder)
    data = write_data(tmp_path / "torn", QUESTIONS)
    (data / "questions.jsonl.gz").write_bytes((data / "questions.jsonl.gz").read_bytes()[:-12])
    with pytest.raises(SuiteError, match=r"questions\.jsonl\.gz cannot be read"):
        Suite.load(data)


# --- systems


def said(short: str, *places: Found, **more: Any) -> Reply:
    return Reply(short=short, statements=(Said(text=short, citations=places),), **more)


class Oracle:
    """Knows the gold answers; `reply` may be overridden to spoil one thing."""

    name = "oracle"

    def __init__(self, suite: Suite) -> None:
        self.settings = {"kind": "oracle"}
        self._known = {question.question: question for question in suite.questions}
        self._texts = {document.path: document.text for document in suite.documents}
        self.closed = False

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        return []

    def places(self, question: Question) -> tuple[Found, ...]:
        return tuple(
            Found(doc_id=g.doc_id, start=g.start, end=g.end, quote=self._texts[g.doc_id][g.start : g.end])
            for g in question.evidence
        )

    def rank(self, question: str, k: int) -> list[Found]:
        return list(self.places(self._known[question]))[:k]

    def ask(self, question: str) -> Reply:
        known = self._known[question]
        if not known.answerable:
            return Reply(refused=True, confidence=0.1)
        return said(known.answers[0], *self.places(known), confidence=0.9)

    def index_bytes(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed = True


def named(system: Oracle, name: str) -> Oracle:
    system.name = name
    return system


class Refuser(Oracle):
    def ask(self, question: str) -> Reply:
        return Reply(refused=True)


class Second(Refuser):
    name = "second"


class Never(Oracle):
    def ask(self, question: str) -> Reply:
        reply = super().ask(question)
        return said("something", place("floods.txt", 0, 5)) if reply.refused else reply


class Shuffled(Oracle):
    """Cites for each question what answers the next."""

    def places(self, question: Question) -> tuple[Found, ...]:
        known = list(self._known.values())
        return super().places(known[(known.index(question) + 1) % len(known)])

    def rank(self, question: str, k: int) -> list[Found]:
        return list(Oracle.places(self, self._known[question]))[:k]


class Misquotes(Oracle):
    """Shows every quote with one letter changed."""

    def places(self, question: Question) -> tuple[Found, ...]:
        return tuple(replace(found, quote=f"x{found.quote[1:]}") for found in super().places(question))


class Misranks(Oracle):
    """Ranks something else first, and answers from where the answer stands, which is second."""

    def rank(self, question: str, k: int) -> list[Found]:
        return [place("floods.txt", 0, 5), *super().rank(question, k)]


class SecondBest(Oracle):
    """Ranks what answers first, and answers from what comes second."""

    def rank(self, question: str, k: int) -> list[Found]:
        return [*super().rank(question, k), place("floods.txt", 0, 5)]

    def ask(self, question: str) -> Reply:
        reply = super().ask(question)
        return reply if reply.refused else said("The ", self.rank(question, 9)[-1], confidence=0.9)


class Cites(Oracle):
    """Says more than it cites."""

    def ask(self, question: str) -> Reply:
        reply = super().ask(question)
        return reply if reply.refused else replace(reply, statements=(*reply.statements, Said(text="And so on.")))


class Raises(Oracle):
    def ask(self, question: str) -> Reply:
        if "Lyon" in question or "chess" in question:
            raise RuntimeError("cannot open /home/somebody/index/catalog.sqlite: locked\nmore")
        return super().ask(question)


def values(run: Run) -> dict[str, float | None]:
    return {name: cell["value"] for name, cell in run.summary[run.systems[0]].items()}


PERFECT = {
    "right": 1.0, "exact_match": 1.0, "f1": 1.0, "recall_at_1": 1.0, "recall_at_5": 1.0, "recall_at_k": 1.0,
    "reciprocal_rank": 1.0, "ndcg_at_k": 1.0,
    "recall_within_1000": 1.0, "recall_within_2000": 1.0, "recall_within_4000": 1.0,
    "citation_precision": 1.0, "citation_recall": 1.0, "citation_f1": 1.0, "statements_cited": 1.0,
    "quote_fidelity": 1.0, "characters_cited": 67 / 3,
    "refusal_precision": 1.0, "refusal_recall": 1.0, "refusal_f1": 1.0, "false_refusals": 0.0,
    "calibration_error": 0.1, "area_under_risk_coverage": 0.0, "answered": 3, "refused": 1, "failed": 0,
}  # fmt: skip


def outcomes(run: Run) -> list[str]:
    return [row["outcome"] for row in run.rows[run.systems[0]]]


def changed(run: Run) -> dict[str, float | None]:
    return {name: value for name, value in values(run).items() if value != pytest.approx(PERFECT[name], abs=1e-6)}


def test_a_system_that_knows_everything_scores_full_marks(tiny: Suite) -> None:
    oracle = Oracle(tiny)
    run = evaluate(tiny, [oracle])
    assert changed(run) == {}
    assert oracle.closed
    counted = {name: cell["n"] for name, cell in run.summary["oracle"].items()}
    assert counted["f1"] == 4
    assert counted["recall_at_1"] == counted["citation_recall"] == counted["citation_precision"] == 3
    assert counted["refusal_recall"] == counted["refusal_precision"] == 1


def test_a_system_that_always_refuses_loses_answers_and_nothing_in_retrieval(tiny: Suite) -> None:
    run = evaluate(tiny, [Refuser(tiny)])
    assert changed(run) == {
        "right": 0.25, "exact_match": 0.25, "f1": 0.25, "citation_precision": None, "citation_recall": 0.0,
        "citation_f1": 0.0, "statements_cited": None, "quote_fidelity": None, "characters_cited": None,
        "refusal_precision": 0.25, "refusal_f1": 0.4, "false_refusals": 1.0, "calibration_error": None,
        "area_under_risk_coverage": None, "answered": 0, "refused": 4,
    }  # fmt: skip
    assert outcomes(run) == ["wrongly refused", "wrongly refused", "wrongly refused", "rightly refused"]


def test_a_system_that_never_refuses_loses_refusals_and_citation_precision(tiny: Suite) -> None:
    run = evaluate(tiny, [Never(tiny)])
    assert changed(run) == {
        "right": 0.75, "exact_match": 0.75, "f1": 0.75, "citation_precision": 0.75, "citation_f1": 0.75,
        "characters_cited": 18.0, "refusal_precision": None, "refusal_recall": 0.0, "refusal_f1": 0.0,
        "calibration_error": None, "area_under_risk_coverage": None,  # one answer tells no confidence
        "answered": 4, "refused": 0,
    }  # fmt: skip
    assert outcomes(run) == ["right", "right", "right", "wrongly answered"]


def test_shuffled_citations_lose_citation_measures_and_what_is_judged_by_them(tiny: Suite) -> None:
    run = evaluate(tiny, [Shuffled(tiny)])
    found = changed(run)
    assert found.pop("characters_cited") == pytest.approx((len("half of their apricots") + 8 + 17) / 3, abs=1e-6)
    assert found == {
        "right": 0.25, "citation_precision": 0.0, "citation_recall": 0.0, "citation_f1": 0.0,
        "statements_cited": pytest.approx(2 / 3, abs=1e-6),  # what answers the fourth question is nowhere
        "calibration_error": 0.9, "area_under_risk_coverage": 1.0,
    }  # fmt: skip
    assert outcomes(run) == ["reader missed", "reader missed", "reader missed", "rightly refused"]


def test_a_quote_with_one_letter_changed_loses_fidelity_alone(tiny: Suite) -> None:
    assert changed(evaluate(tiny, [Misquotes(tiny)])) == {"quote_fidelity": 0.0}


def test_a_statement_that_cites_nothing_is_counted_alone(tiny: Suite) -> None:
    assert changed(evaluate(tiny, [Cites(tiny)])) == {"statements_cited": 0.5}


def test_an_answer_from_the_second_best_passage_loses_answers_and_citations_and_nothing_in_retrieval(
    tiny: Suite,
) -> None:
    run = evaluate(tiny, [SecondBest(tiny)])
    assert changed(run) == {
        "right": 0.25, "exact_match": 0.25, "f1": 0.25, "citation_precision": 0.0, "citation_recall": 0.0,
        "citation_f1": 0.0, "quote_fidelity": None, "characters_cited": 5.0, "calibration_error": 0.9,
        "area_under_risk_coverage": 1.0,
    }  # fmt: skip
    assert outcomes(run) == ["reader missed", "reader missed", "reader missed", "rightly refused"]


def test_a_decoy_in_first_place_loses_what_is_measured_there(tiny: Suite) -> None:
    # Of the three questions with evidence one is about floods.txt, so that its document still comes first.
    second = 1 / math.log2(3)
    assert changed(evaluate(tiny, [Misranks(tiny)])) == {
        "recall_at_1": 0.0, "reciprocal_rank": 0.5, "ndcg_at_k": pytest.approx((1 + 2 * second) / 3, abs=1e-6),
    }  # fmt: skip


def test_what_went_wrong_is_told_by_whether_a_passage_was_found(tiny: Suite) -> None:
    question, elsewhere = tiny.questions[0], place("floods.txt", 0, 3)
    right = place(question.evidence[0].doc_id, question.evidence[0].start, question.evidence[0].end)
    told = [
        (said("x", right), [right], "right"),
        (said("x", elsewhere), [right], "reader missed"),
        (said("x", elsewhere), [elsewhere], "retrieval missed"),
        (Reply(refused=True), [right], "wrongly refused"),
        (Reply(refused=True), [elsewhere], "retrieval missed"),
        (Reply(refused=True), [], "retrieval missed"),
        (Reply(refused=True), None, "wrongly refused"),  # it does not rank, so nothing is known of what it found
    ]
    assert [score(question, reply, ranked, k=10)["outcome"] for reply, ranked, _ in told] == [o for *_, o in told]


def test_a_failure_counts_against_the_system_and_is_told_without_paths(tiny: Suite) -> None:
    run = evaluate(tiny, [Raises(tiny)])
    lost = changed(run)
    assert lost["exact_match"] == lost["f1"] == 0.5
    assert lost["recall_at_1"] == lost["citation_recall"] == pytest.approx(2 / 3, abs=1e-6)
    assert lost["citation_precision"] == 0.5
    assert (lost["answered"], lost["refused"], lost["failed"]) == (2, 0, 2)
    assert lost["refusal_recall"] == 0.0
    row = run.rows["oracle"][1]
    assert row["error"] == "RuntimeError: cannot open …: locked"
    assert (row["short"], row["citations"], row["refused"]) == ("", [], False)
    assert "oracle failed on 2 questions; first, q2: RuntimeError" in table(run)


def test_a_system_that_cannot_rank_is_not_scored_for_it(tiny: Suite) -> None:
    row = score(tiny.questions[0], Reply(refused=True), None, k=10)
    ranking = ("recall_at_1", "recall_at_5", "recall_at_k", "reciprocal_rank", "ndcg_at_k", "recall_within_1000")
    assert [row[name] for name in ranking] == [None] * 6
    assert (row["citation_recall"], row["f1"]) == (0.0, 0.0)


class Lost(Oracle):
    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        raise OSError("no server at /run/engine.sock")


def test_a_system_that_takes_in_nothing_has_failed_on_every_question(tiny: Suite) -> None:
    run = evaluate(tiny, [Lost(tiny), Second(tiny)])
    assert [row["error"] for row in run.rows["oracle"]] == ["indexing: OSError: no server at …"] * 4
    assert (run.value("oracle", "failed"), run.value("oracle", "recall_at_1")) == (4, 0.0)
    assert run.value("second", "refused") == 4  # the others are asked all the same


def test_half_of_what_was_asked_is_partly_right() -> None:
    golds = (gold("a", 0, 5, fact="who"), gold("a", 9, 12, fact="when"))
    question = Question(id="q", question="?", answers=("x",), answerable=True, evidence=golds, category="c")
    row = score(question, said("x", place("a", 0, 5)), [place("a", 0, 5)], k=10)
    assert (row["outcome"], row["right"], row["citation_recall"]) == ("partly right", 0.0, 0.5)
    row = score(question, said("x", place("a", 0, 12)), [place("a", 0, 12)], k=10)
    assert (row["outcome"], row["right"]) == ("right", 1.0)
    row = score(question, said("x", place("b", 0, 5)), [place("a", 0, 5)], k=10)
    assert row["outcome"] == "retrieval missed"  # of one of the two


def test_a_question_whose_evidence_is_missing_is_not_judged() -> None:
    question = Question(id="q", question="?", answers=("x",), answerable=True, evidence=(), category="c")
    row = score(question, said("x", place("a", 0, 5)), [place("a", 0, 5)], k=10)
    assert (row["outcome"], row["right"], row["f1"]) == ("not judged", None, 1.0)
    unjudged = ("citation_precision", "citation_recall", "citation_f1", "recall_at_1")
    assert {name: row["unscored"][name] for name in unjudged} == dict.fromkeys(unjudged, "no evidence")


def test_every_measure_without_a_value_says_why(tiny: Suite) -> None:
    for run in (evaluate(tiny, [system(tiny)]) for system in (Oracle, Refuser, Raises, Never, Lost)):
        for row in run.rows["oracle"]:
            missing = {name for name in OF_ROWS if row[name] is None}
            assert set(row["unscored"]) == missing
            assert all(row["unscored"].values())


def test_an_unscored_question_is_not_a_wrong_one() -> None:
    question = Question(
        id="q", question="?", answers=(), answerable=True, evidence=(gold("a", 0, 9, anywhere=True),), category="c"
    )
    row = score(question, said("x", place("a", 2, 4)), [place("a", 2, 4)], k=10)
    assert (row["exact_match"], row["f1"]) == (None, None)
    assert (row["recall_at_1"], row["citation_precision"], row["citation_recall"]) == (1.0, 1.0, 1.0)


def test_words_beside_a_refusal_earn_nothing(tiny: Suite) -> None:
    row = score(tiny.questions[0], Reply(short="Riyadh", refused=True), [], k=10)
    assert (row["exact_match"], row["f1"], row["citation_precision"], row["citation_recall"]) == (0.0, 0.0, None, 0.0)


def test_results_of_an_earlier_run_do_not_make_the_checkout_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    def git(root: Path, *words: str) -> str:
        if words[0] == "rev-parse":
            return f"{root}\n" if words[1] == "--show-toplevel" else "abc\n"
        return "" if ":(exclude)eval/results" in words else " M eval/results/tiny.json\n"

    monkeypatch.setattr(provenance_module, "_git", git)
    found = provenance_module.provenance()
    assert (found["commit"], found["dirty"]) == ("abc", False)
    monkeypatch.setattr(provenance_module, "_git", lambda root, *words: None)
    found = provenance_module.provenance()
    assert (found["commit"], found["dirty"]) == ("unknown", None)


def test_true_offsets_hold_where_the_text_repeats() -> None:
    text = "go. go. go. go. stop."
    assert true_offsets(text, ["go. go.", "go. go.", "stop."]) == [(0, 7), (8, 15), (16, 21)]
    assert true_offsets("one two three", ["one two", "two three"]) == [(0, 7), (4, 13)]
    with pytest.raises(ValueError, match="no passage holds the text from 3 on"):
        true_offsets("one two", ["one"])
    with pytest.raises(ValueError, match="does not stand where it should: 'three'"):
        true_offsets("one two three", ["one", "three"])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(words=st.lists(st.sampled_from(["go", "on.", "and", "stop.\n", "wait,"]), min_size=1, max_size=120))
def test_the_starters_passages_stand_where_they_say(words: list[str]) -> None:
    text = " ".join(words)
    document = Document(text=text, path="d", title="", sha256="")
    splitter = starter_splitter(chunk_size=16, chunk_overlap=0)
    nodes = starter_nodes([document], splitter)
    assert [text[node.start_char_idx : node.end_char_idx] for node in nodes] == [node.text for node in nodes]
    assert "".join("".join(node.text.split()) for node in nodes) == "".join(text.split())
    edges = [(node.start_char_idx, node.end_char_idx) for node in nodes]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(edges))


def test_words_are_stemmed_and_stop_words_left_out() -> None:
    assert stems("The ministers were meeting in Riyadh") == ["minist", "were", "meet", "riyadh"]


def test_unknown_and_repeated_systems_are_refused(encoder: Any) -> None:
    with pytest.raises(SuiteError, match=r"system 'oracle' is not known\. Choose from: footnote, llama-index-starter"):
        build(["oracle"], config=Config(), encoder=encoder)
    with pytest.raises(SuiteError, match="'bm25' is named twice"):
        build(["bm25", "bm25"], config=Config(), encoder=encoder)


@pytest.fixture
def calls() -> list[tuple[str, int, int]]:
    return []


def test_baselines_find_and_cite_passages_that_share_words(
    tiny: Suite, encoder: Any, calls: list[tuple[str, int, int]]
) -> None:
    systems = build(["bm25", "llama-index-starter"], config=Config(), encoder=encoder)
    run = evaluate(tiny, systems, progress=lambda *call: calls.append(call))
    assert calls[:3] == [("bm25", 0, 4), ("bm25", 1, 4), ("bm25", 2, 4)]
    assert calls[-1] == ("llama-index-starter", 4, 4)
    for name in run.systems:
        summary = run.summary[name]
        for measure in ("recall_at_1", "recall_within_1000", "citation_recall"):
            assert summary[measure] == {"value": 1.0, "n": 3, "low": 1.0, "high": 1.0}
        assert summary["answered"] == {"value": 4, "n": 4, "low": None, "high": None}
        assert summary["refusal_recall"] == {"value": 0.0, "n": 1, "low": 0.0, "high": 0.0}
    assert run.value("bm25", "citation_precision") == 0.75  # the unanswerable question was answered
    assert run.value("llama-index-starter", "citation_precision") == 0.375  # two documents cited, one of them right
    row = run.rows["llama-index-starter"][0]
    assert row["citations"][0] == f"meeting.txt:0:{len(MEETING)}"


def test_footnote_answers_a_suite_with_citations_that_are_places_in_its_documents(tiny: Suite, encoder: Any) -> None:
    run = evaluate(tiny, build(["footnote"], config=Config(), encoder=encoder))
    assert run.summary["footnote"]["recall_at_5"] == {"value": 1.0, "n": 3, "low": 1.0, "high": 1.0}
    assert run.value("footnote", "failed") == 0
    assert run.summary["footnote"]["quote_fidelity"]["value"] in (None, 1.0)
    for row in run.rows["footnote"]:
        assert bool(row["citations"]) != row["refused"]
        for citation in row["citations"]:
            name, start, end = citation.rsplit(":", 2)
            assert TEXTS[name][int(start) : int(end)].strip()


def without_timings(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    assert value.pop("timings")
    return value


@pytest.mark.parametrize("systems", [("bm25", "llama-index-starter"), ("footnote",)])
def test_two_runs_are_byte_identical_but_for_timings(tmp_path: Path, encoder: Any, systems: tuple[str, ...]) -> None:
    folder = write_suite(tmp_path / "tiny", QUESTIONS)
    files = [tmp_path / name for name in ("one.json", "two.json")]
    for file in files:
        run_suite(Suite.load(folder), systems=systems, limit=3, seed=1, out=file, config=Config(), encoder=encoder)
    one, two = (file.read_text(encoding="utf-8") for file in files)
    assert without_timings(one) == without_timings(two)
    assert one.split('"timings"')[0] == two.split('"timings"')[0]
    about = json.loads(one)["about"]
    assert (about["suite"], about["questions"], about["questions_in_suite"], about["seed"]) == ("tiny", 3, 4, 1)
    assert about["packages"]["torch"].startswith("2.")
    for private in (str(tmp_path), str(Path.home()), str(Path.cwd())):
        assert private not in one


def test_a_saved_run_is_read_back_whole(tiny: Suite, tmp_path: Path) -> None:
    run = evaluate(tiny, [Oracle(tiny)])
    assert Run.load(run.save(tmp_path / "deep" / "run.json")) == run
    (tmp_path / "no.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"no\.json is no results file"):
        Run.load(tmp_path / "no.json")


def test_results_are_named_after_suite_and_sample(tiny: Suite) -> None:
    assert results_file(tiny).name == "tiny.json"
    assert results_file(tiny, limit=2).name == "tiny-2.json"
    assert results_file(tiny, limit=4).name == "tiny.json"


# --- what a run is resumed from, expected to find, and tried for


class Stops(Oracle):
    """Is stopped at the third question of its first run."""

    def __init__(self, suite: Suite) -> None:
        super().__init__(suite)
        self.asked: list[str] = []

    def ask(self, question: str) -> Reply:
        self.asked.append(question)
        if len(self.asked) == 3:
            raise KeyboardInterrupt
        return super().ask(question)


def test_a_run_that_was_stopped_goes_on_where_it_was(tiny: Suite, tmp_path: Path) -> None:
    file, system = tmp_path / "run.json.rows", Stops(tiny)
    with pytest.raises(KeyboardInterrupt), Journal(file, {"of": 1}) as journal:
        evaluate(tiny, [system], journal=journal)
    with file.open("a", encoding="utf-8") as torn:
        torn.write('["oracle", {"id": "q3"')
    with Journal(file, {"of": 1}) as journal:
        run = evaluate(tiny, [system], journal=journal)
        journal.remove()
    asked = [question.question for question in tiny.questions]
    assert system.asked == [*asked[:3], *asked[2:]]
    assert run.rows == evaluate(tiny, [Oracle(tiny)]).rows
    assert len(run.timings["oracle"]["seconds"]) == 4
    assert not file.exists()


def test_rows_of_another_run_are_not_taken_up(tiny: Suite, tmp_path: Path) -> None:
    file, system = tmp_path / "run.json.rows", Stops(tiny)
    with pytest.raises(KeyboardInterrupt), Journal(file, {"of": 1}) as journal:
        evaluate(tiny, [system], journal=journal)
    with Journal(file, {"of": 2}) as journal:
        evaluate(tiny, [system], journal=journal)
    assert len(system.asked) == 3 + 4


def test_a_run_says_where_it_is_not_what_was_expected(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "tiny", QUESTIONS)
    suite = Suite.load(folder)
    run = evaluate(suite, [named(Oracle(suite), "http:oracle")])
    assert expected(folder) == {}
    file = folder / "expected.toml"
    file.write_text(
        "['http:oracle']\nf1 = { value = 0.99, within = 0.01 }\ncitation_recall = { value = 0.8, within = 0.1 }\n"
        "[bm25]\nf1 = { value = 0.0, within = 0.0 }\n"
    )
    assert deviations(run, expected(folder)) == ["http:oracle: citation_recall is 1.0000, expected 0.8 ± 0.1"]
    assert deviations(evaluate(suite, [Oracle(suite)], limit=2), expected(folder)) == []
    for wrong, says in (
        ("['http:oracle']\nf2 = { value = 1.0, within = 0.0 }", "'f2' is no measure"),
        ("['http:oracle']\nf1 = { value = 1.0 }", "Write .system., then measure = { value"),
        ("['http:oracle']\nf1 = { value = nan, within = 0.1 }", "nan is no finite number"),
        ("['http:oracle']\nf1 = { value = '0.9', within = 0.1 }", "'0.9' is no finite number"),
        ("[footnot]\nf1 = { value = 0.5, within = 0.1 }", "'footnot' is no system. Known: footnote, "),
        ("['http:oracle']\nf1 = 0.5", "Write .system."),
        ("['http:oracle'", "Write .system."),
    ):
        file.write_text(wrong)
        with pytest.raises(SuiteError, match=says):
            expected(folder)


def test_floors_are_for_measures_that_are_better_high(tiny: Suite) -> None:
    run = evaluate(tiny, [Refuser(tiny)])
    floors = dict(map(floor, ["f1=0.25", "right=0.3", "citation_precision=0"]))
    assert below(run, floors) == [
        "oracle: right is 0.2500, below 0.3",
        "oracle: citation_precision is not measured, below 0.0",
    ]
    for wrong, says in (
        ("f1", "no floor"),
        ("f1=x", "no floor"),
        ("f1=nan", "no floor"),
        ("f2=1", "no measure"),
        ("failed=1", "the lower"),
    ):
        with pytest.raises(SuiteError, match=says):
            floor(wrong)


class Forgets(Oracle):
    """Answers what its documents hold; a capital letter at the end of the question's first word throws it."""

    def __init__(self, suite: Suite) -> None:
        super().__init__(suite)
        self.held: list[list[str]] = []

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        self.held.append([document.path for document in documents])
        return []

    def ask(self, question: str) -> Reply:
        known = next((one for asked, one in self._known.items() if asked.lower()[:-1] in question.lower()), None)
        if known is None or not {gold.doc_id for gold in known.evidence} & set(self.held[-1]):
            return Reply(refused=True)
        if question[0].islower():
            return said("something else")
        return said(known.answers[0], *self.places(known))


def test_trials_tell_what_changes_an_answer(tiny: Suite) -> None:
    first, second, *others = tiny.questions
    reworded = [
        replace(first, paraphrases=(f"Tell me! {first.question}",)), replace(second, paraphrases=("What froze?",))
    ]  # fmt: skip
    tiny = replace(tiny, questions=(*reworded, *others))
    system = Forgets(tiny)
    found = robustness(tiny, system)
    assert found == {
        "lower_case": {"value": 0.25, "n": 4},  # only the refusal stays
        "polite": {"value": 1.0, "n": 4},
        "paraphrase": {"value": 0.5, "n": 2},
        "order": {"value": 1.0, "n": 4},
        "duplicates": {"value": 1.0, "n": 4},
        "irrelevant": {"value": 1.0, "n": 4},
        "deleted": {"value": 1.0, "n": 3},
    }
    names = sorted(TEXTS)
    assert system.held[0] == [document.path for document in tiny.documents]
    assert system.held[1] == system.held[0][::-1]
    assert sorted(system.held[2]) == sorted([*names, *(f"copy of {name}" for name in names)])
    assert set(names) < set(system.held[3])
    assert len(system.held[3]) > len(names) + 20
    assert [sorted(held) for held in system.held[4:]] == [["harvest.txt"], ["floods.txt", "meeting.txt"]]
    assert system.closed


def test_a_system_that_keeps_what_was_deleted_is_found_out(tiny: Suite) -> None:
    class Keeps(Oracle):
        def ask(self, question: str) -> Reply:
            return super().ask(question.removeprefix("Could you please tell me: "))

    found = robustness(tiny, Keeps(tiny))
    assert found["deleted"] == {"value": 0.0, "n": 3}
    assert found["lower_case"] == {"value": 0.0, "n": 4}  # it fails on what it does not know


def test_a_system_that_always_fails_is_not_robust(tiny: Suite) -> None:
    for failing in (Lost(tiny), Misquotes(replace(tiny, questions=()))):
        found = robustness(tiny, failing)
        assert {name: cell["value"] for name, cell in found.items() if cell["n"]} == dict.fromkeys(
            ("lower_case", "polite", "order", "duplicates", "irrelevant"), 0.0
        )


def test_a_run_is_not_compared_with_one_of_another_suite(tiny: Suite, tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "other", QUESTIONS, toml='name = "other"\n')
    with pytest.raises(SuiteError, match="the baseline is a run of 'tiny', not of 'other'"):
        run_suite(Suite.load(folder), systems=["bm25"], baseline=evaluate(tiny, [Oracle(tiny)]))


# --- reports


def test_the_report_compares_the_first_system_with_each_other_question_by_question(tiny: Suite) -> None:
    run = evaluate(tiny, [Oracle(tiny), Second(tiny)])
    found = {one["measure"]: one for one in run.comparisons}
    assert list(found) == [
        "right", "exact_match", "f1", "recall_within_1000", "reciprocal_rank", "citation_recall", "citation_f1",
    ]  # fmt: skip
    # Four documents apart; of 16 sign changes of (1, 1, 1, 0), four are as far from zero: 1/8 and 1/8.
    assert (found["f1"]["difference"], found["f1"]["n"]) == (0.75, 4)
    assert found["f1"]["p"] == pytest.approx(0.25, abs=0.01)
    assert found["reciprocal_rank"] | {"system": "", "baseline": ""} == {
        "system": "", "baseline": "", "measure": "reciprocal_rank", "difference": 0.0, "low": 0.0, "high": 0.0,
        "p": 1.0, "n": 3, "detectable": 0.0,
    }  # fmt: skip
    line = next(line for line in table(run).splitlines() if line.startswith("oracle − second, F1"))
    assert "+0.750 (+0.25 to +1.00)" in line


def test_a_run_is_compared_with_one_of_before(tiny: Suite) -> None:
    before = evaluate(tiny, [named(Refuser(tiny), "oracle")])
    run = evaluate(tiny, [Oracle(tiny)], baseline=before)
    assert {(one["system"], one["baseline"]) for one in run.comparisons} == {("oracle", "oracle before")}
    assert {one["measure"]: one["difference"] for one in run.comparisons}["f1"] == 0.75
    assert evaluate(tiny, [Oracle(tiny)], baseline=evaluate(tiny, [Second(tiny)])).comparisons == []


def test_the_report_sets_systems_side_by_side_with_the_number_of_questions(tiny: Suite) -> None:
    run = evaluate(tiny, [Oracle(tiny), Second(tiny)])
    lines = [line.split() for line in table(run, category_of="oracle").splitlines()]
    assert ["n", "oracle", "second"] in lines
    assert ["exact", "match", "4", "1.000", "(1.00–1.00)", "0.250", "(0.00–0.75)"] in lines
    assert ["citation", "precision", "1.000", "(1.00–1.00)", "(n", "3)", "–", "(n", "0)"] in lines
    four = evaluate(tiny, [Oracle(tiny), *(named(Second(tiny), f"second {i}") for i in range(3))])
    assert "exact match 4 1.000 0.250 0.250 0.250" in [" ".join(line.split()) for line in table(four).splitlines()]
    assert ["refused", "4", "1", "4"] in lines
    assert ["unanswerable", "1", "1.000", "1.000", "–", "–", "–", "1"] in lines
    assert table(run).startswith("tiny: 4 questions over 3 documents; commit ")


def test_the_markdown_table_holds_the_same_numbers(tiny: Suite) -> None:
    lines = markdown(evaluate(tiny, [Oracle(tiny), Second(tiny)])).splitlines()
    assert lines[:2] == ["|  | n | oracle | second |", "| --- | ---: | ---: | ---: |"]
    assert "| exact match | 4 | 1.000 (1.00–1.00) | 0.250 (0.00–0.75) |" in lines
    assert "| false refusals | 3 | 0.000 (0.00–0.00) | 1.000 (1.00–1.00) |" in lines
    assert not any("seconds" in line for line in lines)


# --- the benchmark


def test_the_benchmark_gives_both_systems_passages_of_one_length() -> None:
    text = " ".join(f"Sentence number {i} says that the river rose by {i} metres." for i in range(200))
    documents = [Document(text=text, path="d", title="", sha256="")]
    size, average = matching_size(documents, target=600)
    assert average == pytest.approx(600, rel=0.1)
    shorter, longer = matching_size(documents, target=500), matching_size(documents, target=900)
    assert shorter[0] < size < longer[0]
    assert shorter[1] < average < longer[1]


def test_the_benchmark_shows_medians_and_their_spread() -> None:
    samples = {
        "footnote": {"characters_per_second": [30_000.0, 10_000.0, 20_000.0]},
        "llama-index": {"characters_per_second": [10_000.0, 16_000.0, 4_000.0]},
    }
    lines = [line.split() for line in benchmark_table({"samples": samples}).splitlines()]
    assert lines[0] == ["footnote,", "characters", "per", "second", "20,000", "(10,000", "–", "30,000)"]
    assert lines[2] == ["indexing,", "footnote", ":", "llama-index", "2.00"]
