"""Train the reader: `python -m rag.training.train WORK` resumes where it stopped and writes reader.safetensors.

WORK holds examples.npz of `python -m rag.training.data`. The rate is constant until it decays at the end, so that a
finished training can be prolonged: raise `--steps`, and it goes on from where the decay began.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from rag.network import Batch, ReaderNetwork, Scores, arrange, from_encoder, from_weights, own_weights
from rag.training.data import KINDS, Examples
from rag.training.recipe import Recipe, TrainingRecipe
from rag.training.steps import Numbers, Pace, batches, bfloat16, rate, resume, save

EVERY = 250  # steps from one checkpoint to the next
CHECKED = 600  # examples of the check part that the learning curve is drawn from


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.train", description=__doc__)
    parser.add_argument("work", type=Path, help="folder with examples.npz; checkpoints go there")
    parser.add_argument("--from", dest="weights", type=Path, help="weights to begin with, by the recipe's [further]")
    parser.add_argument("--steps", type=int, help="steps in all, instead of the recipe's")
    parser.add_argument("--seed", type=int, help="instead of the recipe's")
    parser.add_argument("--share", type=float, help="of the trained weights in what is written, with --from")
    parser.add_argument(
        "--mix", type=_of_mix, action="append", default=[], metavar="KIND=SHARE",
        help="share of a kind of example, instead of the recipe's; may be given for several",
    )  # fmt: skip
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    recipe = Recipe.load()
    changed = {name: value for name in ("steps", "seed", "share") if (value := getattr(options, name)) is not None}
    settings = recipe.further if options.weights else recipe.training
    recipe = recipe.model_copy(
        update={"training": settings.model_copy(update=changed), "mix": recipe.mix | dict(options.mix)}
    )
    train(options.work, recipe, torch.device(options.device), options.weights)


def _of_mix(text: str) -> tuple[str, float]:
    """`KIND=SHARE` as a pair."""
    kind, _, share = text.partition("=")
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(f"there are no examples of the kind “{kind}”; there are {', '.join(KINDS)}")
    try:
        return kind, float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” gives no share: write {kind}=0.5") from None


def train(work: Path, recipe: Recipe, device: torch.device, weights: Path | None = None) -> None:
    """Train to the last step of the recipe, from `weights` or the encoder on; a checkpoint in `work` is resumed."""
    settings = recipe.training
    torch.manual_seed(settings.seed)
    examples = Examples.gather(work)
    network = (from_weights(weights) if weights else from_encoder()).to(device).train()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=device.type == "cpu"
    )
    decay_from = round(settings.steps * (1 - settings.decay))
    constant, decaying = (work / f"{name}-{settings.seed}.pt" for name in ("constant", f"decay-{settings.steps}"))
    step = resume(decaying if decaying.exists() else constant, network, optimizer)
    drawn = _batches(examples, recipe, step)
    if step > settings.steps:
        raise SystemExit(f"{work} holds {step:,} steps already: give more with --steps, or another folder.")
    pace = Pace(settings.steps, settings.batch, "examples")
    while step < settings.steps:
        share = rate(step, warm_up=settings.warm_up, steps=settings.steps, decay_from=decay_from)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * share
        chosen, chance = next(drawn), np.random.default_rng((settings.seed, step))
        batch = _on(device, examples, chosen, chance, settings.without_title)
        with bfloat16(device):
            scores = network(batch)
        loss = _loss(scores, batch, examples, chosen, settings.relevance)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        pace.took(step, loss.item())
        if step % EVERY == 0 or step == settings.steps:
            save(constant if step <= decay_from else decaying, step, network, optimizer)
            _record(work / f"curve-{settings.seed}.jsonl", step, settings, network, examples, device)
            pace.restart()
    made = own_weights(network.to("cpu"))
    if weights:
        made = average(load_file(weights), made, settings.share)
    save_file(made, work / "reader.safetensors")
    print(f"wrote {work / 'reader.safetensors'}")


def average(given: dict[str, Tensor], made: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The mean of two weights of one training, `share` of the second: Wortsman et al. 2022 (arXiv:2203.05482)."""
    return {name: torch.lerp(given[name].float(), tensor.float(), share).half() for name, tensor in made.items()}


def _batches(examples: Examples, recipe: Recipe, skip: int) -> Iterator[Numbers]:
    """Batches of example numbers without end, after the first `skip`; each pass draws its mix and order anew."""
    size = recipe.training.batch
    lengths = examples.bounds[:, 3] - examples.bounds[:, 0]
    own = examples.of("train")
    number = 0
    while True:
        chance = np.random.default_rng((recipe.training.seed, number))
        parts = [own[examples.kind[own] == KINDS.index(kind)] for kind in recipe.mix]
        shares = recipe.mix.values()
        drawn = [
            np.resize(chance.permutation(part), round(len(part) * share))
            for part, share in zip(parts, shares, strict=True)
        ]
        order = chance.permutation(np.concatenate(drawn))
        for batch in batches(order, lengths, size=size, chance=chance):
            if skip:
                skip -= 1
            else:
                yield batch
        number += 1


def _on(
    device: torch.device, examples: Examples, chosen: Numbers, chance: np.random.Generator, without_title: float
) -> Batch:
    questions, titles, passages = zip(*(examples.texts(i) for i in chosen), strict=True)
    titles = tuple([] if chance.random() < without_title else title for title in titles)
    batch = arrange(questions, titles, passages)
    return Batch(**{name: getattr(batch, name).to(device) for name in Batch.__slots__})


def targets(batch_passage: Tensor, examples: Examples, chosen: Numbers) -> Tensor:
    """int64 [n, 2]: where in the input each answer begins and ends; 0 where there is none."""
    first = batch_passage.int().argmax(dim=1).cpu()
    answer = torch.from_numpy(examples.answer[chosen].astype(np.int64))
    return torch.where(answer >= 0, answer + first.unsqueeze(1), 0)


def _loss(scores: Scores, batch: Batch, examples: Examples, chosen: Numbers, weight: float) -> Tensor:
    gold = targets(batch.passage, examples, chosen).to(scores.start.device)
    span = (cross_entropy(scores.start, gold[:, 0]) + cross_entropy(scores.end, gold[:, 1])) / 2
    relevant = torch.from_numpy(examples.relevant[chosen].astype(np.float32)).to(scores.start.device)
    known = relevant >= 0
    if not known.any():
        return span
    return span + weight * binary_cross_entropy_with_logits(scores.relevance[known], relevant[known])


@torch.inference_mode()
def _record(
    file: Path, step: int, settings: TrainingRecipe, network: ReaderNetwork, examples: Examples, device: torch.device
) -> None:
    """Add a point of the learning curve: what the network does with a fixed sample of the check part."""
    held = np.random.default_rng(0).permutation(examples.of("check"))[:CHECKED]
    chance = np.random.default_rng(0)
    network.eval()
    exact, refused = [], []
    for begin in range(0, len(held), settings.batch):
        chosen = held[begin : begin + settings.batch]
        with bfloat16(device):
            batch = _on(device, examples, chosen, chance, 0.0)
            scores = network(batch)
        found = torch.stack([scores.start.argmax(1), scores.end.argmax(1)], dim=1).cpu()
        gold = targets(batch.passage, examples, chosen)
        right = (found == gold).all(dim=1).numpy()
        answerable = examples.answer[chosen, 0] >= 0
        exact += right[answerable].tolist()
        refused += (found[:, 0] == 0).numpy()[~answerable].tolist()
    network.train()
    point = {"step": step, "steps": settings.steps, "exact": float(np.mean(exact)), "refused": float(np.mean(refused))}
    with file.open("a", encoding="utf-8") as curve:
        curve.write(json.dumps(point) + "\n")
    print(f"check: {point}", flush=True)


if __name__ == "__main__":
    main()
