"""Which documents mention something: all of them, held against looking at every text with other means."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from conftest import StandInEncoder
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Assistant, Config
from rag.mentions import Phrase, first_mention, places, plain_of
from rag.types import Document, text_id

SUITE = Path(__file__).parent.parent / "eval" / "suites" / "sample" / "documents"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    index = tmp_path_factory.mktemp("mentions") / "index"
    with Assistant.open(index, documents=SUITE, encoder=StandInEncoder(), config=Config()) as opened:
        yield opened


def document(text: str, **about: str) -> Document:
    return Document(text=text, path="/one.txt", title=about.pop("title", ""), sha256=text_id(text), **about)


def found(text: str, phrase: str) -> list[str]:
    assert Phrase.of(phrase).may_be_in(plain_of(text)) or not list(places(text, Phrase.of(phrase)))
    return [text[start:end] for start, end in places(text, Phrase.of(phrase))]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("Lisk", "Lisk said so. LISK’s term ends; Liskov is another.", ["Lisk", "LISK"]),
        ("Harris", "Harry met Harris and the Harrises.", ["Harris"]),
        ("Ines", "In Lisarra, Ines was in.", ["Ines"]),
        ("Harrow", "The Harrows and Harrow; harrowing.", ["Harrows", "Harrow"]),
        ("the flood", "Floods came, the flooded town dried.", ["the flooded"]),
        ("flood", "Floods came, the flooded town was flooding again.", ["Floods", "flooded", "flooding"]),
        ("US", "Do tell us: the U.S. and the US agreed. THE END IS NEAR US.", ["U.S", "US", "US"]),
        ("U.S.", "Tell us of the US.", ["US"]),
        ("U.N. envoy", "The UN envoy left, and a U.N. envoy came.", ["UN envoy", "U.N. envoy"]),
        ("Zurich", "A train to Zürich, or Zu\u0308rich.", ["Zürich", "Zu\u0308rich"]),
        ("Łódź", "Lodz or Łódź.", ["Lodz", "Łódź"]),
        ("ceasefire", "A cease-fire is no cease fire, but a ceasefire.", ["cease-fire", "ceasefire"]),
        ("cease-fire", "A cease-fire or a cease fire or a ceasefire.", ["cease-fire", "cease fire", "ceasefire"]),
        ("Gen. Maran", "Gen. Maran came with the gen\nMaran.", ["Gen. Maran", "gen\nMaran"]),
        ("Wenna Water", "At the Wenna. Water rose. The Wenna, water, Wenna\n\nWater; Wenna Water.", ["Wenna Water"]),
        ("St. Odran's church", "At St. Odran’s church.", ["St. Odran’s church"]),
        ("Frost and Daughters", "Frost & Daughters sued.", ["Frost & Daughters"]),
        ("40,000", "It was 40,000 or 40000 but not 40 or 400,000.", ["40,000", "40000"]),
        ("Paris, Texas", "From Paris, Texas to Paris Texas.", ["Paris, Texas", "Paris Texas"]),
        ("Brackford", "Brack\u00adford", ["Brack\u00adford"]),
        ("left", "They left.", ["left"]),
    ],
)
def test_a_phrase_is_found_in_every_form_and_in_no_other_words(phrase: str, text: str, expected: list[str]) -> None:
    assert found(text, phrase) == expected


FORMS = {
    "flood": ["flood", "Floods", "flooded", "FLOODING"],
    "harrow": ["Harrow", "HARROW", "Härrow", "Harrows"],
    "dam": ["dam", "Dams"],
    "un": ["UN", "U.N"],
    "policy": ["policy", "policies"],
}
OTHERS = ["floor", "Harro", "damp", "union", "police", "the", "Un-American", "a", "Flo", "harrowgate"]


@settings(max_examples=300, deadline=None)
@given(
    phrase=st.lists(st.sampled_from(sorted(FORMS)), min_size=1, max_size=3),
    parts=st.lists(
        st.tuples(
            st.sampled_from([*itertools.chain(*FORMS.values()), *OTHERS]),
            st.sampled_from([" ", "\n", "-", " “", ", ", ". ", "\n\n", "; "]),
        ),
        max_size=25,
    ),
)
def test_what_a_regular_expression_finds_is_found(phrase: list[str], parts: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in parts)
    forms = [f"(?:{'|'.join(map(re.escape, FORMS[word]))})" for word in phrase]
    after_short = r"(?:(?<=[\s\"“-]UN)|(?<=U\.N)|(?<=dam)|(?<=Dams)|(?<=^UN))\. ?"
    gap = rf"(?:{after_short})?(?: |\n(?!\n)|-|“)+"
    oracle = re.compile(rf"(?<![\w.])(?={gap.join(forms)}(?!\w))", re.IGNORECASE)
    assert bool(found(text, " ".join(phrase))) == bool(oracle.search(text))


def test_the_quick_look_never_passes_over_a_form_of_a_word(sample: Assistant) -> None:
    vocabulary = sorted({word for _, text in sample.index.texts() for word in re.findall(r"[^\W_]+", text)})
    assert len(vocabulary) > 1_500
    by_stem: dict[str, list[str]] = {}
    for word in vocabulary:
        by_stem.setdefault(Phrase.of(word).spellings[0][0].stem, []).append(word)
    pairs = [pair for words in by_stem.values() for pair in itertools.permutations(words, 2)]
    assert len(pairs) > 500
    held = [(one, other) for one, other in pairs if list(places(other, Phrase.of(one)))]
    assert len(held) > 500
    missed = [(one, other) for one, other in held if not Phrase.of(one).may_be_in(plain_of(other))]
    assert missed == []


def test_every_document_of_the_sample_that_holds_a_name_is_cited_and_no_other(sample: Assistant) -> None:
    texts = dict(sample.index.texts())
    names = sorted({name for text in texts.values() for name in re.findall(r"\b[A-Z][a-z]{4,}\b", text)})[::5]
    assert len(names) > 30
    for name in names:
        answer = sample.ask(f"Which documents mention {name}?")
        shown = {Path(citation.path).name for citation in answer.citations}
        form = re.compile(rf"(?<![^\W_]){name}(?![^\W_])", re.IGNORECASE)
        expected = {Path(path).name for path, text in texts.items() if form.search(text)}
        assert expected <= shown, name
        for citation in answer.citations:
            assert list(places(citation.quote, Phrase.of(name))), (name, citation.quote)
        assert answer.short == (f"{len(shown)} document{'s' * (len(shown) != 1)}")


def test_the_first_whole_sentence_of_the_text_is_shown_rather_than_the_title() -> None:
    text = "Lisk speaks\n\nBy Ann Lisk\n\nRead more: Lisk again\n\nOn Monday Ms. Lisk spoke. Lisk left."
    own = document(text, title="Lisk speaks")
    mention = first_mention(own, [Phrase.of("Lisk")])
    assert mention is not None
    assert text[mention[0].start : mention[0].end] == "By Ann Lisk"
    title = first_mention(document("Lisk speaks\n\nNothing else.", title="Lisk speaks"), [Phrase.of("Lisk")])
    assert title is not None
    assert (title[0].start, title[0].end, title[0].heading) == (0, 11, True)


def test_what_stands_only_in_a_pointer_is_no_mention() -> None:
    assert first_mention(document("Rain fell.\n\nRead more: Lisk cuts the rate\n"), [Phrase.of("Lisk")]) is None


def test_two_names_are_shown_in_one_sentence_where_there_is_one() -> None:
    text = "Lisk spoke. Hale spoke. Lisk met Hale."
    both = [Phrase.of("Lisk"), Phrase.of("Hale")]
    mentions = first_mention(document(text), both)
    assert mentions is not None
    assert [text[one.start : one.end] for one in mentions] == ["Lisk met Hale."]
    mentions = first_mention(document(text[:-14]), both)
    assert mentions is not None
    assert [text[one.start : one.end] for one in mentions] == ["Lisk spoke.", "Hale spoke."]
    assert first_mention(document("Lisk spoke."), both) is None


@pytest.fixture
def many(tmp_path: Path, encoder: StandInEncoder) -> Iterator[Assistant]:
    mails = []
    for number in range(500):
        day = formatdate(1_740_000_000 + number % 7 * 86_400)
        about = "The Lisk bridge" if number % 2 else "The other bridge"
        head = f"From: a@example.org\nSubject: News {number}\nDate: {day}\nContent-Type: text/plain"
        mails.append(
            f"From a@example.org Wed Jan  1 00:00:00 2025\n{head}\n\nReport {number}. {about} {number} is open.\n\n"
        )
    (tmp_path / "reports.mbox").write_text("".join(mails))  # one file: one commit
    with Assistant.open(tmp_path / "index", documents=tmp_path, encoder=encoder, config=Config()) as opened:
        yield opened


def test_all_of_very_many_documents_are_shown_by_date_and_in_the_same_order_each_time(many: Assistant) -> None:
    *partial, answer = many.stream("Which reports mention bridges?")
    assert answer.short == "500 documents"
    assert [s.text for s in answer.statements] == [c.quote for c in answer.citations]
    assert sorted(int(s.text.split()[3]) for s in answer.statements) == list(range(500))
    order = [(citation.date, citation.path) for citation in answer.citations]
    assert order == sorted(order)
    assert many.ask("Which reports mention bridges?") == answer
    assert many.ask("Which reports mention Lisk?").short == "250 documents"
    assert 10 <= len(partial) <= 30
    lengths = [len(one.statements) for one in partial]
    assert lengths == sorted(set(lengths))
    assert all(one.statements == answer.statements[: len(one.statements)] and not one.complete for one in partial)


FRONT = '---\ntitle: "{}"\nauthor: Ann Lisk\noutlet: {}\ndate: {}\n---\n\n{}\n'


@pytest.fixture
def few(tmp_path: Path, encoder: StandInEncoder) -> Iterator[Assistant]:
    for name, about in {
        "a.md": ("Later", "The Herald", "2025-05-02", "Rain fell on Hale. It was wet."),
        "b.md": ("Earlier", "The Post", "2025-05-01", "Dr. Hale was there. Lisk was not."),
        "c.md": ("Hale again", "The Post", "2025-05-03", "Nothing happened.\n\nRead more: Hale resigns"),
        "d.md": ("Empty", "The Post", "2025-05-03", "The U.S. and us."),
    }.items():
        (tmp_path / name).write_text(FRONT.format(*about))
    with Assistant.open(tmp_path / "index", documents=tmp_path, encoder=encoder, config=Config()) as opened:
        yield opened


def test_documents_that_only_name_it_beside_their_text_are_told_and_not_cited(few: Assistant) -> None:
    answer = few.ask("Which documents mention Hale?")
    assert [s.text for s in answer.statements] == ["Dr. Hale was there.", "Rain fell on Hale."]
    assert answer.short == "2 documents"
    assert answer.notes == ("Not in the text, only in title, author or a pointer to another article: “Hale again”.",)
    assert answer.confidence == 1.0


def test_a_restricted_question_looks_only_there(few: Assistant, tmp_path: Path) -> None:
    answer = few.ask("Which documents mention Hale?", within=[tmp_path / "a.md"])
    assert [citation.quote for citation in answer.citations] == ["Rain fell on Hale."]
    refused = few.ask("Which documents mention Hale?", within=[tmp_path / "d.md"])
    assert refused.reason == "“Hale” is not mentioned in the only document."


def test_what_no_document_mentions_is_refused_without_citations(few: Assistant) -> None:
    answer = few.ask("Which documents mention Ouagadougou?")
    assert answer.reason == "“Ouagadougou” is not mentioned in any of the 4 documents."
    assert (answer.citations, answer.short, answer.confidence) == ((), "", 0.0)
    assert len(answer.nearest) == 3
    assert "“Hale” together with “Putin”" in few.ask("Which documents mention Hale and Putin?").reason


def test_either_of_two_names_is_enough_where_one_is_asked_for(few: Assistant) -> None:
    answer = few.ask("Which documents mention Lisk or Hale?")
    assert [s.text for s in answer.statements] == ["Dr. Hale was there.", "Rain fell on Hale."]


def test_who_reported_is_answered_with_the_outlets(few: Assistant) -> None:
    answer = few.ask("Who reported on Hale?")
    assert answer.short == "The Post; The Herald"
    assert len(answer.statements) == 2


def test_the_pronoun_is_not_the_country(few: Assistant) -> None:
    assert [c.quote for c in few.ask("Which documents mention the US?").citations] == ["The U.S. and us."]


def test_copies_of_a_document_are_all_cited(few: Assistant, tmp_path: Path) -> None:
    (tmp_path / "e.md").write_text((tmp_path / "b.md").read_text())
    few.index.update(tmp_path)
    answer = few.ask("Which documents mention Hale?")
    assert answer.short == "3 documents"
    assert [Path(c.path).name for c in answer.statements[0].citations] == ["b.md", "e.md"]


def test_letters_of_all_kinds_raise_nothing() -> None:
    for text in (string.printable, "\ud800", "\0", "ﬁ ª ² İ ß", "…" * 50, "---", "&&"):
        assert isinstance(found(text, "x"), list)
        assert isinstance(found("x", text or "x"), list)
