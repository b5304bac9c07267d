#!/usr/bin/env python3
"""Runs time_torch.py without a GPU: PyTorch's arithmetic on the CPU, its devices and events from stubs.

Exit code 77: numpy or torch is missing.
"""

import contextlib
import io
import itertools
import re
import subprocess
import sys
import time
import unittest
from collections import namedtuple
from types import SimpleNamespace
from unittest import mock

try:
    import numpy as np
    import torch
except ImportError as e:
    print(f"skipped: {e}", file=sys.stderr)
    sys.exit(77)

sys.dont_write_bytecode = True
import time_torch  # noqa: E402
from time_peers import PEAK, SUITE, path, workload  # noqa: E402, time_torch knows where it is

SHAPE = "30x4x7x5"
RAGGED = (30, 4, 7, 5, True)
CALLS = time_torch.WARM_UP + time_torch.RUNS
REAL_TO, REAL_CTC_LOSS, REAL_FUNCTIONAL = torch.Tensor.to, torch.ctc_loss, torch.nn.functional.ctc_loss
REAL_NODE_NAME = time_torch.node_name

Call = namedtuple("Call", "log_probs targets input_lengths target_lengths blank cudnn")
Output = namedtuple("Output", "code lines errors calls")


class Cuda(torch.Tensor):
    """Stands for a tensor in device memory: what is computed of one is one, and CPU tensors cannot join."""

    BOTH_DEVICES = (torch.Tensor.copy_, REAL_FUNCTIONAL)

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), keywords=None):
        tensors = [x for x in arguments if isinstance(x, torch.Tensor)]
        if function not in cls.BOTH_DEVICES and not all(isinstance(x, Cuda) for x in tensors):
            raise AssertionError(f"{function.__name__} of tensors on two devices")
        return super().__torch_function__(function, types, arguments, keywords or {})


def to(tensor, *arguments, **keywords):
    if arguments != ("cuda",):
        return REAL_TO(tensor, *arguments, **keywords)
    assert set(keywords) <= {"non_blocking"}
    return tensor.detach().clone().as_subclass(Cuda)


class Event:
    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        self.at = time.perf_counter()

    def elapsed_time(self, end):
        return 1e3 * (end.at - self.at)


def node_name(losses):
    """Of what computed the losses: that they are of the class Cuda is a node of its own."""
    return REAL_NODE_NAME(SimpleNamespace(grad_fn=losses.grad_fn.next_functions[0][0]))


def run(*arguments, node=None, fails=lambda call: False, l2_bytes=20000):
    """Runs main; node is the name that autograd is to give, fails says which calls of ctc_loss find no memory."""
    calls = []

    def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, *rest):
        enabled = torch.backends.cudnn.enabled
        calls.append(Call(log_probs, targets, input_lengths, target_lengths, blank, enabled))
        if fails(calls[-1]):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return REAL_CTC_LOSS(log_probs, targets, input_lengths, target_lengths, blank, *rest)

    properties = SimpleNamespace(L2_cache_size=l2_bytes)
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        for target, name, stub in (
            (torch.cuda, "Event", Event),
            (torch.cuda, "synchronize", lambda: None),
            (torch.cuda, "get_device_properties", lambda device: properties),
            (torch.version, "cuda", "13.0"),
            (torch.backends.cudnn, "version", lambda: 91002),
            (torch.Tensor, "to", to),
            (torch.Tensor, "pin_memory", lambda tensor: tensor),
            (torch, "ctc_loss", ctc_loss),
            (time_torch, "node_name", (lambda losses: node) if node else node_name),
        ):
            stack.enter_context(mock.patch.object(target, name, stub))
        stack.enter_context(mock.patch.dict(SUITE, {"ragged": RAGGED}))
        stack.enter_context(torch.backends.cudnn.flags(enabled=True))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(errors))
        code = time_torch.main(list(arguments))
    return Output(code, out.getvalue().splitlines(), errors.getvalue(), calls)


def run_cudnn(*arguments, **keywords):
    return run(*arguments, node="CudnnCtcLossBackward0", **keywords)


def takes_cudnn(call):
    """_use_cudnn_ctc_loss(log_probs, targets, IntArrayRef, IntArrayRef, BLANK), condition by condition."""
    log_probs, targets, input_lengths, target_lengths, blank, enabled = call
    return (
        enabled
        and blank == 0
        and targets.dim() == 1
        and log_probs.dtype == torch.float32
        and targets.dtype == torch.int32
        and not isinstance(targets, Cuda)
        and targets.is_contiguous()
        and isinstance(log_probs, Cuda)
        and log_probs.dim() == 3
        and are_ints(input_lengths)
        and are_ints(target_lengths)
        and all(length == log_probs.shape[0] for length in input_lengths)
        and all(n < 256 and n <= t for n, t in zip(target_lengths, input_lengths, strict=True))
    )


def are_ints(lengths):
    """Whether PyTorch takes the overload of IntArrayRef for them."""
    return isinstance(lengths, list) and all(type(length) is int for length in lengths)


def collapse(classes):
    return [label for label, _ in itertools.groupby(classes) if label != 0]


def fields(lines):
    return [line.split("\t") for line in lines if line.startswith("time\t")]


class PathTest(unittest.TestCase):
    def test_spread_over_the_frames(self):
        self.assertEqual([0, 0, 3, 0, 0, 0, 0, 3, 0, 0], path([3, 3], 10, 0))
        self.assertEqual([0, 1, 0, 2, 0], path([1, 2], 5, 0))

    def test_packed_where_there_is_no_room(self):
        self.assertEqual([1, 2, 0, 0], path([1, 2], 4, 0))
        self.assertEqual([1, 0, 1, 2, 0], path([1, 1, 2], 5, 0))

    def test_no_labels(self):
        self.assertEqual([9, 9], path([], 2, 9))

    def test_collapses_to_the_target(self):
        for target in ([1], [1, 1], [1, 2, 2, 2, 3], [4, 4, 4, 4], [1, 2, 1, 2, 1]):
            repeats = sum(a == b for a, b in itertools.pairwise(target))
            for frames in range(len(target) + repeats, 40):
                classes = path(target, frames, 0)
                self.assertEqual(frames, len(classes))
                self.assertEqual(target, collapse(classes))
                self.assertEqual(len(target), sum(c != 0 for c in classes))


class WorkloadTest(unittest.TestCase):
    def test_peaks_alone_distinguish_it_from_flat(self):
        flat, *others = workload(RAGGED)
        peaked, *same = workload(RAGGED, peaked=True)
        for a, b in zip(others, same, strict=True):
            np.testing.assert_array_equal(a, b)
        targets, input_lengths, target_lengths = same
        raised = peaked - flat
        for n, used in enumerate(input_lengths):
            self.assertTrue((raised[used:, n] == 0).all())
            np.testing.assert_allclose(raised[:used, n].max(axis=1), PEAK, rtol=1e-5)
            self.assertEqual(used, np.count_nonzero(raised[:, n]))
            target = targets[n, : target_lengths[n]].tolist()
            self.assertEqual(target, collapse(raised[:used, n].argmax(axis=1).tolist()))

    def test_peaked_loss_is_small(self):
        logits, targets, *lengths = map(torch.as_tensor, workload(RAGGED, peaked=True))
        losses = REAL_FUNCTIONAL(logits.double().log_softmax(2), targets, *lengths, reduction="none")
        self.assertLess(losses.max().item(), 1e-3)


class RowsTest(unittest.TestCase):
    """What is printed."""

    TIMES = r"\t\d+\.\d{4}\t\d+\.\d{4}"
    ERRORS = r"\t[0-9.e+-]+\t[0-9.e+-]+"

    def assert_lines(self, expected, lines):
        version = re.escape(torch.__version__.split("+")[0])
        self.assertRegex(lines[0], rf"\Alibrary\tPyTorch {version}, CUDA 13\.0, cuDNN 91002\Z")
        self.assertEqual(len(expected), len(lines) - 1)
        for pattern, line in zip(expected, lines[1:], strict=True):
            self.assertRegex(line, rf"\Atime\t{pattern}\Z")

    def test_native(self):
        output = run(SHAPE, "native")
        self.assertEqual((0, ""), (output.code, output.errors))
        rows = []
        for kind in ("flat", "peaked"):
            rows += [
                rf"{SHAPE}\t{kind}\tloss\tpytorch-native-device{self.TIMES}\t-\t-",
                rf"{SHAPE}\t{kind}\tgradient\tpytorch-native-device{self.TIMES}{self.ERRORS}",
                rf"{SHAPE}\t{kind}\tgradient\tpytorch-native{self.TIMES}{self.ERRORS}",
            ]
        self.assert_lines(rows, output.lines)

    def test_cudnn(self):
        output = run_cudnn(SHAPE, "cudnn", "--logits", "peaked")
        self.assertEqual((0, ""), (output.code, output.errors))
        rows = [
            rf"{SHAPE}\tpeaked\tgradient\tpytorch-cudnn{place}{self.TIMES}{self.ERRORS}" for place in ("-device", "")
        ]
        self.assert_lines(rows, output.lines)

    def test_shapes_that_cudnn_cannot_take(self):
        for name, reason in (("ragged", "input lengths"), ("300x2x5x256", "255 labels"), ("long", "255 labels")):
            output = run(name, "cudnn", "--logits", "flat")
            self.assertEqual(0, output.code)
            rows = [rf"{name}\tflat\tgradient\tpytorch-cudnn{place}\t-\t-\t-\t-" for place in ("-device", "")]
            self.assert_lines(rows, output.lines)
            self.assertIn(reason, output.errors)
            self.assertEqual([], output.calls)

    def test_most_labels_of_cudnn(self):
        output = run_cudnn("300x1x5x255", "cudnn", "--logits", "flat")
        self.assertTrue(takes_cudnn(output.calls[0]))
        self.assertNotIn("-", fields(output.lines)[0])

    def test_accuracy(self):
        for name in (SHAPE, "ragged"):
            with mock.patch.object(time_torch, "REFERENCE_BYTES", 8 * 30 * 7 * 3):
                *_, loss_error, gradient_error = fields(run(name, "native", "--logits", "flat").lines)[1]
            self.assertLess(float(loss_error), 1e-5)
            self.assertLess(float(gradient_error), 1e-5)
            self.assertGreater(float(gradient_error), 0)

    def test_out_of_memory(self):
        output = run(SHAPE, "native", "--logits", "flat", fails=lambda call: True)
        self.assertEqual((0, 1), (output.code, len(output.calls)))
        self.assertEqual({"-"}, {value for row in fields(output.lines) for value in row[5:]})
        self.assertIn("out of memory", output.errors)

    def test_out_of_memory_of_the_reference_alone(self):
        output = run(SHAPE, "native", "--logits", "flat", fails=lambda call: call.log_probs.dtype == torch.float64)
        for *_, median, fastest, loss_error, gradient_error in fields(output.lines):
            self.assertEqual(("-", "-"), (loss_error, gradient_error))
            self.assertGreaterEqual(float(median), float(fastest))
        self.assertIn("accuracy: CUDA out of memory", output.errors)

    def test_out_of_memory_of_one_row(self):
        output = run(SHAPE, "native", "--logits", "flat", fails=lambda call: not torch.is_grad_enabled())
        self.assertEqual([True, False, False], [row[5] == "-" for row in fields(output.lines)])
        self.assertIn("loss, pytorch-native-device: CUDA out of memory", output.errors)


class CallsTest(unittest.TestCase):
    """What PyTorch is asked for."""

    def float32_calls(self, output):
        return [call for call in output.calls if call.log_probs.dtype == torch.float32]

    def test_cudnn_gets_what_it_is_chosen_by(self):
        output = run_cudnn(SHAPE, "cudnn")
        calls = self.float32_calls(output)
        # for each kind the node, the accuracy, and two rows
        self.assertEqual(2 * (2 + 2 * CALLS), len(calls))
        self.assertTrue(all(map(takes_cudnn, calls)))
        references = [call for call in output.calls if call.log_probs.dtype == torch.float64]
        self.assertEqual(2, len(references))
        self.assertFalse(any(map(takes_cudnn, references)))
        targets = workload(time_torch.shape_of(SHAPE))[1]
        self.assertEqual(targets.flatten().tolist(), calls[0].targets.tolist())

    def test_native_gets_what_it_need_not_convert(self):
        for name in (SHAPE, "ragged"):
            output = run(name, "native", "--logits", "flat")
            calls = self.float32_calls(output)
            self.assertEqual(2 + 3 * CALLS, len(calls))
            self.assertEqual(1, len(output.calls) - len(calls))
            for call in output.calls:
                self.assertFalse(call.cudnn)
                self.assertEqual(0, call.blank)
                self.assertIsInstance(call.log_probs, Cuda)
                self.assertIsInstance(call.targets, Cuda)
                self.assertEqual((torch.int64, (4, 5)), (call.targets.dtype, tuple(call.targets.shape)))
                self.assertTrue(are_ints(call.input_lengths) and are_ints(call.target_lengths))

    def test_reference_in_chunks(self):
        with mock.patch.object(time_torch, "REFERENCE_BYTES", 8 * 30 * 7 * 3):
            output = run(SHAPE, "native", "--logits", "flat")
        doubles = [call for call in output.calls if call.log_probs.dtype == torch.float64]
        self.assertEqual([3, 1], [call.log_probs.shape[1] for call in doubles])

    def test_wrong_implementation(self):
        # on a CPU it is always the native one
        for output, said in (
            (run(SHAPE, "cudnn"), "asked for cudnn, but the autograd node is CtcLossBackward0"),
            (
                run(SHAPE, "native", node="CudnnCtcLossBackward0"),
                "asked for native, but the autograd node is CudnnCtcLossBackward0",
            ),
        ):
            self.assertEqual((4, 1), (output.code, len(output.lines)))
            self.assertIn(said, output.errors)


class PartsTest(unittest.TestCase):
    def test_concatenated(self):
        targets = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]], dtype=torch.int32)
        self.assertEqual([1, 2, 3, 4, 5, 6], time_torch.concatenated(targets, [2, 1, 3]).tolist())

    def test_number_of_copies(self):
        logits = torch.zeros(10, 1, 10)  # with the gradient 800 bytes
        copies = time_torch.number_of_copies
        self.assertEqual(5, copies(logits, SimpleNamespace(L2_cache_size=1000)))
        self.assertEqual(6, copies(logits, SimpleNamespace(L2_cache_size=1001)))
        self.assertEqual(1, copies(logits, SimpleNamespace(L2_cache_size=10)))
        self.assertEqual(-(-4 * (64 << 20) // 800), copies(logits, SimpleNamespace()))

    def test_copies_take_turns(self):
        copies = [torch.zeros(1) for _ in range(3)]
        seen = []
        call = time_torch.in_turn(copies, lambda logits: seen.append(id(logits)))
        for _ in range(7):
            call()
        self.assertEqual([id(copies[turn]) for turn in (0, 1, 2, 0, 1, 2, 0)], seen)

    def test_chunks(self):
        with mock.patch.object(time_torch, "REFERENCE_BYTES", 100):
            self.assertEqual([slice(0, 2), slice(2, 4), slice(4, 5)], time_torch.chunks(5, 50))
            self.assertEqual([slice(0, 1), slice(1, 2)], time_torch.chunks(2, 101))

    def test_shape_of(self):
        self.assertEqual((150, 64, 28, 40, False), time_torch.shape_of("warp-en"))
        self.assertEqual((6, 3, 4, 6, False), time_torch.shape_of("6x3x4x6"))
        for text in ("warp", "6x3x4", "6x3x4x7", "6x0x4x2", "6x3x2x2", "-6x3x4x2", "6x3x4x2x1"):
            with self.assertRaises(ValueError):
                time_torch.shape_of(text)

    def test_usage(self):
        command = [sys.executable, "-B", time_torch.__file__, "no-shape", "native"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        self.assertIn("expected TxNxCxL", done.stderr)


if __name__ == "__main__":
    unittest.main()
