"""What can be no answer: pointers, what a report does not know, and the past where the future is asked for."""

from __future__ import annotations

import pytest

from rag.readable import echoes, readable

NO_DETAILS = "The talks did not yield any details regarding a meeting between Ana Lesk and Carl Berg."


def shut(question: str, *lines: str) -> list[str]:
    """What of a passage of these sentences cannot be an answer."""
    text = "\n".join(lines)
    sentences, start = [], 0
    for line in lines:
        sentences.append((start, start + len(line)))
        start += len(line) + 1
    parts = readable(question, text, sentences)
    assert all(any(a <= start and end <= b for a, b in sentences) for start, end in parts)
    left = "".join("\0" if any(start <= i < end for start, end in parts) else c for i, c in enumerate(text))
    return [part for part in left.replace("\n", "\0").split("\0") if part.strip(" .,")]


def test_a_pointer_and_the_headline_below_it_are_closed() -> None:
    assert shut("Who met?", "They met.", "Read more:", "Syria returns three children") == [
        "Read more:",
        "Syria returns three children",
    ]


def test_what_follows_the_words_that_it_is_not_known_is_closed() -> None:
    unknown = "any details regarding a meeting between Ana Lesk and Carl Berg"
    assert shut("Who met in Riyadh?", "They met.", NO_DETAILS) == [unknown]
    assert shut("When was the war?", f"{NO_DETAILS[:-1]}, the first since the war of 2022.") == [unknown]
    potential = f"{NO_DETAILS[:-1]}, a potential partner since the war of 2022."
    assert shut("When will Lesk meet Berg?", potential) == [potential]
    assert shut("When is the vote?", "Solheim said it was too early to say when.") == ["early to say when"]


def test_where_what_is_asked_is_what_is_not_known_the_whole_sentence_up_to_there_is_closed() -> None:
    assert shut("Where did Lesk meet Berg?", "They left.", NO_DETAILS) == [NO_DETAILS[:-1]]
    before = "Lesk met Berg in Riyadh, but gave no details of what Berg told him."
    assert shut("Where did Lesk meet Berg?", before) == ["no details of what Berg told him"]
    clause = "Lesk was in Riyadh; Berg gave no details of a meeting of Lesk and Berg."
    assert shut("Where did Lesk meet Berg?", clause) == [" Berg gave no details of a meeting of Lesk and Berg"]
    assert shut("When was the port named?", "It was not named until 2006.") == []


def test_a_question_of_what_is_not_known_may_be_answered_there() -> None:
    assert shut("On what did the talks yield no details?", NO_DETAILS) == []
    assert shut("What did Solheim say of the wall?", "Solheim said it was too early to tell why it broke.") == []
    assert shut("Has a date been set for a meeting of Lesk and Berg?", NO_DETAILS) == []


@pytest.mark.parametrize(
    ("question", "sentence", "is_closed"),
    [
        ("On what date will they meet?", "The meeting occurred on Tuesday, February 18.", True),
        ("When will the port open?", "It opened in 1998.", True),
        ("When will the port open?", "It was said to open next May.", False),
        ("When will the ban be reviewed?", "A compromise was reached, to be reviewed in 2048.", False),
        ("When did they meet?", "The meeting occurred on Tuesday, February 18.", False),
        ("Who will lead the talks?", "Ana Lesk was named on Monday.", False),
        ("When will her term end?", "Her term ends in September, and she has not said what comes then.", False),
        ("When will barges use the river?", "They agreed to let barges use the river from April 1.", False),
        ("When will it start?", "The ceasefire takes effect on Sunday, the envoy said.", False),
        ("When will the United States vote?", "The United States, he said: on Sunday.", False),
    ],
)
def test_when_something_will_be_is_not_answered_by_what_was(question: str, sentence: str, is_closed: bool) -> None:
    assert bool(shut(question, sentence)) == is_closed


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no reason to doubt that Ana Lesk will chair the talks in Riyadh.",
        "He laid a wreath at the Tomb of the Unknown Soldier in Porto.",
        "There was no word longer than Donaudampfschiff in the text.",
        "Police asked anyone with any information about the crash to call.",
    ],
)
def test_words_of_not_knowing_that_mean_something_else_close_nothing(sentence: str) -> None:
    assert shut("Where is it?", sentence) == []


@pytest.mark.parametrize(
    ("question", "text", "is_echo"),
    [
        ("Who is Berg?", "<Carl> Berg, an aide", True),
        ("Who is Berg?", "Carl Berg, <an aide>", False),
        ("Who is Carl Berg?", "<Carl Berg>, an aide", True),
        ("Who is Carl Berg?", "<Norwegian> Carl Berg", True),
        ("Who is Berg?", "the <minister> Berg", False),
        ("Who was Berg's wife?", "<Ana> Berg", False),
        ("Who is the mayor of Berg?", "Berg's <Ana> Berg", False),
        ("Where did Berg go?", "<Carl> Berg went", False),
        ("Who was Strand?", "Leopold Strand was <President> of Estmere", False),
        ("Who’s Berg?", "Norway’s <Minister> of Trade, Berg", False),
        ("Who is Carl Berg?", "<Foreign Minister> Carl Berg", False),
        ("Who is Berg?", "Carl\n<Berg> is an aide", True),
        ("Who is Berg?", "A photo of Berg\n<Lesk> spoke", False),
        ("Did Berg or Lesk win?", "<Berg> won", False),
        ("Is the shift eight or ten hours?", "The shift stays at <eight hours>.", False),
        ("Is the shift eight or ten hours?", "The <shift> stays at eight hours.", True),
        ("who is berg", "<Carl> Berg, an aide", True),
        ("who is the mayor", "the <Ana> mayor", False),
        ("Did Berg win?", "<Lesk> won", False),
        ("How much?", "<$>", True),
    ],
)
def test_a_span_that_only_repeats_the_question_or_completes_the_name_it_asks_about_is_an_echo(
    question: str, text: str, is_echo: bool
) -> None:
    start, end = text.index("<"), text.index(">") - 1
    assert echoes(question, text.replace("<", "").replace(">", ""), start, end) == is_echo
