"""The support checker's network: claim, title and premise in, supported, contradicted and not found out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers import BertModel

from rag.claims import dated
from rag.encoder import bundled, has_bfloat16, piece_counter
from rag.network import BATCH, SHARED, WEIGHTS, WINDOW, Batch, arrange, config_of, fill, from_weights, pinned_weights
from rag.network import PINNED as READER
from rag.passages import TITLE_PIECES
from rag.support import Claim

TRAINED = Path(__file__).parent / "training" / "support.safetensors"
PINNED = "224f55cb30d3d7e42ec90691511491ddca576e0b0aca9cbc1e0e18e437c7fd38"
CLASSES = 3  # supported, contradicted, not found
WITHIN = 256  # units between the pooled pieces and the classes
LONGEST_CLAIM = 128  # word pieces
_PERCENT = re.compile(r"(?<=\d)\s?(?:%|per cent\b)")
_NOT = re.compile(r"\b(is|are|was|were|did|does|do|has|had|have|could|would|should)n['’]t\b")
_INITIALS = re.compile(r"\b(?:[A-Z]\.){2,}(?=\s+[a-z]|\w|[,;)])")  # not where the full stop may end a sentence


class SupportNetwork(nn.Module):
    """The reader's body with a head on [CLS] and on the strongest signal of any piece of the claim: one wrong word
    makes a sentence wrong."""

    def __init__(self, body: BertModel) -> None:
        super().__init__()
        self.body = body
        size = body.config.hidden_size
        self.pooled = nn.Linear(2 * size, WITHIN)
        self.classes = nn.Linear(WITHIN, CLASSES)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, float32 [n, 3]."""
        hidden = self.body(input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask).last_hidden_state
        precise = hidden.to(self.pooled.weight.dtype)
        claim = (batch.types == 0) & (batch.mask == 1)
        strongest = precise.masked_fill(~claim.unsqueeze(-1), -1e4).amax(dim=1)
        both = torch.cat([precise[:, 0], strongest], dim=1)
        logits: Tensor = self.classes(gelu(self.pooled(both)))
        return logits.float()


def from_reader(weights: Path = WEIGHTS, *, frozen: int) -> SupportNetwork:
    """The network before any training: the reader's body, its embeddings and lowest layers left as they are."""
    network = SupportNetwork(from_weights(weights).body)
    for part in (network.body.embeddings, *network.body.encoder.layer[:frozen]):
        for parameter in part.parameters():
            parameter.requires_grad = False
    return network


def trained_weights(network: SupportNetwork) -> dict[str, Tensor]:
    """What training made, float16: what it left as the reader's is not among it."""
    return {
        name: parameter.detach().to("cpu", torch.float16).contiguous()
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    }


def put_in(network: SupportNetwork, trained: Path) -> SupportNetwork:
    """The network with what a training made in its place. Raises KeyError for a weight that it does not have."""
    own = dict(network.named_parameters())
    with torch.no_grad():
        for name, tensor in load_file(trained).items():
            own[name].copy_(tensor)
    return network


class Scorer:
    """The trained network with its tokenizer, as `rag.support` uses it. Thread-safe."""

    def __init__(self, network: SupportNetwork, tokenizer: Any) -> None:
        self.network = network.eval()
        self._tokenizer = tokenizer

    @classmethod
    def load(
        cls, trained: Path = TRAINED, *, pinned: str = PINNED, reader: Path = WEIGHTS, bfloat16: bool | None = None
    ) -> Scorer:
        """Raises ReaderError where weights are missing or not the pinned ones, EncoderError for the embeddings."""
        own = {
            name: tensor
            for name, tensor in pinned_weights(reader, READER, whose="the reader's").items()
            if name.startswith("body.")
        }
        own |= pinned_weights(trained, pinned, whose="the support checker's")
        folder = bundled()
        with safe_open(folder / "model.safetensors", "pt") as file:
            own[SHARED] = file.get_tensor(SHARED.removeprefix("body."))
        with torch.device("meta"):
            network = SupportNetwork(BertModel(config_of(folder, attention="sdpa"), add_pooling_layer=False))
        kind = torch.bfloat16 if (has_bfloat16() if bfloat16 is None else bfloat16) else torch.float32
        fill(network, own, kind, trained)
        length = network.body.config.max_position_embeddings
        embeddings = network.body.embeddings
        embeddings.register_buffer("position_ids", torch.arange(length).unsqueeze(0), persistent=False)
        embeddings.register_buffer("token_type_ids", torch.zeros(1, length, dtype=torch.int64), persistent=False)
        return cls(network, piece_counter((folder / "tokenizer.json").read_text(encoding="utf-8")))

    def logits(self, claims: Sequence[Claim]) -> list[list[float]]:
        """Three of each claim; what does not fit into the window is cut from the premise's end."""
        pieces = [self._pieces(claim) for claim in claims]
        found: list[list[float]] = [[] for _ in claims]
        order = sorted(range(len(claims)), key=lambda i: sum(map(len, pieces[i])))
        for begin in range(0, len(order), BATCH):
            chosen = order[begin : begin + BATCH]
            batch = arrange(*zip(*(pieces[i] for i in chosen), strict=True))
            with torch.inference_mode():
                rows = self.network(batch).tolist()
            for i, row in zip(chosen, rows, strict=True):
                found[i] = row
        return found

    def _pieces(self, claim: Claim) -> tuple[list[int], list[int], list[int]]:
        encode = self._tokenizer.encode
        text, title, premise = (
            encode(alike(one), add_special_tokens=False).ids for one in (claim.text, claim.title, claim.premise)
        )
        text, title = text[:LONGEST_CLAIM], title[:TITLE_PIECES]
        return text, title, premise[: WINDOW - 4 - len(text) - len(title)]


def alike(text: str) -> str:
    """The text with percent, dates, denials and initials in one way: a claim may write them otherwise."""
    text = dated(_NOT.sub(r"\1 not", _PERCENT.sub(" percent", text)))
    return _INITIALS.sub(lambda match: match.group().replace(".", ""), text)
