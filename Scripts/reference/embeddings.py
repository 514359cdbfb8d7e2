"""Writes what the encoder is compared with to Tests/Fixtures/embeddings: vectors of sentence-transformers in f32.

    python embeddings.py --model FOLDER_OF_all-MiniLM-L6-v2

texts.json; minilm.bin: their vectors, [texts, 384] f32, little-endian. tiny/: a small random encoder with weights in f16,
the vocabulary of Tests/Fixtures/tokenizer, first-token pooling and another head size; tiny.bin: its vectors.
"""

import argparse
import json
import pathlib
import shutil

import numpy
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

from tokenizer_texts import CODE, EMOJI, MARKS, PROSE, SCRIPTS

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures"
OUT = FIXTURES / "embeddings"
TEXTS = [
    "", " ", "a", "I", ".", "\u200b", "[SEP]", "fog", "The tide tables are pinned beside the harbour office door.",
    "How do I renew a fishing licence?", "Licences for anglers can be extended at the town hall.",
    "The recipe needs two eggs, a cup of flour and a pinch of salt.", "Bake the dough at 200 degrees until it is golden.",
    "Compilers turn source text into machine code.", "An interpreter runs a program without translating it first.",
    "The patient was given 5 mg of the drug twice a day.", "Quarterly revenue fell by 3.2% year over year.",
    *PROSE, *CODE[:6], *SCRIPTS[:14], *MARKS[:6], *EMOJI[:6],
    " ".join(PROSE), " ".join(PROSE * 3), " ".join(PROSE * 12), "word " * 254, "word " * 255, "漢" * 300, "🙂 " * 20,
    "\n".join(SCRIPTS), "x" * 5000,
]


def tiny():
    """Random weights, large enough that every part of the arithmetic shows in the answer."""
    torch.manual_seed(20261124)
    folder = OUT / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = FIXTURES / "tokenizer/wordpiece-tiny.txt"
    shutil.copy(vocabulary, folder / "vocab.txt")
    config = BertConfig(
        vocab_size=len(vocabulary.read_text().splitlines()), hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=96, max_position_embeddings=48, type_vocab_size=2, layer_norm_eps=1e-6, initializer_range=0.2)
    model = BertModel(config, add_pooling_layer=False)
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or "LayerNorm" in name:
            parameter.data += 0.3 * torch.randn_like(parameter)
    weights = {f"bert.{name}": value.half().contiguous() for name, value in model.state_dict().items() if value.is_floating_point()}
    save_file(weights, folder / "model.safetensors")
    model.load_state_dict({name[5:]: value.float() for name, value in weights.items()}, strict=False)
    shown = {key: value for key, value in json.loads(config.to_json_string(use_diff=False)).items() if key in (
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
        "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "model_type")}
    (folder / "config.json").write_text(json.dumps(shown, indent=1) + "\n")
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}\n')
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(FIXTURES / "tokenizer/wordpiece-tiny.tokenizer.json"))
    tokenizer.enable_truncation(48)
    tokenizer.encode_special_tokens = True
    model.eval()
    with torch.no_grad():
        rows = [model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0, 0] for text in TEXTS]
    return torch.nn.functional.normalize(torch.stack(rows), dim=1).numpy()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model", required=True)
    arguments = arguments.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "texts.json").write_text(json.dumps(TEXTS) + "\n")
    model = SentenceTransformer(arguments.model, device="cpu")
    # [SEP] in a text is a word between brackets, as it is here.
    model.tokenizer.split_special_tokens = True
    model.encode(TEXTS, batch_size=1, normalize_embeddings=True).astype("<f4").tofile(OUT / "minilm.bin")
    tiny().astype("<f4").tofile(OUT / "tiny.bin")
    print(len(TEXTS), "texts, at most", model.max_seq_length, "tokens")
