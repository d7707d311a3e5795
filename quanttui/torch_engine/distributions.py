"""Next-token distributions of a few positions, and the figures that compare them. Pure functions of fp32 logits.

Logits are [positions, vocabulary] in fp32. Differences and exponentials are taken in fp32, about each row's maximum;
their sums over the vocabulary (64 terms at a time in fp32, those in fp64), normalisers and all that follows are fp64.
Nothing is clipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from quanttui.torch_engine.head import not_finite

_BLOCK = 64


@dataclass(frozen=True, slots=True)
class Distribution:
    """``weights`` = exp(``logits`` − ``maximum``); ``ln_sum`` [n] = ln of their sum, fp64; ``maximum`` [n, 1]."""

    logits: Tensor
    maximum: Tensor
    weights: Tensor
    ln_sum: Tensor

    @property
    def ln_normalizer(self) -> Tensor:
        return self.maximum[:, 0].double() + self.ln_sum


def distribution(logits: Tensor) -> Distribution:
    """Raises MeasurementError where a logit is NaN or +inf (a −inf shows in the KL divergence, which checks too)."""
    maximum = logits.amax(-1, keepdim=True)
    weights = torch.sub(logits, maximum).exp_()
    ln_sum = _sum(weights).log()
    if not bool(torch.isfinite(ln_sum).all() & torch.isfinite(maximum).all()):
        raise not_finite()
    return Distribution(logits, maximum, weights, ln_sum)


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p‖q) [n] in nats, over the whole vocabulary: Σ p·(ln p − ln q).

    The logits' difference is taken about each side's own maximum: where p is large that is nearly exact, and a
    constant added to all logits changes nothing. What fp32 leaves is a few 1e-8 nats either side of the true value;
    of equal logits it is exactly 0.
    """
    difference = torch.sub(p.logits, p.maximum).sub_(torch.sub(q.logits, q.maximum)).mul_(p.weights)
    mean = _sum(difference) / p.ln_sum.exp()
    result = mean - (p.ln_sum - q.ln_sum)
    if not bool(torch.isfinite(result).all()):
        raise not_finite()
    return result


def entropy(p: Distribution) -> Tensor:
    """[n] in nats: ln Σ w − Σ w·(z − max) / Σ w."""
    weighted = torch.sub(p.logits, p.maximum).mul_(p.weights)
    return p.ln_sum - _sum(weighted) / p.ln_sum.exp()


def ln_probability(p: Distribution, token_ids: Tensor) -> Tensor:
    """ln p of ``token_ids`` [n, k], fp64."""
    return p.logits.gather(1, token_ids).double() - p.ln_normalizer[:, None]


def rank(p: Distribution, token_ids: Tensor) -> Tensor:
    """1 + the number of tokens strictly more likely than ``token_ids`` [n]: tied tokens share the better rank."""
    greater = torch.gt(p.logits, p.logits.gather(1, token_ids[:, None]), out=torch.empty_like(p.logits))
    return greater.sum(-1).long() + 1  # sums of ones are exact in fp32 up to 2^24


def top(p: Distribution, k: int) -> Tensor:
    """Ids [n, k] of the most likely tokens, best first; of equals the lower id first.

    The k largest lie in the k blocks whose maxima are largest, so that only those are searched.
    """
    vocabulary = p.logits.shape[1]
    k = min(k, vocabulary)
    whole = vocabulary - vocabulary % _BLOCK
    maxima = [p.logits[:, :whole].unflatten(1, (-1, _BLOCK)).amax(-1)]
    if whole < vocabulary:
        maxima.append(p.logits[:, whole:].amax(-1, keepdim=True))
    block_maxima = torch.cat(maxima, dim=1)
    blocks = block_maxima.topk(min(k, block_maxima.shape[1])).indices.sort().values
    ids = (blocks[..., None] * _BLOCK + torch.arange(_BLOCK, device=blocks.device)).flatten(1)
    values = p.logits.gather(1, ids.clamp(max=vocabulary - 1)).masked_fill_(ids >= vocabulary, -torch.inf)
    best = values.topk(k).indices.sort().values
    order = values.gather(1, best).sort(dim=1, descending=True, stable=True).indices
    return ids.gather(1, best.gather(1, order))


def _sum(values: Tensor) -> Tensor:
    """[n] in fp64 of ``values`` [n, vocabulary]; a cast of the whole would cost more than all else here."""
    whole = values.shape[1] - values.shape[1] % _BLOCK
    partial = values[:, :whole].unflatten(1, (_BLOCK, -1)).sum(1)
    return partial.sum(-1, dtype=torch.float64) + values[:, whole:].sum(-1, dtype=torch.float64)
