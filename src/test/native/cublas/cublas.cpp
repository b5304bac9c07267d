// An emulated libcublas.so.12 on top of the emulated driver: what matrix products need, in plain
// loops. Memory is checked before it is touched, and a product happens when the stream gets
// to it, as kernels do.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../driver/library.h"

namespace {

enum Status {
  SUCCESS = 0,
  NOT_INITIALIZED = 1,
  ALLOC_FAILED = 3,
  INVALID_VALUE = 7,
  EXECUTION_FAILED = 13,
  NOT_SUPPORTED = 15,
};
enum Type { R_32F = 0, R_64F = 1, R_16F = 2, R_16BF = 14 };
enum Compute { COMPUTE_32F = 68, COMPUTE_64F = 70, COMPUTE_32F_FAST_TF32 = 77 };

struct Handle {
  void* context;
  void* stream = nullptr;
  void* workspace = nullptr;
  size_t workspaceBytes = 0;
};

#define ENTER_LIBRARY(call)               \
  if (int failure = emulatorEnter(call)) { \
    return failure;                       \
  }
#define ENTER_HANDLE(call, handle)                                   \
  ENTER_LIBRARY(call)                                                \
  if (!handle || handle->context != emulatorContext()) {             \
    return NOT_INITIALIZED;                                          \
  }

size_t sizeOf(int type) { return type == R_64F ? 8 : type == R_32F ? 4 : 2; }

float floatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}

// 11 significant bits, as TF32 has.
float roundToTf32(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return std::isfinite(x) ? floatOf((bits + 0x1000) & ~0x1fffu) : x;
}

double load(const void* base, int type, size_t i) {
  switch (type) {
    case R_64F: return static_cast<const double*>(base)[i];
    case R_32F: return static_cast<const float*>(base)[i];
    case R_16F: return float(static_cast<const _Float16*>(base)[i]);
    default: return floatOf(uint32_t(static_cast<const uint16_t*>(base)[i]) << 16);
  }
}

// A column-major matrix.
struct Matrix {
  const char* name;
  char* base;
  int type;
  int rows, columns, leading;

  const char* column(int j) const { return base + size_t(j) * leading * sizeOf(type); }
  bool isThere() const {
    size_t bytes = columns == 0 ? 0 : (size_t(columns - 1) * leading + rows) * sizeOf(type);
    return leading >= std::max(1, rows) && (bytes == 0 || emulatorAllocated(base, bytes));
  }
  bool isInitialised() const {
    for (int j = 0; j < columns; j++) {
      if (!emulatorInitialised(column(j), rows * sizeOf(type))) {
        std::string what = "cublasGemmEx: uninitialised read of matrix " + std::string(name) +
                           ", column " + std::to_string(j) + "\n";
        emulatorFound(what.c_str());
        return false;
      }
    }
    return true;
  }
};

struct Product {
  Matrix a, b, c;
  bool transposeA, transposeB;
  int m, n, k, compute;
  double alpha, beta;

  // op(X), row-major (rows, k) for A and (columns, k) for B, so that both are walked in order.
  std::vector<double> operand(const Matrix& x, bool kFirst, int outer) const {
    std::vector<double> values(size_t(outer) * k);
    for (int i = 0; i < outer; i++) {
      for (int l = 0; l < k; l++) {
        size_t at = kFirst ? size_t(i) * x.leading + l : size_t(l) * x.leading + i;
        double value = load(x.base, x.type, at);
        values[size_t(i) * k + l] =
            compute == COMPUTE_32F_FAST_TF32 ? roundToTf32(float(value)) : value;
      }
    }
    return values;
  }

  // NVIDIA's chooses its algorithm, and with it the order in which an element's terms are added, by
  // the shape of the product: the same product has the same bits again, but a row of it need not
  // have them in a product of more rows. So that no test takes that for granted, the order depends
  // on the shape here, too.
  int partialSums() const {
    uint32_t shape = (uint32_t(m) * 31 + uint32_t(n)) * 31 + uint32_t(k);
    return 1 + int(shape * 2654435761u >> 30);
  }

  template <typename Sum>
  void store() const {
    std::vector<double> left = operand(a, transposeA, m);
    std::vector<double> right = operand(b, !transposeB, n);
    int parts = partialSums();
    for (int j = 0; j < n; j++) {
      Sum* to = reinterpret_cast<Sum*>(c.base) + size_t(j) * c.leading;
      for (int i = 0; i < m; i++) {
        Sum sum = 0;
        for (int part = 0; part < parts; part++) {
          Sum partial = 0;
          for (int l = part; l < k; l += parts) {
            partial += Sum(left[size_t(i) * k + l]) * Sum(right[size_t(j) * k + l]);
          }
          sum += partial;
        }
        to[i] = Sum(alpha) * sum + (beta == 0 ? Sum(0) : Sum(beta) * to[i]);
      }
      emulatorWritten(to, m * sizeof(Sum));
    }
  }

  int run() const {
    if (!a.isThere() || !b.isThere() || !c.isThere()) {
      return 700;  // freed since it was enqueued
    }
    if (!a.isInitialised() || !b.isInitialised() || (beta != 0 && !c.isInitialised())) {
      return 700;
    }
    c.type == R_64F ? store<double>() : store<float>();
    return 0;
  }
};

bool supported(int a, int b, int c, int compute) {
  if (compute == COMPUTE_64F) {
    return a == R_64F && b == R_64F && c == R_64F;
  }
  if (compute == COMPUTE_32F_FAST_TF32) {
    return a == R_32F && b == R_32F && c == R_32F;
  }
  return compute == COMPUTE_32F && a == b && (a == R_32F || a == R_16F || a == R_16BF) &&
         c == R_32F;
}

}  // namespace

CTC4J_EXPORT int cublasCreate_v2(Handle** handle) {
  ENTER_LIBRARY("cublasCreate_v2");
  if (!emulatorContext() || emulatorSpoilsCapture()) {
    return NOT_INITIALIZED;
  }
  *handle = new Handle{emulatorContext()};
  emulatorHandle(1);
  return SUCCESS;
}

CTC4J_EXPORT int cublasDestroy_v2(Handle* handle) {
  ENTER_HANDLE("cublasDestroy_v2", handle);
  emulatorHandle(-1);
  delete handle;
  return SUCCESS;
}

CTC4J_EXPORT int cublasGetProperty(int which, int* value) {
  ENTER_LIBRARY("cublasGetProperty");
  *value = which == 0 ? 12 : 0;
  return SUCCESS;
}

CTC4J_EXPORT int cublasGetVersion_v2(Handle*, int* version) {
  ENTER_LIBRARY("cublasGetVersion_v2");
  *version = 120000;
  return SUCCESS;
}

// As NVIDIA's: it takes away the workspace that was set.
CTC4J_EXPORT int cublasSetStream_v2(Handle* handle, void* stream) {
  ENTER_HANDLE("cublasSetStream_v2", handle);
  handle->stream = stream;
  handle->workspace = nullptr;
  handle->workspaceBytes = 0;
  return SUCCESS;
}

CTC4J_EXPORT int cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t bytes) {
  ENTER_HANDLE("cublasSetWorkspace_v2", handle);
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0 || !emulatorAllocated(workspace, bytes)) {
    return INVALID_VALUE;
  }
  handle->workspace = workspace;
  handle->workspaceBytes = bytes;
  return SUCCESS;
}

CTC4J_EXPORT int cublasGemmEx(Handle* handle, int transposeA, int transposeB, int m, int n, int k,
                              const void* alpha, const void* a, int typeA, int leadingA,
                              const void* b, int typeB, int leadingB, const void* beta, void* c,
                              int typeC, int leadingC, int compute, int) {
  ENTER_HANDLE("cublasGemmEx", handle);
  if (m < 0 || n < 0 || k < 0 || transposeA > 1 || transposeB > 1) {
    return INVALID_VALUE;
  }
  if (!supported(typeA, typeB, typeC, compute)) {
    return NOT_SUPPORTED;
  }
  if (!handle->workspace) {
    return ALLOC_FAILED;  // NVIDIA's would allocate one; what uses it here should bring its own
  }
  auto matrix = [](const char* name, const void* base, int type, int rows, int columns,
                   int leading) {
    return Matrix{name, static_cast<char*>(const_cast<void*>(base)), type, rows, columns, leading};
  };
  int scalar = compute == COMPUTE_64F ? R_64F : R_32F;
  auto* product = new Product{
      transposeA ? matrix("A", a, typeA, k, m, leadingA) : matrix("A", a, typeA, m, k, leadingA),
      transposeB ? matrix("B", b, typeB, n, k, leadingB) : matrix("B", b, typeB, k, n, leadingB),
      matrix("C", c, typeC, m, n, leadingC),
      transposeA != 0,
      transposeB != 0,
      m,
      n,
      k,
      compute,
      load(alpha, scalar, 0),
      load(beta, scalar, 0)};
  if (!product->a.isThere() || !product->b.isThere() || !product->c.isThere()) {
    delete product;
    return INVALID_VALUE;
  }
  int result = emulatorEnqueue(
      handle->stream, [](void* data) { return static_cast<Product*>(data)->run(); }, product,
      [](void* data) { delete static_cast<Product*>(data); });
  return result == 0 ? SUCCESS : EXECUTION_FAILED;
}
