"""How far a draft that is still being written consists of whole sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.drafting import settled, whole_sentences

TEXT = (
    "Gen. J. Smith met Mr. Doe in Riyadh on Feb. 18 [1]. “Why?” Ana Silva asked them [2][3]. "
    "The loan is worth $3.5 million [1].\nIt was paid on Monday. [2] Nobody was there to see it [1], he said."
)
ENDS = (
    "",
    "Gen. J. Smith met Mr. Doe in Riyadh on Feb. 18 [1].",
    "Gen. J. Smith met Mr. Doe in Riyadh on Feb. 18 [1]. “Why?” Ana Silva asked them [2][3].",
    TEXT.partition("\n")[0],
    TEXT.partition(" Nobody")[0],
)


def test_while_it_grows_a_draft_ends_only_where_a_sentence_does() -> None:
    found = [settled(TEXT[:length]) for length in range(len(TEXT) + 1)]
    assert tuple(dict.fromkeys(found)) == ENDS


@given(st.text(alphabet="Aa .!?[]1\n“”", max_size=60))
def test_what_is_settled_and_what_is_whole_is_a_beginning_of_the_text(text: str) -> None:
    assert text.startswith(settled(text))
    assert text.startswith(whole_sentences(text))


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("Ana resigned [1]. She went to Mr. Doe and", "Ana resigned [1]."),
        ("- Ana resigned [1]\n- Joe is", "- Ana resigned [1]"),
        ("“Never!” she said [1]. “Why", "“Never!” she said [1]."),
        ("Ana resigned", ""),
        ("", ""),
    ],
)
def test_what_was_cut_off_in_a_sentence_loses_that_sentence(cut: str, whole: str) -> None:
    assert whole_sentences(cut) == whole
