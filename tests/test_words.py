"""Words, numbers and names are told in one way, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nltk.stem.porter import PorterStemmer

from rag.words import STOP_WORDS, content_words, fold, names, numbers, stem, stems, words, written_as_names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("naïve Straße İstanbul ﬁnal oﬃce", ["naive", "strasse", "istanbul", "final", "office"]),
        ("1,200 people, 10,000,000.5 crowns", ["1200", "people", "10000000.5", "crowns"]),
        ("2.5, 3,5 and 12,34", ["2.5", "3,5", "and", "12,34"]),
        ("It ended in 2025.", ["it", "ended", "in", "2025"]),
        ("snake_case e-mail don't", ["snake", "case", "e", "mail", "don", "t"]),
        ("Война и мир", ["воина", "и", "мир"]),
        (" — … “”\n", []),
    ],
)
def test_words_are_folded_and_a_number_is_one_word(text: str, found: list[str]) -> None:
    assert words(text) == found


@settings(derandomize=True)
@given(st.text(max_size=20))
@example("\u210cello")  # a letter whose plain form is a capital one
def test_folding_a_word_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_content_words_leave_out_what_a_question_is_built_with() -> None:
    assert content_words("Who met whom in Riyadh, and when did they?") == ["met", "riyadh"]
    assert content_words("Is it on?") == []
    assert all(fold(word) == word for word in STOP_WORDS)


def test_stems_are_those_of_porter() -> None:
    oracle = PorterStemmer()
    text = "ministers negotiating agreements refugees signed yesterday crossings"
    assert stems(text) == [oracle.stem(word) for word in text.split()]
    assert stem("negotiating") == stem("negotiated") == "negoti"


def test_numbers_and_words_of_other_scripts_are_their_own_stems() -> None:
    assert [stem("2025"), stem("переговоры")] == ["2025", "переговоры"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Three of 1,200 people", ["3", "1200"]),
        ("one in ten", ["10"]),
        ("twenty-one", ["20"]),
        ("2.5 percent on March 3rd, 2025", ["2.5", "3", "2025"]),
        ("10,000,000 crowns", ["10000000"]),
        ("nobody", []),
    ],
)
def test_numbers_are_digits_however_they_are_written(text: str, found: list[str]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The minister, Anna Smith, met King Samir in Riyadh.", ["anna", "smith", "king", "samir", "riyadh"]),
        ("Envoys met. Officials left for Lisarra.", ["lisarra"]),
        ("UN envoys met.", ["un"]),
        ("Anna Smith met them.", ["anna", "smith"]),
        ("“Never,” Harrow said.", ["harrow"]),
        ("They met Ms. Selim and Gen. Marius Okello.", ["selim", "marius", "okello"]),
        ("Dr. Clara Wynn saw J. Smith at St. Odran's.", ["clara", "wynn", "smith", "odran"]),
        ("It was agreed in the U.S. Envoys left.", []),
        ("I said so, and He agreed.", []),
    ],
)
def test_names_are_capitalised_words_that_do_not_merely_open_a_sentence(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_the_first_word_of_a_sentence_can_be_asked_for() -> None:
    assert names("Velmark agreed. Envoys left.", initial=True) == ["velmark", "envoys"]
    assert names("Velmark agreed.") == []


def test_irregular_past_forms_have_the_stem_of_their_verb() -> None:
    assert stems("They met, won and paid; two had died.") == stems("meet win pay two die")


def test_a_word_that_is_only_ever_written_with_a_capital_is_a_name() -> None:
    texts = ["The envoy Rubio met the Minister.", "A minister said that Rubio may go in May."]
    assert written_as_names(texts) == {"rubio"}
