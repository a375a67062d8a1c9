"""Comparisons of a compiled model with the same model in NumPy, in float64."""
import numpy


def check_gradients(score, found, loss, weights, names):
    """found: results of entry `grad`; loss(weights) in float64. Slopes along directions against gradients."""
    score.compare("loss", found["loss"], numpy.asarray(loss(weights)), 1e-5)
    random, step = numpy.random.default_rng(5), 1e-6
    for name in names:
        gradient = found[f"grad.{name}"].astype("f8")
        # Along the gradient, with a little of chance, so that the slope is far from 0.
        direction = gradient / numpy.linalg.norm(gradient)
        chance = random.standard_normal(gradient.shape)
        direction = direction + 0.5 * chance / numpy.linalg.norm(chance)
        sides = [loss({**weights, name: weights[name] + sign * step * direction}) for sign in (1, -1)]
        slope = (sides[0] - sides[1]) / (2 * step)
        score.compare(f"gradient by {name}", numpy.asarray((gradient * direction).sum()), numpy.asarray(slope), 1e-3)
