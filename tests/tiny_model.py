"""A real language model of two layers that always says the same, and a real OpenAI-compatible server for it."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import httpx

PIECES = (
    "Marco| Rubio| met| Sergei| Lavrov| in| Riyadh| on| February| 18| [1]."
    "| The| two| men| spoke| for| four| hours| [1|]."
).split("|")
TEXT = "".join(PIECES)
_BEGIN, _END, _UNKNOWN = "<s>", "</s>", "<unk>"


def build(folder: Path) -> Path:
    """Write a Llama whose next token depends on the last one only: after the prompt's line break come the pieces."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    own = [piece.replace(" ", "Ġ") for piece in PIECES]
    names = [_BEGIN, _END, _UNKNOWN, *sorted(pre_tokenizers.ByteLevel.alphabet()), *own]
    vocabulary = {name: number for number, name in enumerate(dict.fromkeys(names))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=_UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=_BEGIN, eos_token=_END, unk_token=_UNKNOWN, model_max_length=8192
    )
    fast.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}\n"
    fast.save_pretrained(folder)

    size = len(vocabulary) + len(vocabulary) % 2
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(vocabulary),
            hidden_size=size,
            intermediate_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=8192,
            tie_word_embeddings=False,
            bos_token_id=vocabulary[_BEGIN],
            eos_token_id=vocabulary[_END],
        )
    )
    with torch.no_grad():
        for layer in network.model.layers:  # each layer adds nothing, so that the last token alone decides
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        network.model.embed_tokens.weight.copy_(torch.eye(len(vocabulary), size))
        network.lm_head.weight.zero_()
        chain = ["Ċ", *own, _END]  # Ċ: a line break in these bytes' alphabet
        for before, after in itertools.pairwise(chain):
            network.lm_head.weight[vocabulary[after], vocabulary[before]] = 1.0
    network.generation_config.do_sample = False
    network.save_pretrained(folder)
    return folder


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """`transformers serve` over HTTP on this machine; yields its base URL.

    It places models with a package that nothing else here needs: without a device they stay where they are.
    """
    from transformers.cli.serve import Serve
    from transformers.cli.serving.model_manager import ModelManager

    class Server(Serve):
        """Closes the event loop of its thread, too."""

        def start_server(self) -> None:
            self._thread = threading.Thread(target=self.server.run)
            self._thread.start()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nowhere = property(lambda manager: None, lambda manager, device: None)
    with patch.object(ModelManager, "device", nowhere, create=True):
        server = Server(force_model=str(folder), host="127.0.0.1", port=port, non_blocking=True)
    try:
        for _ in range(600):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill_server()
        server._thread.join()
