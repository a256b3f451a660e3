"""What kind of answer a question asks for: recognised surely, or read as a question for a fact."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from rag.tasks import Comparison, Mentions, Summary, Task, stands_alone, task_of

SUITE = Path(__file__).parent.parent / "eval" / "suites" / "sample" / "questions.jsonl"
SQUAD = Path(__file__).parent.parent.parent / "shared" / "data" / "squad2_dev" / "questions.jsonl.gz"


def mentions(*phrases: str, any_of: bool = False, outlets: bool = False) -> Mentions:
    return Mentions(phrases=phrases, any_of=any_of, outlets=outlets)


def sides(*names: str, on: str = "") -> Comparison:
    return Comparison(sides=names, topic=on)


TAKEN: list[tuple[str, Task]] = [
    ("Which documents mention Lisk?", mentions("Lisk")),
    ("Which documents mention Theodora Lisk and Edmund Hale?", mentions("Theodora Lisk", "Edmund Hale")),
    ("Which of the reports mention the Wenna or the Aster valley?", mentions("Wenna", "Aster valley", any_of=True)),
    ("In which reports does Moira Kell appear?", mentions("Moira Kell")),
    ("In which documents is the Almond Palace mentioned?", mentions("Almond Palace")),
    ("What documents talk about the flood?", mentions("flood")),
    ("Which reports are about the strike?", mentions("strike")),
    ("which articles mention U.S. troops", mentions("U.S. troops")),
    ('List all documents that mention "pay talks".', mentions("pay talks")),
    ("Find reports about Brackford", mentions("Brackford")),
    ("Show me all the reports mentioning the ceasefire, please", mentions("ceasefire")),
    ("Who reported on the strike?", mentions("strike", outlets=True)),
    ("Which newspapers reported on the recount?", mentions("recount", outlets=True)),
    ("Where is Frost & Daughters mentioned in the documents?", mentions("Frost & Daughters")),
    ("How many documents mention the Wenna?", mentions("Wenna")),
    ("What reports mention the name of Frost?", mentions("Frost")),
    ("Which documents mention Lisk? And Hale?", mentions("Hale")),
    ("Do any of the documents mention Tamerin?", mentions("Tamerin")),
    ("Which documents mention Paris, Texas?", mentions("Paris, Texas")),
    ("Which documents mention Lisk, Hale and Pike?", mentions("Lisk", "Hale", "Pike")),
    ("How do Moscow and Kyiv see it?", sides("Moscow", "Kyiv")),
    ("What is the ceasefire? How do Moscow and Kyiv see it?", sides("Moscow", "Kyiv", on="the ceasefire")),
    ("Compare what Amsel and Maran say about the ceasefire.", sides("Amsel", "Maran", on="the ceasefire")),
    ("What do the union and the company say about the offer?", sides("the union", "the company", on="the offer")),
    ("What did Moira Kell and Graham Stile say about it?", sides("Moira Kell", "Graham Stile")),
    ("How does Stile's view differ from Kell's?", sides("Stile", "Kell")),
    (
        "How does Velmark's position on borders differ from that of Kasrovia?",
        sides("Velmark", "Kasrovia", on="borders"),
    ),
    ("Compare Velmark’s and Kasrovia’s positions on the border", sides("Velmark", "Kasrovia", on="the border")),
    ("What do Velmark, Kasrovia and Sellonia say about it?", sides("Velmark", "Kasrovia", "Sellonia")),
    ("How do the mayor and the county differ on the sirens?", sides("the mayor", "the county", on="the sirens")),
    ("How did Strand and Corrigan react to the recount?", sides("Strand", "Corrigan", on="the recount")),
    ("Compare the views of Velmark and Kasrovia on the ceasefire", sides("Velmark", "Kasrovia", on="the ceasefire")),
    ("Summarise the report on the flood", Summary(topic="the flood")),
    ("Summarize these documents", Summary()),
    ("Summarise tram-recorder-read.md", Summary(name="tram-recorder-read.md", certain=True)),
    ('Summarise "Second round in Lisarra"', Summary(name="Second round in Lisarra", certain=True)),
    ("Summarise Second round in Lisarra", Summary(name="Second round in Lisarra", topic="Second round in Lisarra")),
    ('What is the report "A ferry for the lower town" about?', Summary(name="A ferry for the lower town")),
    ("What is the report A ferry for the lower town about?", Summary(name="A ferry for the lower town")),
    ("Give me a summary", Summary()),
    ("Give me a short summary of the strike.", Summary(name="the strike", topic="the strike")),
    ("What do the reports say about the strike in short?", Summary(topic="the strike")),
    ("TL;DR", Summary()),
    ("Summary, please", Summary()),
    ("What are these documents about?", Summary()),
    ("Can you summarise what the documents say about the gas contract?", Summary(topic="the gas contract")),
    ("In short, what do the reports say about the flood?", Summary(topic="the flood")),
]  # fmt: skip

A_FACT = """\
What is the report of the inquiry about the flood?
What did the summary of the inquiry say?
Who wrote the summary of the report?
What does the report say about Lisk and Hale?
What did the mayor say about the county and the dam?
When did Lindqvar and Dalgan meet?
Which reports mention that the bridge collapsed?
Which documents did Casimir Boyd bring to the commission?
Which document did the two ministers sign?
What documents are needed for a permit?
Which report was withdrawn?
In which report did the Post make two mistakes?
Who mentioned the bananas?
What did Kell and her members do after the vote?
How do bees and wasps see colours?
How does a strike differ from a walkout?
What is the difference between the two counts?
What do people say about the mayor?
What do they say about it?
What did he and she say about the ferry?
How did the price of oil and gas react to the contract?
What do the union and the company disagree about?
What did Lisk say about the rate?
How do you compare fruit?
How many people and animals were compared?
Why did the court ask for a summary of the case?
What is the summary judgment about?
What is the book about?
What was the strike about?
What is Corrigan about to do?
Where was the exchange mentioned first?
Where does the Wenna come up?
Who reported the fire?
Who covered the wall with sandbags?
What was the report about?
Was the document about the dam ever published?
What did the documents found in the lorry contain?
Give me the name of the envoy.
List the members of the commission.
List all the ships that were waiting.
Sum of the damage in Brackford?
Which newspaper apologised?
Which agency counts the dead?
What does TL;DR stand for?
Name the two towns between which the trains stopped.
How do I summarise a report?
""".splitlines()


@pytest.mark.parametrize(("question", "task"), TAKEN, ids=[question for question, _ in TAKEN])
def test_a_question_over_several_documents_is_taken_for_what_it_asks(question: str, task: Task) -> None:
    assert task_of(question) == task
    assert task_of(f"  {question.replace(' ', '  ')}\n") == task


@pytest.mark.parametrize("question", A_FACT)
def test_a_question_for_a_fact_is_taken_for_nothing_else(question: str) -> None:
    assert task_of(question) is None


@pytest.mark.parametrize("begin", ["how do the views of ", "how do ", "compare ", "which documents mention "])
def test_a_very_long_question_is_read_at_once(begin: str) -> None:
    begun = time.perf_counter()
    assert task_of(begin + "A, B and the C of " * 100) is None
    assert time.perf_counter() - begun < 1.0


def test_no_question_of_the_sample_suite_is_taken_for_anything_but_a_fact() -> None:
    questions = [json.loads(line)["question"] for line in SUITE.read_text(encoding="utf-8").splitlines()]
    assert len(questions) > 200
    assert [question for question in questions if task_of(question)] == []


@pytest.mark.skipif(not SQUAD.exists(), reason="the shared data is not here")
def test_hardly_a_question_about_encyclopedia_articles_is_taken_for_anything_but_a_fact() -> None:
    with gzip.open(SQUAD, "rt", encoding="utf-8") as file:
        questions = [json.loads(line)["question"] for line in file]
    assert len(questions) > 10_000
    assert [question for question in questions if task_of(question)] == []


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("What do the union and the company say about the strike?", True),
        ("How do Moscow and Kyiv see it?", False),
        ("Which documents mention Lisk?", True),
        ("Which documents mention him?", False),
        ("Who won the vote?", False),
    ],
)
def test_a_task_that_says_what_it_is_about_takes_nothing_from_the_turn_before(question: str, alone: bool) -> None:
    assert stands_alone(task_of(question)) is alone
