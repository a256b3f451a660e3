"""Reading: the order of passages and spans, what is shown of them, confidence, and what is absent."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.reader import (
    ALONE,
    CALIBRATION,
    Calibration,
    Reader,
    absent,
    logit,
    question_features,
    says_the_same,
    sigmoid,
)
from rag.sentences import Offsets
from rag.stretches import Scored
from rag.support import Claim, Judgement
from rag.training.calibrate import CONFIDENCE, ORDER
from rag.types import Document, Hit

WEIGHED = Calibration(order={"span": 1.0, "log_rank": -1.0}, confidence={"sure": 1.0, "bias": -3.0}, threshold=0.5)


def hit(text: str, *, title: str = "Talks", number: int = 1, score: float = 0.0) -> Hit:
    """A passage whose sentences end at each newline."""
    document = Document(text=text, path=f"/{number}.txt", title=title, sha256="0")
    sentences, start = [], 0
    for line in text.splitlines():
        sentences.append((start, start + len(line)))
        start += len(line) + 1
    return Hit(
        score=score, text=text, title=title, path=document.path, span=document.span(0, len(text)), passage_id=number,
        sentences=tuple(sentences),
    )  # fmt: skip


class Marked:
    """A stand-in for the network: finds the spans between angle brackets, each as likely as its digit says."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def score(
        self, question: str, titles: Sequence[str], texts: Sequence[str], parts: Sequence[Sequence[Offsets]]
    ) -> list[list[Scored]]:
        self.asked.append(question)
        self.titles, self.texts, self.parts = list(titles), list(texts), [list(open_) for open_ in parts]
        found = []
        for text, open_ in zip(texts, parts, strict=True):
            spans = [
                Scored(
                    start=match.start(),
                    end=match.end(),
                    score=float(match[1]),
                    relevance=0.25,
                )
                for match in re.finditer(r"<(\d)[^>]*>", text)
                if any(start <= match.start() and match.end() <= end for start, end in open_)
            ]
            found.append(sorted(spans, key=lambda span: -span.score))
        return found


@pytest.fixture
def reader() -> Reader:
    return Reader(Marked(), WEIGHED)


def test_the_best_span_comes_first_and_its_passage_too(reader: Reader) -> None:
    rain = hit("Rain fell.\nThe <3 river> rose.", number=1, score=0.9)
    talks = hit("The envoys left.\n<7 Rubio> met Lavrov.", number=2, score=0.1)
    reading = reader.read("Who met Lavrov?", [rain, talks])
    assert [one.passage_id for one in reading.ranked] == [2, 1]
    best, second = reading.candidates
    assert (best.short, best.path, best.score) == ("<7 Rubio>", "/2.txt", pytest.approx(7.0 - math.log(2)))
    assert (second.short, second.score) == ("<3 river>", pytest.approx(3.0))
    assert reading.confidence == pytest.approx(sigmoid(7.0 - 3.0))


def test_a_candidate_is_shown_with_the_whole_sentences_that_hold_it(reader: Reader) -> None:
    talks = hit("It rained.\nThe <5 envoys\u2028 met> twice.\nThey left.".replace("\u2028", "\t"))
    (best,) = reader.read("Who met?", [talks]).candidates
    assert talks.text[best.answer.start : best.answer.end] == "<5 envoys\t met>"
    assert talks.text[best.span.start : best.span.end] == "The <5 envoys\t met> twice."
    assert best.short == "<5 envoys met>"
    assert best.span.document_id == talks.span.document_id


def test_offsets_are_those_of_the_document_where_the_passage_begins_later(reader: Reader) -> None:
    text = "Before it.\nThe <5 envoys> met."
    document = Document(text=text, path="/1.txt", title="", sha256="0")
    later = Hit(
        score=0.0, text=text[11:], title="", path="/1.txt", span=document.span(11, len(text)), passage_id=1,
        sentences=((11, len(text)),),
    )  # fmt: skip
    (best,) = reader.read("Who met?", [later]).candidates
    assert text[best.answer.start : best.answer.end] == "<5 envoys>"
    assert text[best.span.start : best.span.end] == "The <5 envoys> met."


def test_a_pointer_to_another_article_is_no_candidate_and_its_names_count_as_absent(reader: Reader) -> None:
    reading = reader.read("What did Syria return?", [hit("Envoys <2 met>.\nRead more: Syria returns <9 children>")])
    assert reading.absent == {"syria"}
    assert [one.short for one in reading.candidates] == ["<2 met>"]


def test_without_a_span_there_is_no_candidate_and_no_confidence(reader: Reader) -> None:
    only = hit("Read more: Syria returns <9 children>")
    reading = reader.read("What did Syria return?", [only])
    assert (reading.candidates, reading.confidence, reading.ranked) == ((), 0.0, (only,))
    assert reader.read("Who?", []).ranked == ()


def test_equal_scores_keep_the_order_of_retrieval(reader: Reader) -> None:
    twins = [hit("<5 Rubio> met.", number=9), hit("<5 Rubio> met.", number=3)]
    reading = reader.read("Who met?", twins)
    assert [one.passage_id for one in reading.ranked] == [9, 3]
    assert [one.path for one in reading.candidates] == ["/9.txt", "/3.txt"]


def test_title_and_section_are_read_with_the_passage() -> None:
    network = Marked()
    envoys = replace(hit("<5 Rubio> met.", title="Envoys"), section="Riyadh")
    Reader(network, WEIGHED).read("Who?", [envoys])
    assert network.titles == ["Envoys\nRiyadh"]


def test_the_same_is_read_once_and_anything_else_anew() -> None:
    network = Marked()
    reader = Reader(network, WEIGHED)
    one, other = hit("It was <5 Rubio>."), hit("<1 Lavrov> came.")
    first = reader.read("Who?", [one, other])
    assert reader.read("Who?", [one, other]) == first
    assert network.asked == ["Who?"]
    reader.read("Who?", [other, one])
    reader.read("Who came?", [one, other])
    assert network.asked == ["Who?", "Who?", "Who came?"]


def test_passages_that_follow_one_another_are_read_together_and_each_keeps_its_own_spans(reader: Reader) -> None:
    text = "<1 Rubio> met <4 Lavrov>.\nThe <2 hall> in <3 Riyadh> was full. <1 All> left."
    document = Document(text=text, path="/1.txt", title="Talks", sha256="0")
    second, first = (
        Hit(
            score=0.0, text=text[start:end], title="Talks", path="/1.txt", span=document.span(start, end),
            passage_id=number, sentences=((start, end),),
        )
        for number, start, end in ((2, 26, len(text)), (1, 0, 25))
    )  # fmt: skip
    found = reader.find("Who met Lavrov?", [second, first])
    assert reader.network.texts == [text]
    assert [(one.rank, one.text) for one in found] == [
        (0, "<3 Riyadh>"), (0, "<2 hall>"), (0, "<1 All>"), (1, "<4 Lavrov>"), (1, "<1 Rubio>"),
    ]  # fmt: skip
    assert all(text[one.start : one.end] == one.text for one in found)


def test_what_speaks_for_the_best_span_is_measured_against_the_others(reader: Reader) -> None:
    hits = [
        hit("<8 Rubio> met <7 Lavrov>.", number=1, score=0.5),
        hit("<8 Rubio> it was.", number=2),
        hit("<6 Putin> spoke.", number=3),
    ]
    features = question_features(reader.find("Who met Lavrov in 2025?", hits))
    assert features == {
        "sure": 8.0, "relevance": 0.25, "lead": 2.0,
    }  # fmt: skip


def test_a_copy_is_no_rival(reader: Reader) -> None:
    twins = [hit("<5 Rubio> met Lavrov.", number=number) for number in (1, 2)]
    assert question_features(reader.find("Who met Lavrov?", twins))["lead"] == ALONE
    other = reader.find("Who met Lavrov?", [*twins, hit("It was <3 Putin>.", number=3)])
    assert question_features(other)["lead"] == 2.0


def test_an_echo_of_the_question_is_known(reader: Reader) -> None:
    found = reader.find("Who is 5 Rubio?", [hit("<5 Rubio> met.\n<3 Lavrov> too.")])
    assert [one.features["echo"] for one in found] == [1.0, 0.0]


def test_spans_say_the_same_where_one_holds_all_words_of_the_other() -> None:
    assert says_the_same("Sergei Lavrov", "the minister Sergei Lavrov")
    assert says_the_same("1,200 boats", "1200 Boats.")
    for one, other in (("Lavrov", "Rubio"), ("guilty", "not guilty"), ("2", "2 million"),
                       ("North Korea", "South and North Korea")):  # fmt: skip
        assert not says_the_same(one, other)
    assert not says_the_same("…", "Rubio")


def test_what_is_absent_stands_in_no_sentence_title_or_section() -> None:
    talks = hit("Rubio met Lavrov on 3 May.", title="Riyadh")
    assert absent("Did Rubio meet Macron in Riyadh on May 3, 2024?", [talks]) == {"macron", "2024"}
    assert absent("who met?", [talks]) == frozenset()
    assert absent("Which three met Lavrov on 3 May 2,024?", [talks]) == {"2024"}
    assert absent("Besides Rubio, who met Lavr?", [talks]) == frozenset()


@pytest.mark.parametrize("question", ["Name 5 towns", "List the top 10 of them", "Which 2 men met?", "what are the 7?"])
def test_how_many_are_asked_for_is_nothing_to_be_found(question: str) -> None:
    assert absent(question, [hit("Rubio met Lavrov.")]) == frozenset()


def test_a_number_that_is_asked_about_is_something_to_be_found() -> None:
    assert absent("What did the 62 men do?", [hit("Rubio met Lavrov.")]) == {"62"}
    assert absent("Which 1999 treaty was signed?", [hit("A treaty was signed.")]) == {"1999"}


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("In which Saudi Arabian city was it?", "They met in Saudi Arabia."),
        ("What did the Russian president say?", "Russia was silent."),
        ("What did the American envoy say?", "The US was silent."),
        ("What did the United States demand?", "The U.S. and the US demanded it."),
        ("Who leads France?", "The French president spoke."),
        ("Who leads Germany?", "The German chancellor spoke."),
        ("What did Mr Berg say?", "Carl Berg spoke."),
        ("What did Captain Berg say?", "Capt. Carl Berg spoke."),
        ("Who met on February 18?", "They met on Feb. 18."),
        ("Who met on 2025-02-08?", "They met on 8 February 2025."),
        ("Who met Walesa in Lodz?", "Wałęsa was in Łódź."),
        ("What did the 30 men do?", "The thirty men left."),
    ],
)
def test_another_form_of_a_name_or_number_is_the_same(question: str, text: str) -> None:
    assert absent(question, [hit(text)]) == frozenset()


def test_the_beginning_of_another_name_is_not_the_name() -> None:
    assert absent("What did Johnson say in Austria?", [hit("John was in Australia.")]) == {"johnson", "austria"}


def test_rules_look_at_what_is_asked_last() -> None:
    told = hit("They met on Monday, 3 <3 February> it was.")
    reader = Reader(network=Marked(), calibration=WEIGHED)
    assert reader.find("Who met in Riyadh?", [told])
    reader.find("Who met in Riyadh? When will they meet again?", [told])
    assert reader.network.parts == [[]]


def test_the_date_of_a_document_counts_as_said() -> None:
    dated = replace(hit("The minister signed."), date="2025-04-02")
    assert absent("Who signed on 2 April 2025?", [dated]) == frozenset()
    assert absent("Who signed on 3 June 2024?", [dated]) == {"3", "june", "2024"}
    assert absent("Who signed in April 2025?", [replace(dated, date="2025")]) == {"april"}


def test_the_shipped_calibration_names_known_features_only(reader: Reader) -> None:
    shipped = Calibration.load(CALIBRATION)
    hits = [hit("<5 Rubio> met.")]
    found = reader.find("Who met?", hits)
    assert shipped.order.keys() == set(ORDER) <= found[0].features.keys()
    assert shipped.confidence.keys() - {"bias"} == set(CONFIDENCE) <= {*question_features(found), "support"}
    assert 0 < shipped.threshold < 1


@pytest.mark.parametrize(("probability", "confidence"), [(0.5, 0.5), (0.9, 0.9), (1.0, 0.999), (0.0, 0.001)])
def test_a_checker_is_asked_once_whether_the_best_span_answers(probability: float, confidence: float) -> None:
    asked: list[Claim] = []

    class Scripted:
        def judge(self, claims: Sequence[Claim]) -> list[Judgement]:
            asked.extend(claims)
            return [Judgement(supported=probability, contradicted=0.0)] * len(claims)

    only = Calibration(order={"span": 1.0}, confidence={"support": 1.0}, threshold=0.5)
    reading = Reader(Marked(), only, Scripted()).read("Who met?", [hit("It was <5 Rubio>."), hit("<1 Lavrov> came.")])
    assert reading.confidence == pytest.approx(confidence)
    assert [(one.text, one.premise) for one in asked] == [("Who met? <5 Rubio>.", "It was <5 Rubio>.")]


def test_a_feature_without_a_weight_counts_nothing() -> None:
    assert logit({"a": 2.0, "bias": 1.0}, {"a": 0.5, "b": 100.0}) == 2.0
    assert (sigmoid(0.0), sigmoid(800.0), sigmoid(-800.0)) == (0.5, 1.0, 0.0)
    assert sigmoid(1.0) == pytest.approx(1 / (1 + math.exp(-1)))
