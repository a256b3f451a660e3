"""What each of several sides says: whose words a sentence is, and the answer that puts them beside one another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import StandInEncoder

from rag import Assistant, Config
from rag.comparing import Side, on_topic, said_by
from rag.sentences import sentences

TALKS = """Velmark’s foreign minister, Ilse Harrow, called the talks a start. “We came to talk,” she told reporters.

Anton Berescu of Kasrovia said that a ceasefire was far off. He added that the border would stay closed.

Sellonia was not invited. The U.N. envoy said that Velmark wants a ceasefire soon.
"""
PORT = """The union puts the number of strikers at 2,400. The company counts 1,650, a spokesman said.

Graham Stile, the managing director of the company, said that the strike would cost 31 million crowns.

"Our people can't pay the rent," said Moira Kell, the union's general secretary.
"""


def belonging(name: str, text: str) -> list[str]:
    side = Side.of(name, [text])
    return [text[one.last : one.end] for one in said_by(side, text, sentences(text))]


def test_words_of_its_people_and_of_their_pronouns_are_a_sides_own() -> None:
    assert belonging("Velmark", TALKS) == [
        "Velmark’s foreign minister, Ilse Harrow, called the talks a start.",
        "“We came to talk,” she told reporters.",
    ]
    assert belonging("Kasrovia", TALKS) == [
        "Anton Berescu of Kasrovia said that a ceasefire was far off.",
        "He added that the border would stay closed.",
    ]
    assert belonging("the union", PORT) == [
        "The union puts the number of strikers at 2,400.",
        "\"Our people can't pay the rent,\" said Moira Kell, the union's general secretary.",
    ]


@pytest.mark.parametrize(
    ("side", "sentence"),
    [
        ("Velmark", "The envoy said that Velmark wants a ceasefire."),
        ("Velmark", "Harrow was in Velmark, a witness said."),
        ("Stile", "Kell told Stile that the offer was too low."),
        ("the company", "She said that they were angry, because the company wants more."),
        ("Velmark", "Velmark and Kasrovia said that they would meet."),
        ("Karr", "“Nobody knows,” said the chair, and Karr left."),
        ("Velmark", "Velmark says no to ceasefire"),
    ],
)
def test_what_somebody_else_says_of_a_side_is_not_its_own(side: str, sentence: str) -> None:
    assert belonging(side, sentence) == []


@pytest.mark.parametrize(
    ("side", "sentence"),
    [
        ("the mayor", "The mayor of Brackford said that it rained."),
        ("Kasrovia", "The president of Kasrovia said that it rained."),
        ("Kell", "“We stay out,” Kell said."),
        ("Kell", "“We stay out,” said Kell."),
        ("Stile", "Graham Stile, who runs the company, said that he was ready."),
        ("Corrigan", "Corrigan, 49, a former mayor of Aldmouth, said that she welcomed it."),
        ("Kasrovia", "According to Kasrovia, nothing was agreed."),
        ("Moscow", "The Kremlin said that it would wait."),
        ("Moscow", "Russian President Vladimir Putin refused."),
        ("the county", "The mayor’s office counts all people, and the county counts only some."),
    ],
)
def test_a_side_is_found_in_the_ways_reports_name_it(side: str, sentence: str) -> None:
    assert belonging(side, sentence) == [sentence]


def test_a_namesake_is_somebody_else() -> None:
    text = "Hanna Corrigan won. Hanna Corrigan said that she slept. Dermot Corrigan said that he did not."
    assert belonging("Corrigan", text) == ["Hanna Corrigan won.", "Hanna Corrigan said that she slept."]


def test_own_words_on_the_topic_come_before_those_beside_it() -> None:
    side = Side.of("Kasrovia", [TALKS])
    said = said_by(side, TALKS, sentences(TALKS))
    ranked = {TALKS[one.last : one.end]: near for near, one in on_topic(TALKS, said, "the border")}
    assert ranked == {
        "Anton Berescu of Kasrovia said that a ceasefire was far off.": 2,
        "He added that the border would stay closed.": 4,
    }
    assert on_topic(TALKS, said, "bananas") == []


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "talks.txt").write_text(TALKS)
    (folder / "port.txt").write_text(PORT)
    with Assistant.open(folder / "index", documents=folder, encoder=StandInEncoder(), config=Config()) as opened:
        yield opened


def test_the_sides_stand_in_the_order_asked_each_with_its_own_citation(assistant: Assistant) -> None:
    *partial, answer = assistant.stream("What do the company and the union say about the number of strikers?")
    assert [s.text for s in answer.statements] == [
        "The company counts 1,650, a spokesman said.",
        "The union puts the number of strikers at 2,400.",
    ]
    assert answer.notes == ("the company: [1]; the union: [2].",)
    assert [c.number for c in answer.citations] == [1, 2]
    assert all(c.quote == c.document.text[c.span.start : c.span.end] for c in answer.citations)
    assert [len(one.statements) for one in partial] == [1]
    other = assistant.ask("What do the union and the company say about the number of strikers?")
    assert [s.text for s in other.statements] == [s.text for s in reversed(answer.statements)]


def test_a_side_on_which_nothing_is_said_is_named(assistant: Assistant) -> None:
    answer = assistant.ask("How do Kasrovia and Putin see the ceasefire?")
    assert [s.text for s in answer.statements] == ["Anton Berescu of Kasrovia said that a ceasefire was far off."]
    assert answer.notes == ("Kasrovia: [1].", "Nothing was found on what Putin says about the ceasefire.")


def test_where_no_side_says_anything_the_answer_is_refused(assistant: Assistant) -> None:
    answer = assistant.ask("Compare what Velmark and Kasrovia say about the bananas")
    assert answer.reason == "The documents do not say what Velmark or Kasrovia says about the bananas."
    assert (answer.citations, answer.notes) == ((), ())
    assert answer.nearest


def test_the_same_comparison_gives_the_same_answer(assistant: Assistant, tmp_path: Path) -> None:
    question = "How do Velmark and Kasrovia see the talks?"
    assert assistant.ask(question) == assistant.ask(question)
