#!/usr/bin/env python3
"""Regenerates tests/golden/bert/*.safetensors: what BertForTokenClassification computes, by plain PyTorch in float64.

usage: golden_bert.py [DIRECTORY]     needs torch and numpy, nothing else

Two small models, one whose sizes fit no vector width and one whose sizes do. Their parameters and inputs come from the
project's own counter-based generator, written here a second time in numpy, so the files hold results only; the same
generator gives the dropout masks that are injected into PyTorch. The batch is padded and masked here, as transformers
does it, while the project packs it."""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch

torch.set_default_dtype(torch.float64)

IGNORED = -100
PARAMETER_STEP = 1000  # of the generator's keys: what is drawn for parameters and inputs is apart from the masks
DROPOUT = dict(hidden=0.1, probabilities=0.2, classifier=0.3)
SEED = 0x123456789ABC

MODELS = {
    "odd": dict(vocab=61, hidden=36, layers=2, heads=3, inner=52, positions=21, types=2, labels=5, lengths=[1, 7, 2, 20, 13]),
    "even": dict(vocab=24, hidden=64, layers=1, heads=2, inner=64, positions=34, types=2, labels=9, lengths=[33, 5]),
}


def philox(counter, key):
    """Philox4x32-10 on arrays: counter (n, 4) and key (2), all uint32."""
    c = [counter[:, i].astype(np.uint64) for i in range(4)]
    k = [np.uint64(key[0]), np.uint64(key[1])]
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ k[0], p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ k[1], p0 & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return np.stack(c, axis=1).astype(np.uint32)


def words(step, site, n):
    """The generator's words [0, n) of the stream (SEED, step, site): 16 counters side by side, word 16 j + i of a group is word j of its counter i."""
    groups = (n + 63) // 64
    counter = np.zeros((groups * 16, 4), dtype=np.uint32)
    counter[:, 0] = np.arange(groups * 16)
    counter[:, 2] = site
    counter[:, 3] = step
    return philox(counter, (SEED & 0xFFFFFFFF, SEED >> 32)).reshape(groups, 16, 4).transpose(0, 2, 1).reshape(-1)[:n]


def dropout_mask(probability, step, site, n):
    """Factors of elements [0, n), 16 bits each: half 32 j + i of a group is the low half of word 16 j + i, half 32 j + 16 + i the high one."""
    w = words(step, site, (n + 127) // 128 * 64).reshape(-1, 16)
    halves = np.concatenate([w & np.uint32(0xFFFF), w >> np.uint32(16)], axis=1).reshape(-1)[:n]
    return np.where(halves >= round(probability * 65536), 1 / (1 - probability), 0.0)


def uniform(site, n):
    """Exact in float32: multiples of 2^-23 in [-1, 1)."""
    return (words(PARAMETER_STEP, site, n) >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def tensors(m):
    """Names and shapes in the order of the project's flat array."""
    h, i = m["hidden"], m["inner"]
    out = [("embeddings.word_embeddings.weight", (m["vocab"], h)), ("embeddings.position_embeddings.weight", (m["positions"], h)),
           ("embeddings.token_type_embeddings.weight", (m["types"], h)), ("embeddings.LayerNorm.weight", (h,)), ("embeddings.LayerNorm.bias", (h,))]
    for l in range(m["layers"]):
        out += [(f"encoder.layer.{l}.{name}", shape) for name, shape in [
            ("attention.self.query.weight", (h, h)), ("attention.self.key.weight", (h, h)), ("attention.self.value.weight", (h, h)),
            ("attention.self.query.bias", (h,)), ("attention.self.key.bias", (h,)), ("attention.self.value.bias", (h,)),
            ("attention.output.dense.weight", (h, h)), ("attention.output.dense.bias", (h,)),
            ("attention.output.LayerNorm.weight", (h,)), ("attention.output.LayerNorm.bias", (h,)),
            ("intermediate.dense.weight", (i, h)), ("intermediate.dense.bias", (i,)),
            ("output.dense.weight", (h, i)), ("output.dense.bias", (h,)),
            ("output.LayerNorm.weight", (h,)), ("output.LayerNorm.bias", (h,))]]
    out = [("bert." + name, shape) for name, shape in out]
    return out + [("classifier.weight", (m["labels"], h)), ("classifier.bias", (m["labels"],))]


def parameters(m):
    """Spread wider than transformers initialises, so that softmax and GELU are used over their range."""
    out = {}
    for site, (name, shape) in enumerate(tensors(m)):
        u = torch.from_numpy(uniform(site, int(np.prod(shape))).reshape(shape))
        if name.endswith("LayerNorm.weight"):
            u = 1 + u / 4
        elif len(shape) == 1:
            u = u / 8
        elif "embeddings" not in name:
            u = u / 4
        out[name] = u.requires_grad_()
    return out


def inputs(m):
    n = sum(m["lengths"])
    w = words(PARAMETER_STEP, 1000, 3 * n).astype(np.int64).reshape(3, n)
    labels = np.where(w[2] % 4 == 0, IGNORED, w[2] % m["labels"])
    return dict(ids=w[0] % m["vocab"], types=w[1] % m["types"], labels=labels)


class Batch:
    """Packed inputs laid out as (sentence, place), padded; `gather` takes the real tokens back out."""

    def __init__(self, m, data):
        lengths = m["lengths"]
        self.longest, self.data = max(lengths), data
        self.token = np.full((len(lengths), self.longest), -1)
        at = 0
        for s, n in enumerate(lengths):
            self.token[s, :n] = np.arange(at, at + n)
            at += n
        self.real = torch.from_numpy(self.token >= 0)

    def padded(self, values, fill):
        return torch.from_numpy(np.where(self.token >= 0, values[np.maximum(self.token, 0)], fill))

    def gather(self, x):
        return x[self.real]

    def rows_mask(self, flat, columns):
        """A mask numbered token * columns + column, for (sentence, place, columns)."""
        return torch.from_numpy(flat.reshape(-1, columns)[np.maximum(self.token, 0)])

    def probabilities_mask(self, flat, heads, row):
        """A mask numbered as kernels/attention.h says, for (sentence, head, query, key)."""
        query = np.maximum(self.token, 0)[:, None, :, None]
        head, key = np.arange(heads)[None, :, None, None], np.arange(self.longest)[None, None, None, :]
        element = ((query // 8 * heads + head) * (row // 16) + key // 16) * 128 + query % 8 * 16 + key % 16
        return torch.from_numpy(flat[element])


def norm(x, p, name, eps=1e-12):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * p[name + ".weight"] + p[name + ".bias"]


def linear(x, p, name):
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def forward(m, p, batch, step=None):
    """Hidden states and logits of the real tokens; dropout with the masks of `step` unless it is None."""
    n, h, heads = sum(m["lengths"]), m["hidden"], m["heads"]
    row = (m["positions"] + 15) // 16 * 16

    def drop(x, site, probability):
        return x if step is None else x * batch.rows_mask(dropout_mask(probability, step, site, n * h), h)

    def drop_probabilities(x, site):
        if step is None:
            return x
        return x * batch.probabilities_mask(dropout_mask(DROPOUT["probabilities"], step, site, (n + 7) // 8 * 8 * heads * row), heads, row)

    ids, types = batch.padded(batch.data["ids"], 0), batch.padded(batch.data["types"], 0)
    e = "bert.embeddings."
    x = torch.nn.functional.embedding(ids, p[e + "word_embeddings.weight"], padding_idx=0)  # [PAD]'s row gets no gradient
    x = x + p[e + "position_embeddings.weight"][:batch.longest] + p[e + "token_type_embeddings.weight"][types]
    x = drop(norm(x, p, e + "LayerNorm"), 0, DROPOUT["hidden"])
    states = [batch.gather(x)]
    for l in range(m["layers"]):
        a, sentences = f"bert.encoder.layer.{l}.", x.shape[0]
        q, k, v = (linear(x, p, a + "attention.self." + name).reshape(sentences, batch.longest, heads, h // heads).transpose(1, 2)
                   for name in ("query", "key", "value"))
        scores = q @ k.transpose(2, 3) / (h // heads) ** 0.5
        scores = scores.masked_fill(~batch.real[:, None, None, :], float("-inf"))
        context = drop_probabilities(torch.softmax(scores, -1), 1 + 3 * l) @ v
        context = context.transpose(1, 2).reshape(sentences, batch.longest, h)
        y = linear(context, p, a + "attention.output.dense")
        x = norm(drop(y, 2 + 3 * l, DROPOUT["hidden"]) + x, p, a + "attention.output.LayerNorm")
        u = linear(x, p, a + "intermediate.dense")
        y = linear(0.5 * u * (1 + torch.erf(u / 2**0.5)), p, a + "output.dense")
        x = norm(drop(y, 3 + 3 * l, DROPOUT["hidden"]) + x, p, a + "output.LayerNorm")
        states.append(batch.gather(x))
    logits = linear(drop(x, 1 + 3 * m["layers"], DROPOUT["classifier"]), p, "classifier")
    return states, batch.gather(logits)


def mean_loss(logits, labels):
    labelled = torch.from_numpy(labels != IGNORED)
    chosen = torch.log_softmax(logits, -1)[labelled].gather(1, torch.from_numpy(labels)[labelled, None])
    return -chosen.mean()


def flat(named):
    return torch.cat([x.reshape(-1) for x in named])


def twenty_steps(m, batch):
    """AdamW as fine-tuning uses it: warm-up over 4 steps and linear decay, clipping at 1, no decay on biases and LayerNorm."""
    p = parameters(m)
    plain = [x for name, x in p.items() if "bias" in name or "LayerNorm" in name]
    decayed = [x for name, x in p.items() if not ("bias" in name or "LayerNorm" in name)]
    adamw = torch.optim.AdamW([dict(params=decayed, weight_decay=0.05), dict(params=plain, weight_decay=0.0)],
                              lr=2e-3, betas=(0.9, 0.999), eps=1e-8)
    losses, norms = [], []
    for step in range(20):
        for group in adamw.param_groups:
            group["lr"] = 2e-3 * ((step + 1) / 4 if step < 4 else (20 - step) / 16)
        adamw.zero_grad()
        loss = mean_loss(forward(m, p, batch)[1], batch.data["labels"])
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0))
        adamw.step()
        losses.append(loss.detach())
    return torch.stack(losses), torch.stack(norms), flat(p.values()).detach()


def write_safetensors(path, named):
    header, data = {}, b""
    for name, x in named.items():
        x = np.ascontiguousarray(np.asarray(x), dtype=np.int32 if np.asarray(x).dtype.kind == "i" else np.float32)
        header[name] = dict(dtype={"i": "I32", "f": "F32"}[x.dtype.kind], shape=list(x.shape), data_offsets=[len(data), len(data) + x.nbytes])
        data += x.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def golden(m):
    batch, p, out = Batch(m, inputs(m)), parameters(m), {}
    states, logits = forward(m, p, batch)
    loss = mean_loss(logits, batch.data["labels"])
    loss.backward()
    for i, x in enumerate(states):
        out[f"hidden.{i}"] = x.detach()
    out.update(logits=logits.detach(), loss=loss.detach().reshape(1), gradient=flat(x.grad for x in p.values()))

    p = parameters(m)
    logits = forward(m, p, batch, step=3)[1]
    loss = mean_loss(logits, batch.data["labels"])
    loss.backward()
    out.update({"dropout.loss": loss.detach().reshape(1), "dropout.gradient.every_11th": flat(x.grad for x in p.values())[::11]})

    losses, norms, after = twenty_steps(m, batch)
    out.update({"steps.loss": losses, "steps.norm": norms, "steps.parameters.every_11th": after[::11]})
    return out


if __name__ == "__main__":
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "tests/golden/bert")
    directory.mkdir(parents=True, exist_ok=True)
    for model, sizes in MODELS.items():
        write_safetensors(directory / f"{model}.safetensors", golden(sizes))
