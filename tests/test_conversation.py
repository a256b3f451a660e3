"""Follow-ups completed from the turns before."""

from __future__ import annotations

import pytest

from rag.conversation import complete, last_question
from rag.types import Turn

USHAKOV = Turn(question="Who is Yuri Ushakov?", answer="Yuri Ushakov is an aide to Vladimir Putin. [1]")


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("What did he say?", "What did Yuri Ushakov say?"),
        ("And what is his job?", "And what is Yuri Ushakov’s job?"),
        ("Who is Sergei Lavrov?", "Who is Sergei Lavrov?"),
        ("What did Lavrov say about the price of oil?", "What did Lavrov say about the price of oil?"),
        ("And in March?", "Who is Yuri Ushakov? And in March?"),
        ("How many were there?", "Who is Yuri Ushakov? How many were there?"),
        ("What did that cost?", "Who is Yuri Ushakov? What did that cost?"),
        ("Was there a flood this year?", "Was there a flood this year?"),
        ("Did the minister say that prices rose?", "Did the minister say that prices rose?"),
    ],
)
def test_a_follow_up_is_read_with_what_it_leaves_open(question: str, read: str) -> None:
    assert complete(question, [USHAKOV]) == read


REFUSED = Turn(question="What did Macron say in Paris?", answer="The documents do not say: they do not mention Macron.")
TALKS = Turn(
    question="Who met in Riyadh?",
    answer="Secretary of State Marco Rubio and Sergei Lavrov met, according to the State Department. [1]",
)


@pytest.mark.parametrize(
    ("turns", "question", "read"),
    [
        ([USHAKOV], "What did Rubio say after he met Lavrov?", "What did Rubio say after he met Lavrov?"),
        ([USHAKOV], "What did Zelensky tell his counterpart?", "What did Zelensky tell his counterpart?"),
        ([USHAKOV], "Did they meet her in Riyadh?", "Did they meet Yuri Ushakov in Riyadh?"),
        ([TALKS], "What did he say?", "What did Marco Rubio say?"),
        ([Turn(question="Who runs Carrow Lines?", answer="Owen Brandt does.")], "Is he ill?", "Is Owen Brandt ill?"),
        ([Turn(question="Does Ana Lisk stay?")], "When does her term end?", "When does Ana Lisk’s term end?"),
        ([USHAKOV, Turn(question="What did Rubio say in Riyadh?")], "Where did he go?", "Where did Rubio go?"),
        ([Turn(question="Who is Émile Zola?")], "What did he write?", "What did Émile Zola write?"),
        ([REFUSED], "And Rubio?", "What did Rubio say in Paris?"),
        ([REFUSED], "What about Sergei Lavrov?", "What did Sergei Lavrov say in Paris?"),
        ([REFUSED], "And who is Dmitry Peskov?", "And who is Dmitry Peskov?"),
        ([REFUSED], "And in Berlin?", "What did Macron say in Paris? And in Berlin?"),
        ([Turn(question="who met in riyadh")], "and in march", "who met in riyadh? and in march"),
        ([Turn(question="who met in riyadh? and in march")], "and in april", "who met in riyadh? and in april"),
        ([USHAKOV], "Who rebuilt the bridge that collapsed?", "Who rebuilt the bridge that collapsed?"),
        ([USHAKOV], "How long did it take to clear the port?", "How long did it take to clear the port?"),
    ],
)
def test_who_and_what_is_meant(turns: list[Turn], question: str, read: str) -> None:
    assert complete(question, turns) == read


@pytest.mark.parametrize(
    ("question", "last"),
    [
        ("Who met in Riyadh? When will they meet again?", "When will they meet again?"),
        ("When will they meet? And in March?", "When will they meet? And in March?"),
        ("who met in riyadh", "who met in riyadh"),
        ("Who?!", "Who?!"),
        ("", ""),
    ],
)
def test_what_is_asked_last(question: str, last: str) -> None:
    assert last_question(question) == last


def test_a_further_follow_up_takes_the_place_of_the_one_before() -> None:
    turns: list[Turn] = [Turn(question="Who met in Riyadh?")]
    for month in ("April", "May", "June"):
        read = complete(f"And in {month}?", turns)
        assert read == f"Who met in Riyadh? And in {month}?"
        turns.append(Turn(question=read))


def test_a_first_question_stays_as_it_is() -> None:
    assert complete("What did he say?", []) == "What did he say?"


def test_the_person_named_last_is_meant() -> None:
    turns = [USHAKOV, Turn(question="Who is Marco Rubio?")]
    assert complete("Whom did he meet?", turns) == "Whom did Marco Rubio meet?"


def test_without_a_name_in_the_turns_a_pronoun_is_left() -> None:
    alone = "Did he pay the whole price of the harbour repair?"
    assert complete(alone, [Turn(question="what is the price?")]) == alone
