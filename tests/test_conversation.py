"""Follow-ups completed from the turns before."""

from __future__ import annotations

import pytest

from rag.conversation import complete
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
