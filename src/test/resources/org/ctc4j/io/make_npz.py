"""Makes the .npz files beside this script, with NumPy 2: python3 make_npz.py

numpy_stored.npz, numpy_deflated.npz: every dtype, byte order, C and Fortran order and version of the
format, named like f4_be_F_v2, all of shape (3, 5). Element i in C order has the upper bits of
(i + 1) * 0x9E3779B97F4A7C15 mod 2**64, as many as the dtype has (u8: shifted right once more).
savez.npz, savez_compressed.npz: what np.savez and np.savez_compressed write, of several shapes.
unsupported.npz: dtypes that the reader refuses, and strings.
"""

import io
import os
import warnings
import zipfile

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
SHAPE = (3, 5)


def pattern(kind, width, order):
    words = [(i + 1) * 0x9E3779B97F4A7C15 % 2**64 for i in range(15)]
    values = [w >> (64 - 8 * width) for w in words]
    if kind == "u" and width == 8:
        values = [v >> 1 for v in values]
    # through integers, so that the bits of NaNs stay
    return np.array(values, dtype=f"{order}u{width}").view(f"{order}{kind}{width}").reshape(SHAPE)


def put(archive, name, array, version):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that old NumPy cannot read version 2.0 and 3.0
        np.lib.format.write_array(buffer, array, version=version)
    info = zipfile.ZipInfo(name + ".npy")
    info.compress_type = archive.compression
    archive.writestr(info, buffer.getvalue())


for method, file in ((zipfile.ZIP_STORED, "numpy_stored.npz"), (zipfile.ZIP_DEFLATED, "numpy_deflated.npz")):
    with zipfile.ZipFile(os.path.join(here, file), "w", method) as archive:
        for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
            width = int(code[1])
            for order, order_name in (("<", "le"), (">", "be")) if width > 1 else (("|", "no"),):
                for layout in "CF":
                    for version in (1, 2, 3):
                        array = np.array(pattern(code[0], width, order), order=layout)
                        put(archive, f"{code}_{order_name}_{layout}_v{version}", array, (version, 0))

plain = {
    "logits": np.arange(24, dtype=np.float32).reshape(4, 2, 3) / 8,
    "scalar": np.float64(2.5),
    "vector": np.array([1, 2, 3], dtype=np.int32),
    "empty": np.zeros((0, 5), dtype=np.float64),
    "länge/µ": np.array([7], dtype=np.int64),
}
np.savez(os.path.join(here, "savez.npz"), **plain)
np.savez_compressed(os.path.join(here, "savez_compressed.npz"), **plain)

np.savez(
    os.path.join(here, "unsupported.npz"),
    object=np.array([{"a": 1}], dtype=object),
    structured=np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]),
    bytes=np.array([b"abc"]),
    text=np.array(["abc"]),
    bool=np.array([True]),
    complex=np.array([1j]),
    longdouble=np.array([1], dtype=np.longdouble),
    date=np.array(["2020-01-01"], dtype="M8[D]"),
    void=np.zeros(2, dtype="V2"),
    fine=np.array([1.0]),
)
