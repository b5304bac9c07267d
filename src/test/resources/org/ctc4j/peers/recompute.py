#!/usr/bin/env python3
"""Computes what cases.json states, without ctc4j: recursions on probabilities, in 60 decimal digits.

Prints each loss, gradient, reduction, output and path that differs from the stated one by more than the
digits stated, then how many were compared. Whole numbers are exact.
"""
import itertools
import json
import math
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 60
cases = json.loads(Path(__file__).with_name("cases.json").read_text(), parse_float=Decimal)
compared = 0


def scores(case):
    """ln of what the model gives each class, [n][t][c]; None for probability 0."""
    if "sine" in case:
        s = case["sine"]
        return [[[Decimal(math.sin((s["t"] * t + s["n"] * n + s["c"] * c) * float(s["scale"])))
                  for c in range(s["classes"])] for t in range(s["frames"])] for n in range(s["utterances"])]
    if "certain" in case:
        return [[[Decimal(0) if c == label else None for c in range(case["classes"])] for label in path]
                for path in case["certain"]]
    if "probabilities" in case:
        clip = case.get("clip", 0)
        ln = lambda p: Decimal("NaN") if p == "NaN" else Decimal(max(p, clip)).ln() if max(p, clip) > 0 else None
        return [[[ln(p) for p in row] for row in utterance] for utterance in case["probabilities"]]
    return [[[Decimal(x) for x in row] for row in utterance] for utterance in case["logits"]]


def used(case, utterances):
    """Probabilities of the frames that count; frames given once serve all targets."""
    if len(utterances) == 1 and isinstance(case.get("targets"), list):
        utterances = utterances * len(case["targets"])
    firsts = case.get("firstFrames", [0] * len(utterances))
    lengths = case.get("inputLengths", [len(u) for u in utterances])
    for utterance, first, length in zip(utterances, firsts, lengths):
        rows = [[Decimal(0) if x is None else x.exp() for x in row] for row in utterance[first:first + length]]
        softmax = case.get("input", "logits") not in ("log_probs", "scores")
        yield [[p / sum(row) for p in row] for row in rows] if softmax else rows


def targets(case, classes):
    rule = case["targets"]
    if isinstance(rule, list):
        return rule
    blank, step = case["blank"], rule["step"]
    return [[(blank + 1 + (i * step + n) % (classes - 1)) % classes for i in range(length)]
            for n, length in enumerate(rule["lengths"])]


def lattice(p, target, blank, join=sum):
    """Alpha of every frame: join is sum for the loss, max for the best path."""
    states = [blank if s % 2 == 0 else target[s // 2] for s in range(2 * len(target) + 1)]
    row, rows = [Decimal(s == 0) for s in range(len(states))], []
    for frame in p:
        skip = lambda s: s >= 2 and s % 2 == 1 and states[s] != states[s - 2]
        row = [frame[states[s]] * join([row[s], row[s - 1] if s else 0, row[s - 2] if skip(s) else 0])
               for s in range(len(states))]
        rows.append(row)
    return states, rows, join(row[-2:])


def gradient(p, target, blank, classes):
    """p - posterior; the second half of the lattice is the first of everything reversed."""
    states, alpha, total = lattice(p, target, blank)
    beta = lattice(p[::-1], target[::-1], blank)[1][::-1]
    rows = [list(row) for row in p]
    for t, row in enumerate(rows):
        for s, c in enumerate(states):
            if total and p[t][c]:
                row[c] -= alpha[t][s] * beta[t][-1 - s] / p[t][c] / total
    return rows if total else [[Decimal(0)] * classes for _ in p]


def compare(case, what, stated, exact):
    global compared
    compared += 1
    error = None
    if stated == "Infinity" or not exact.is_finite():
        wrong = stated != "Infinity" or exact.is_finite()
    else:
        error = abs(stated - exact)
        wrong = error > (0 if isinstance(stated, int) else Decimal(1).scaleb(stated.as_tuple().exponent) / 2)
    if wrong:
        print(f"{case['name']}: {what}: stated {stated}, exact {+exact:.30g}, error {error and +error:.3g}")


for case in cases:
    utterances = scores(case)
    blank, classes = case["blank"], len(utterances[0][0])
    probabilities = list(used(case, utterances))
    for output in case.get("beam", {}).get("outputs", []):
        if len(output) > 1 and case["beam"]["width"] >= 100:
            compare(case, f"output {output[0]}", output[1], lattice(probabilities[0], output[0], blank)[2].ln())
    if case.get("beam", {}).get("width", 0) > 1000:
        best = {}
        for path in itertools.product(range(classes), repeat=len(probabilities[0])):
            labels = tuple(c for c, _ in itertools.groupby(path) if c != blank)
            best[labels] = best.get(labels, 0.0) + math.prod(float(row[c]) for row, c in zip(probabilities[0], path))
        ranked = [list(labels) for labels in sorted(best, key=best.get, reverse=True)]
        for at, output in enumerate(case["beam"]["outputs"]):
            compared += 1
            if ranked[at] != output[0]:
                print(f"{case['name']}: output {at}: stated {output[0]}, exact {ranked[at]}")
    if "targets" not in case:
        continue
    losses, gradients = [], []
    labels = targets(case, classes)
    for n, (p, target) in enumerate(zip(probabilities, labels)):
        total = lattice(p, target, blank)[2]
        losses.append(-total.ln() if total else Decimal("Infinity"))
        if "losses" in case:
            compare(case, f"loss of utterance {n}", case["losses"][n], losses[n])
        gradients.append(gradient(p, target, blank, classes))
        for t, row in enumerate(case["gradient"][n][:len(p)] if "gradient" in case else []):
            for c, stated in enumerate(row):
                compare(case, f"gradient at (t, n, c) = ({t}, {n}, {c})", stated, gradients[n][t][c])
        if "path" in case and case["path"][n]:
            path = case["path"][n]
            best = lattice(p, target, blank, max)[2]
            along = math.prod((row[c] for row, c in zip(p, path)), start=Decimal(1))
            collapsed = [c for c, _ in itertools.groupby(path) if c != blank]
            compared += 1
            if collapsed != target or abs(along / best - 1) > Decimal("1e-50"):
                print(f"{case['name']}: path of utterance {n}: probability {along}, best {best}")
            if "pathLogProbability" in case:
                compare(case, f"path of utterance {n}", case["pathLogProbability"][n], best.ln())
    for n, stated in enumerate(case.get("blankGradient", [])):
        compare(case, f"gradient of the blank, utterance {n}", stated, gradients[n][0][blank])
    if "gradientStart" in case:
        for c, stated in enumerate(case["gradientStart"]):
            compare(case, f"gradient at (t, n, c) = (0, 0, {c})", stated, gradients[0][0][c])
        norm = sum(x * x for rows in gradients for row in rows for x in row).sqrt()
        compare(case, "gradient norm", case["gradientNorm"], norm)
    mean = sum(loss / max(1, len(target)) for loss, target in zip(losses, labels)) / len(losses)
    for kind, stated in case.get("reductions", {}).items():
        compare(case, kind, stated, mean if kind == "MEAN" else sum(losses))
print(f"{compared} numbers compared")
