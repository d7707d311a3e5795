"""Next-token distributions of a few positions, and the figures that compare them. Pure functions of fp32 logits.

Logits are [positions, vocabulary] in fp32. Differences and exponentials are taken in fp32, about each row's maximum;
their sums over the vocabulary (64 terms at a time in fp32, those in fp64), normalisers and all that follows are fp64.
Nothing is clipped. Each function says how often it goes over the vocabulary: on a CPU that is what it costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from quanttui.torch_engine.head import not_finite

_BLOCK = 64
_LOW_BITS = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Distribution:
    """``centered`` [n, vocabulary]: each row's logits less its largest; ``block_maxima`` [n, blocks] of it: see
    ``_block_maxima``. ``ln_sum`` [n] = ln Σ exp(``centered``), fp64."""

    centered: Tensor
    block_maxima: Tensor
    ln_sum: Tensor

    def first(self, positions: int) -> Distribution:
        return Distribution(self.centered[:positions], self.block_maxima[:positions], self.ln_sum[:positions])


def distribution(logits: Tensor, weights: Tensor) -> Distribution:
    """``logits`` are centered in place; ``weights``, of their shape, takes exp(centered). Four times over the
    vocabulary.

    Raises MeasurementError where a logit is NaN or +inf (a −inf shows in the KL divergence, which checks too).
    """
    block_maxima = _block_maxima(logits, weights)
    maximum = block_maxima.amax(-1, keepdim=True)
    torch.exp(logits.sub_(maximum), out=weights)
    ln_sum = _sum(weights).log()
    if not bool(torch.isfinite(ln_sum).all() & torch.isfinite(maximum).all()):
        raise not_finite()
    return Distribution(logits, block_maxima.sub_(maximum), ln_sum)


def kl_divergence(p: Distribution, p_weights: Tensor, q: Distribution, scratch: Tensor) -> Tensor:
    """KL(p‖q) [n] in nats, over the whole vocabulary: Σ p·(ln p − ln q). Three times over it.

    The logits' difference is taken about each side's own maximum: where p is large that is nearly exact, and a
    constant added to all logits changes nothing. What fp32 leaves is some 1e-8 nats either side of the true value, a
    few 1e-7 where one token has nearly all the weight; of equal logits it is exactly 0.
    """
    difference = torch.sub(p.centered, q.centered, out=scratch)
    mean = _sum(difference.mul_(p_weights)) / p.ln_sum.exp()
    result = mean - (p.ln_sum - q.ln_sum)
    if not bool(torch.isfinite(result).all()):
        raise not_finite()
    return result


def entropy(p: Distribution, p_weights: Tensor, scratch: Tensor) -> Tensor:
    """[n] in nats: ln Σ w − Σ w·(z − max) / Σ w. Twice over the vocabulary."""
    return p.ln_sum - _sum(torch.mul(p.centered, p_weights, out=scratch)) / p.ln_sum.exp()


def ln_probability(p: Distribution, token_ids: Tensor) -> Tensor:
    """ln p of ``token_ids`` [n, k], fp64."""
    return p.centered.gather(1, token_ids).double() - p.ln_sum[:, None]


def rank(p: Distribution, token_ids: Tensor, scratch: Tensor) -> Tensor:
    """1 + the number of tokens strictly more likely than ``token_ids`` [n]: tied tokens share the better rank. Twice
    over the vocabulary."""
    greater = torch.gt(p.centered, p.centered.gather(1, token_ids[:, None]), out=scratch)
    return greater.sum(-1).long() + 1  # sums of ones are exact in fp32 up to 2^24


def top(p: Distribution, k: int) -> Tensor:
    """Ids [n, k] of the most likely tokens, best first; of equals the lower id first.

    The k largest lie in the k blocks whose maxima are largest, and those of equals in blocks whose maxima are equal,
    so that only these are searched.
    """
    vocabulary = p.centered.shape[1]
    k = min(k, vocabulary)
    ids = _block_members(_best_blocks(p.block_maxima, min(k, p.block_maxima.shape[1])), vocabulary)
    values = p.centered.gather(1, ids.clamp(max=vocabulary - 1)).masked_fill_(ids >= vocabulary, -torch.inf)
    return _LOW_BITS - (_sort_keys(values, ids).topk(k).values & _LOW_BITS)


def _sort_keys(values: Tensor, ids: Tensor) -> Tensor:
    """int64 that order like ``values`` (no NaN), of equals the lower id higher; the id is _LOW_BITS less the low 32."""
    bits = (values + 0.0).view(torch.int32).long()  # + 0.0: no negative zero
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (ordered << 32) | (_LOW_BITS - ids)


def _best_blocks(block_maxima: Tensor, count: int) -> Tensor:
    """``count`` blocks of each row, or as many as some row needs to have all that equal its last one."""
    best = block_maxima.topk(count)
    tied = int((block_maxima >= best.values[:, -1:]).sum(-1).max())
    return best.indices if tied <= count else block_maxima.topk(tied).indices


def _block_maxima(logits: Tensor, scratch: Tensor) -> Tensor:
    """[n, blocks]: block b < B holds the ids b, b + B, b + 2B, ... (``_BLOCK`` of them); the rest, one id each.

    By halves: on a CPU three times as fast as ``amax`` over the ids of a block, which lie apart.
    """
    whole = logits.shape[1] - logits.shape[1] % _BLOCK
    if not whole:
        return logits.clone()
    width, source = whole // 2, logits
    while width * _BLOCK >= whole:
        torch.maximum(source[:, :width], source[:, width : 2 * width], out=scratch[:, :width])
        width, source = width // 2, scratch
    return torch.cat([scratch[:, : whole // _BLOCK], logits[:, whole:]], dim=1)


def _block_members(blocks: Tensor, vocabulary: int) -> Tensor:
    """Ids [n, blocks · _BLOCK] in ``blocks`` [n, blocks]; ``vocabulary`` stands where a block of one id has no more."""
    count = vocabulary // _BLOCK
    steps = torch.arange(_BLOCK, device=blocks.device)
    inside = blocks[..., None] + count * steps
    alone = torch.where(steps == 0, blocks[..., None] + count * (_BLOCK - 1), vocabulary)
    return torch.where(blocks[..., None] < count, inside, alone).flatten(1)


def _sum(values: Tensor) -> Tensor:
    """[n] in fp64 of ``values`` [n, vocabulary]; a cast of the whole would cost more than all else here."""
    whole = values.shape[1] - values.shape[1] % _BLOCK
    partial = values[:, :whole].unflatten(1, (_BLOCK, -1)).sum(1)
    rest = values[:, whole:].sum(-1, dtype=torch.float64)
    total: Tensor = rest + partial.sum(-1, dtype=torch.float64)
    return total
