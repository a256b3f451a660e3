"""Statements and sources to compact arrays: `python -m rag.training.pairs DATA WORK` writes pairs.npz.

Each pair is a claim with one to three sentences of a document, and whether they carry it. True claims come from
questions with their answers and from the sentences themselves; false ones are true ones changed, on either side, or
held against other sentences. A change on both sides is true again: no word of a claim alone tells what it is.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from rag.encoder import bundled, piece_counter
from rag.passages import TITLE_PIECES
from rag.sentences import sentences
from rag.training.changes import NUMBER, YEAR, Around, Change, changed, names
from rag.training.data import PARTS, Json, lines, part_of
from rag.training.recipe import Recipe, SupportRecipe
from rag.training.rewording import REWORDINGS, named, together
from rag.training.statements import statement, tidy
from rag.training.verbs import is_finite
from rag.words import stems

LABELS = ("supported", "contradicted", "not found")
KINDS = (
    "true", "both", "name", "number", "date", "negation", "speaker", "roles", "opposite", "hedge", "tail", "elsewhere",
    "joined", "unanswerable",
)  # fmt: skip
NOT_FOUND = frozenset(("hedge", "tail", "elsewhere", "joined", "unanswerable"))
_TAIL = re.compile(r" (?:in|at|by|after|because|before|during|with|from|for|despite|since|under|on|to)\b [^,.;()\"]{5,60}(?=\.$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    claim: str
    title: str
    premise: str
    label: str
    kind: str
    made: str  # "question", or the rewording that made the claim from a sentence
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A true statement, the sentences `first` to `last` that carry it, and the answer in it where a question made it."""

    text: str
    first: int
    last: int
    made: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class _Text:
    """A document in sentences."""

    id: str
    title: str
    text: str
    parts: list[str]
    starts: list[int]

    def sentence_at(self, offset: int) -> int:
        return max((i for i, start in enumerate(self.starts) if start <= offset), default=0)

    def premise(self, first: int, last: int) -> str:
        return " ".join(self.parts[first : last + 1])


def pairs_of(document: Json, questions: Sequence[Json], far: Sequence[str], recipe: SupportRecipe) -> list[Pair]:
    """The pairs of one document; always the same for the same recipe."""
    chance = random.Random(f"{recipe.seed} {document['id']}")
    text = _cut(document)
    facts = [*_asked(text, questions), *_said(text, chance, recipe)]
    chance.shuffle(facts)
    made = []
    for fact in facts[: recipe.facts.get(document["id"].partition("/")[0], recipe.facts["others"])]:
        for _ in range(recipe.copies):
            made += list(_judged(text, fact, facts, far, chance, recipe))
    made += list(_unanswerable(text, questions, chance))
    return list(dict.fromkeys(made))


def _cut(document: Json) -> _Text:
    text = document["text"]
    spans = [(a, b) for a, b in sentences(text) if b - a > 1]
    return _Text(
        document["id"], document["title"], text, [tidy(text[a:b]) for a, b in spans], [a for a, _ in spans]
    )


def _asked(text: _Text, questions: Sequence[Json]) -> Iterator[Fact]:
    """Statements made from questions, with as many sentences before the answer's as their names need."""
    for one in questions:
        if not one["answerable"] or not one["evidence"]:
            continue
        made = statement(one["question"], one["answers"][0])
        if not made:
            continue
        at = text.sentence_at(one["evidence"][0]["start"])
        first = at
        needed = set(stems(" ".join(names(made, text.text)))) - set(stems(text.title))
        while first > max(0, at - 2) and not needed <= set(stems(text.premise(first, at))):
            first -= 1
        if needed <= set(stems(text.premise(first, at))):
            yield Fact(text=made, first=first, last=at, made="question", answer=one["answers"][0])


def _said(text: _Text, chance: random.Random, recipe: SupportRecipe) -> Iterator[Fact]:
    """Statements made from the sentences of the document: as they stand, and in other words."""
    for i, sentence in enumerate(text.parts):
        if not 5 <= len(sentence.split()) <= 45 or not sentence.endswith((".", "!", '."', ".”")):
            continue
        if chance.random() < recipe.verbatim:
            yield Fact(text=sentence, first=i, last=i, made="verbatim")
        for rewording in REWORDINGS:
            if other := rewording(sentence, chance):
                again = chance.choice(REWORDINGS)(other, chance) if chance.random() < 0.3 else ""
                yield Fact(text=again or other, first=i, last=i, made=rewording.__name__)
        if i and (other := named(sentence, text.parts[i - 1], text.title)):
            yield Fact(text=other, first=i - 1, last=i, made="named")
        if i and chance.random() < recipe.together and (other := together(text.parts[i - 1], sentence)):
            yield Fact(text=other, first=i - 1, last=i, made="together")


def _judged(
    text: _Text, fact: Fact, facts: Sequence[Fact], far: Sequence[str], chance: random.Random, recipe: SupportRecipe
) -> Iterator[Pair]:
    """One pair with the fact or what it was changed into."""
    first, last = _widened(text, fact, chance)
    premise = text.premise(first, last)
    title = text.title if chance.random() >= recipe.without_title or _needs(fact, premise) else ""
    pair = Pair(
        claim=fact.text, title=title, premise=premise, label="supported", kind="true", made=fact.made, document=text.id
    )
    around = Around(near=premise, passage=text.premise(max(0, first - 5), last + 5), far=far)
    action = chance.choices(tuple(recipe.actions), tuple(recipe.actions.values()))[0]
    if action == "true":
        yield pair
    elif action == "both":
        if both := _both(pair, around, chance):
            yield both
    elif action == "changed":
        if other := _changed(pair, around, chance, recipe):
            yield other
    elif action == "premise":
        if other := _premise_changed(pair, around, chance):
            yield other
    elif action == "tail":
        if claim := _with_tail(fact, facts, premise, chance):
            yield replace(pair, claim=claim, label="not found", kind="tail")
    elif action == "elsewhere":
        if other := _elsewhere(text, fact, chance):
            yield replace(pair, premise=other, label="not found", kind="elsewhere", title=text.title)
    elif found := _joined(text, chance):
        yield replace(pair, claim=found[0], premise=found[1], label="not found", kind="joined", title=text.title)


def _widened(text: _Text, fact: Fact, chance: random.Random) -> tuple[int, int]:
    """The fact's sentences with neighbours: three at most."""
    first, last = fact.first, fact.last
    for _ in range(chance.choice((0, 0, 1, 1, 1, 2))):
        if last - first >= 2:
            break
        if chance.random() < 0.5:
            first = max(0, first - 1)
        else:
            last = min(len(text.parts) - 1, last + 1)
    return first, last


def _needs(fact: Fact, premise: str) -> bool:
    """Whether a name of the statement stands in the title alone."""
    return not set(stems(" ".join(names(fact.text)))) <= set(stems(premise))


def _changed(pair: Pair, around: Around, chance: random.Random, recipe: SupportRecipe) -> Pair | None:
    """The claim changed in one way; ways that seldom fit are tried more often."""
    kinds = sorted(recipe.changes, key=lambda kind: chance.random() ** (1 / recipe.changes[kind]), reverse=True)
    for kind in kinds:
        if found := changed(kind, pair.claim, around, chance):
            return replace(pair, claim=found.text, label="not found" if kind in NOT_FOUND else "contradicted", kind=kind)
    return None


def _replacement(pair: Pair, around: Around, chance: random.Random) -> tuple[str, Change] | None:
    for kind in chance.sample(("name", "number", "date"), 3):
        found = changed(kind, pair.claim, around, chance)
        if found and found.old and _within(found.old, pair.premise) and not _within(found.new, pair.premise):
            return kind, found
    return None


def _both(pair: Pair, around: Around, chance: random.Random) -> Pair | None:
    """Claim and premise changed alike: still supported."""
    if chance.random() < 0.35:
        return _both_denied(pair, around, chance)
    found = _replacement(pair, around, chance)
    if not found or pair.claim.count(found[1].old) > 1:
        return None
    change = found[1]
    return replace(pair, claim=change.text, premise=_put(change, pair.premise), kind="both")


def _both_denied(pair: Pair, around: Around, chance: random.Random) -> Pair | None:
    """A verbatim or cut sentence with a word turned or denied, in a premise where it is so too."""
    if pair.claim not in pair.premise:
        return None
    kind = chance.choice(("negation", "negation", "opposite", "hedge", "roles"))
    found = changed(kind, pair.claim, around, chance)
    if not found:
        return None
    if chance.random() < 0.5:
        return replace(pair, claim=found.text, premise=pair.premise.replace(pair.claim, found.text), kind="both")
    if kind == "hedge":
        return None
    return replace(pair, premise=pair.premise.replace(pair.claim, found.text), label="contradicted", kind=kind)


def _premise_changed(pair: Pair, around: Around, chance: random.Random) -> Pair | None:
    """The claim as it was, against a premise that says another name, number or date."""
    found = _replacement(pair, around, chance)
    if not found:
        return None
    return replace(pair, premise=_put(found[1], pair.premise), label="contradicted", kind=found[0])


def _put(change: Change, premise: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(change.old)}(?!\w)", lambda _: change.new, premise)


def _within(expression: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(expression)}(?!\w)", text) is not None


def _with_tail(fact: Fact, facts: Sequence[Fact], premise: str, chance: random.Random) -> str:
    """The statement with the end of another, or all of another, that the premise does not hold."""
    if not fact.text.endswith("."):
        return ""
    others = [one for one in facts if one.first > fact.last + 1 or one.last < fact.first - 1]
    for other in chance.sample(others, min(4, len(others))):
        if chance.random() < 0.3:
            if (whole := together(fact.text, other.text)) and _foreign(other.text, premise):
                return whole
        elif (tail := _TAIL.search(other.text)) and _foreign(tail.group(), premise):
            return f"{fact.text[:-1]}{tail.group()}."
    return ""


def _foreign(text: str, premise: str) -> bool:
    """Whether at least half of the words of a text, and two, stand nowhere in the premise."""
    own = set(stems(text))
    missing = own - set(stems(premise))
    return len(missing) >= 2 and 2 * len(missing) >= len(own)


def _elsewhere(text: _Text, fact: Fact, chance: random.Random) -> str:
    """One to three other sentences of the document: those of a few that share most with the statement."""
    own = set(stems(fact.text))
    wanted = set(stems(fact.answer or " ".join(names(fact.text) + NUMBER.findall(fact.text)))) or own
    found = []
    for _ in range(6):
        first = chance.randrange(len(text.parts))
        last = min(len(text.parts) - 1, first + chance.choice((0, 0, 1, 1, 2)))
        if first <= fact.last and last >= fact.first:
            continue
        premise = text.premise(first, last)
        held = set(stems(premise))
        if not wanted <= held and len(own & held) < 0.75 * len(own):
            found.append((len(own & held), premise))
    return max(found)[1] if found else ""


def _joined(text: _Text, chance: random.Random) -> tuple[str, str] | None:
    """What one sentence says of its subject, said of that of a sentence nearby; and the premise with both."""
    for _ in range(4):
        first = chance.randrange(len(text.parts))
        last = min(len(text.parts) - 1, first + chance.choice((1, 2)))
        halves = [half for i in range(first, last + 1) if (half := _halves(text.parts[i]))]
        if len(halves) < 2:
            continue
        (one, _), (other, says) = chance.sample(halves, 2)
        own = set(stems(one))
        if own and not own & set(stems(f"{other} {says} {text.title}")) and not set(stems(other)) & set(stems(text.title)):
            return f"{one} {says}", text.premise(first, last)
    return None


def _halves(sentence: str) -> tuple[str, str] | None:
    """A short subject and its predicate."""
    words = sentence.split()
    at = next((i for i, word in enumerate(words) if is_finite(word)), -1)
    subject = words[:at]
    if not 1 <= at <= 7 or any("," in word or '"' in word or word in ("that", "who", "which", "to") for word in subject):
        return None
    if subject[0] in ("It", "He", "She", "They", "This", "These", "There", "That", "Those", "We", "You", "In", "As", "However"):
        return None
    if len(words) - at < 4 or len(words) > 40:
        return None
    return " ".join(subject), " ".join(words[at:])


def _unanswerable(text: _Text, questions: Sequence[Json], chance: random.Random) -> Iterator[Pair]:
    """Questions that people wrote to look answerable, with an answer that looks right."""
    answerable = [one for one in questions if one["answerable"] and one["evidence"]]
    for one in questions:
        if one["answerable"] or one["meta"]["kind"] != "unans":
            continue
        answer, at = _plausible(text, one["question"], answerable, chance)
        made = statement(one["question"], answer) if answer else ""
        if not made:
            continue
        first, last = _widened(text, Fact(text=made, first=at, last=at, made="question"), chance)
        yield Pair(
            claim=made, title=text.title, premise=text.premise(first, last), label="not found", kind="unanswerable",
            made="question", document=text.id,
        )  # fmt: skip


def _plausible(text: _Text, question: str, answerable: Sequence[Json], chance: random.Random) -> tuple[str, int]:
    """The answer of the question most like it, or an expression of the kind asked for, and its sentence."""
    own, wh = set(stems(question)), question.lower().split()[0]
    best = max(answerable, key=lambda one: len(own & set(stems(one["question"]))), default=None)
    if best and best["question"].lower().split()[0] == wh and len(own & set(stems(best["question"]))) >= 2:
        return best["answers"][0], text.sentence_at(best["evidence"][0]["start"])
    pattern = {"when": YEAR, "how": NUMBER}.get(wh)
    near = max(range(len(text.parts)), key=lambda i: len(own & set(stems(text.parts[i]))))
    found = pattern.findall(text.parts[near]) if pattern else names(text.parts[near], text.text)
    found = [one for one in found if one.lower() not in question.lower()]
    return (chance.choice(found), near) if found else ("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """n pairs as arrays: `pieces` uint16, all of them in a row.

    `bounds` int64 [n, 4]: where claim, title and premise of each begin in `pieces`, and where the premise ends;
    `label`, `kind` and `part` uint8 [n]: places in LABELS, KINDS and PARTS; `document` int32 [n].
    """

    pieces: npt.NDArray[np.uint16]
    bounds: npt.NDArray[np.int64]
    label: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    document: npt.NDArray[np.int32]

    @classmethod
    def load(cls, file: Path) -> Pairs:
        with np.load(file) as arrays:
            return cls(**{name: arrays[name] for name in cls.__slots__})

    def save(self, file: Path) -> None:
        np.savez_compressed(file, **{name: getattr(self, name) for name in self.__slots__})

    def __len__(self) -> int:
        return len(self.bounds)

    def of(self, part: str) -> npt.NDArray[np.int64]:
        """The numbers of the pairs in a part."""
        return np.flatnonzero(self.part == PARTS.index(part))

    def texts(self, i: int) -> tuple[list[int], list[int], list[int]]:
        """Claim, title and premise of a pair, as word pieces."""
        a, b, c, d = self.bounds[i]
        return self.pieces[a:b].tolist(), self.pieces[b:c].tolist(), self.pieces[c:d].tolist()


def made_from(data: Path, recipe: SupportRecipe, *, held_out: int, all_in: str = "") -> Iterator[tuple[str, Pair]]:
    """The pairs of a folder with the part of each; all in one part where `all_in` names it."""
    asked = defaultdict(list)
    for one in lines(data / "questions.jsonl.gz"):
        if one["meta"].get("kind") != "syn":
            asked[one["evidence"][0]["doc_id"] if one["evidence"] else one["meta"]["doc_id"]].append(one)
    tasks, far = [], ["Smith", "London", "Germany"]
    for document in lines(data / "documents.jsonl.gz"):
        if document["id"].partition("/")[0] not in recipe.left_out:
            tasks.append((document, asked[document["id"]], far[-40:]))
            far += names(document["text"][:400])[:3]
    for document, questions, others in tqdm(tasks, unit="document", mininterval=10):
        part = all_in or part_of(document["title"], held_out)
        yield from ((part, pair) for pair in pairs_of(document, questions, others, recipe))


def arrays(found: Sequence[tuple[str, Pair]], recipe: SupportRecipe) -> Pairs:
    """The pairs that fit into the window of training, as word pieces."""
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    numbers = {name: i for i, name in enumerate(dict.fromkeys(pair.document for _, pair in found))}
    pieces: list[npt.NDArray[np.uint16]] = []
    rows, at = [], 0
    for begin in range(0, len(found), 1000):
        some = found[begin : begin + 1000]
        encoded = [
            [one.ids for one in tokenizer.encode_batch([getattr(pair, name) for _, pair in some], add_special_tokens=False)]
            for name in ("claim", "title", "premise")
        ]
        for (part, pair), claim, title, premise in zip(some, *encoded, strict=True):
            title = title[:TITLE_PIECES]
            if len(claim) + len(title) + len(premise) + 4 > recipe.window:
                continue
            a = at + len(claim)
            b = a + len(title)
            c = b + len(premise)
            rows.append((at, a, b, c, LABELS.index(pair.label), KINDS.index(pair.kind), PARTS.index(part), numbers[pair.document]))
            pieces.append(np.array([*claim, *title, *premise], dtype=np.uint16))
            at = c
    table = np.array(rows, dtype=np.int64).reshape(-1, 8)
    return Pairs(
        pieces=np.concatenate(pieces), bounds=table[:, :4], label=table[:, 4].astype(np.uint8),
        kind=table[:, 5].astype(np.uint8), part=table[:, 6].astype(np.uint8), document=table[:, 7].astype(np.int32),
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.pairs", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("work", type=Path, help="folder for the arrays and checkpoints")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    write(options.data, options.work)


def write(data: Path, work: Path) -> None:
    """Make pairs.npz in `work`, and print how many of each kind it holds."""
    recipe = Recipe.load()
    found = list(made_from(data, recipe.support, held_out=recipe.data.held_out))
    pairs = arrays(found, recipe.support)
    pairs.save(work / "pairs.npz")
    counts = Counter((part, pair.kind, pair.label) for part, pair in found)
    for (part, kind, label), number in sorted(counts.items()):
        print(f"{part:10} {kind:13} {label:13} {number:,}")
    print(f"{len(pairs):,} of {len(found):,} pairs fit, {len(pairs.pieces) / max(1, len(pairs)):.0f} word pieces on average")


if __name__ == "__main__":
    main()
