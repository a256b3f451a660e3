"""Whether a system answers the same when nothing that matters has changed, and refuses when its source is gone."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from eval.measures import Mean, mean, normalise
from eval.suite import Suite
from eval.systems import Reply, System
from rag.types import Document

if TYPE_CHECKING:
    from eval.run import Progress

LIMIT = 60  # questions of a suite that are asked: they are put seven times
# Documents of another world that are everywhere at hand: what the standard library says of itself.
MODULES = (
    "argparse", "ast", "asyncio.events", "calendar", "codecs", "collections", "configparser", "csv", "datetime",
    "decimal", "difflib", "email.message", "fractions", "functools", "gettext", "heapq", "inspect", "logging",
    "mailbox", "optparse", "pathlib", "pickle", "random", "statistics", "subprocess", "tarfile", "textwrap",
    "threading", "traceback", "typing", "unittest.case", "uuid", "zipfile",
)  # fmt: skip

Replies = list[Reply | None]  # None: it failed


def robustness(
    suite: Suite, system: System, *, limit: int = LIMIT, seed: int = 0, progress: Progress | None = None
) -> dict[str, dict[str, Any]]:
    """`{"value", "n"}` of each trial: the share of questions with the same short answer as before, or the same refusal.

    `order`: the documents come in reverse. `duplicates`: each comes twice. `irrelevant`: documents of another world
    are added. `lower_case`: the question is typed without capitals and question mark. `polite`: it is wrapped in a
    request. `paraphrase`: it is asked in the other words that the suite gives, where it does. Of `deleted`, the share
    of questions refused once every document that answers them is gone; asked are those that were answered. A failure
    is the same as nothing, and no refusal. The system is left closed.
    """
    questions = suite.sample(limit, seed=seed).questions
    documents = list(suite.documents)
    trials = {
        "order": documents[::-1],
        "duplicates": [*documents, *(replace(one, path=f"copy of {one.path}") for one in documents)],
        "irrelevant": [*documents, *irrelevant()],
    }
    reworded = [one for one in questions if one.paraphrases]
    total, done, held = (len(trials) + 4) * len(questions) + len(reworded), 0, False

    def index(given: Sequence[Document]) -> None:
        nonlocal held
        try:
            system.index(given)
            held = True
        except Exception:
            held = False

    def ask(texts: Iterable[str]) -> Replies:
        nonlocal done
        found: Replies = []
        for text in texts:
            try:
                found.append(system.ask(text) if held else None)
            except Exception:
                found.append(None)
            done += 1
            if progress:
                progress(f"{system.name}, robustness", min(done, total), total)
        return found

    plain = [one.question for one in questions]
    try:
        index(documents)
        before = dict(zip(plain, ask(plain), strict=True))
        found = {
            "lower_case": _same(before.values(), ask(map(lower_case, plain))),
            "polite": _same(before.values(), ask(map(polite, plain))),
            "paraphrase": _same(
                [before[one.question] for one in reworded], ask(one.paraphrases[0] for one in reworded)
            ),
        }
        for name, changed in trials.items():
            index(changed)
            found[name] = _same(before.values(), ask(plain))
        answered = [one for one in questions if one.answerable and _answers(before[one.question])]
        refused: list[float] = []
        for half in (answered[::2], answered[1::2]):
            gone = {gold.doc_id for one in half for gold in one.evidence}
            left = [document for document in documents if document.path not in gone]
            if half and left:
                index(left)
                refused += [float(reply is not None and reply.refused) for reply in ask(one.question for one in half)]
        found["deleted"] = mean(refused)
    finally:
        system.close()
    return {name: {"value": value, "n": n} for name, (value, n) in found.items()}


def lower_case(question: str) -> str:
    return question.lower().rstrip(" ?")


def polite(question: str) -> str:
    return f"Could you please tell me: {question}"


def irrelevant() -> list[Document]:
    """What modules of the standard library say of themselves and of what they offer, one document each."""
    found = []
    for name in MODULES:
        module = import_module(name)
        offered = [getattr(module, one) for one in sorted(getattr(module, "__all__", ()))]
        own = [inspect.getdoc(one) or "" for one in (module, *offered) if inspect.isroutine(one) or one is module]
        text = "\n\n".join(one for one in dict.fromkeys(own) if one.strip())
        if text:
            digest = hashlib.sha256(text.encode()).hexdigest()
            found.append(Document(text=text, path=f"irrelevant/{name}.txt", title=f"The module {name}", sha256=digest))
    return found


def _same(before: Iterable[Reply | None], after: Iterable[Reply | None]) -> Mean:
    return mean(
        float(one is not None and other is not None and _said(one) == _said(other))
        for one, other in zip(before, after, strict=True)
    )


def _answers(reply: Reply | None) -> bool:
    return reply is not None and not reply.refused


def _said(reply: Reply) -> tuple[bool, str]:
    return reply.refused, "" if reply.refused else normalise(reply.short)
