"""What a text costs without a neural network.

The byte model predicts a byte from the three before it. Counts of shorter contexts fill in what a longer one has not seen, with the weights
of Witten and Bell (IEEE Trans. Information Theory 37(4), 1991, method C); contexts never seen cost nothing but the step down.
"""
import collections
import lzma
import math

ORDER = 3


def count(texts):
    """Per order and context: how often each byte followed."""
    counts = [collections.defaultdict(collections.Counter) for _ in range(ORDER + 1)]
    for text in texts:
        for at in range(len(text)):
            for order in range(min(ORDER, at) + 1):
                counts[order][text[at - order : at]][text[at]] += 1
    return counts


def probability(counts, text, at):
    p = 1 / 256
    for order in range(min(ORDER, at) + 1):
        followers = counts[order].get(text[at - order : at])
        if followers is None:
            break
        total, kinds = followers.total(), len(followers)
        p = (followers[text[at]] + kinds * p) / (total + kinds)
    return p


def bits_per_byte(texts, held_out):
    counts = count(texts)
    # The first byte has no context in what a language model scores either.
    return -sum(math.log2(probability(counts, held_out, at)) for at in range(1, len(held_out))) / (len(held_out) - 1)


def xz_bits_per_byte(text):
    return 8 * len(lzma.compress(text, preset=9)) / len(text)
