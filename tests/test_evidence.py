"""A drafted sentence is "supported" where one quote states it, "partial" by less, and gone where it is stitched."""

from __future__ import annotations

import pytest

from rag.grounding import checked
from rag.sentences import sentences
from rag.types import Document, Hit

BANK = (
    "The central bank cut its main rate to 4.25 percent on Thursday. Analysts expected 4.5 percent. "
    "Inflation would fall to 2 percent, it said. Ana Lesk, its governor, spoke to reporters in Porto. "
    "She gave no hint about the next decision."
)
VISITS = (
    "Orlan met Tarik in Selby for three hours on Monday, and spoke of grain. It rained.",
    "European leaders met in Paris on the same day. They agreed on nothing.",
    "Bram Hollis and Iva Dorn reached an agreement on Tuesday to appoint teams of negotiators.",
)


def verdict(draft: str, *texts: str, title: str = "News") -> str:
    """The support of the one statement of a draft that cites every text, or the reason for which it went."""
    documents = [
        Document(text=text, path=f"{n}.txt", title=title, sha256="0" * 64) for n, text in enumerate(texts or (BANK,))
    ]
    hits = [
        Hit(
            score=1.0,
            text=found.text,
            title=title,
            path=found.path,
            span=found.span(0, len(found.text)),
            passage_id=1,
            sentences=tuple(sentences(found.text)),
        )
        for found in documents
    ]
    marks = "".join(f"[{n}]" for n in range(1, len(hits) + 1))
    found = checked(f"{draft} {marks}.", hits, {one.path: one for one in documents}.__getitem__)
    return found.statements[0].support if found.statements else found.removed[0].reason


APART = "what it puts together stands far apart in the passages that it cites"
TOO_LITTLE = "the passages that it cites say too little of it"
REVERSED = "the passage says it the other way round or not at all"


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        ("The central bank raised its main rate to 4.25 percent", REVERSED),
        ("The central bank avoided cutting its main rate", REVERSED),
        ("The central bank hardly cut its rate", REVERSED),
        ("Inflation would rise to 2 percent", TOO_LITTLE),
        ("The central bank said inflation would rise to 2 percent", TOO_LITTLE),
        ("The central bank cut its main rate to -4.25 percent", "the passages that it cites do not hold: -4.25"),
        ("The central bank cut rates twelvefold", "the passages that it cites do not hold: 12, fold"),
        ("The central bank cut its rate on the twelfth of the month", "the passages that it cites do not hold: 12"),
        ("The central bank was led by putin", "the passages that it cites do not hold: putin"),
        ("The central bank cut its rate and Ana Lesk resigned in tears over fraud", TOO_LITTLE),
        ("The central bank cut its main rate to 2 percent", TOO_LITTLE),
        ("The central bank expected 4.5 percent", TOO_LITTLE),
        ("Ana Lesk expected 4.5 percent", APART),
        ("ana lesk expected 4.5 percent", APART),
        ("Analysts cut the main rate to 4.25 percent", APART),
        ("Ana Lesk cut the main rate to 4.25 percent on Thursday", APART),
        ("The central bank defended its main rate of 4.25 percent on Thursday", "partial"),
    ],
)
def test_what_the_report_does_not_say_is_removed_or_partial_at_most(draft: str, why: str) -> None:
    assert verdict(draft) == why


@pytest.mark.parametrize(
    ("draft", "support"),
    [
        ("On Thursday the central bank cut its main rate to 4.25%", "supported"),
        ("The central bank's main rate was cut to 4.25 percent", "supported"),
        ("The bank cut its rate on Thursday", "supported"),
        ("Analysts had expected 4.5 percent", "supported"),
        ("Ana Lesk, the governor, spoke to reporters in Porto", "supported"),
        ("Governor Ana Lesk gave no hint about the next decision", "supported"),
        ("Ana Lesk did not hint at the next decision", "supported"),
        ("The central bank lowered its main rate to 4.25 percent", "partial"),
        ("The main rate is now 4.25 percent", "partial"),
        ("Inflation would fall to 2 percent, the bank said", "partial"),
        ("The central bank said that inflation would fall to 2 percent", "partial"),
    ],
)
def test_a_good_paraphrase_is_kept_and_one_in_other_words_is_partial(draft: str, support: str) -> None:
    assert verdict(draft) == support


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        ("Orlan met Tarik in Paris", TOO_LITTLE),
        ("Hollis and Orlan reached an agreement on Tuesday", TOO_LITTLE),
        ("Orlan and Tarik agreed in Paris on grain", TOO_LITTLE),
        ("European leaders met Iva Dorn in Paris", TOO_LITTLE),
    ],
)
def test_a_sentence_stitched_from_several_quotes_is_removed(draft: str, why: str) -> None:
    assert verdict(draft, *VISITS) == why
    assert verdict(draft, "\n\n".join(VISITS)) in (APART, TOO_LITTLE)


def test_several_passages_that_speak_of_the_same_are_partial_together() -> None:
    texts = "Ana Silva won the vote in Porto.", "The vote in Porto was watched by 40 monitors."
    assert verdict("Ana Silva won the vote in Porto, watched by 40 monitors", *texts) == "partial"


def test_a_name_that_only_the_title_holds_is_partial() -> None:
    text, title = "The minister resigned on Monday.", "Ana Silva steps down"
    assert verdict("Minister Ana Silva resigned on Monday", text, title=title) == "partial"
    assert verdict("Minister Ana Silva resigned on Monday", f"Ana Silva spoke. {text}", title=title) == "partial"


def test_the_title_lends_no_name_to_a_sentence_about_somebody_else() -> None:
    title = "Orlan meets Tarik"
    assert verdict("Orlan met Tarik in Paris", "European leaders met in Paris.", title=title) == APART
    assert verdict("Orlan met Tarik in Paris", "They met in Paris.", title=title) == "partial"


@pytest.mark.parametrize(
    ("draft", "text", "support"),
    [
        ("Silva denied all charges", "Ana Silva is the mayor. She denied all charges.", "supported"),
        ("Silva denied all charges", "Ana Silva is the mayor. On Monday she denied all charges.", "supported"),
        ("Silva denied all charges", "Ana Silva is the mayor. Reis denied all charges.", TOO_LITTLE),
        ("Reis and Silva spoke for 4 hours", "Reis met Silva. The two spoke for 4 hours.", "supported"),
        ("Silva's vote was watched by monitors", "Silva won a vote. The vote was watched by monitors.", "partial"),
        ("Silva denied all charges", "She denied all charges. Ana Silva is the mayor.", TOO_LITTLE),
        ("The bank cut its rate to 2 percent", "The bank cut its rate. It put inflation at 2 percent.", TOO_LITTLE),
        ("The bank cut its rate to 5 percent", "The bank set a fee of 5 percent. It cut its rate.", "partial"),
    ],
)
def test_a_name_comes_from_an_earlier_sentence_only_where_a_pronoun_refers_to_it(
    draft: str, text: str, support: str
) -> None:
    assert verdict(draft, text) == support


def test_a_sentence_that_denies_nothing_takes_no_word_from_one_that_denies() -> None:
    text = "The port authority offered 3 percent. It refused to raise it."
    assert verdict("The port authority agreed to raise its offer", text) == REVERSED
    assert verdict("The port authority offered 3 percent", text) == "supported"


def test_where_one_quote_states_it_a_quote_that_says_less_is_not_cited() -> None:
    texts = "Ana Silva spoke of a theft of bonds.", "Ana Silva denied a theft of bonds."
    documents = [Document(text=text, path=text, title="", sha256="0" * 64) for text in texts]
    hits = [
        Hit(score=1.0, text=one.text, title="", path=one.path, span=one.span(0, len(one.text)), passage_id=1)
        for one in documents
    ]
    draft = "Ana Silva spoke of the theft of bonds [1][2]."
    (statement,) = checked(draft, hits, {one.path: one for one in documents}.__getitem__).statements
    assert [citation.quote for citation in statement.citations] == [texts[0]]
