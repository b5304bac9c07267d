#!/usr/bin/env python3
"""Cycles a frame of the recursions, of the machine code that ptxas makes of the shipped PTX; no GPU is needed.

    loop_cycles.py            the table of kernels/ptx/cycles.txt, on standard output
    loop_cycles.py --write    puts it there
    loop_cycles.py --check    whether that file is of the present PTX (needs neither ptxas nor nvdisasm)

Needs ptxas and nvdisasm, of CUDA 12 or 13, on the PATH or named by PTXAS and NVDISASM.

Every instruction of a GPU from Volta on carries what its scheduler obeys: cycles until the next instruction of the warp (stall), a
scoreboard that a result of unknown latency sets, one that is set until the operands are read, and those that must be clear before it
is issued. A loop's body is replayed with these until its period settles, for one warp that has its scheduler to itself. Stalls are
exact. Latencies are not in the code: those below were measured by others on Volta to Hopper (Jia et al. 2018, Luo et al. 2024; of
float64 Khairy et al. 2020, whose simulator, Accel-Sim, has them of each GPU); that of a load from global memory is varied, since it
tells whether loads are ahead of their use: then the cycles do not depend on it.
"""
import collections
import hashlib
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PTX = ROOT / 'kernels' / 'ptx'
TABLE = PTX / 'cycles.txt'
LOAD_LATENCIES = (200, 270, 350)  # L2 of an A100, an H100 at rest, an H100 that is busy
ARCHITECTURES = ('sm_75', 'sm_80', 'sm_90')
SCOREBOARDS = 6
NONE = 7  # no scoreboard

# Cycles from issue to result, of what sets a scoreboard.
RESULT = dict(SHFL=24, LDS=30, LD=300, LDL=40, MUFU=22, F2F=22, F2I=22, I2F=22, R2UR=10, S2R=25, S2UR=25, VOTE=12, REDUX=25, LDC=40,
              BAR=25, MEMBAR=25, ATOM=300, ATOMS=60, POPC=20, FLO=20, SYNCS=20)
FLOAT64 = ('DADD', 'DFMA', 'DMUL', 'DSETP')
# Turing has few units; an A100 takes 6 to 8, and the scoreboard may add some. On an H100 they set none.
FLOAT64_RESULT = dict(sm_75=64, sm_80=10, sm_90=10)
# Cycles until the operands are read.
OPERANDS = dict(SHFL=12, LDS=12, LDG=12, LDGSTS=12, STS=12, STG=16, STL=16, MUFU=12, ATOM=20)
OTHER_RESULT = 25
OTHER_OPERANDS = 12

# A recursion's frame moves two states to the neighbouring lane.
SHUFFLES_A_FRAME = 2
FEWEST_FRAMES = 4  # of an unrolled loop that is a walk and not the remainder of one
MOST_INSTRUCTIONS = 6000


class Instruction:
    def __init__(self, address, text, word):
        self.address = address
        self.text = text
        self.opcode = re.match(r'(?:@!?U?P\w+\s+)?([A-Z0-9_]+)', text).group(1)
        self.stall = word >> 105 & 15
        self.sets = word >> 110 & 7
        self.sets_until_read = word >> 113 & 7
        self.waits = [board for board in range(SCOREBOARDS) if word >> 116 + board & 1]


def tool(name):
    return os.environ.get(name.upper(), name)


def disassemble(cubin, kernel):
    """The instructions of a kernel, and the index of each label."""
    listing = subprocess.run([tool('nvdisasm'), '-c', '-hex', cubin], capture_output=True, text=True, check=True).stdout.split('\n')
    found, labels, unplaced, inside = [], {}, [], False
    for number, line in enumerate(listing):
        section = re.match(r'//-+ \.text\.(\S+)', line)
        if section:
            inside = section.group(1) == kernel
        if not inside:
            continue
        label = re.match(r'(\.L_x_\d+|\$?[\w$.@]+):\s*$', line)
        if label and not line.startswith('.text'):
            unplaced.append(label.group(1))
        code = re.match(r'\s+/\*([0-9a-f]+)\*/\s+(.*?);\s*/\* 0x([0-9a-f]+) \*/', line)
        if code:
            upper = re.search(r'/\* 0x([0-9a-f]+) \*/', listing[number + 1]).group(1)
            word = int(upper, 16) << 64 | int(code.group(3), 16)
            labels.update((name, len(found)) for name in unplaced)
            unplaced.clear()
            found.append(Instruction(int(code.group(1), 16), code.group(2).strip(), word))
    return found, labels


def frames_of(body):
    return sum(i.opcode == 'SHFL' and '.UP' in i.text for i in body) // SHUFFLES_A_FRAME


def target_index(instruction, labels):
    """Where a branch goes; None for what is no branch."""
    branch = re.match(r'(?:@!?U?P\w+\s+)?BRA(?:\.U)?\s+(?:!?U?P\w+,\s*)?`\((\S+)\)', instruction.text)
    return labels.get(branch.group(1)) if branch else None


def without_waits(found, first, last, labels):
    """Instructions first to last, without the innermost ones that are skipped unless another block is waited for: a loop that loads
    what blocks share, and a branch past it."""
    waits = []
    targets = {i: target_index(found[i], labels) for i in range(first, last)}
    back = [(to, i) for i, to in targets.items()
            if to is not None and first <= to <= i and any(one.opcode == 'LDG' and '.STRONG.GPU' in one.text for one in found[to:i])]
    for i, to in targets.items():
        if found[i].text.startswith('@') and to is not None and any(i < begin and end < to <= last for begin, end in back):
            waits.append((i + 1, to))
    skipped = {i for wait in waits if not any(other != wait and wait[0] <= other[0] and other[1] <= wait[1] for other in waits)
               for i in range(*wait)}
    return [found[i] for i in range(first, last + 1) if i not in skipped]


def loops(found, labels):
    """The walks: what lies between a backward branch and where it goes, if it is long enough and no other walk lies within."""
    spans = []
    for index, instruction in enumerate(found):
        first = target_index(instruction, labels)
        if first is not None and first <= index:
            body = found[first:index + 1]
            if frames_of(body) >= FEWEST_FRAMES and len(body) <= MOST_INSTRUCTIONS:
                spans.append((first, index))
    for first, last in spans:
        if not any(other != (first, last) and first <= other[0] and other[1] <= last for other in spans):
            yield without_waits(found, first, last, labels)


def replay(body, load_latency, results, passes=8):
    """Cycles of the last of several passes through a loop's body."""
    time, started = 0, 0
    pending = [[] for _ in range(SCOREBOARDS)]  # when what has set a scoreboard clears it
    group, groups = [], []  # copies to shared memory, not yet committed and committed
    for _ in range(passes):
        started = time
        for instruction in body:
            opcode = instruction.opcode
            time = max([time] + [clears for board in instruction.waits for clears in pending[board]])
            most = re.search(r'SB\d, 0x([0-9a-f]+)', instruction.text) if opcode == 'DEPBAR' else None
            if most and len(groups) > int(most.group(1), 16):
                time = max(time, groups[len(groups) - int(most.group(1), 16) - 1])
            pending = [[clears for clears in board if clears > time] for board in pending]
            if opcode == 'LDGSTS':
                group.append(time + load_latency)
            elif opcode == 'LDGDEPBAR':
                groups.append(max(group, default=time))
                group = []
            if instruction.sets != NONE:
                latency = load_latency if opcode == 'LDG' else results.get(opcode, OTHER_RESULT)
                pending[instruction.sets].append(time + latency)
            if instruction.sets_until_read != NONE:
                pending[instruction.sets_until_read].append(time + OPERANDS.get(opcode, OTHER_OPERANDS))
            time += max(1, instruction.stall)
    return time - started


def numbers_of(body):
    """What type the states of a walk have."""
    return 'float64' if sum(i.opcode in ('DMUL', 'DADD') for i in body) >= frames_of(body) else 'float32'


def walks(ptx, kernel, architecture):
    """(type of states, frames, instructions, loads and stores of global memory, cycles by latency) of every walk, in the order of the code."""
    with tempfile.TemporaryDirectory() as directory:
        cubin = os.path.join(directory, 'kernel.cubin')
        subprocess.run([tool('ptxas'), f'-arch={architecture}', str(ptx), '-o', cubin], check=True, capture_output=True)
        found, labels = disassemble(cubin, kernel)
    results = RESULT | dict.fromkeys(FLOAT64, FLOAT64_RESULT[architecture])
    for body in loops(found, labels):
        loads = sum(i.opcode in ('LDG', 'LDGSTS') for i in body)
        stores = sum(i.opcode == 'STG' for i in body)
        yield numbers_of(body), frames_of(body), len(body), loads, stores, [replay(body, latency, results) for latency in LOAD_LATENCIES]


def target_of(file):
    return int(re.search(r'\.sm_(\d+)\.ptx$', file.name).group(1))


def files():
    return sorted([*PTX.glob('lattice_*.ptx'), *PTX.glob('align_f[0-9]*.ptx')])


def kernels_of(name):
    if name == 'lattice_split':
        return ['ctc_lattice_split_store', 'ctc_lattice_split_consume']
    return ['ctc_' + name.replace('align_', 'align_path_')]


def chosen(file, architecture):
    """Whether a device of that architecture takes this file: of those for it or older ones the latest."""
    name = file.name.split('.')[0]
    targets = [target_of(other) for other in PTX.glob(f'{name}.sm_*.ptx')]
    return target_of(file) == max((t for t in targets if t <= int(architecture[3:])), default=None)


def hashes():
    return [f'# {hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}' for file in files()]


def table():
    lines = ['# Cycles a frame by load latency, one warp alone on its scheduler; by benchmarks/gpu/loop_cycles.py, of', *hashes()]
    head = ' '.join(f'{latency:>7}' for latency in LOAD_LATENCIES)
    lines.append(f'{"kernel":<26} {"arch":<6} {"states":<7} {"loop":>5} {"frames":>6} {"instructions":>12} {"loads":>6} {"stores":>6} {head}')
    for file in files():
        name = file.name.split('.')[0]
        for kernel, architecture in itertools.product(kernels_of(name), ARCHITECTURES):
            if not chosen(file, architecture):
                continue
            count = collections.Counter()
            for numbers, frames, size, loads, stores, cycles in walks(file, kernel, architecture):
                count[numbers] += 1
                each = ' '.join(f'{c / frames:7.0f}' for c in cycles)
                lines.append(f'{kernel:<26} {architecture:<6} {numbers:<7} {count[numbers]:>5} {frames:>6} {size / frames:>12.1f} {loads / frames:>6.1f}'
                             f' {stores / frames:>6.1f} {each}')
    return '\n'.join(lines) + '\n'


def main(arguments):
    if arguments == ['--check']:
        kept = [line for line in TABLE.read_text().split('\n') if re.match(r'# [0-9a-f]{64} ', line)] if TABLE.exists() else []
        if kept != hashes():
            sys.exit(f'{TABLE.relative_to(ROOT)} is not of the present PTX: run benchmarks/gpu/loop_cycles.py --write')
    elif arguments == ['--write']:
        TABLE.write_text(table())
    elif not arguments:
        sys.stdout.write(table())
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv[1:])
