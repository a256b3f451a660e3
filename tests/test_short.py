"""The short answer: a part of the sentence, of the kind asked for."""

from __future__ import annotations

import pytest

from rag.short import short_answer


@pytest.mark.parametrize(
    ("question", "sentence", "short"),
    [
        ("Who met Lavrov?", "In Riyadh, Marco Rubio met Lavrov.", "Marco Rubio"),
        ("Who met Sergei Lavrov in Riyadh?", "Marco Rubio met Sergei Lavrov in Riyadh on February 18.", "Marco Rubio"),
        ("How many came on 3 March?", "On March 18 a crowd of 400 came.", "400"),
        ("Who ordered it?", "On Friday Agnes Thorley ordered it.", "Agnes Thorley"),
        ("Where was Aled Price found?", "Aled Price was found on Monday.", ""),
        ("Where did Rubio meet Lavrov?", "Marco Rubio met Russian Foreign Minister Sergei Lavrov there.", ""),
        ("Who is Yuri Ushakov?", "Yuri Ushakov is an aide to Putin.", ""),
        ("How many boats were out?", "Her office had 62 boats out at the height.", "62"),
        ("How much did it cost?", "The repair cost €4.5 million in all.", "€4.5 million"),
        ("On what date did they meet?", "They met on Tuesday, February 18, in Riyadh.", "February 18"),
        ("When did the war begin?", "The war began in 2022.", "2022"),
        ("Where did they meet?", "They met in Riyadh.", "Riyadh"),
        ("What was discussed?", "Peace was discussed.", ""),
        ("How many came?", "Nobody counted.", ""),
    ],
)
def test_the_short_answer_is_cut_from_the_sentence(question: str, sentence: str, short: str) -> None:
    assert short_answer(question, sentence) == short
    assert short in sentence


def test_what_the_question_says_itself_is_no_answer() -> None:
    assert short_answer("Who did Rubio meet?", "Rubio met Lavrov.") == "Lavrov"
