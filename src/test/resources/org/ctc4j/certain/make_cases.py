#!/usr/bin/env python3
"""Makes cases.json: losses and gradients of nearly certain utterances, by the textbook's recursions in 420 digits.

    make_cases.py > cases.json        needs mpmath

The logits are a formula, see `logits`; NearlyCertainCase.java has the same. They are multiples of a unit: of 1/2, which
float16 has up to 1024 and bfloat16 up to 128, or of 4, which bfloat16 has up to 1024.
"""

import json

from mpmath import exp, log, mp, mpf, nstr, sqrt

mp.dps = 420

MARGINS = [0, 1, 3, 8, 13, 17, 20, 24, 28, 32, 36, 40, 60, 88, 104, 200, 340, 600, 700]
FEW = [17, 32, 40, 100, 700]
LARGE = [200, 340, 600, 700]
ENTRIES = 40


def symbol(target, blank, state):
    return blank if state % 2 == 0 else target[state // 2]


def logits(frames, classes, blank, target, soft, margin, unit):
    """Noise of up to 2 units, and the margin on a path that stays equally long in each state; with `soft`, in the last frame
    of a state on the next one's symbol, too, less 0, 7 or 14 units, so that where the state ends is uncertain and the target
    is not.
    Two frames are in the label both: what fails there are pairs of errors."""
    states = 2 * len(target) + 1
    path = [1, 1] if frames == 2 else [t * states // frames for t in range(frames)]
    x = [[((7 * t + 3 * c + t * c) % 5 - 2) * unit for c in range(classes)] for t in range(frames)]
    for t in range(frames):
        x[t][symbol(target, blank, path[t])] += margin
        if soft and t + 1 < frames and path[t + 1] != path[t]:
            x[t][symbol(target, blank, path[t + 1])] += max(0, margin - 7 * unit * (t % 3))
    return x


def exact(x, target, blank):
    """Loss and gradient with respect to the logits."""
    frames, classes, states = len(x), len(x[0]), 2 * len(target) + 1
    sym = [symbol(target, blank, s) for s in range(states)]
    y = []
    cache = {}
    for row in x:
        e = [cache.setdefault(v, exp(mpf(v))) for v in row]
        total = sum(e)
        y.append([v / total for v in e])

    def skips(s):
        return s >= 2 and s % 2 == 1 and sym[s] != sym[s - 2]

    alpha = []
    row = [mpf(1)] + [mpf(0)] * (states - 1)
    for t in range(frames):
        row = [
            y[t][sym[s]] * (row[s] + (row[s - 1] if s else 0) + (row[s - 2] if skips(s) else 0)) for s in range(states)
        ]
        alpha.append(row)
    p = alpha[-1][-1] + (alpha[-1][-2] if states > 1 else 0)
    gradient = [None] * frames
    beta = [mpf(1) if s >= states - 2 else mpf(0) for s in range(states)]
    for t in reversed(range(frames)):
        gradient[t] = list(y[t])
        for s in range(states):
            gradient[t][sym[s]] -= alpha[t][s] * beta[s] / p
        into = [beta[s] * y[t][sym[s]] for s in range(states)]
        beta = [
            into[s]
            + (into[s + 1] if s + 1 < states else 0)
            + (into[s + 2] if s + 2 < states and skips(s + 2) else 0)
            for s in range(states)
        ]
    return -log(p), gradient


def number(value):
    """17 digits; below the smallest double 0."""
    return nstr(value, 17, min_fixed=0, max_fixed=0) if abs(value) > mpf("2e-324") else "0"


def case(frames, classes, blank, target, soft, margin, unit=0.5):
    loss, gradient = exact(logits(frames, classes, blank, target, soft, margin, unit), target, blank)
    flat = [(abs(v), t, c) for t, row in enumerate(gradient) for c, v in enumerate(row)]
    largest = sorted(flat, reverse=True)[: ENTRIES // 2]
    spread = flat[:: max(1, len(flat) // (ENTRIES // 2))]
    entries = sorted({(t, c) for _, t, c in largest + spread})
    return {
        "frames": frames,
        "classes": classes,
        "blank": blank,
        "target": target,
        "soft": soft,
        "margin": margin,
        "unit": unit,
        "loss": number(loss),
        "gradientNorm": number(sqrt(sum(a * a for a, _, _ in flat))),
        "gradient": [[t, c, number(gradient[t][c])] for t, c in entries],
    }


def main():
    cases = []
    for margin in MARGINS:
        cases.append(case(2, 2, 0, [1], False, margin))
        cases.append(case(3, 2, 0, [1], False, margin))
        cases.append(case(10, 6, 0, [1, 2, 3], False, margin))
        cases.append(case(12, 6, 5, [2, 2, 1, 2], False, margin))
        cases.append(case(41, 9, 3, [1, 5, 5, 8, 1, 0], True, margin))
    for margin in FEW:
        cases.append(case(7, 4, 2, [], False, margin))
        cases.append(case(60, 300, 0, [7, 8, 7, 299, 1], True, margin))
        cases.append(case(1000, 5, 0, [1, 2, 3, 4, 4, 1, 2, 3, 1], True, margin))
        cases.append(case(10000, 4, 3, [0, 1, 2], False, margin))
    for margin in LARGE:
        cases.append(case(2, 2, 0, [1], False, margin, unit=4))
        cases.append(case(10, 6, 0, [1, 2, 3], False, margin, unit=4))
        cases.append(case(12, 6, 5, [2, 2, 1, 2], False, margin, unit=4))
        cases.append(case(41, 9, 3, [1, 5, 5, 8, 1, 0], True, margin, unit=4))
    print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")


if __name__ == "__main__":
    main()
