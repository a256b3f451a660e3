"""How often a lie in a draft gets past the gate, and how often a true sentence does not.

    python -m eval.liar --drafts 1000 --json eval/results/llm/liar.json
    python -m eval.liar --set train --drafts 400 --worst 5       # articles held out from training: to mend by

Each draft has two to four sentences, each made true or false by rule (`eval.truths`, `eval.lies`), with marks. The sets
that are reported are never tuned on, neither the product nor, beyond errors of the labels, these rules.

A lie is *caught* where it is removed or marked as partly supported. A lie by its mark alone (wrong, swapped or
out-of-range id) tells the truth, so it may also be cited anew: what must not happen is that it is shown with a quote
that does not carry it. A citation is right where its quote overlaps the sentence that the statement was made from, or
holds all its names and numbers and three quarters of its words by the count of `eval.standing`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial as bound
from pathlib import Path
from typing import Any

from eval.draft_parts import Draft, Told
from eval.drafts import OUT_OF_RANGE, Drafts
from eval.provenance import provenance
from eval.standing import absent
from eval.statistics import column, interval, mean_of, resamples
from rag.encoder import Encoder
from rag.errors import RagError
from rag.grounding import Checked, checked
from rag.passages import PassageParser
from rag.support import SupportChecker
from rag.types import Citation, Statement
from rag.words import words

DATA = Path("../shared/data")
REPORTED = ("squad2_dev", "squadshifts_new_wiki", "onestopqa", "qed_dev")
OUTCOMES = ("supported", "miscited", "partial", "removed")
ENOUGH = 0.75  # share of a statement's words that a quote elsewhere must hold to count as right


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a sentence: its outcome, why, and what it was shown with. `lost` were not found again."""

    told: Told
    draft: Draft
    outcome: str
    why: str
    quotes: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """Whether a lie is shown as supported, or a true sentence with a quote that does not carry it."""
        if self.told.true or self.told.kind in OUT_OF_RANGE:
            return self.outcome == "miscited"
        return self.outcome in ("supported", "miscited")


def judged(draft: Draft, gate: Callable[..., Checked]) -> Iterator[Judged]:
    """Give a draft to the gate and find each of its sentences again."""
    found = gate(draft.text, draft.hits, draft.documents.__getitem__)
    shown = {" ".join(words(statement.text)): statement for statement in found.statements}
    gone = {" ".join(words(one.text)): f"{one.outcome}: {one.reason}" for one in found.removed}
    for told in draft.told:
        statement = shown.get(told.key)
        if statement is None:
            outcome = "removed" if told.key in gone else "lost"
            yield Judged(told=told, draft=draft, outcome=outcome, why=gone.get(told.key, ""), quotes=())
            continue
        outcome = statement.support if _right(told, statement) or statement.support == "partial" else "miscited"
        quotes = tuple(f"{c.path}: {c.quote}" for c in statement.citations)
        yield Judged(told=told, draft=draft, outcome=outcome, why="", quotes=quotes)


def _right(told: Told, statement: Statement) -> bool:
    return all(_carries(told, statement.text, citation) for citation in statement.citations)


def _carries(told: Told, text: str, citation: Citation) -> bool:
    span = citation.span
    overlaps = any(u.path == citation.path and u.start < span.end and span.start < u.end for u in told.units)
    return overlaps or absent(text, [citation.quote]).stands(least=ENOUGH)


def gate_of(checker: str) -> Callable[..., Checked]:
    """The gate with the trained checker where there is one and "auto" or "yes" asks for it, else by words alone."""
    if checker == "no":
        return checked
    try:
        model = SupportChecker()
        assert model.network  # its weights are read
    except RagError:
        if checker == "yes":
            raise
        return checked
    return bound(checked, checker=model)


def drafts_of(names: Sequence[str], number: int, *, seed: int = 0, data: Path = DATA) -> Iterator[tuple[str, Draft]]:
    """So many drafts in all, the same from each set; of `train` only the articles that training leaves out."""
    from rag.training.data import part_of
    from rag.training.recipe import Recipe

    held_out = Recipe.load().data.held_out
    parser = PassageParser(Encoder())
    for i, name in enumerate(names):
        share = number * (i + 1) // len(names) - number * i // len(names)
        keep = (lambda title: part_of(title, held_out) == "check") if name == "train" else (lambda title: True)
        for draft in Drafts(data / name, parser, seed=seed, keep=keep).make(share):
            yield name, draft


def summary(rows: Sequence[Judged]) -> dict[str, Any]:
    """Per kind and over all: how many sentences, and the share of each outcome with its interval."""
    kinds: dict[bool, dict[str, list[Judged]]] = {True: defaultdict(list), False: defaultdict(list)}
    for row in rows:
        kinds[row.told.true][row.told.kind].append(row)
    return {
        "false": _side([row for row in rows if not row.told.true], kinds[False], _is_caught, "caught"),
        "true": _side([row for row in rows if row.told.true], kinds[True], _is_kept, "kept"),
    }


def _is_caught(row: Judged) -> bool:
    return not row.wrong


def _is_kept(row: Judged) -> bool:
    return row.outcome == "supported"


def _side(
    rows: Sequence[Judged], kinds: dict[str, list[Judged]], good: Callable[[Judged], bool], name: str
) -> dict[str, Any]:
    values = column([{name: good(row)} for row in rows], name)
    drawn = resamples([row.draft.article for row in rows])
    share = mean_of(values)
    whole = {"n": len(rows), name: float(values.mean()) if rows else None, "interval": interval(share, drawn)}
    return {**whole, **_outcomes(rows), "kinds": {kind: _kind(kinds[kind], good, name) for kind in sorted(kinds)}}


def _kind(rows: Sequence[Judged], good: Callable[[Judged], bool], name: str) -> dict[str, Any]:
    count = sum(map(good, rows))
    return {"n": len(rows), name: count / len(rows), "interval": wilson(count, len(rows)), **_outcomes(rows)}


def _outcomes(rows: Sequence[Judged]) -> dict[str, int]:
    return {one: sum(row.outcome == one for row in rows) for one in (*OUTCOMES, "lost")}


def wilson(count: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927)."""
    share, extent = count / n, z * z / n
    middle = (share + extent / 2) / (1 + extent)
    reach = z / (1 + extent) * (share * (1 - share) / n + extent / (4 * n)) ** 0.5
    return max(0.0, middle - reach), min(1.0, middle + reach)


def table(found: dict[str, Any]) -> str:
    """The summary as lines: per kind n, the good share with its interval, and the count of each outcome."""
    lines = []
    for side, good in (("false", "caught"), ("true", "kept")):
        lines.append(
            f"{side + ' sentences':22}{'n':>6}{good:>9}{'interval':>16}"
            + "".join(f"{o:>11}" for o in (*OUTCOMES, "lost"))
        )
        kinds = {**found[side]["kinds"], "all": found[side]}
        for kind, one in kinds.items():
            low, high = one["interval"] or (float("nan"), float("nan"))
            share = "–" if one[good] is None else f"{one[good]:.1%}"
            counts = "".join(f"{one[o]:>11}" for o in (*OUTCOMES, "lost"))
            lines.append(f"{kind:22}{one['n']:>6}{share:>9}{f'{low:.1%}–{high:.1%}':>16}{counts}")
        lines.append("")
    return "\n".join(lines)


def worst(rows: Iterable[Judged], number: int) -> str:
    """Up to so many failures of each kind, readable: lies shown as supported, and true sentences not so shown."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        if row.wrong:
            groups[f"{'TRUE, WRONG CITATION' if row.told.true else 'LIE SHOWN'}: {row.told.kind}"].append(row)
        elif row.told.true and row.outcome != "supported":
            groups[f"TRUE BUT {row.outcome.upper()}: {row.told.kind}"].append(row)
    return "\n".join(
        f"== {name} ({len(found)})\n" + "\n".join(map(_told, found[:number])) for name, found in sorted(groups.items())
    )


def _told(row: Judged) -> str:
    told = row.told
    source = " / ".join(unit.text for unit in told.units)
    lines = [f"  said:   {told.text} {list(told.marks)}", f"  source: [{told.units[0].number}] {source}"]
    lines += [f"  quoted: {quote}" for quote in row.quotes]
    return "\n".join([*lines, f"  why:    {row.why}" if row.why else "", ""]).replace("\n\n", "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.liar", description="Lies in drafts, and how many pass.")
    parser.add_argument("--set", action="append", dest="sets", help="data set; several times for several")
    parser.add_argument("--drafts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--checker", choices=("auto", "yes", "no"), default="auto", help="the trained one")
    parser.add_argument("--worst", type=int, default=0, help="failures shown of each kind; of reported sets, none")
    parser.add_argument("--sample", type=int, default=0, help="sentences of each side to check the labels by hand")
    parser.add_argument("--json", type=Path, help="results file")
    given = parser.parse_args(arguments)
    sets = given.sets or list(REPORTED)
    gate = gate_of(given.checker)
    rows: dict[str, list[Judged]] = defaultdict(list)
    drafts = 0
    for name, draft in drafts_of(sets, given.drafts, seed=given.seed, data=given.data):
        rows[name].extend(judged(draft, gate))
        drafts += 1
    everything = [row for name in rows for row in rows[name]]
    found = {"drafts": drafts, "checker": gate is not checked, **summary(everything)}
    print(f"{drafts} drafts of {', '.join(sets)}; {'with' if found['checker'] else 'without'} the trained checker\n")
    print(table(found))
    if given.worst and not set(sets) & set(REPORTED):
        print(worst(everything, given.worst))
    for row in _spread(everything, given.sample):
        print(f"{'TRUE' if row.told.true else 'FALSE'} {row.told.kind}\n{_told(row)}")
    if given.json:
        found |= {"seed": given.seed, "sets": {name: summary(mine) for name, mine in rows.items()}, **provenance()}
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _spread(rows: Sequence[Judged], number: int) -> Iterator[Judged]:
    """So many true and so many false sentences, drawn by chance."""
    import random

    chance = random.Random(1)
    for true in (True, False):
        side = [row for row in rows if row.told.true is true and row.told.kind not in ("verbatim", *OUT_OF_RANGE)]
        yield from chance.sample(side, min(number, len(side)))


if __name__ == "__main__":
    sys.exit(main())
