"""Train the support checker: `python -m rag.training.checker WORK` resumes, and writes support.safetensors at the end.

WORK holds pairs.npz of `python -m rag.training.pairs`, or `--data` names the folder to make them from. It begins with
the reader's weights; the rate falls to zero.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rag.network import arrange
from rag.support_network import SupportNetwork, from_reader, put_in, trained_weights
from rag.training.pair_arrays import KINDS, LABELS, Pairs
from rag.training.pairs import write
from rag.training.recipe import Recipe, SupportRecipe
from rag.training.steps import Numbers, Pace, batches, bfloat16, rate, resume, save

EVERY = 250  # steps from one checkpoint to the next
CHECKED = 1200  # pairs of the check part that the learning curve is drawn from


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.checker", description=__doc__)
    parser.add_argument("work", type=Path, help="folder with pairs.npz; checkpoints go there")
    parser.add_argument("--data", type=Path, help="folder to make the pairs from where WORK holds none")
    parser.add_argument(
        "--from", dest="weights", type=Path, help="trained weights to begin with, by the recipe's [support_further]"
    )
    parser.add_argument("--steps", type=int, help="steps in all, instead of the recipe's")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    if options.data and not (options.work / "pairs.npz").exists():
        write(options.data, options.work, further=options.weights is not None)
    recipe = Recipe.load().support_further if options.weights else Recipe.load().support
    recipe = recipe.model_copy(update={"steps": options.steps or recipe.steps})
    train(options.work, recipe, weights=options.weights)


def train(work: Path, recipe: SupportRecipe, *, weights: Path | None = None) -> None:
    """Train to the last step of the recipe, from `weights` or the reader's; a checkpoint in `work` is resumed."""
    torch.manual_seed(recipe.seed)
    pairs = Pairs.load(work / "pairs.npz")
    network = from_reader(frozen=recipe.frozen)
    if weights:
        put_in(network, weights)
    network.train()
    head = [*network.pooled.parameters(), *network.classes.parameters()]
    body = [parameter for parameter in network.body.parameters() if parameter.requires_grad]
    rates = (recipe.learning_rate, recipe.head_rate)
    optimizer = torch.optim.AdamW(
        [{"params": body}, {"params": head}], lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    state = work / f"support-{recipe.seed}.pt"
    step = resume(state, network, optimizer)
    drawn = _batches(pairs, recipe, step)
    decay_from = round(recipe.steps * (1 - recipe.decay))
    pace = Pace(recipe.steps, recipe.batch, "pairs")
    while step < recipe.steps:
        share = rate(step, warm_up=recipe.warm_up, steps=recipe.steps, decay_from=decay_from)
        for group, full in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = full * share
        chosen = next(drawn)
        loss = cross_entropy(_logits(network, pairs, chosen), _labels(pairs, chosen))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*body, *head], 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        pace.took(step, loss.item())
        if step % EVERY == 0 or step == recipe.steps:
            save(state, step, network, optimizer)
            if step % (2 * EVERY) == 0 or step == recipe.steps:
                _record(work / f"support-curve-{recipe.seed}.jsonl", step, network, pairs)
            pace.restart()
    save_file(trained_weights(network), work / "support.safetensors")
    print(f"wrote {work / 'support.safetensors'}")


def _batches(pairs: Pairs, recipe: SupportRecipe, skip: int) -> Iterator[Numbers]:
    """Batches of pair numbers without end, after the first `skip`; each pass draws its order anew."""
    size = recipe.batch
    lengths = pairs.bounds[:, 3] - pairs.bounds[:, 0]
    own = pairs.of("train")
    number = 0
    while True:
        chance = np.random.default_rng((recipe.seed, number))
        order = chance.permutation(own)
        for batch in batches(order, lengths, size=size, chance=chance):
            if skip:
                skip -= 1
            else:
                yield batch
        number += 1


def _logits(network: SupportNetwork, pairs: Pairs, chosen: Numbers) -> Tensor:
    with bfloat16(torch.device("cpu")):
        found: Tensor = network(arrange(*zip(*(pairs.texts(i) for i in chosen), strict=True)))
    return found


def _labels(pairs: Pairs, chosen: Numbers) -> Tensor:
    return torch.from_numpy(pairs.label[chosen].astype(np.int64))


@torch.inference_mode()
def _record(file: Path, step: int, network: SupportNetwork, pairs: Pairs) -> None:
    """Add a point of the learning curve: the share of a fixed sample of the check part taken rightly, for each kind."""
    held = np.random.default_rng(0).permutation(pairs.of("check"))[:CHECKED]
    held = held[np.argsort((pairs.bounds[:, 3] - pairs.bounds[:, 0])[held], kind="stable")]
    network.eval()
    found = np.concatenate(
        [_logits(network, pairs, held[begin : begin + 32]).argmax(1).numpy() for begin in range(0, len(held), 32)]
    )
    network.train()
    supported = LABELS.index("supported")
    right = (found == supported) == (pairs.label[held] == supported)
    true = pairs.label[held] == supported
    balanced = (right[true].mean() + right[~true].mean()) / 2
    kinds = {
        kind: round(float(right[at].mean()), 3) for i, kind in enumerate(KINDS) if (at := pairs.kind[held] == i).any()
    }
    point = {"step": step, "balanced": round(float(balanced), 4), "kinds": kinds}
    with file.open("a", encoding="utf-8") as curve:
        curve.write(json.dumps(point) + "\n")
    print(f"check: {point}", flush=True)


if __name__ == "__main__":
    main()
