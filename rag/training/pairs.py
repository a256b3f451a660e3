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
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from rag.training.changes import Around, Change, changed
from rag.training.data import Json, lines, part_of
from rag.training.facts import Fact, Text, asked, cut_up, needs_title, said, widened
from rag.training.misplaced import crossed, elsewhere, joined, unanswerable, with_tail
from rag.training.naming import names
from rag.training.pair_arrays import Pair, arrays
from rag.training.recipe import Recipe, SupportRecipe

NOT_FOUND = frozenset(("hedge", "tail", "elsewhere", "joined", "unanswerable", "verb"))


def pairs_of(document: Json, questions: Sequence[Json], far: Sequence[str], recipe: SupportRecipe) -> list[Pair]:
    """The pairs of one document; always the same for the same recipe."""
    chance = random.Random(f"{recipe.seed} {document['id']}")
    text = cut_up(document)
    facts = [*asked(text, questions, chance, recipe), *said(text, chance, recipe)]
    chance.shuffle(facts)
    made: list[Pair | None] = []
    for fact in facts[: recipe.facts.get(document["id"].partition("/")[0], recipe.facts["others"])]:
        for _ in range(recipe.copies):
            made.append(_judged(text, fact, facts, far, chance, recipe))
    made += unanswerable(text, questions, chance, recipe)
    return list(dict.fromkeys(pair for pair in made if pair))


def _judged(
    text: Text, fact: Fact, facts: Sequence[Fact], far: Sequence[str], chance: random.Random, recipe: SupportRecipe
) -> Pair | None:
    """A pair with the fact or what it was changed into."""
    first, last = widened(text, fact, chance)
    premise = text.premise(first, last)
    title = text.title if chance.random() >= recipe.without_title or needs_title(fact, premise) else ""
    pair = Pair(
        claim=fact.text, title=title, premise=premise, label="supported", kind="true", made=fact.made, document=text.id
    )
    around = Around(near=premise, passage=text.premise(max(0, first - 5), last + 5), far=far)
    match chance.choices(tuple(recipe.actions), tuple(recipe.actions.values()))[0]:
        case "true":
            return pair
        case "both":
            return _both(pair, around, chance)
        case "changed":
            return _changed(pair, around, chance, recipe)
        case "premise":
            return _premise_changed(pair, around, chance)
        case "tail":
            claim = with_tail(fact, facts, premise, chance)
            return replace(pair, claim=claim, label="not found", kind="tail") if claim else None
        case "elsewhere":
            other = elsewhere(text, fact, chance)
            return (
                replace(pair, premise=other, label="not found", kind="elsewhere", title=text.title) if other else None
            )
        case "crossed":
            return _put_to(pair, crossed(text, fact, facts, chance), "contradicted", "crossed", text.title)
        case "joined":
            return _put_to(pair, joined(text, chance), "not found", "joined", text.title)


def _put_to(pair: Pair, found: tuple[str, str] | None, label: str, kind: str, title: str) -> Pair | None:
    """The pair with another claim and premise, where some were found."""
    return replace(pair, claim=found[0], premise=found[1], label=label, kind=kind, title=title) if found else None


def _changed(pair: Pair, around: Around, chance: random.Random, recipe: SupportRecipe) -> Pair | None:
    """The claim changed in one way; ways that seldom fit are tried more often."""
    kinds = sorted(recipe.changes, key=lambda kind: chance.random() ** (1 / recipe.changes[kind]), reverse=True)
    for kind in kinds:
        if found := changed(kind, pair.claim, around, chance):
            return replace(
                pair, claim=found.text, label="not found" if kind in NOT_FOUND else "contradicted", kind=kind
            )
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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.pairs", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("work", type=Path, help="folder for the arrays and checkpoints")
    parser.add_argument("--further", action="store_true", help="those of the recipe's [support_further]")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    write(options.data, options.work, further=options.further)


def write(data: Path, work: Path, *, further: bool = False) -> None:
    """Make pairs.npz in `work`, and print how many of each kind it holds."""
    recipe = Recipe.load()
    support = recipe.support_further if further else recipe.support
    found = list(made_from(data, support, held_out=recipe.data.held_out))
    pairs = arrays(found, window=support.window)
    pairs.save(work / "pairs.npz")
    counts = Counter((part, pair.kind, pair.label) for part, pair in found)
    for (part, kind, label), number in sorted(counts.items()):
        print(f"{part:10} {kind:13} {label:13} {number:,}")
    mean = len(pairs.pieces) / max(1, len(pairs))
    print(f"{len(pairs):,} of {len(found):,} pairs fit, {mean:.0f} word pieces on average")


if __name__ == "__main__":
    main()
