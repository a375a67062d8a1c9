"""Layers of models in float64, written down anew: what checks compare compiled models with."""
import math

import numpy


def norm(x, weights, name, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    return centred / numpy.sqrt((centred ** 2).mean(-1, keepdims=True) + eps) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def gelu(x):
    return x * (1 + numpy.vectorize(math.erf)(x / math.sqrt(2))) / 2


def rotate(x):
    """Pairs of neighbouring lanes by standard angles, positions from 0: [B, T, H, D]."""
    half = x.shape[-1] // 2
    angles = numpy.arange(x.shape[1])[:, None] * 10000.0 ** (-numpy.arange(half) / half)
    turned = (x[..., 0::2] + 1j * x[..., 1::2]) * numpy.exp(1j * angles)[:, None]
    return numpy.stack([turned.real, turned.imag], -1).reshape(x.shape)


def visible(time, heads, segments, ratios, causal=False):
    """How many patterns show key s to query t, for each head: [H, T, T]. Offsets are torchscale's blocks of heads."""
    counts = numpy.zeros((heads, time, time))
    position = numpy.arange(time)
    for segment, ratio in zip(segments, ratios):
        together = position[:, None] // segment == position // segment
        for head in range(heads):
            takes_part = position % segment % ratio == head // math.ceil(heads / ratio)
            counts[head] += together & takes_part[:, None] & takes_part
    return numpy.tril(counts) if causal else counts


def attention(q, k, v, counts):
    """One softmax in which a key counts as often as patterns show it. A query that sees nothing gives 0."""
    products = numpy.einsum("bthd,bshd->bhts", q, k) / math.sqrt(q.shape[-1])
    shares = counts * numpy.exp(products)
    return numpy.einsum("bhts,bshd->bthd", shares / numpy.maximum(shares.sum(-1, keepdims=True), 1e-300), v)


def cross_entropy(logits, targets):
    """The mean over targets that are not -1."""
    picked = numpy.take_along_axis(logits, numpy.maximum(targets, 0)[..., None], -1)[..., 0]
    return (numpy.log(numpy.exp(logits).sum(-1)) - picked)[targets >= 0].mean()
