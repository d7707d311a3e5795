"""Every figure of a token score from full logits in fp64, written without a line of the code it judges."""

from __future__ import annotations

import numpy as np
import torch


def full_logits(model, token_ids, first_scored, transform=lambda z: z, head=None):
    """[scored, vocabulary] in fp64: the model's last hidden states, as transformers returns them, times its head.

    ``head``: (weight, bias) to use in place of the model's own.
    """
    with torch.no_grad():
        out = model(torch.tensor([token_ids[:-1]]), output_hidden_states=True, use_cache=False)
    states = out.hidden_states[-1][0, first_scored - 1 :].double()
    if head is None:
        module = model.get_output_embeddings()
        head = (module.weight, module.bias)
    logits = states @ head[0].detach().double().T
    if head[1] is not None:
        logits = logits + head[1].detach().double()
    return transform(logits).numpy()


def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def kl(ln_p, ln_q):
    return (np.exp(ln_p) * (ln_p - ln_q)).sum(axis=-1)


def assert_rows_match(rows, p_logits, q_logits, token_ids):
    """KL within 1e-6 nats or 0.1 %; ranks and first choices exact wherever fp32 can tell the logits apart."""
    ln_p, ln_q = log_softmax(p_logits), log_softmax(q_logits)
    index = np.arange(len(token_ids))
    assert [row.token_id for row in rows] == list(token_ids)
    np.testing.assert_allclose([row.kl_divergence for row in rows], kl(ln_p, ln_q), rtol=1e-3, atol=1e-6)
    for name, ln in (("reference", ln_p), ("candidate", ln_q)):
        got = [getattr(row, f"{name}_probability") for row in rows]
        np.testing.assert_allclose(np.log(got), ln[index, token_ids], atol=2e-5)
        _assert_ranks(ln, token_ids, [getattr(row, f"{name}_rank") for row in rows])
        _assert_tops(ln, [getattr(row, f"{name}_top") for row in rows])
    np.testing.assert_allclose(
        [row.reference_entropy_nats for row in rows], -(np.exp(ln_p) * ln_p).sum(axis=-1), atol=2e-5
    )
    ordered = -np.sort(-ln_p, axis=-1)
    np.testing.assert_allclose([row.top_two_gap_nats for row in rows], ordered[:, 0] - ordered[:, 1], atol=2e-5)
    np.testing.assert_allclose([row.reference_max_probability for row in rows], np.exp(ordered[:, 0]), rtol=5e-5)
    _assert_flips(rows, ln_p, ln_q)


def _assert_ranks(ln, token_ids, got):
    for row, token_id, rank in zip(ln, token_ids, got, strict=True):
        margin = 2e-5
        least, most = 1 + int((row > row[token_id] + margin).sum()), 1 + int((row > row[token_id] - margin).sum()) - 1
        assert least <= rank <= max(least, most)


def _assert_tops(ln, got):
    for row, top in zip(ln, got, strict=True):
        values = -np.sort(-row)[: len(top)]
        np.testing.assert_allclose(np.log([one.probability for one in top]), values, atol=2e-5)
        np.testing.assert_allclose(row[[one.token_id for one in top]], values, atol=2e-5)
        assert len({one.token_id for one in top}) == len(top)


def _assert_flips(rows, ln_p, ln_q):
    clear = [(np.diff(np.sort(ln, axis=-1)[:, -2:], axis=-1)[:, 0] > 4e-5) for ln in (ln_p, ln_q)]
    differs = ln_p.argmax(axis=-1) != ln_q.argmax(axis=-1)
    for row, decided, flipped in zip(rows, clear[0] & clear[1], differs, strict=True):
        if decided:
            assert (row.flip != "none") == bool(flipped)
