"""Sentences end where a reader would end them, and no visible character is outside of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.sentences import is_pointer, sentences


def told(text: str, headings: tuple[tuple[int, int], ...] = ()) -> list[str]:
    return [text[start:end] for start, end in sentences(text, headings)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Envoys met. They parted.", ["Envoys met.", "They parted."]),
        ("Gen. Okello met Ms. Selim in the U.S. on Jan. 5.", ["Gen. Okello met Ms. Selim in the U.S. on Jan. 5."]),
        ("It began at 7 p.m. The sides left.", ["It began at 7 p.m.", "The sides left."]),
        ("He said no. The minister left.", ["He said no.", "The minister left."]),
        ("“Never!” he said. “Stop.” He left.", ["“Never!” he said.", "“Stop.”", "He left."]),
        ("Prices rose 3.5 percent. Why?", ["Prices rose 3.5 percent.", "Why?"]),
        ("No full stop\n\nNext paragraph", ["No full stop", "Next paragraph"]),
        ("First.\r\n\r\nSecond.\r\n", ["First.", "Second."]),
        ("", []),
        (" \n\t \r\n", []),
    ],
)
def test_sentences_end_at_full_stops_and_blank_lines(text: str, found: list[str]) -> None:
    assert told(text) == found


def test_a_wrapped_line_goes_on_and_a_short_one_ends() -> None:
    wrapped = (
        "The foreign ministers of both of the countries\nmet for four and a half hours in the old\npalace. They parted."
    )
    assert told(wrapped) == [wrapped[:-13], "They parted."]
    assert told("Talks open\nBy Anna Smith\nThe foreign ministers met for four and a half hours.") == [
        "Talks open",
        "By Anna Smith",
        "The foreign ministers met for four and a half hours.",
    ]


def test_a_heading_is_a_sentence_of_its_own() -> None:
    text = "Before it\nStill far apart\nOn the valley there was no movement."
    start = text.index("Still")
    assert told(text, ((start, start + 15),)) == [
        "Before it",
        "Still far apart",
        "On the valley there was no movement.",
    ]


def test_repeated_sentences_each_have_their_own_place() -> None:
    assert sentences("No date. No date. No date.") == [(0, 8), (9, 17), (18, 26)]


PIECES = [
    "Envoys met.",
    "“Go!” he said.",
    "\n",
    "\r\n",
    " ",
    "\n\n",
    "İﬁ",
    "...",
    "外長。",
    "Mr.",
    "\x85",
    "\u2028",
    "a",
]

texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8))).map("".join)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(texts)
def test_every_visible_character_is_in_one_sentence(text: str) -> None:
    found = sentences(text)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in found)
    edges = [0, *(offset for sentence in found for offset in sentence), len(text)]
    assert edges == sorted(edges)
    assert not any(text[left:right].strip() for left, right in list(pairwise(edges))[::2])


@pytest.mark.parametrize(
    "line",
    ["Read more: Museum hands back two tapestries", "READ MORE", "Read also", "Read more »", "Read more here",
     "Read next — Talks", "**Read more:** [Talks](talks.html)", "[Read more](talks.html)",
     "*See also* – Talks open", "More on this story",
     "More on this story: the talks", "Related: The talks so far", "Related stories", "• Recommended for you",
     "Watch: The minister speaks", "Watch live", "Watch - the minister speaks", "Listen | The daily podcast",
     "Don’t miss: the talks", "You may also like", "Subscribe to our newsletter", "Sign up for our daily newsletter.",
     "Advertisement", "ADVERTISEMENT"],
)  # fmt: skip
def test_a_line_that_only_points_elsewhere_is_a_pointer(line: str) -> None:
    assert is_pointer(line)


@pytest.mark.parametrize(
    "sentence",
    ["Watch-makers met on Monday.", "Watch out for ice, the police said.", "Watch—and learn—was his advice.",
     "Watchmen slept.", "Recommended doses were exceeded.", "Recommended by whom? Nobody knew.", "Listen, he said.",
     "“Listen.”", "Listen to the people, she said.", "Related-party deals were banned.",
     "Related companies lost 3 percent.", "Read more books, the minister told pupils.",
     "See also what he did not say.", "Subscribe rates fell.",
     "Subscribe to our view or leave, he said.", "Sign-up sheets lay on the table.",
     "Advertisement sales fell by a third.",
     "More on this story would come later, she said.", "", f"Read more: {'and ' * 100}"],
)  # fmt: skip
def test_a_sentence_that_begins_like_a_pointer_is_none(sentence: str) -> None:
    assert not is_pointer(sentence)
