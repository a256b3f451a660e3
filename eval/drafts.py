"""Drafts of which every sentence is known to be true or false, over real passages: what `eval.liar` gives to the gate.

A draft belongs to a question of `../shared/data`. Its passages are cut as an index cuts them: the one that answers,
others of the same article, and those of other articles that share most words with the question.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.draft_parts import Draft, Told, Unit, fit, keys, precedes, prose, refers, says
from eval.lies import LIES
from eval.records import lines, text_document
from eval.scenes import NAME, Scene
from eval.standing import absent
from eval.truths import TRUTHS, answered
from rag.passages import PassageParser
from rag.sentences import is_pointer
from rag.types import Hit
from rag.words import words

PASSAGES = 6  # shown with each draft
MOVED = "pronoun moved"  # the kind of lie that tells of one what the source tells of another
OUT_OF_RANGE = ("wrong id", "swapped ids", "id out of range")  # kinds of lies whose words are true
_TRIED = 400  # sentences tried for one place in a draft
_PERSON = re.compile(r"(?:He|She|His|Her)\b")


class Drafts:
    """Makes drafts from one data set; the same seed makes the same ones. `keep` chooses articles by their title."""

    def __init__(
        self, folder: Path, parser: PassageParser, *, seed: int = 0, keep: Callable[[str], bool] = lambda title: True
    ) -> None:
        self._parser = parser
        self._chance = random.Random(f"{seed} {folder.name}")
        self.documents = {
            one.value["id"]: text_document(one.value["id"], one.value["title"], one.value["text"])
            for one in lines(folder / "documents.jsonl.gz")
            if keep(one.value["title"])
        }
        self._questions = [one.value for one in lines(folder / "questions.jsonl.gz") if self._usable(one.value)]
        self._article: dict[str, list[str]] = defaultdict(list)
        self._holding: dict[str, list[str]] = defaultdict(list)
        for path, document in self.documents.items():
            self._article[document.title].append(path)
            for word in sorted(set(words(document.text))):
                self._holding[word].append(path)
        self._cut: dict[str, list[Hit]] = {}
        self.counts: Counter[str] = Counter()

    def _usable(self, question: dict[str, Any]) -> bool:
        return bool(question["answerable"] and question["evidence"][0]["doc_id"] in self.documents)

    def make(self, number: int) -> Iterator[Draft]:
        """Yield so many drafts, as evenly spread over the documents as there are questions."""
        by_document: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for question in self._questions:
            by_document[question["evidence"][0]["doc_id"]].append(question)
        paths = list(by_document)
        self._chance.shuffle(paths)
        made = 0
        while made < number and paths:
            for path in list(paths):
                questions = by_document[path]
                if not questions:
                    paths.remove(path)
                    continue
                question = questions.pop(self._next(questions))
                if (draft := self._draft(question)) is not None:
                    yield draft
                    made += 1
                    if made == number:
                        return

    def _next(self, questions: list[dict[str, Any]]) -> int:
        """The place of the next question: every other time one that makes a statement, where there is one."""
        made = [i for i, one in enumerate(questions) if answered(one["question"], one["evidence"][0]["text"])]
        return self._chance.choice(made if made and self._chance.random() < 0.5 else range(len(questions)))

    # --- passages

    def _passages(self, path: str) -> list[Hit]:
        if path not in self._cut:
            document = self.documents[path]
            self._cut[path] = [
                Hit(
                    score=1.0,
                    text=node.text,
                    title=document.title,
                    path=path,
                    span=document.span(node.start_char_idx or 0, node.end_char_idx or 0),
                    passage_id=1,
                    section=node.metadata["section"],
                    sentences=tuple(node.metadata["sentences"]),
                )
                for node in self._parser.parse(document)
            ]
        return self._cut[path]

    def _shown(self, question: dict[str, Any]) -> list[Hit]:
        """The passage that answers among others, in an order drawn by chance."""
        evidence = question["evidence"][0]
        own = self._passages(evidence["doc_id"])
        gold = [hit for hit in own if hit.span.start <= evidence["start"] < hit.span.end]
        article = [
            path for path in self._article[self.documents[evidence["doc_id"]].title] if path != evidence["doc_id"]
        ]
        self._chance.shuffle(article)
        beside = [hit for hit in own if hit not in gold][:2]
        beside += [hit for path in article[:3] for hit in self._passages(path)[:1]]
        scores: dict[str, float] = defaultdict(float)
        for word in sorted(set(words(question["question"]))):
            holding = self._holding.get(word, [])
            if len(holding) <= max(3, len(self.documents) // 20):
                for path in holding:
                    scores[path] += 1 / len(holding)
        near = [
            path
            for path in sorted(scores, key=lambda path: -scores[path])[:12]
            if path != evidence["doc_id"] and path not in article[:3]
        ]
        others = [self._passages(path)[0] for path in near if self._passages(path)]
        found = (gold[:1] + beside[:3] + others)[:PASSAGES]
        self._chance.shuffle(found)
        return found

    # --- a draft

    def _draft(self, question: dict[str, Any]) -> Draft | None:
        hits = self._shown(question)
        units = [unit for n, hit in enumerate(hits, 1) for unit in self._units(n, hit)]
        if len(hits) < 3 or len(units) < 6:
            return None
        gold = question["evidence"][0]
        self._chance.shuffle(units)
        units.sort(key=lambda unit: unit.path != gold["doc_id"] and self._chance.random() < 0.6)
        told: list[Told] = []
        for _ in range(self._chance.randint(2, 4)):
            free = [unit for unit in units if not any(unit in one.units for one in told)]
            if self._chance.random() < 0.5:
                told.extend(self._true(question, free, told))
            else:
                told.extend(self._false(free, hits))
        told = told[:4]
        if sum(one.kind == "swapped ids" for one in told) % 2:
            return None
        if len(told) < 2 or len({one.key for one in told}) < len(told):
            return None
        if keys(" ".join(one.text for one in told)) != [one.key for one in told]:
            return None
        text = " ".join(one.marked(before=self._chance.random() < 0.7) for one in told)
        self.counts.update(one.kind for one in told)
        title = self.documents[gold["doc_id"]].title
        return Draft(
            question=question["question"],
            article=title,
            text=text,
            told=tuple(told),
            hits=tuple(hits),
            documents={hit.path: self.documents[hit.path] for hit in hits},
        )

    def _units(self, number: int, hit: Hit) -> list[Unit]:
        text = self.documents[hit.path].text
        written = [prose(text[start:end]) for start, end in hit.sentences]
        return [
            Unit(
                number=number, path=hit.path, start=start, end=end, text=written[i],
                before=written[i - 1] if i and fit(written[i - 1]) else "",
                following=written[i + 1] if i + 1 < len(written) and fit(written[i + 1]) else "",
            )
            for i, (start, end) in enumerate(hit.sentences)
            if fit(written[i]) and not is_pointer(text, start, end)
        ]  # fmt: skip

    def _true(self, question: dict[str, Any], units: Sequence[Unit], told: Sequence[Told]) -> list[Told]:
        kinds = ["question and answer", *TRUTHS]
        for kind in sorted(kinds, key=lambda kind: (self.counts[kind], self._chance.random())):
            if kind == "question and answer":
                found = self._answered(question, units) if not any(one.kind == kind for one in told) else None
            else:
                found = next((one for unit in units if (one := self._rewritten(kind, unit, units))), None)
            if found:
                return [*self._named_before(found.units[0], units), found]
        return []

    def _named_before(self, unit: Unit, units: Sequence[Unit]) -> list[Told]:
        """The sentence that says whom a pronoun at the beginning of the next means."""
        before = next((one for one in units if unit.refers and precedes(one, unit)), None)
        return [self._as_it_stands(before)] if before else []

    def _as_it_stands(self, unit: Unit) -> Told:
        return Told(text=unit.text, marks=(unit.number,), true=True, kind="verbatim", units=(unit,))

    def _answered(self, question: dict[str, Any], units: Sequence[Unit]) -> Told | None:
        gold = question["evidence"][0]
        if gold["doc_id"].startswith("qed"):
            return None  # its questions are searches, in small letters
        holding = [u for u in units if u.path == gold["doc_id"] and u.start <= gold["start"] and gold["end"] <= u.end]
        made = answered(question["question"], gold["text"])
        if not made or not holding or not fit(made):
            return None
        document = self.documents[gold["doc_id"]]
        if not absent(made, [document.text, document.title]).stands(least=0):
            return None  # the question names what the document does not
        return Told(text=made, marks=(holding[0].number,), true=True, kind="question and answer", units=(holding[0],))

    def _rewritten(self, kind: str, unit: Unit, units: Sequence[Unit]) -> Told | None:
        if unit.refers and not any(precedes(one, unit) for one in units):
            return None  # of whom it speaks nobody could tell
        made = TRUTHS[kind](unit.text, unit.following, self._chance)
        if not made or not fit(made) or (kind != "verbatim" and made == unit.text):
            return None
        marks = (unit.number,)
        if self._chance.random() < 0.1:
            marks = (unit.number, unit.number % PASSAGES + 1)
        return Told(text=made, marks=marks, true=True, kind=kind, units=(unit,))

    def _false(self, units: Sequence[Unit], hits: Sequence[Hit]) -> list[Told]:
        kinds = [*OUT_OF_RANGE, MOVED, *LIES]
        for kind in sorted(kinds, key=lambda kind: (self.counts[kind], self._chance.random())):
            if kind in OUT_OF_RANGE:
                found = self._misplaced(kind, units, hits)
            elif kind == MOVED:
                found = self._moved(units)
            else:
                found = next(([one] for unit in units[:_TRIED] if (one := self._lie(kind, unit, hits))), [])
            if found:
                return found
        return []

    def _base(self, unit: Unit) -> str:
        """The source, or in two of five another way to say it."""
        if self._chance.random() < 0.6:
            return unit.text
        kind = self._chance.choice(["shortened", "rewritten", "reworded"])
        made = TRUTHS[kind](unit.text, unit.following, self._chance)
        return made if made and fit(made) else unit.text

    def _lie(self, kind: str, unit: Unit, hits: Sequence[Hit]) -> Told | None:
        others = [hit.text for n, hit in enumerate(hits, 1) if n != unit.number]
        base = self._base(unit)
        scene = Scene(sentence=base, passage=hits[unit.number - 1].text, others=others, chance=self._chance)
        made = LIES[kind](scene)
        if not made or made == base or not fit(made):
            return None
        key = " ".join(words(made))
        if any(key in " ".join(words(hit.text)) for hit in hits):
            return None  # some passage says just that
        marks = (unit.number,)
        if self._chance.random() < 0.2:
            marks = (unit.number, unit.number % len(hits) + 1)
        return Told(text=made, marks=marks, true=False, kind=kind, units=(unit,))

    def _moved(self, units: Sequence[Unit]) -> list[Told]:
        """A sentence about another person, and behind it one whose "He" the source uses of somebody else."""
        for unit in units[:_TRIED]:
            if not (_PERSON.match(unit.text) and unit.before and not refers(unit.before)):
                continue
            theirs = self.documents[unit.path].title
            about = f"{theirs} {self.documents[unit.path].text}"
            for other in units:
                title = self.documents[other.path].title
                if title == theirs or other.refers or not NAME.match(other.text):
                    continue
                if not set(words(NAME.match(other.text)[0])) & set(words(about)):
                    lie = Told(text=unit.text, marks=(unit.number,), true=False, kind=MOVED, units=(unit,))
                    return [self._as_it_stands(other), lie]
        return []

    def _misplaced(self, kind: str, units: Sequence[Unit], hits: Sequence[Hit]) -> list[Told]:
        """True sentences that cite a passage which does not say them, or none that there is."""
        for unit in units[:_TRIED]:
            if kind == "id out of range":
                number = self._chance.choice((0, len(hits) + 1, len(hits) + 2, 17, 99, 999))
                return [self._told(kind, unit, number)]
            others = [n for n, hit in enumerate(hits, 1) if n != unit.number and not says(hit.text, unit.text)]
            if not others:
                continue
            if kind == "wrong id":
                return [self._told(kind, unit, self._chance.choice(others))]
            for other in units:
                if other.number in others and not says(hits[unit.number - 1].text, other.text):
                    return [self._told(kind, unit, other.number), self._told(kind, other, unit.number)]
        return []

    def _told(self, kind: str, unit: Unit, number: int) -> Told:
        return Told(text=self._base(unit), marks=(number,), true=False, kind=kind, units=(unit,))
