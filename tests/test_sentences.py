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
        ("Vice President J.D. Vance met Lesk.", ["Vice President J.D. Vance met Lesk."]),
        ("The U.S. Ambassador to the U.N. spoke.", ["The U.S. Ambassador to the U.N. spoke."]),
        ("He left the U.S. The talks went on.", ["He left the U.S.", "The talks went on."]),
        ("Sen. Lesk (D-Mass.), who spoke, left. It rained.", ["Sen. Lesk (D-Mass.), who spoke, left.", "It rained."]),
        ("“Why stop?” Ana Lesk asked. It rained.", ["“Why stop?” Ana Lesk asked.", "It rained."]),
        ("“Why stop?” Nobody knew.", ["“Why stop?”", "Nobody knew."]),
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


def test_a_line_of_prose_in_a_proportional_font_goes_on_although_a_short_word_would_have_fitted() -> None:
    page = (
        "Edda Lindqvar, prime minister, called the exchange “a good\nmorning in a bad year.” She left with all others\n"
        "for the capital in the evening and said that nothing else was planned.\nEdda Berg stayed there with all the"
        " others who had come to\nPerrin Ford."
    )
    assert told(page) == [
        "Edda Lindqvar, prime minister, called the exchange “a good\nmorning in a bad year.”",
        "She left with all others\nfor the capital in the evening and said that nothing else was planned.",
        "Edda Berg stayed there with all the others who had come to\nPerrin Ford.",
    ]


def test_one_wide_line_does_not_cut_the_others() -> None:
    prose = "\n".join(["The ministers of both of the countries met for four and a half hours in"] * 11)
    assert told(f"{prose}\n{'x' * 130}") == [prose, "x" * 130]


@pytest.mark.parametrize(
    "lines",
    [("- Norway: 20 trucks", "- Sweden: 15 trucks"), ("1. Norway", "2. Sweden"), ("Norway | 20", "Sweden | 15")],
)
def test_an_item_of_a_list_and_a_row_of_a_table_are_sentences_of_their_own(lines: tuple[str, str]) -> None:
    assert told("\n".join(lines)) == list(lines)


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
     "Advertisement", "ADVERTISEMENT", "READ MORE → Libya returns four Spanish tourists to Madrid",
     "- Read also [Egypt returns five Dutch pilots to Utrecht](http://x)", "Read More › Libya returns four tourists",
     "Read more at Euronews: Libya returns four", "More on Syria: Three children are back",
     "More from Euronews: Libya returns four", "Also on Euronews: Libya returns four", "READ: Libya returns four",
     "READ: Libya returns four.", "Read more Syria returns three children", "Read more about how Syria returned them",
     "Read more about how Syria returned them.", "Read more about how Syria, in May, returned them",
     "Read the full story: Libya returns four.", "Read our full story: Libya returns four", "Read the full story here.",
     "Read the full story at Euronews", "Read more:", "Related:", "## See also", "_RELATED: Talks open_"],
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
     "More on this story would come later, she said.", "Related to the strike, the port closed.",
     "More on the way: three ships arrive.", "More on the way: Three ships arrive", "Watch-makers struck.",
     "More on Syria came later", "Also on Monday: three ships arrived", "Also on March 5: Ships arrived",
     "Read more Shakespeare, said the minister.", "Read more about history, the minister told pupils.",
     "Read the full report, he said.", "Read: the minister can.",
     "Related: the court fined the company 9 million crowns for the spill.",
     "Watch – that is what the guards did all night, said Ana Lesk.", "", f"Read more: {'and ' * 100}"],
)  # fmt: skip
def test_a_sentence_that_begins_like_a_pointer_is_none(sentence: str) -> None:
    assert not is_pointer(sentence)


def pointers(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text) if is_pointer(text, start, end)]


@pytest.mark.parametrize(
    "label", ["Read more:", "Related:", "See also:", "RELATED", "**Read also**", "## Related stories", "More on Syria:"]
)
@pytest.mark.parametrize("gap", ["\n", "\n\n", " \n\n\n"])
def test_a_headline_below_a_label_is_a_pointer_and_what_follows_is_none(label: str, gap: str) -> None:
    teaser = "- Syria returns three French children to Paris"
    text = f"Envoys met on Monday.\n\n{label}{gap}{teaser}\n\nFour ships left Oslo\n\nNo date was set."
    assert pointers(text) == [label, teaser]


@pytest.mark.parametrize("teaser", ["Will Syria return more children?", "“Not again”", "[Talks open](a.html)"])
def test_a_headline_may_end_in_any_mark_but_a_stop(teaser: str) -> None:
    assert pointers(f"Related:\n\n{teaser}\n\nThe end.") == ["Related:", teaser]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See also:\n\nSyria returned three children, he said.", ["See also:"]),
        ("See also:\n\n“Syria returned three children.”", ["See also:"]),
        ("Advertisement\n\nThree ships left Oslo", ["Advertisement"]),
        ("Watch live\n\nThree ships left Oslo", ["Watch live"]),
        ("What was said on this is related:\n\nThree ships left Oslo", []),
        (f"{'far ' * 60}related:\n\nThree ships left Oslo", []),
        ("Three ships left Oslo\n\nRelated:", ["Related:"]),
    ],
)
def test_what_stands_below_a_label_and_is_no_headline_of_its_list_is_none(text: str, found: list[str]) -> None:
    assert pointers(text) == found
