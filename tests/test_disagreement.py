"""Documents that answer the same question differently: shown as such, and no alarm where they do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.disagreement import Difference, difference
from rag.reader import Candidate
from rag.types import Document, text_id

Said = tuple[str, str]  # a sentence, and the answer in it


def asked(
    question: str, *said: Said, titles: tuple[str, ...] = (), scores: tuple[float, ...] = ()
) -> Difference | None:
    documents: dict[str, Document] = {}
    candidates = []
    for number, (sentence, short) in enumerate(said):
        path = f"/{number}.txt"
        title = titles[number] if titles else f"Report {number}"
        document = Document(
            text=f"Begin. {sentence} End.", path=path, title=title, sha256=text_id(sentence), outlet=f"Outlet {number}",
            date=f"2025-03-0{9 - number}",
        )  # fmt: skip
        documents[path] = document
        start = document.text.index(sentence)
        at = document.text.index(short, start)
        candidates.append(
            Candidate(
                path=path, span=document.span(start, start + len(sentence)), answer=document.span(at, at + len(short)),
                short=short, score=scores[number] if scores else 5.0 - number,
            )
        )  # fmt: skip
    of: Callable[[str], Document] = documents.__getitem__
    return difference(question, candidates, of)


BOATS = "How many boats were out in the harbour?"
TWELVE = ("Twelve boats were out in the harbour, said Ann. In all 12 boats.", "Twelve")
FOURTEEN = ("The harbour saw 14 boats that were out.", "14")


def test_two_numbers_for_the_same_thing_are_told_with_outlet_and_date_the_newest_last() -> None:
    found = asked(BOATS, ("There were 12 boats out in the harbour.", "12"), FOURTEEN)
    assert found is not None
    assert found.note == "The documents disagree: 14 (Outlet 1, 2025-03-08); 12 (Outlet 0, 2025-03-09)."
    assert found.short == "14; 12"
    assert [one.path for one in found.candidates] == ["/1.txt", "/0.txt"]


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (BOATS, ("There were 14 boats out in the harbour.", "14"), FOURTEEN),
        (BOATS, ("There were 14 boats out in the harbour.", "14 boats"), FOURTEEN),
        (BOATS, ("There were fourteen boats out in the harbour.", "fourteen"), FOURTEEN),
        (BOATS, ("There were 12 boats out in the harbour.", "12"), ("The harbour had 30 cranes out.", "30")),
        (BOATS, ("There were 12 boats out in the harbour.", "12"), ("It took 14 days.", "14")),
        (BOATS, ("There were 12 boats out in the harbour.", "12"), ("Boats out in the harbour were many.", "many")),
        ("What did the boats cost the harbour?", ("The boats cost 3 million crowns.", "3 million crowns"),
         ("The boats cost 5 percent of the harbour.", "5 percent")),
        ("How many boats were out and how many in the harbour?", ("There were 12 boats out in the harbour.", "12"),
         FOURTEEN),
        ("Which two boats were out in the harbour?", ("There were 12 boats out in the harbour.", "12"), FOURTEEN),
        ("Why were boats out in the harbour?", ("There were 12 boats out in the harbour.", "12"), FOURTEEN),
        ("Who welcomed the boats in the harbour?", ("Ann Lee welcomed the boats in the harbour.", "Ann Lee"),
         ("Bo Kay welcomed the boats in the harbour.", "Bo Kay")),
        ("When did the boats reach the harbour?", ("The boats reached the harbour at 7 p.m.", "7 p.m"),
         ("On March 3 the boats reached the harbour.", "March 3")),
    ],
)  # fmt: skip
def test_what_agrees_or_counts_something_else_raises_no_alarm(question: str, one: Said, other: Said) -> None:
    assert asked(question, one, other) is None


def test_two_times_for_the_same_thing_are_told() -> None:
    found = asked(
        "When were the gates of the dam opened?",
        ("The gates of the dam were opened at 7:30 p.m. on Saturday.", "7:30 p.m. on Saturday"),
        ("It waited until 10 p.m. on Saturday to open the gates of the dam.", "10 p.m"),
    )
    assert found is not None
    assert found.short == "10 p.m; 7:30 p.m. on Saturday"


def test_a_span_that_scores_far_less_is_no_other_answer() -> None:
    said = (("There were 12 boats out in the harbour.", "12"), FOURTEEN)
    assert asked(BOATS, *said, scores=(5.0, 1.0)) is None
    assert asked(BOATS, *said, scores=(5.0, 2.0)) is not None


def test_a_later_correction_is_told_as_one_and_gives_the_answer() -> None:
    found = asked(
        "Who scored the winning goal of the final?",
        ("The winning goal of the final was scored by Tibor Lenz.", "Tibor Lenz"),
        ("Milo Adan scored the winning goal of the final.", "Milo Adan"),
        titles=("Corrections: our report on the final", "Rovers win the final"),
    )
    assert found is not None
    assert found.short == "Tibor Lenz"
    assert found.note == (
        "A later report corrects an earlier one: Milo Adan (Outlet 1, 2025-03-08); "
        "corrected: Tibor Lenz (Outlet 0, 2025-03-09)."
    )


def test_an_earlier_report_corrects_nothing() -> None:
    found = asked(
        BOATS,
        ("There were 12 boats out in the harbour.", "12"),
        FOURTEEN,
        titles=("Boats", "Corrections: boats"),
    )
    assert found is not None
    assert found.note.startswith("The documents disagree")


def test_copies_of_one_text_do_not_disagree_and_nothing_read_is_nothing_told() -> None:
    assert difference(BOATS, [], lambda path: Document(text="", path=path, title="", sha256="")) is None
    assert asked(BOATS, TWELVE) is None
