#!/usr/bin/env python3
"""Times PyTorch and optax beside ctc4j, on the shapes of the suite, from float32 logits to losses and gradient.

    time_peers.py [--shape NAME ...] [--threads N] [--seconds S] [--jar PATH] [--json FILE]

Needs numpy; torch, and jax with optax, for those that are to be timed. ctc4j is timed by JMH from
target/benchmarks.jar, and so on numbers of its own: the distributions are the same, the bits are not.
Prints a table in Markdown; what is missing is said below it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent

# T, N, C, L, ragged: org.ctc4j.bench.Shape.SUITE, whose test compares the two
SUITE = {
    "warp-en-1": (150, 1, 28, 40, False),
    "warp-en-16": (150, 16, 28, 40, False),
    "warp-en": (150, 64, 28, 40, False),
    "warp-en-128": (150, 128, 28, 40, False),
    "warp-zh-1": (150, 1, 5000, 20, False),
    "warp-zh": (150, 16, 5000, 20, False),
    "warp-zh-64": (150, 64, 5000, 20, False),
    "chars": (400, 32, 32, 80, False),
    "bpe": (500, 16, 1024, 60, False),
    "long": (3000, 4, 64, 400, False),
    "hugevocab": (200, 8, 32000, 40, False),
    "ragged-zh": (183, 90, 10241, 29, True),
}
BLANK = 0
LABELS_PER_REPEAT = 16
PEAK = 20  # nats


class Missing(Exception):
    """What keeps an implementation from being timed."""


def path(target, frames, blank):
    """The classes of so many frames that collapse to the target; like Workload.java.

    Each label has one frame, all others are blank. Label i is at frame floor((2i + 1) * frames / 2L) where there
    are at least 2L + 1 frames; else labels follow one another from the first frame on, with a blank between repeats.
    """
    labels = len(target)
    spread = frames >= 2 * labels + 1
    classes = [blank] * frames
    frame = -1
    for i, label in enumerate(target):
        if spread:
            frame = (2 * i + 1) * frames // (2 * labels)
        else:
            frame += 2 if i > 0 and label == target[i - 1] else 1
        classes[frame] = label
    return classes


def workload(shape, peaked=False):
    """Standard normal logits (T, N, C), padded targets (N, L), input lengths, target lengths; like Workload.java.

    Peaked: the classes of a path of the target are raised in all used frames, as trained models have them.
    """
    import numpy as np

    frames, utterances, classes, labels, ragged = shape
    random = np.random.default_rng(1)
    full = np.arange(utterances) == 0 if ragged else np.ones(utterances, bool)
    input_lengths = np.where(full, frames, random.integers(frames // 2, frames + 1, utterances))
    target_lengths = np.where(full, labels, random.integers(labels // 2, labels + 1, utterances))
    targets = np.zeros((utterances, labels), np.int32)
    for n in range(utterances):
        spare = input_lengths[n] - target_lengths[n]
        for i in range(target_lengths[n]):
            if i == 0:
                targets[n, i] = random.integers(1, classes)
            elif spare > 0 and random.integers(LABELS_PER_REPEAT) == 0:
                targets[n, i] = targets[n, i - 1]
                spare -= 1
            else:
                step = random.integers(1, classes - 1)
                targets[n, i] = 1 + (targets[n, i - 1] - 1 + step) % (classes - 1)
    logits = random.standard_normal((frames, utterances, classes), np.float32)
    if peaked:
        for n in range(utterances):
            used = np.arange(input_lengths[n])
            logits[used, n, path(targets[n, : target_lengths[n]].tolist(), len(used), BLANK)] += PEAK
    return logits, targets, input_lengths, target_lengths


def median_milliseconds(call, seconds):
    """Calls until the time is up, at least three times after one that warms up."""
    call()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def pytorch(threads):
    try:
        import torch
    except ImportError as e:
        raise Missing(f"{e}; pip install torch") from e
    torch.set_num_threads(threads)

    def measure(shape, seconds):
        logits, targets, input_lengths, target_lengths = map(torch.from_numpy, workload(shape))
        logits.requires_grad_(True)

        def call():
            logits.grad = None
            losses = torch.nn.functional.ctc_loss(
                logits.log_softmax(2), targets, input_lengths, target_lengths, blank=BLANK, reduction="none"
            )
            losses.sum().backward()

        return median_milliseconds(call, seconds)

    return torch.__version__, measure


def optax(threads):
    # XLA takes as many threads as it sees processors, so the process is held to so many
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:threads])
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        import jax
        import jax.numpy as jnp
        import optax
    except ImportError as e:
        raise Missing(f"{e}; pip install jax optax") from e

    def measure(shape, seconds):
        logits, targets, input_lengths, target_lengths = workload(shape)
        logits = jnp.asarray(logits.transpose(1, 0, 2))
        frame_padding = jnp.asarray(padding(shape[0], input_lengths))
        label_padding = jnp.asarray(padding(shape[3], target_lengths))
        targets = jnp.asarray(targets)

        def loss(x):
            losses = optax.ctc_loss(x, frame_padding, targets, label_padding, blank_id=BLANK)
            return losses.sum(), losses

        step = jax.jit(jax.value_and_grad(loss, has_aux=True))
        return median_milliseconds(lambda: jax.block_until_ready(step(logits)), seconds)

    return f"{optax.__version__} (jax {jax.__version__})", measure


def padding(width, lengths):
    """(N, width), 1 where beyond the length."""
    import numpy as np

    return (np.arange(width)[None, :] >= lengths[:, None]).astype(np.float32)


def ctc4j(jar, implementation):
    def prepare(threads):
        if not jar.exists():
            raise Missing(f"no {jar.name}; benchmarks/smoke builds it")

        def measure(shape, seconds):
            name = next(name for name in SUITE if SUITE[name] == shape)
            with tempfile.TemporaryDirectory() as directory:
                out = Path(directory, "jmh.json")
                # warmed up as long as the benchmark itself wants it: the Vector API takes seconds to be compiled
                command = [
                    "java", "-jar", jar, "CtcBenchmark.gradient", "-rf", "json", "-rff", out, "-foe", "true",
                    "-i", "1", "-r", f"{1000 * seconds:.0f}ms",
                    "-p", f"shape={name}", "-p", f"threads={threads}", "-p", f"implementation={implementation}",
                ]  # fmt: skip
                try:
                    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
                except FileNotFoundError as e:
                    raise Missing("java is not on the path") from e
                if done.returncode != 0:
                    said = [line for line in done.stdout.splitlines() if "Exception" in line or "Error" in line]
                    raise Missing(said[0].strip() if said else done.stderr.strip())
                return json.loads(out.read_text())[0]["primaryMetric"]["scorePercentiles"]["50.0"]

        return None, measure

    return prepare


def child(arguments):
    """Times one implementation, in a process of its own: thread counts are settings of a process."""
    implementations = {
        "ctc4j vector": ctc4j(arguments.jar, "vector"),
        "ctc4j scalar": ctc4j(arguments.jar, "scalar"),
        "PyTorch": pytorch,
        "optax": optax,
    }
    result = {"version": None, "missing": None, "milliseconds": {}}
    try:
        result["version"], measure = implementations[arguments.only](arguments.threads)
        for name in arguments.shape:
            result["milliseconds"][name] = measure(SUITE[name], arguments.seconds)
    except Missing as e:
        result["missing"] = str(e)
    print(json.dumps(result))


def table(shapes, results):
    lines = ["| shape | T×N×C×L | " + " | ".join(results) + " |", "|---|---|" + "---:|" * len(results)]
    for name in shapes:
        reference = results["PyTorch"]["milliseconds"].get(name)
        cells = []
        for implementation, result in results.items():
            milliseconds = result["milliseconds"].get(name)
            if milliseconds is None:
                cells.append("–")
            elif reference is None or implementation == "PyTorch":
                cells.append(f"{milliseconds:.3g}")
            else:
                cells.append(f"{milliseconds:.3g} ({reference / milliseconds:.3g}×)")
        sizes = "×".join(map(str, SUITE[name][:4]))
        lines.append(f"| {name} | {sizes} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", action="append", choices=SUITE, help="may be repeated; default: all")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=2, help="for each shape and implementation")
    parser.add_argument("--jar", type=Path, default=BENCHMARKS / "target" / "benchmarks.jar")
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.shape = arguments.shape or list(SUITE)
    if arguments.only:
        child(arguments)
        return
    try:
        import numpy as np
    except ImportError as e:
        sys.exit(f"{e}; pip install numpy")

    results = {}
    for implementation in ("ctc4j vector", "ctc4j scalar", "PyTorch", "optax"):
        command = [sys.executable, *sys.argv, "--only", implementation]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == 0:
            results[implementation] = json.loads(done.stdout.splitlines()[-1])  # libraries may print before it
        else:
            results[implementation] = {"version": None, "missing": f"exit code {done.returncode}", "milliseconds": {}}

    machine = {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    print(f"Median milliseconds for loss and gradient, {arguments.threads} threads (times as fast as PyTorch).\n")
    print(table(arguments.shape, results))
    print()
    for implementation, result in results.items():
        if result["version"]:
            print(f"- {implementation}: {result['version']}")
        if result["missing"]:
            print(f"- {implementation}: not timed: {result['missing']}")
    if arguments.json:
        document = {"machine": machine, "threads": arguments.threads, "results": results}
        arguments.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
