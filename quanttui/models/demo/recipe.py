"""The recipe that trained the demo model, and can train it again from any folder of text.

    python -m quanttui.models.demo.recipe --text FOLDER --out FOLDER [--heldout FILE]

It knows plain torch, tokenizers and transformers and nothing of quanttui, and nothing in quanttui imports it.
A run that was stopped goes on from its last checkpoint when it is started again with the same ``--out``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

Stream = NDArray[np.uint16]
BOS, EOS = "<s>", "</s>"
CONTEXT = 512
TOKENIZER_FILE, MODEL_FOLDER, CHECKPOINT = "tokenizer.json", "model", "checkpoint.pt"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result, but for the text and the machine."""

    vocab_size: int = 4096
    hidden_size: int = 256
    intermediate_size: int = 768
    layers: int = 8
    heads: int = 4
    key_value_heads: int = 2
    batch_windows: int = 16
    steps: int = 1300
    warmup_steps: int = 60
    decay_share: float = 0.5
    muon_lr: float = 5e-3
    adamw_lr: float = 3e-3
    weight_decay: float = 0.1
    polish_steps: int = 160
    polish_rate: float = 0.1
    seed: int = 1729


def read_books(source: Path) -> list[str]:
    """The texts of a file, or of every ``.txt`` below a folder; a blank line ends a book."""
    files = [source] if source.is_file() else sorted(source.rglob("*.txt"))
    books = [book.strip() for file in files for book in file.read_text("utf-8").split("\n\n")]
    books = [book for book in books if book]
    if not books:
        raise SystemExit(f"no text in {source}: name a UTF-8 text file or a folder of .txt files")
    return books


def train_tokenizer(books: list[str], vocab_size: int) -> Tokenizer:
    """Byte-level BPE: every string has tokens, and decoding gives back the very bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((line for book in books for line in book.splitlines(keepends=True)), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, 0), (EOS, 1)]
    )
    return tokenizer


def encode_books(tokenizer: Tokenizer, books: list[str]) -> Stream:
    """One stream of token ids, [tokens] uint16, each book closed by EOS."""
    eos = tokenizer.token_to_id(EOS)
    encoded = tokenizer.encode_batch(books, add_special_tokens=False)
    return np.concatenate([np.array([*book.ids, eos], dtype=np.uint16) for book in encoded])


def build_model(recipe: Recipe) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=recipe.vocab_size,
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.intermediate_size,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.key_value_heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
    )
    return LlamaForCausalLM(config)


def batches(stream: Stream, recipe: Recipe, newline: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Shuffled windows for ever, as (inputs, targets), each [batch_windows, CONTEXT]; every input starts with BOS.

    Windows are cut afresh each epoch at a random offset; every other one starts at a paragraph, as prompts do.
    """
    random = np.random.default_rng(recipe.seed)
    starts_of_paragraphs = np.flatnonzero(stream == newline) + 1
    while True:
        starts = np.arange(random.integers(CONTEXT), len(stream) - 2 * CONTEXT, CONTEXT)
        nearest = np.minimum(np.searchsorted(starts_of_paragraphs, starts), len(starts_of_paragraphs) - 1)
        snapped = starts_of_paragraphs[nearest]
        usable = (snapped - starts < CONTEXT // 2) & (random.random(len(starts)) < 0.5)
        starts = random.permutation(np.where(usable, snapped, starts))
        for first in range(0, len(starts) - recipe.batch_windows + 1, recipe.batch_windows):
            windows = np.stack([stream[s : s + CONTEXT] for s in starts[first : first + recipe.batch_windows]])
            targets = torch.from_numpy(windows.astype(np.int64))
            inputs = torch.cat([torch.zeros_like(targets[:, :1]), targets[:, :-1]], dim=1)
            yield inputs, targets


def optimizers_of(model: LlamaForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for embeddings and norms."""
    named = dict(model.named_parameters())
    matrices = [p for name, p in named.items() if p.ndim == 2 and "embed" not in name and "lm_head" not in name]
    kept = {id(p) for p in matrices}
    rest = [p for p in named.values() if id(p) not in kept]
    return [
        torch.optim.Muon(matrices, lr=recipe.muon_lr, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=recipe.adamw_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def learning_rate_factor(step: int, recipe: Recipe) -> float:
    """Warm-up, plateau, a straight line to zero over the last ``decay_share`` of the steps; the polish, another."""
    if step >= recipe.steps:
        return recipe.polish_rate * (1 - (step - recipe.steps) / recipe.polish_steps)
    decay_steps = recipe.steps * recipe.decay_share
    return max(0.0, min(1.0, (step + 1) / recipe.warmup_steps, (recipe.steps - step) / decay_steps))


def repeats(token_ids: torch.Tensor, first: int) -> torch.Tensor:
    """Where a token of [windows, tokens], from ``first`` on, ends a 4-gram that its window has had before; bool."""
    marked = torch.zeros_like(token_ids, dtype=torch.bool)
    for window, ids in enumerate(token_ids.tolist()):
        seen: set[tuple[int, ...]] = set()
        for end in range(4, len(ids) + 1):
            gram = tuple(ids[end - 4 : end])
            marked[window, end - 1] = gram in seen and end - 1 >= first
            seen.add(gram)
    return marked


def repetition_loss(model: LlamaForCausalLM, prefixes: torch.Tensor, new_tokens: int = 96) -> torch.Tensor:
    """How likely the model makes its own repetitions when it continues ``prefixes`` greedily; nats a token.

    The sequence-level unlikelihood of Welleck et al., "Neural Text Generation with Unlikelihood Training" (2020):
    without it a model of this size soon says the same few words over and over.
    """
    writer: Any = model  # transformers types generate() for another kind of self
    with torch.no_grad():
        written: torch.Tensor = writer.generate(
            prefixes,
            attention_mask=torch.ones_like(prefixes),
            do_sample=False,
            max_new_tokens=new_tokens,
            min_new_tokens=new_tokens,
            pad_token_id=1,
        )
    marked = repeats(written, prefixes.shape[1])[:, 1:]
    chances = model(written[:, :-1]).logits.float().softmax(-1).gather(-1, written[:, 1:, None])[..., 0]
    unlikelihood: torch.Tensor = (1 - chances[marked]).clamp_min(1e-6).log().sum() / (len(prefixes) * new_tokens)
    return -unlikelihood


@torch.no_grad()
def heldout_loss(model: LlamaForCausalLM, tokenizer: Tokenizer, books: list[str]) -> tuple[float, float]:
    """Nats a token and nats a character: windows of CONTEXT that overlap by half, every token scored once."""
    stream = torch.from_numpy(encode_books(tokenizer, books).astype(np.int64))
    half, nats, tokens = CONTEXT // 2, 0.0, 0
    device = next(model.parameters()).device
    model.eval()
    for start in range(0, len(stream), half):
        first = max(0, start - half)
        targets = stream[first : start + half]
        inputs = torch.cat([torch.zeros(1, dtype=torch.int64), targets[:-1]])
        with torch.autocast(device.type, torch.bfloat16):
            logits = model(inputs[None].to(device)).logits[0, start - first :]
        scored = targets[start - first :].to(logits.device)
        nats += functional.cross_entropy(logits.float(), scored, reduction="sum").item()
        tokens += len(scored)
    model.train()
    return nats / tokens, nats / sum(len(book) for book in books)


def save_model(model: LlamaForCausalLM, tokenizer: Tokenizer, out: Path) -> None:
    """bf16 safetensors, config and tokenizer, as plain ``AutoModelForCausalLM`` and ``AutoTokenizer`` load them."""
    copy = LlamaForCausalLM(model.config)
    copy.load_state_dict(model.state_dict())
    copy.bfloat16().save_pretrained(out)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BOS, eos_token=EOS, model_max_length=CONTEXT
    ).save_pretrained(out)


class Training:
    """One training run: the model, its optimizers, and how far it is. ``folder`` keeps its checkpoint."""

    def __init__(self, recipe: Recipe, folder: Path, stream: Stream, device: torch.device, newline: int) -> None:
        self.recipe, self.folder, self.device = recipe, folder, device
        self.model = build_model(recipe)
        torch.nn.Module.to(self.model, device)
        self.optimizers = optimizers_of(self.model, recipe)
        self.base_rates = (recipe.muon_lr, recipe.adamw_lr)
        self.batches = batches(stream, recipe, newline)
        self.step = 0

    def resume(self) -> None:
        checkpoint = self.folder / CHECKPOINT
        if not checkpoint.exists():
            return
        state = torch.load(checkpoint, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step = state["step"]
        for _ in range(self.step):
            next(self.batches)

    def save_checkpoint(self) -> None:
        optimizers = [optimizer.state_dict() for optimizer in self.optimizers]
        fresh = self.folder / f"{CHECKPOINT}.new"
        torch.save({"model": self.model.state_dict(), "optimizers": optimizers, "step": self.step}, fresh)
        fresh.replace(self.folder / CHECKPOINT)

    @property
    def polishing(self) -> bool:
        return self.step >= self.recipe.steps

    def train_step(self) -> float:
        """One batch; returns its loss, nats a token."""
        inputs, targets = (side.to(self.device) for side in next(self.batches))
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.model(inputs).logits
            penalty = repetition_loss(self.model, inputs[:, : CONTEXT // 16]) if self.polishing else 0.0
        loss = functional.cross_entropy(logits.float().view(-1, self.recipe.vocab_size), targets.view(-1))
        (loss + penalty).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer, base_rate in zip(self.optimizers, self.base_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = base_rate * learning_rate_factor(self.step, self.recipe)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--text", type=Path, required=True, help="a text file, or a folder of .txt files")
    parser.add_argument("--out", type=Path, required=True, help="a folder for checkpoints and the model")
    parser.add_argument("--heldout", type=Path, help="a text file to report the loss on")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.text, arguments.out, arguments.heldout, Recipe(steps=arguments.steps), arguments.every)


def train(text: Path, out: Path, heldout_text: Path | None, recipe: Recipe, every: int) -> None:
    """Train from scratch, or from the checkpoint in ``out``; the model lies in ``out/model`` afterwards."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    tokenizer = tokenizer_in(out, books := read_books(text), recipe)
    heldout = read_books(heldout_text) if heldout_text else []
    stream = encode_books(tokenizer, books)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    newline = tokenizer.encode("\n", add_special_tokens=False).ids[0]
    training = Training(recipe, out, stream, device, newline)
    training.resume()
    report(f"{len(stream):,} tokens, {training.model.num_parameters():,} parameters, {json.dumps(asdict(recipe))}")

    last_step = recipe.steps + recipe.polish_steps
    first_step, started, mean_loss = training.step, time.monotonic(), math.nan
    while training.step < last_step:
        loss = training.train_step()
        mean_loss = loss if math.isnan(mean_loss) else 0.95 * mean_loss + 0.05 * loss
        if training.step % 20 == 0:
            tokens = (training.step - first_step) * recipe.batch_windows * CONTEXT
            rate = tokens / (time.monotonic() - started)
            report(f"step {training.step}/{last_step} loss {mean_loss:.3f} {rate:,.0f} tokens/s")
        if training.step % every == 0 or training.step == last_step:
            training.save_checkpoint()
            if heldout:
                token, character = heldout_loss(training.model, tokenizer, heldout)
                report(f"step {training.step} held out: {token:.3f} nats/token, {character:.4f} nats/character")
    save_model(training.model, tokenizer, out / MODEL_FOLDER)


def tokenizer_in(folder: Path, books: list[str], recipe: Recipe) -> Tokenizer:
    """The tokenizer kept in ``folder``, trained first where there is none."""
    file = folder / TOKENIZER_FILE
    if not file.exists():
        train_tokenizer(books, recipe.vocab_size).save(str(file))
    return Tokenizer.from_file(str(file))


def report(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
