#!/usr/bin/env python3
"""Times PyTorch's ctc_loss on a GPU: one shape, one implementation, in a process of its own.

    time_torch.py SHAPE native|cudnn [--logits flat|peaked]...

SHAPE is a name of time_peers.SUITE or TxNxCxL in numbers. Without --logits both kinds are timed. Needs numpy and
torch. Writes lines, tab-separated, to stdout:

    library  PyTorch VERSION, CUDA VERSION, cuDNN VERSION
    time     SHAPE  flat|peaked  loss|gradient  IMPLEMENTATION  MEDIAN  FASTEST  LOSS_ERROR  GRADIENT_ERROR

Times are milliseconds. IMPLEMENTATION is pytorch-native-device or pytorch-cudnn-device, from logits in device memory,
by CUDA events; or pytorch-native or pytorch-cudnn, from pinned logits on the host to a gradient on the host. "-" is
for what was not measured; stderr says why. Exit code 4: another implementation ran than was asked for.
"""

import argparse
import itertools
import math
import re
import statistics
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

# scripts/gpu-bundle puts time_peers.py beside this file
sys.path.append(str(Path(__file__).resolve().parent.parent / "peers"))
from time_peers import BLANK, SUITE, workload  # noqa: E402

WARM_UP, RUNS = 5, 31
CUDNN_LABELS = 255
DEFAULT_L2_BYTES = 64 << 20
REFERENCE_BYTES = 2 << 30  # of double logits at once
WRONG_IMPLEMENTATION = 4

# autograd nodes, torch's derivatives.yaml: CtcLossBackward0 of _ctc_loss, CudnnCtcLossBackward0 of _cudnn_ctc_loss
NODES = {"native": "CtcLossBackward", "cudnn": "CudnnCtcLossBackward"}

# Mode, and whether from device memory. No loss alone of cuDNN: its forward pass always computes the gradient.
ROWS = {
    "native": [("loss", True), ("gradient", True), ("gradient", False)],
    "cudnn": [("gradient", True), ("gradient", False)],
}


class WrongImplementation(Exception):
    """PyTorch chose another implementation than was asked for."""


@dataclass(frozen=True)
class Batch:
    """Pinned float32 logits (T, N, C), what ctc_loss takes after log_probs, and the same for the reference."""

    logits: torch.Tensor
    arguments: tuple
    padded: torch.Tensor
    input_lengths: list
    target_lengths: list


def shape_of(text):
    """T, N, C, L, ragged; takes what org.ctc4j.bench.Shape.of takes."""
    if text in SUITE:
        return SUITE[text]
    sizes = re.fullmatch("([0-9]+)x([0-9]+)x([0-9]+)x([0-9]+)", text)
    if not sizes:
        raise ValueError(f"expected TxNxCxL or one of {', '.join(SUITE)}, got {text}")
    frames, utterances, classes, labels = map(int, sizes.groups())
    if utterances < 1 or classes < 3 or labels > frames:
        raise ValueError(f"expected N ≥ 1, C ≥ 3 and L ≤ T, got {text}")
    return frames, utterances, classes, labels, False


def obstacle(shape, implementation):
    """Why the implementation cannot take the shape, or None."""
    *_, labels, ragged = shape
    if implementation == "cudnn" and ragged:
        return "PyTorch has cuDNN only where all input lengths are T"
    if implementation == "cudnn" and labels > CUDNN_LABELS:
        return f"PyTorch has cuDNN only for at most {CUDNN_LABELS} labels"
    return None


def concatenated(targets, target_lengths):
    """Targets (N, L) without their padding, in one dimension."""
    return torch.cat([target[:length] for target, length in zip(targets, target_lengths, strict=True)])


def make_batch(shape, kind, implementation):
    """The workload, in the types and on the devices for which PyTorch takes the implementation.

    PyTorch takes cuDNN if _use_cudnn_ctc_loss (aten/src/ATen/native/cudnn/LossCTC.cpp) says so: cuDNN enabled,
    blank 0, float32 log_probs of three dimensions on CUDA, one-dimensional contiguous int32 targets on the CPU, all
    input lengths T, target lengths below 256 and not above the input lengths. Lengths are lists, for then cuDNN gets
    host memory, as its cudnnCTCLoss wants. Of lengths in int32 tensors _use_cudnn_ctc_loss_tensor asks neither the
    device nor whether they are T, and _cudnn_ctc_loss_tensor calls cudnnCTCLoss_v8, which wants device pointers;
    before pytorch/pytorch#152745 it got those of CPU tensors as they were.

    The native implementation gets int64 targets on CUDA, for it does targets.to(log_probs.device(), kLong)
    (ctc_loss_impl, aten/src/ATen/native/LossCTC.cpp), and these are that already; and lists, for it reads lengths on
    the CPU (ctc_loss_gpu_template, aten/src/ATen/native/cuda/LossCTC.cu): tensors on CUDA would be copied back first.
    """
    logits, targets, input_lengths, target_lengths = workload(shape, peaked=kind == "peaked")
    targets = torch.from_numpy(targets)
    input_lengths, target_lengths = input_lengths.tolist(), target_lengths.tolist()
    padded = targets.long().to("cuda")
    given = concatenated(targets, target_lengths) if implementation == "cudnn" else padded
    return Batch(
        torch.from_numpy(logits).pin_memory(),
        (given, input_lengths, target_lengths),
        padded,
        input_lengths,
        target_lengths,
    )


def ctc_loss(logits, arguments, reduction):
    return torch.nn.functional.ctc_loss(logits.log_softmax(2), *arguments, blank=BLANK, reduction=reduction)


def loss(logits, arguments):
    with torch.no_grad():
        return ctc_loss(logits, arguments, "sum")


def gradient(logits, arguments):
    logits = logits.detach().requires_grad_()
    ctc_loss(logits, arguments, "sum").backward()
    return logits.grad


def losses_and_gradient(logits, arguments):
    logits = logits.detach().requires_grad_()
    losses = ctc_loss(logits, arguments, "none")
    losses.sum().backward()
    return losses.detach(), logits.grad


def node_name(losses):
    return losses.grad_fn.name()


def check_implementation(batch, implementation):
    """Nothing but the autograd node tells which one ran."""
    logits = batch.logits.to("cuda").detach().requires_grad_()
    node = node_name(ctc_loss(logits, batch.arguments, "none"))
    if not node.startswith(NODES[implementation]):
        raise WrongImplementation(f"asked for {implementation}, but the autograd node is {node}")


def chunks(utterances, bytes_each):
    """Slices of utterances whose bytes stay below REFERENCE_BYTES, or of one utterance."""
    step = max(1, REFERENCE_BYTES // bytes_each)
    return [slice(begin, min(begin + step, utterances)) for begin in range(0, utterances, step)]


def accuracy(batch):
    """Beside the native implementation in float64: worst relative error of a loss, norm ratio of the gradient."""
    logits = batch.logits.to("cuda")
    frames, utterances, classes = logits.shape
    losses, found = losses_and_gradient(logits, batch.arguments)
    relative, difference, norm = [], 0.0, 0.0
    for part in chunks(utterances, 8 * frames * classes):
        arguments = batch.padded[part], batch.input_lengths[part], batch.target_lengths[part]
        exact_losses, exact = losses_and_gradient(logits[:, part].double(), arguments)
        relative.append((losses[part] - exact_losses).abs() / exact_losses.abs())
        difference += (found[:, part] - exact).square().sum().item()
        norm += exact.square().sum().item()
    # torch's maximum of a NaN is NaN
    return torch.cat(relative).max().item(), math.sqrt(difference / norm)


def number_of_copies(logits, properties):
    """So many that logits and gradients together are four times the L2: what a run reads is no longer in it."""
    l2_bytes = getattr(properties, "L2_cache_size", DEFAULT_L2_BYTES)
    return max(1, math.ceil(4 * l2_bytes / (2 * logits.numel() * logits.element_size())))


def in_turn(copies, step):
    """A call that takes the next copy each time, and keeps what it gives until the copy's next turn.

    Results have their memory from the beginning, lest a timed run be the one that gets more from the driver.
    """
    results = [torch.empty_like(logits) for logits in copies]
    turns = itertools.cycle(range(len(copies)))

    def call():
        turn = next(turns)
        results[turn] = step(copies[turn])

    return call


def times_by_events(call):
    times = []
    for run in range(-WARM_UP, RUNS):
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        torch.cuda.synchronize()
        start.record()
        call()
        stop.record()
        torch.cuda.synchronize()
        if run >= 0:
            times.append(start.elapsed_time(stop))
    return times


def times_by_clock(call):
    times = []
    for run in range(-WARM_UP, RUNS):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        call()
        torch.cuda.synchronize()
        if run >= 0:
            times.append(1e3 * (time.perf_counter() - begin))
    return times


def times_on_device(batch, mode):
    step = {"loss": loss, "gradient": gradient}[mode]
    first = batch.logits.to("cuda")
    clones = number_of_copies(first, torch.cuda.get_device_properties(0)) - 1
    copies = [first, *(first.clone() for _ in range(clones))]
    return times_by_events(in_turn(copies, lambda logits: step(logits, batch.arguments)))


def times_end_to_end(batch):
    result = torch.empty_like(batch.logits).pin_memory()

    def call():
        found = gradient(batch.logits.to("cuda", non_blocking=True), batch.arguments)
        result.copy_(found, non_blocking=True)

    return times_by_clock(call)


def complain(message):
    print(f"time_torch.py: {message}", file=sys.stderr, flush=True)


def attempt(what, measure):
    """What it returns, or None, with the reason on stderr, where memory runs out."""
    try:
        return measure()
    except torch.cuda.OutOfMemoryError as e:
        complain(f"{what}: {e}")
        return None


def cell(value, form):
    return "-" if value is None else form % value


def row(name, kind, mode, implementation, times, errors):
    median, fastest = (statistics.median(times), min(times)) if times else (None, None)
    loss_error, gradient_error = errors or (None, None)
    numbers = [cell(median, "%.4f"), cell(fastest, "%.4f"), cell(loss_error, "%.3g"), cell(gradient_error, "%.3g")]
    return "\t".join(["time", name, kind, mode, implementation, *numbers])


def checked_batch(shape, kind, implementation):
    batch = make_batch(shape, kind, implementation)
    check_implementation(batch, implementation)
    return batch


def rows(name, shape, kind, implementation):
    """The lines of one kind of logits, each as soon as it is measured."""
    what = f"{name} {kind} {implementation}"
    batch = errors = None
    if why_not := obstacle(shape, implementation):
        complain(f"{what}: {why_not}")
    else:
        batch = attempt(what, lambda: checked_batch(shape, kind, implementation))
    if batch:
        errors = attempt(f"{what}, accuracy", lambda: accuracy(batch))
    for mode, on_device in ROWS[implementation]:
        label = f"pytorch-{implementation}{'-device' if on_device else ''}"
        measure = partial(times_on_device, batch, mode) if on_device else partial(times_end_to_end, batch)
        times = attempt(f"{what}, {mode}, {label}", measure) if batch else None
        yield row(name, kind, mode, label, times, errors if mode == "gradient" else None)


def library():
    version = torch.__version__.split("+")[0]
    return f"library\tPyTorch {version}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", help="a name of the suite or TxNxCxL")
    parser.add_argument("implementation", choices=ROWS)
    parser.add_argument("--logits", action="append", choices=("flat", "peaked"), help="may be repeated; default: both")
    arguments = parser.parse_args(argv)
    try:
        shape = shape_of(arguments.shape)
    except ValueError as e:
        parser.error(f"SHAPE: {e}")

    torch.backends.cudnn.enabled = arguments.implementation == "cudnn"
    print(library(), flush=True)
    try:
        for kind in arguments.logits or ("flat", "peaked"):
            for line in rows(arguments.shape, shape, kind, arguments.implementation):
                print(line, flush=True)
    except WrongImplementation as e:
        complain(f"{arguments.shape}: {e}")
        return WRONG_IMPLEMENTATION
    return 0


if __name__ == "__main__":
    sys.exit(main())
