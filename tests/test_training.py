"""How the reader is trained and calibrated: examples, resuming, confidence."""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rag.encoder import bundled, piece_counter
from rag.network import WEIGHTS, from_weights
from rag.training import train as training
from rag.training.calibrate import _moved, put_together
from rag.training.data import KINDS, PARTS, Builder, Examples, build, part_of
from rag.training.negatives import search, wrong_hits
from rag.training.opposites import denied, turned
from rag.training.recipe import RECIPE, Recipe
from rag.types import Hit, Span

FIRST = "Rubio met Lavrov in Riyadh on Tuesday."
SECOND = "Ushakov said that no date was set."


def question(number: int, text: str, answer: str, document: dict[str, Any], kind: str = "ans") -> dict[str, Any]:
    start = document["text"].find(answer) if answer else 0
    evidence = [{"doc_id": document["id"], "start": start, "end": start + len(answer), "text": answer}]
    return {
        "id": str(number), "question": text, "answers": [answer] if answer else [], "answerable": bool(answer),
        "evidence": evidence if answer else [],
        "meta": {"dataset": "squad_train", "doc_id": document["id"], "kind": kind},
    }  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    titles = [title for title in map(str, range(99)) if part_of(title, 20) == "train"][:8]
    held = next(title for title in map(str, range(99)) if part_of(title, 20) == "check")
    documents = [
        {"id": title, "title": title, "text": f"{FIRST} {SECOND}", "meta": {"dataset": "squad_train"}}
        for title in [*titles, held]
    ]
    questions = []
    for document in documents:
        number = len(questions)
        questions += [
            question(number, "Who met Lavrov?", "Rubio", document),
            question(number + 1, "Where did Rubio meet Lavrov?", "in Riyadh", document),
            question(number + 2, "Who met Macron?", "", document, "unans"),
            question(number + 3, "Who is the mayor?", "", document, "syn"),
        ]
    for name, rows in (("documents", documents), ("questions", questions)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    whole = Recipe.load()
    small = {"batch": 2, "steps": 4, "warm_up": 1, "decay": 0.5}
    return whole.model_copy(update={"training": whole.training.model_copy(update=small)})


@pytest.fixture(scope="module")
def examples(data: Path, recipe: Recipe) -> Examples:
    return build(data, recipe)


def test_the_answer_of_each_example_is_where_its_pieces_say(examples: Examples) -> None:
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    seen = set()
    for i in range(len(examples)):
        asked, _, passage = (tokenizer.decode(one) for one in examples.texts(i))
        first, last = examples.answer[i]
        if first >= 0:
            seen.add((asked, tokenizer.decode(examples.texts(i)[2][first : last + 1])))
            assert examples.relevant[i] == 1
        else:
            assert KINDS[examples.kind[i]] in ("unanswerable", "shifted", "swapped")
        assert passage.startswith("rubio met lavrov")
    assert seen == {("who met lavrov?", "rubio"), ("where did rubio meet lavrov?", "in riyadh")}


def test_no_article_is_in_two_parts_and_what_is_elsewhere_teaches_relevance(examples: Examples) -> None:
    assert [len(examples.of(part)) for part in PARTS] == [32, 0, 4]
    shifted = examples.kind == KINDS.index("shifted")
    assert set(examples.relevant[shifted]) == {0}
    assert set(examples.relevant[examples.kind == KINDS.index("unanswerable")]) == {-1}


def test_examples_come_back_from_disk_as_they_were(examples: Examples, tmp_path: Path) -> None:
    examples.save(tmp_path / "examples.npz")
    again = Examples.load(tmp_path / "examples.npz")
    assert all(np.array_equal(getattr(again, name), getattr(examples, name)) for name in Examples.__slots__)


def test_negatives_join_the_examples_with_their_pieces(examples: Examples, tmp_path: Path) -> None:
    examples.save(tmp_path / "examples.npz")
    assert len(Examples.gather(tmp_path)) == len(examples)
    builder = Builder()
    builder.add([1, 2], [3], [4, 5, 6], None, 0, "retrieved", "train")
    builder.built().save(tmp_path / "negatives.npz")
    both = Examples.gather(tmp_path)
    assert both.texts(len(examples)) == ([1, 2], [3], [4, 5, 6])
    assert both.texts(3) == examples.texts(3)
    assert (KINDS[both.kind[-1]], both.relevant[-1], both.answer[-1].tolist()) == ("retrieved", 0, [-1, -1])
    assert both.pieces.dtype == np.uint16


def test_half_of_the_articles_are_put_together_and_their_evidence_goes_with_them() -> None:
    texts = ["Rubio met Lavrov.", "They spoke in Riyadh."]
    documents = [
        {"id": f"squad|{title}-{i}", "title": title, "text": text}
        for title in "abcdefgh"
        for i, text in enumerate(texts)
    ]
    found, moved = put_together(documents)
    whole = [one for one in found if one["text"] == "\n\n".join(texts)]
    assert 1 < len(whole) < 8
    assert len(found) == 2 * 8 - len(whole)
    assert set(moved) == {one["id"] for one in documents}
    by_id = {one["id"]: one for one in found}
    for i, text in enumerate(texts * 8):
        into, at = moved[documents[i]["id"]]
        assert by_id[into]["text"][at : at + len(text)] == text
    last = documents[1 + 2 * [one["title"] for one in documents[::2]].index(whole[0]["title"])]
    gold = {"doc_id": last["id"], "start": 14, "end": 20, "text": "Riyadh"}
    asked = _moved({"evidence": [gold], "meta": {"doc_id": last["id"]}}, moved)
    (there,) = asked["evidence"]
    assert asked["meta"]["doc_id"] == there["doc_id"] == whole[0]["id"]
    assert whole[0]["text"][there["start"] : there["end"]] == "Riyadh"


def test_a_negative_neither_overlaps_the_evidence_nor_holds_the_answer() -> None:
    asked = {"answers": ["Rubio"], "evidence": [{"doc_id": "a", "start": 4, "end": 9}]}

    def hit(path: str, text: str, number: int) -> Hit:
        span = Span(document_id=path, start=0, end=len(text))
        return Hit(score=1.0, text=text, title="", path=path, span=span, passage_id=number)

    hits = [hit("a", "The man met Lavrov.", 1), hit("b", "It was rubio.", 2), hit("b", "Lavrov came.", 3)]
    assert wrong_hits(asked, hits) == hits[2:]


def test_negatives_are_found_by_the_retrieval_of_the_product(data: Path, recipe: Recipe) -> None:
    found = search(data, recipe, questions=4)
    assert len(found) == 0  # every passage of these documents holds the answer
    assert found.pieces.dtype == np.uint16


def test_every_kind_of_the_recipe_is_known_and_every_known_kind_has_a_share() -> None:
    assert set(Recipe.load().mix) == set(KINDS)


def test_an_unknown_figure_in_the_recipe_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(RECIPE.read_text() + "\nspeed = 9\n")
    with pytest.raises(ValueError, match="speed"):
        Recipe.load(file)


def test_a_training_that_was_stopped_ends_like_one_that_was_not(
    examples: Examples, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "EVERY", 1)
    device = torch.device("cpu")
    results = []
    for name in ("whole", "stopped"):
        work = tmp_path / name
        work.mkdir()
        examples.save(work / "examples.npz")
        if name == "stopped":
            save, saved = training.save, []

            def stopping(*arguments: Any, saved: list[int] = saved, save: Any = save) -> None:
                save(*arguments)
                saved.append(arguments[1])
                if len(saved) == 3:
                    raise KeyboardInterrupt

            with monkeypatch.context() as patched:
                patched.setattr(training, "save", stopping)
                with pytest.raises(KeyboardInterrupt):
                    training.train(work, recipe, device)
        training.train(work, recipe, device)
        results.append(load_file(work / "reader.safetensors"))
    whole, stopped = results
    assert whole.keys() == stopped.keys()
    for name, tensor in whole.items():
        torch.testing.assert_close(stopped[name], tensor, rtol=0, atol=1e-6)


def test_training_learns_what_it_is_shown(
    examples: Examples, recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = recipe.training.model_copy(update={"steps": 60, "batch": 8, "without_title": 0.0})
    examples.save(tmp_path / "examples.npz")
    training.train(tmp_path, recipe.model_copy(update={"training": longer}), torch.device("cpu"))
    last = json.loads((tmp_path / f"curve-{longer.seed}.jsonl").read_text().splitlines()[-1])
    assert (last["step"], last["exact"], last["refused"]) == (60, 1.0, 1.0)


def test_a_training_from_weights_begins_with_them(examples: Examples, recipe: Recipe, tmp_path: Path) -> None:
    still = recipe.further.model_copy(update={"steps": 2, "batch": 2, "learning_rate": 0.0})
    examples.save(tmp_path / "examples.npz")
    training.train(tmp_path, recipe.model_copy(update={"training": still}), torch.device("cpu"), WEIGHTS)
    assert not from_weights(WEIGHTS).body.embeddings.word_embeddings.weight.requires_grad
    given, kept = load_file(WEIGHTS), load_file(tmp_path / "reader.safetensors")
    assert given.keys() == kept.keys()
    assert all(torch.equal(given[name], kept[name]) for name in given)


def test_a_kind_of_example_can_be_left_out_or_come_more_often(examples: Examples, recipe: Recipe) -> None:
    for text, times in (("unanswerable=0", 0), ("unanswerable=1", 1), ("unanswerable=3", 3)):
        changed = recipe.model_copy(update={"mix": recipe.mix | dict([training._of_mix(text)])})
        own = examples.kind[examples.of("train")] == KINDS.index("unanswerable")
        passed = sum(round(count * share) for count, share in _shares(examples, changed))
        drawn = training._batches(examples, changed, 0)
        seen = [examples.kind[i] for _ in range(passed // recipe.training.batch) for i in next(drawn)]
        assert abs(seen.count(KINDS.index("unanswerable")) - times * own.sum()) <= passed % recipe.training.batch


def _shares(examples: Examples, recipe: Recipe) -> list[tuple[int, float]]:
    """How many examples of each kind there are to train on, and which share of them a pass takes."""
    kinds = examples.kind[examples.of("train")]
    return [(int((kinds == KINDS.index(kind)).sum()), share) for kind, share in recipe.mix.items()]


@pytest.mark.parametrize(
    ("text", "message"), [("retreived=1", "there are answerable,"), ("retrieved", "retrieved=0.5")]
)
def test_a_mix_that_cannot_be_read_says_how_to_write_it(text: str, message: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        training._of_mix(text)


def test_weights_are_averaged_by_their_share() -> None:
    given, made = {"a": torch.tensor([1.0, 2.0]).half()}, {"a": torch.tensor([3.0, -2.0]).half()}
    assert torch.equal(training.average(given, made, 0.25)["a"], torch.tensor([1.5, 1.0]).half())
    assert torch.equal(training.average(given, made, 0.0)["a"], given["a"])


@pytest.mark.parametrize(
    ("question", "opposite"),
    [
        ("What is the largest city of Estmere?", "What is the smallest city of Estmere?"),
        ("Who left before the vote?", "Who left after the vote?"),
        ("Who supported the treaty?", "Who opposed the treaty?"),
        ("How long is the river?", ""),
        ("Who fought in World War II?", ""),
        ("Who met Lavrov?", ""),
    ],
)
def test_a_question_is_turned_into_its_opposite(question: str, opposite: str) -> None:
    assert turned(question, random.Random(0)) == opposite


@pytest.mark.parametrize(
    ("question", "negated"),
    [
        ("What is it called?", "What isn't it called?"),
        ("Who can vote?", "Who cannot vote?"),
        ("Where did they not meet?", "Where didn't they not meet?"),
        ("Who did not vote?", ""),
        ("Who isn't there?", ""),
        ("Who met Lavrov?", ""),
    ],
)
def test_a_question_is_denied(question: str, negated: str) -> None:
    assert denied(question) == negated
