"""Forged citations by the thousand: whatever stands behind a sentence, only what the documents say is shown with it.

A few hundred with each run, 10,000 with FOOTNOTE_STRESS=1; half of them with a checker that believes everything. What
is shown is held against `eval.standing`, which shares no code with the gate.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from conftest import StandInEncoder
from scripted_models import Credulous
from stress import STRESS, figures

from eval.lies import LIES
from eval.scenes import Scene, names
from eval.standing import absent
from eval.suite import Suite
from rag.grounding import Checked, checked
from rag.passages import PassageParser
from rag.sentences import is_pointer
from rag.types import Answer, Document, Hit, Statement

SAMPLE = Path(__file__).parents[1] / "eval" / "suites" / "sample"
NUMBER = 10_000 if STRESS else 120
SHOWN = 4  # passages that a draft may cite
# What a reader could take for a citation, and none that Footnote writes.
FOREIGN_MARK = re.compile(
    r"[\[【［]\s*\^?\s*\d|†|</?cite|\\cite|\{\{|\^\[?\d|[¹²³⁴⁵⁶⁷⁸⁹]|\((?:source|passage|doc(?:ument)?|ref)s?\W*\d|"
    r"https?:|www\.|doc_id|sha256|\bchars?\b|\.(?:txt|md|pdf|docx|html)\b",
    re.IGNORECASE,
)
_LOOKALIKES = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The passages shown with one draft, and a sentence of one of them."""

    hits: Sequence[Hit]
    documents: dict[str, Document] = field(repr=False)
    sentence: str
    number: int
    chance: random.Random

    def lie(self) -> str:
        """A sentence that no passage says, with names that they hold."""
        hit = self.hits[self.number - 1]
        others = [one.text for one in self.hits if one is not hit]
        scene = Scene(sentence=self.sentence, passage=hit.text, others=others, chance=self.chance)
        kinds = ["number", "name", "date", "invented", "tail", "negation inserted"]
        self.chance.shuffle(kinds)
        made = next((lie for kind in kinds if (lie := LIES[kind](scene)) and lie != self.sentence), None)
        return made or f"The archive of {self.chance.choice(names(hit.text) or ['Tamerin'])} burned down in 1907."

    def other(self) -> str:
        """A sentence of another passage."""
        numbers = [n for n in range(1, len(self.hits) + 1) if n != self.number]
        return self.chance.choice(sentences_of(self.hits[self.chance.choice(numbers) - 1], self.documents))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A draft; whether what its sentence says is `true`, and the words in quotation marks that must stand somewhere."""

    draft: str
    true: bool
    quoted: str = ""


def sentences_of(hit: Hit, documents: dict[str, Document]) -> list[str]:
    text = documents[hit.path].text
    found = [" ".join(text[a:b].split()) for a, b in hit.sentences if not is_pointer(text, a, b)]
    plain = [one for one in found if re.fullmatch(r"[A-Z][^\[\]{}<>*_`|#“”\"\n]{40,260}\.", one)]
    return plain or [" ".join(hit.text.split())]


def behind(mark: str, *, true: bool) -> Callable[[Shelf], Forgery]:
    """A sentence with this behind it: `{n}` is the passage that says it, `{path}` and `{id}` are its document's."""

    def forge(shelf: Shelf) -> Forgery:
        hit = shelf.hits[shelf.number - 1]
        said = shelf.sentence if true else shelf.lie()
        given = {"n": shelf.number, "path": hit.path, "id": hit.span.document_id, "m": shelf.number % SHOWN + 1}
        start = shelf.chance.randrange(0, 400)
        given |= {"start": start, "end": start + shelf.chance.randrange(20, 200)}
        return Forgery(draft=f"{said[:-1]} {mark.format(**given)}.", true=true)

    return forge


def quoting(shelf: Shelf, words: str, number: int, *, true: bool) -> Forgery:
    """Words in quotation marks, as models write them."""
    words = words.rstrip(".")
    frame = shelf.chance.choice(("“{}.” [{}]", "“{}” [{}].", "The report says: “{}.” [{}]", '"{}," it says [{}].'))
    return Forgery(draft=frame.format(words, number), true=true, quoted=words)


def frankenquote(shelf: Shelf) -> Forgery:
    """Halves of two sentences in one pair of quotation marks."""
    left, right = shelf.sentence.split(), shelf.other().split()
    return quoting(shelf, " ".join((*left[: len(left) // 2], *right[len(right) // 2 :])), shelf.number, true=False)


def neighbours(shelf: Shelf) -> Forgery:
    """The first half of a sentence goes on with the second half of one beside it."""
    beside = sentences_of(shelf.hits[shelf.number - 1], shelf.documents)
    right = shelf.chance.choice([one for one in beside if one != shelf.sentence] or [shelf.other()]).split()
    left = shelf.sentence.split()
    return quoting(shelf, " ".join((*left[: len(left) // 2], *right[len(right) // 2 :])), shelf.number, true=False)


def one_letter(shelf: Shelf) -> Forgery:
    """A quote with one character changed, in a long word or a number."""
    match = shelf.chance.choice(list(re.finditer(r"\w{5,}|\d+", shelf.sentence)))
    at = shelf.chance.randrange(match.start(), match.end())
    old = shelf.sentence[at]
    pool = "0123456789" if old.isdigit() else "bcdfghklmnprtvwz"
    new = shelf.chance.choice([c for c in pool if c != old.lower()])
    text = shelf.sentence[:at] + (new.upper() if old.isupper() else new) + shelf.sentence[at + 1 :]
    return quoting(shelf, text, shelf.number, true=False)


def word_left_out(shelf: Shelf) -> Forgery:
    """A quote without one of its words."""
    words = shelf.sentence.split()
    del words[shelf.chance.randrange(1, len(words) - 1)]
    return quoting(shelf, " ".join(words), shelf.number, true=False)


def elsewhere(shelf: Shelf) -> Forgery:
    """A true quote that cites another document."""
    own = shelf.hits[shelf.number - 1].path
    others = [n for n, hit in enumerate(shelf.hits, 1) if hit.path != own]
    return quoting(shelf, shelf.sentence, shelf.chance.choice(others or [99]), true=True)


def lookalike(shelf: Shelf) -> Forgery:
    """A name is written with letters of another alphabet that look the same."""
    found = [name for name in names(shelf.sentence) if name.translate(_LOOKALIKES) != name]
    if not found:
        return one_letter(shelf)
    return Forgery(
        draft=f"{shelf.sentence.replace(found[0], found[0].translate(_LOOKALIKES))} [{shelf.number}]", true=False
    )


def marks_inside(shelf: Shelf) -> Forgery:
    """A lie between the sentences and marks of others, as if the marks were its own."""
    return Forgery(draft=f"[{shelf.number}] {shelf.lie()} [{shelf.number}][{shelf.number}] [1-6]", true=False)


_MARKS = {
    "forged ids": "[99] [0] [{m}] [-1] [1e3] [٣] [７] [{n}.5] [999999] [12345678901234567890] [١] [⁹]".split(),
    "other systems": [
        "【{n}†source】", "<cite>{n}</cite>", "[^{n}]", "^{n}", "(Source {n})", "\\cite{{{n}}}", "¹", "cite[{n}]",
        "[[{n}]]", "(passage {n})", "[source {n}]", "[doc{n}]", "［{n}］", "<sup>{n}</sup>", '<ref name="{n}"/>',
        "[{n}](#source-1-{n})", "{{{{cite|{n}}}}}", "†{n}",
    ],
    "spans": [
        "[{n}:{start}-{end}]", "[{n}, chars {start}–{end}]", "[{n}@{start}:{end}]", "[{n}, p. 3]", "[{start}-{end}]",
    ],
    "addresses": [
        "[{path}]", "({path})", "[{id}]", "(doc_id={id})", "(https://news.example/{n})", "[1](https://news.example/a)",
        "[sha256:{id}]", "(see www.news.example)", "[{path}#{n}]", "<https://news.example/{n}>",
    ],
}  # fmt: skip
FORGERIES: dict[str, list[Callable[[Shelf], Forgery]]] = {
    **{kind: [behind(mark, true=true) for mark in marks for true in (True, False)] for kind, marks in _MARKS.items()},
    "frankenquotes": [frankenquote, neighbours],
    "changed quotes": [one_letter, one_letter, word_left_out],
    "other document": [elsewhere],
    "lookalikes": [lookalike],
    "marks inside": [marks_inside],
}


@cache
def passages() -> tuple[dict[str, Document], list[Hit]]:
    parser = PassageParser(StandInEncoder())
    documents = {document.path: document for document in Suite.load(SAMPLE).documents}
    return documents, [
        Hit(
            score=1.0, text=node.text, title=document.title, path=document.path, passage_id=1,
            span=document.span(node.start_char_idx or 0, node.end_char_idx or 0),
            sentences=tuple(node.metadata["sentences"]),
        )
        for document in documents.values()
        for node in parser.parse(document)
    ]  # fmt: skip


def shelf(chance: random.Random) -> Shelf:
    documents, hits = passages()
    shown = chance.sample(hits, SHOWN)
    number = chance.randrange(1, SHOWN + 1)
    sentence = chance.choice(sentences_of(shown[number - 1], documents))
    return Shelf(hits=shown, documents=documents, sentence=sentence, number=number, chance=chance)


def accepted(forgery: Forgery, found: Checked, documents: dict[str, Document]) -> list[str]:
    """What is wrong with what is shown of a forgery: nothing, where the gate held."""
    wrong = []
    for statement in found.statements:
        if FOREIGN_MARK.search(statement.text):
            wrong.append("a mark that is none of ours")
        for citation in statement.citations:
            if documents[citation.path].text[citation.span.start : citation.span.end] != citation.quote:
                wrong.append("a quote that is not the source")
        if statement.support == "supported":
            wrong += unsupported(forgery, statement)
        elif not absent(statement.text, lent(statement)).stands(least=0):
            wrong.append("partial, but facts that stand nowhere")
    if found.statements:
        Answer(question="?", statements=found.statements)  # raises where numbers and places do not fit
    return wrong


def lent(statement: Statement) -> list[str]:
    return [text for c in statement.citations for text in (c.quote, c.title)]


def unsupported(forgery: Forgery, statement: Statement) -> list[str]:
    quotes = [" ".join(citation.quote.split()) for citation in statement.citations]
    wrong = []
    if not absent(statement.text, quotes).stands(least=0.5):
        wrong.append("supported, but not in its quotes")
    if forgery.quoted and not any(forgery.quoted in quote for quote in quotes):
        wrong.append("words in quotation marks that stand in no quote")
    return wrong


def test_no_forged_citation_is_accepted() -> None:
    chance, began = random.Random(7), time.monotonic()
    counts: Counter[str] = Counter()
    failures: list[tuple[str, list[str], str, list[str]]] = []
    kinds = list(FORGERIES)
    for number in range(NUMBER):
        kind = kinds[number % len(kinds)]
        at = shelf(chance)
        forgery = chance.choice(FORGERIES[kind])(at)
        checker = Credulous() if number % 2 else None
        found = checked(forgery.draft, at.hits, at.documents.__getitem__, checker=checker)
        wrong = accepted(forgery, found, at.documents)
        counts["forged"] += 1
        counts["shown as supported"] += any(one.support == "supported" for one in found.statements)
        counts["shown in part"] += any(one.support == "partial" for one in found.statements)
        counts["removed"] += not found.statements
        if wrong:
            shown = [f"{s.support}: {s.text} <- {[c.quote for c in s.citations]}" for s in found.statements]
            failures.append((kind, wrong, forgery.draft, shown))
    figures(
        "forged citations", began, **{name.replace(" ", "_"): n for name, n in counts.items()}, accepted=len(failures)
    )
    assert failures == []
