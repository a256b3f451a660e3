"""What a question asks for, and whether a sentence holds one."""

from __future__ import annotations

import pytest

from rag.kinds import fits_time, holds, kind_of, names_somebody, says_unknown
from rag.words import numbers, words


def said(question: str) -> frozenset[str]:
    return frozenset(words(question)) | frozenset(numbers(question))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who met in Riyadh?", "who"),
        ("With whom did Rubio meet?", "who"),
        ("Where did they meet?", "where"),
        ("In which city did they meet?", "where"),
        ("When did they meet?", "date"),
        ("In what year did it open?", "date"),
        ("On what date will Trump and Putin meet?", "day"),
        ("How many people were moved?", "number"),
        ("What percentage of votes did she win?", "number"),
        ("Why did the dockers strike?", "why"),
        ("What did Macron say in Paris?", "said"),
        ("What is the harbour made of?", "other"),
    ],
)
def test_the_wording_of_a_question_tells_what_it_asks_for(question: str, kind: str) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("question", "sentence", "held"),
    [
        ("On what date will they meet?", "They met on Tuesday, February 18, in Riyadh.", True),
        ("On what date will they meet?", "They have not met since 2022.", False),
        ("On what date will they meet?", "They will meet on 3 March.", True),
        ("When did they meet?", "They met in 2022.", True),
        ("When did they meet?", "They met twice.", False),
        ("Who met before 2022?", "It was 2022.", False),
        ("When was the meeting of 2022?", "The meeting of 2022 was held.", False),
        ("How many came?", "Some 1,200 came.", True),
        ("How many came?", "Nobody counted those who came.", False),
        ("How many of the 24 came?", "The 24 were invited.", False),
        ("Who met Rubio?", "Rubio met Lavrov.", True),
        ("Who met Rubio?", "Rubio slept.", False),
        ("Where did they meet?", "They met in Riyadh.", True),
        ("Where did they meet?", "They met again and again.", False),
        ("What did Macron say?", "Macron travelled to Paris.", False),
        ("What did Macron say?", "Macron said that he would wait.", True),
    ],
)
def test_a_sentence_must_hold_the_kind_of_thing_that_is_asked_for(question: str, sentence: str, held: bool) -> None:
    assert holds(kind_of(question), sentence, said(question)) is held


@pytest.mark.parametrize(
    ("sentence", "unknown"),
    [
        ("No date was set for a summit.", True),
        ("It remains challenging to specify a date.", True),
        ("The talks did not yield any details.", True),
        ("It is not yet known who paid.", True),
        ("She declined to say.", True),
        ("They will meet on March 3.", False),
        ("The lake is known for its clear water.", False),
    ],
)
def test_a_sentence_may_say_that_a_thing_is_not_known(sentence: str, unknown: bool) -> None:
    assert says_unknown("date", sentence) is unknown
    assert not says_unknown("who", sentence)


def test_a_full_name_is_of_somebody_and_not_of_a_place_or_of_the_question() -> None:
    assert names_somebody("Rubio met Sergei Lavrov.", said("Who met Rubio?"))
    assert not names_somebody("Rubio slept in Saudi Arabia.", said("Who met Rubio?"))
    assert not names_somebody("Rubio met Sergei Lavrov.", said("Who is Lavrov?"))


def test_only_a_question_about_what_will_be_wants_a_sentence_about_what_will_be() -> None:
    assert not fits_time("When will they meet?", "They met in March.")
    assert fits_time("When will they meet?", "They are to meet in May.")
    assert fits_time("When did they meet?", "They met in March.")
