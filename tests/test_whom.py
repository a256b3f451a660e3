"""Who met whom, where and when: put together where a report says it, and nothing where it may be another meeting."""

from __future__ import annotations

import pytest

from rag.errors import IndexFault
from rag.types import Document, Hit
from rag.whom import Asked, Found, found, of_meetings

MINISTERS = (
    "Harbour talks end without a date\n\n"
    "Two ministries will set up a joint office. The step came during a meeting on Monday, March 3, in Aldmouth, to "
    "which no union was invited. The talks in Carrow Bay were the first between the ministers since 2019.\n\n"
    "On Monday, Trade Minister Ines Calder and Transport Secretary Tomas Brandt agreed to “open the quays by June”. "
    "Both sides said that the office would be small. After their meeting, Calder told reporters that it was easy.\n\n"
    "The day before, Governor Odo Lisk met Petra Valdez, a mediator, in Brackford. His deputy stayed at home. "
    "It is too early to say when Calder and Governor Lisk will meet. A planned meeting between Brandt and Valdez was "
    "cancelled. Mayor Wilf Garrity said that he had not met Ines Calder."
)
RETURN = (
    "Prime Minister Hanna Corrigan criticised the deal. Her remarks followed a two-hour conversation with President "
    "Leopold Strand in Port Lorne on 4 May 2025. She then travelled to Ollerby for talks with Rowan Pike."
)
TWO_PAIRS = (
    "A meeting on Tuesday in Lisarra lasted an hour. On Tuesday, Ines Calder and Tomas Brandt signed a letter. "
    "After their meeting they left. On Tuesday, Odo Lisk and Petra Valdez shook hands and signed another. "
    "After their talks they said nothing."
)

NO_MEETINGS = (
    "A meeting between Odo Lisk and Petra Valdez was cancelled.",
    "The prospect of talks between Odo Lisk and Petra Valdez lifted shares.",
    "Norway is to host talks between Odo Lisk and Petra Valdez.",
    "Prosecutors allege Odo Lisk met Petra Valdez in Aldmouth.",
    "It is false that Odo Lisk met Petra Valdez.",
    "Had Odo Lisk met Petra Valdez, it would not have rained.",
    "Odo Lisk met Petra Valdez in a fictional scene.",
    "Odo Lisk had talks with Petra Valdez pencilled in for Friday.",
    "Odo Lisk flew to Aldmouth to meet Petra Valdez. She did not turn up.",
    "Odo Lisk flew to Aldmouth for talks with Petra Valdez, which she left at once.",
    "Odo Lisk held talks with Petra Valdez by telephone.",
    "Odo Lisk held a conversation with Petra Valdez on Monday.",
    "Supporters of Odo Lisk and Petra Valdez met in Aldmouth.",
    "Odo Lisk and Petra Valdez met criticism in Aldmouth.",
    "Odo Lisk and Petra Valdez held separate talks in Aldmouth.",
    "Odo Lisk met Petra Valdez, Ines Calder and Tomas Brandt.",
    "Odo Lisk met the President of the Board.",
    "Odo Lisk and Petra Valdez signed it. After their meeting was scrapped, Lisk left.",
    "Odo Lisk and Petra Valdez signed it. Ines Calder and Tomas Brandt watched. After their meeting, they left.",
    "Odo Lisk and Petra Valdez visited the king. After their talks, Lisk thanked him.",
    "“He lies. Odo Lisk met Petra Valdez. I saw it,” said a man on trial.",
)
SOMEBODY_ELSES = (
    "The wife of Odo Lisk met Petra Valdez.",
    "A delegation led by Odo Lisk met Petra Valdez.",
    "Odo Lisk, Ines Calder and Petra Valdez met.",
    "Odo Lisk was succeeded by Tomas Brandt. He met Petra Valdez.",
    "Odo Lisk resigned. His deputy held a meeting with Petra Valdez.",
    "Odo Lisk resigned. He rejected the talks with Petra Valdez.",
    "Odo Lisk spoke. His words came a day after the president held a meeting with Petra Valdez.",
)
NO_PLACES = (
    "to discuss the war in Sudan", "after an attack in Paris", "and then spoke in Brackford", "at Harvard’s invitation",
    "on Monday and Ines Calder in Brackford on Friday", "at the Robert F. Kennedy Stadium", "in Operation Sunrise",
)  # fmt: skip
OTHER_DAYS = (
    "On Monday, Ines Calder said that Odo Lisk met Petra Valdez.",
    "Odo Lisk, who was elected on Sunday, met Petra Valdez.",
    "Odo Lisk met Petra Valdez after the 7 October attacks.",
    "On Monday, Odo Lisk and Petra Valdez signed it. It followed their meeting in Aldmouth in May.",
)


def document(text: str, path: str = "report.txt") -> Document:
    return Document(text=text, path=path, title="", sha256=path)


def answer(question: str, text: str) -> Found | None:
    asked = Asked.of(question)
    return found(asked, document(text)) if asked else None


@pytest.mark.parametrize(
    ("text", "question", "short", "begins"),
    [
        (MINISTERS, "Who did Calder meet?", ("Tomas Brandt",), ["On Monday, Trade", "After their meeting"]),
        (MINISTERS, "who met Tomas Brandt", ("Ines Calder",), ["On Monday, Trade", "After their meeting"]),
        (
            MINISTERS, "Where did Calder meet Brandt?", ("Aldmouth", "Carrow Bay"),
            ["The step came", "On Monday, Trade", "After their meeting"],
        ),
        (
            MINISTERS, "On what date did Calder and Brandt meet?", ("Monday, March 3",),
            ["The step came", "On Monday, Trade", "After their meeting"],
        ),
        (
            MINISTERS, "Who met in Carrow Bay?", ("Ines Calder and Tomas Brandt",),
            ["On Monday, Trade", "After their meeting", "The talks in Carrow"],
        ),
        (MINISTERS, "Whom did Governor Lisk meet in Brackford?", ("Petra Valdez",), ["The day before"]),
        (MINISTERS, "Where did Lisk meet Valdez?", ("Brackford",), ["The day before"]),
        (RETURN, "Who did Corrigan meet in Port Lorne?", ("Leopold Strand",), ["Prime Minister"]),
        (RETURN, "When did Corrigan meet Strand?", ("4 May 2025",), ["Prime Minister"]),
        ("Marco Rubio held talks with Sergei Lavrov in Riyadh.", "With whom did Rubio hold talks?",
         ("Sergei Lavrov",), ["Marco Rubio held"]),
        ("The talks between Velmark and Kasrovia in Lisarra ended.", "Who met in Lisarra?",
         ("Velmark and Kasrovia",), ["The talks between"]),
        ("Odo Lisk flew to Aldmouth to meet the mediator Petra Valdez.", "Who did Lisk meet?",
         ("Petra Valdez",), ["Odo Lisk flew"]),
        ("In Aldmouth, Odo Lisk and Petra Valdez sat down for an hour.", "Where did Valdez and Lisk meet?",
         ("Aldmouth",), ["In Aldmouth"]),
    ],
)  # fmt: skip
def test_a_meeting_is_put_together_from_its_sentences(
    text: str, question: str, short: tuple[str, ...], begins: list[str]
) -> None:
    said = answer(question, text)
    assert said is not None
    assert said.short == short
    assert [text[start:end][: len(begin)] for (start, end), begin in zip(said.told, begins, strict=True)] == begins


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (MINISTERS, "When did Calder meet Lisk?"),  # is still to come
        (MINISTERS, "Who did Garrity meet?"),  # denied
        (MINISTERS, "Where did Brandt meet Valdez?"),  # was cancelled
        (MINISTERS, "Who did Calder meet in Brackford?"),  # another meeting
        (MINISTERS, "Who met in Lisarra?"),
        (TWO_PAIRS, "Where did Calder meet Brandt?"),  # or was it the other two?
        ("Ines Calder and Tomas Brandt signed a letter before their meeting.", "Who did Calder meet?"),
        ("Ines Calder and Tomas Brandt signed it. Ahead of their meeting, Calder was nervous.", "Who did Calder meet?"),
        ("Ines Calder and Tomas Brandt signed it. Lisk and Valdez spoke after their meeting.", "Who did Calder meet?"),
        ("A potential meeting between Ines Calder and Odo Lisk is far away.", "Who did Calder meet?"),
        ("They hope for talks between Ines Calder and Odo Lisk.", "Who did Calder meet?"),
        ("Odo Lisk would have met Petra Valdez if it had not rained.", "Who did Lisk meet?"),
        ("Odo Lisk met Petra's father. Odo Lisk met the French author Ann Dale.", "Who met Petra?"),
        ("The river rose. He met Odo Lisk.", "Who met Odo Lisk?"),
        ("The firm met its targets. Estmere met OECD targets.", "Who did Estmere meet?"),
        ("Read more: Odo Lisk met Petra Valdez", "Who did Lisk meet?"),
        *((text, "Who did Lisk meet?") for text in NO_MEETINGS),
        *((text, "Who met Petra Valdez?") for text in SOMEBODY_ELSES),
        *((f"Odo Lisk met Petra Valdez {rest}.", "Where did Lisk meet Valdez?") for rest in NO_PLACES),
        *((text, "When did Lisk meet Valdez?") for text in OTHER_DAYS),
    ],
)  # fmt: skip
def test_nothing_is_said_of_what_did_not_take_place_or_may_be_another(text: str, question: str) -> None:
    assert Asked.of(question) is not None
    assert answer(question, text) is None


@pytest.mark.parametrize(
    "question",
    [
        "When will Calder and Brandt meet?", "Who is Ines Calder?", "Did Calder meet Brandt?", "Who met?",
        "Where did the river meet the sea?", "Who did Calder meet after the strike had ended?",
        "What did Calder say about the meeting?", "Who did the minister meet?", "", "Who did Calder meet in May?",
        "Who did Calder meet in the US?",
    ],
)  # fmt: skip
def test_other_questions_are_left_to_the_reader(question: str) -> None:
    assert Asked.of(question) is None


def test_each_document_that_tells_of_it_is_shown_and_a_lost_one_left_out() -> None:
    texts = {
        "a.txt": "Odo Lisk met Petra Valdez in Aldmouth.",
        "b.txt": "Rain fell.",
        "c.txt": "Ines Calder met Odo Lisk in Brackford.",
    }
    documents = {path: document(text, path) for path, text in texts.items()}

    def document_of(path: str) -> Document:
        if path not in documents:
            raise IndexFault(path, "gone", remedy="Ask again.")
        return documents[path]

    hits = [
        Hit(
            passage_id=number, path=path, title="", text="", span=document(" ").span(0, 1), sentences=(), score=1.0,
        )
        for number, path in enumerate(("a.txt", "b.txt", "gone.txt", "c.txt"))
    ]  # fmt: skip
    told, short = of_meetings("Who did Lisk meet?", hits, document_of)
    assert [(one.path, texts[one.path][one.span.start : one.span.end]) for one in told] == [
        ("a.txt", texts["a.txt"]), ("c.txt", texts["c.txt"]),
    ]  # fmt: skip
    assert short == ["Petra Valdez", "Ines Calder"]
    assert of_meetings("Who is Lisk?", hits, document_of) == ([], [])
