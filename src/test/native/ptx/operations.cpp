// Compiled with -frounding-math, for the instructions that round down.
#include "operations.h"

#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace ptx {

namespace {

uint64_t approximations = 0;

template <typename T>
inline T as(uint64_t bits) {
  T value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename T>
inline uint64_t bitsOf(T value) {
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  return bits;
}

template <typename F>
inline void overLanes(uint32_t lanes, F&& act) {
  if (lanes == ~0u) {
#pragma GCC ivdep
    for (int lane = 0; lane < 32; lane++) act(lane);
  } else {
    for (; lanes != 0; lanes &= lanes - 1) act(__builtin_ctz(lanes));
  }
}

using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s8 = int8_t;
using s16 = int16_t;
using s32 = int32_t;
using s64 = int64_t;
using f16 = _Float16;
using f32 = float;
using f64 = double;

// From −2 to 2, by the operand and the seed.
int64_t error(u64 operand) {
  if (approximations == 0) return 0;
  u64 z = (operand + approximations) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93ull;
  return int64_t((z >> 32) % 5) - 2;
}

f32 flushed(f32 x) { return std::fabs(x) < std::numeric_limits<f32>::min() ? std::copysign(0.0f, x) : x; }

// At most 2 units in the last place from the nearest; exact at 0.
f32 ex2Approx(f32 x) {
  const f32 exact = flushed(f32(std::exp2(f64(flushed(x)))));
  if (flushed(x) == 0 || exact == 0 || !std::isfinite(exact)) return exact;
  return flushed(as<f32>(u64(s64(bitsOf(exact)) + error(bitsOf(x)))));
}

// From the upper words to the upper word, whose 20 bits of mantissa are approximate.
f64 rcpApprox(f64 x) {
  constexpr u64 UPPER = 0xffffffff00000000ull;
  constexpr f64 LEAST = std::numeric_limits<f64>::min();
  f64 cut = as<f64>(bitsOf(x) & UPPER);
  if (std::fabs(cut) < LEAST) cut = std::copysign(0.0, cut);
  const f64 exact = 1 / cut;
  if (exact == 0 || std::isnan(exact) || std::isinf(exact)) return exact;
  const f64 near = as<f64>(u64(s64(bitsOf(exact) & UPPER) + error(bitsOf(cut)) * (s64(1) << 32)));
  return std::fabs(near) < LEAST ? std::copysign(0.0, near) : near;
}

f32 fmaDown(f32 a, f32 b, f32 c) {
  const volatile f32 x = a, y = b, z = c;
  fesetround(FE_DOWNWARD);
  const volatile f32 result = std::fma(x, y, z);
  fesetround(FE_TONEAREST);
  return result;
}

u32 permuted(u32 a, u32 b, u32 selector) {
  const u64 both = u64(b) << 32 | a;
  u32 result = 0;
  for (int i = 0; i < 4; i++) {
    const u32 which = selector >> (4 * i) & 15;
    u32 byte = u32(both >> (8 * (which & 7))) & 255;
    if (which & 8) byte = byte & 128 ? 255 : 0;  // its sign alone
    result |= byte << (8 * i);
  }
  return result;
}

template <typename T>
T inserted(T field, T into, u32 position, u32 length) {
  for (u32 i = 0; i < (length & 255) && i + (position & 255) < 8 * sizeof(T); i++) {
    const T bit = T(1) << (i + (position & 255));
    into = field >> i & 1 ? into | bit : into & ~bit;
  }
  return into;
}

template <typename T>
T larger(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return a == b ? (std::signbit(a) ? b : a) : a > b ? a : b;
}

template <typename T>
T smaller(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return a == b ? (std::signbit(a) ? a : b) : a < b ? a : b;
}

// Towards 0, limited to what the integer can hold; of NaN 0, or for 64 bits the least, as devices have it.
s32 truncated(f64 x) {
  if (std::isnan(x)) return 0;
  return x >= 2147483647.0 ? 2147483647 : x <= -2147483648.0 ? std::numeric_limits<s32>::min() : s32(x);
}
s64 truncatedLong(f64 x) {
  if (std::isnan(x) || x < -9223372036854775808.0) return std::numeric_limits<s64>::min();
  return x >= 9223372036854775808.0 ? std::numeric_limits<s64>::max() : s64(x);
}

// Whether the ISA says what an integer division gives.
template <typename T>
bool isDefined(T a, T b) {
  return b != 0 && !(std::is_signed<T>::value && b == T(-1) && a == std::numeric_limits<T>::min());
}

using Operations = std::unordered_map<std::string, Operation>;

#define A(T) as<T>(o.a[i])
#define B(T) as<T>(o.b[i])
#define C(T) as<T>(o.c[i])
#define D(T) as<T>(o.d[i])
#define OP(NAME, T, EXPRESSION)                                                                 \
  all[NAME].apply = [](Operands& o, uint32_t lanes) {                                           \
    overLanes(lanes, [&](int i) { o.to[i] = bitsOf<T>(T(EXPRESSION)); });                       \
  }
#define DIVISION(NAME, T, SIGN)                                                                 \
  all[NAME].apply = [](Operands& o, uint32_t lanes) {                                           \
    overLanes(lanes, [&](int i) {                                                               \
      const bool defined = isDefined(A(T), B(T));                                               \
      o.to[i] = defined ? bitsOf<T>(T(A(T) SIGN B(T))) : 0;                                     \
      if (!defined) o.undefined |= 1u << i;                                                     \
    });                                                                                         \
  }

void addIntegers(Operations& all) {
  OP("add.s32", u32, A(u32) + B(u32));
  OP("add.s64", u64, A(u64) + B(u64));
  OP("sub.s32", u32, A(u32) - B(u32));
  OP("sub.s64", u64, A(u64) - B(u64));
  OP("mul.lo.s32", u32, A(u32) * B(u32));
  OP("mul.lo.s64", u64, A(u64) * B(u64));
  OP("mul.wide.s32", s64, s64(A(s32)) * B(s32));
  OP("mul.wide.u32", u64, u64(A(u32)) * B(u32));
  OP("mul.wide.u16", u32, u32(A(u16)) * B(u16));
  OP("mul.hi.s32", s32, (s64(A(s32)) * B(s32)) >> 32);
  OP("mul.hi.u32", u32, (u64(A(u32)) * B(u32)) >> 32);
  OP("mad.lo.s32", u32, A(u32) * B(u32) + C(u32));
  OP("mad.lo.s64", u64, A(u64) * B(u64) + C(u64));
  OP("mad.wide.s32", u64, u64(s64(A(s32)) * B(s32)) + C(u64));
  OP("mad.wide.u32", u64, u64(A(u32)) * B(u32) + C(u64));
  OP("neg.s32", u32, 0u - A(u32));
  OP("neg.s64", u64, 0ull - A(u64));
  OP("abs.s32", u32, A(s32) < 0 ? 0u - A(u32) : A(u32));
  OP("max.s32", s32, std::max(A(s32), B(s32)));
  OP("min.s32", s32, std::min(A(s32), B(s32)));
  OP("max.u32", u32, std::max(A(u32), B(u32)));
  OP("min.u32", u32, std::min(A(u32), B(u32)));
  OP("max.s64", s64, std::max(A(s64), B(s64)));
  OP("min.s64", s64, std::min(A(s64), B(s64)));
  DIVISION("div.u32", u32, /);
  DIVISION("div.s32", s32, /);
  DIVISION("div.u64", u64, /);
  DIVISION("div.s64", s64, /);
  DIVISION("rem.u32", u32, %);
  DIVISION("rem.s32", s32, %);
  DIVISION("rem.u64", u64, %);
  DIVISION("rem.s64", s64, %);
}

#define LOGIC(T, BITS)                          \
  OP("and.b" BITS, T, A(T) & B(T));             \
  OP("or.b" BITS, T, A(T) | B(T));              \
  OP("xor.b" BITS, T, A(T) ^ B(T));             \
  OP("not.b" BITS, T, ~A(T));                   \
  OP("shl.b" BITS, T, B(u32) >= 8 * sizeof(T) ? 0 : A(T) << B(u32))
#define SHIFT(NAME, T) OP(NAME, T, A(T) >> std::min<u32>(B(u32), 8 * sizeof(T) - 1))
#define SHIFT_UNSIGNED(NAME, T) OP(NAME, T, B(u32) >= 8 * sizeof(T) ? 0 : A(T) >> B(u32))

void addBits(Operations& all) {
  LOGIC(u16, "16");
  LOGIC(u32, "32");
  LOGIC(u64, "64");
  SHIFT_UNSIGNED("shr.u16", u16);
  SHIFT_UNSIGNED("shr.u32", u32);
  SHIFT_UNSIGNED("shr.u64", u64);
  SHIFT("shr.s16", s16);
  SHIFT("shr.s32", s32);
  SHIFT("shr.s64", s64);
  OP("and.pred", u64, A(u64) & B(u64));
  OP("or.pred", u64, A(u64) | B(u64));
  OP("xor.pred", u64, A(u64) ^ B(u64));
  OP("not.pred", u64, A(u64) ^ 1);
  OP("clz.b32", u32, A(u32) == 0 ? 32 : __builtin_clz(A(u32)));
  OP("popc.b32", u32, __builtin_popcount(A(u32)));
  OP("prmt.b32", u32, permuted(A(u32), B(u32), C(u32)));
  OP("bfi.b32", u32, inserted(A(u32), B(u32), C(u32), D(u32)));
  OP("bfi.b64", u64, inserted(A(u64), B(u64), C(u32), D(u32)));
  all["and.pred"].dependence = Dependence::AND_PREDICATE;
  all["or.pred"].dependence = Dependence::OR_PREDICATE;
  all["and.b64"].dependence = Dependence::AND_WORDS;
  all["shl.b64"].dependence = Dependence::SHIFT_LEFT;
  all["shr.u64"].dependence = all["shr.s64"].dependence = Dependence::SHIFT_RIGHT;
}

void addMoves(Operations& all) {
  for (const char* type : {"b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"}) {
    const std::string name = type;
    const std::string move = "mov." + name, select = "selp." + name;
    if (name.substr(1) == "64") {
      OP(move, u64, A(u64));
      OP(select, u64, C(u64) ? A(u64) : B(u64));
    } else {
      OP(move, u32, A(u32));
      OP(select, u32, C(u64) ? A(u32) : B(u32));
    }
    all[move].dependence = Dependence::MOVE;
    all[select].dependence = Dependence::SELECT;
  }
  OP("mov.pred", u64, A(u64));
  OP("cvta.to.global.u64", u64, A(u64));
  OP("cvta.shared.u64", u64, A(u32) + SHARED_WINDOW);
  OP("cvta.to.shared.u64", u64, A(u64) - SHARED_WINDOW);
}

#define COMPARE(NAME, T, RELATION)                                   \
  OP("setp.eq." NAME, u64, A(T) == B(T) RELATION);                   \
  OP("setp.ne." NAME, u64, A(T) != B(T) RELATION);                   \
  OP("setp.lt." NAME, u64, A(T) < B(T) RELATION);                    \
  OP("setp.le." NAME, u64, A(T) <= B(T) RELATION);                   \
  OP("setp.gt." NAME, u64, A(T) > B(T) RELATION);                    \
  OP("setp.ge." NAME, u64, A(T) >= B(T) RELATION)
#define UNORDERED(T) (std::isnan(A(T)) || std::isnan(B(T)))
#define COMPARE_FLOATS(NAME, T)                                      \
  COMPARE(NAME, T, &&!UNORDERED(T));                                 \
  OP("setp.equ." NAME, u64, UNORDERED(T) || A(T) == B(T));           \
  OP("setp.neu." NAME, u64, UNORDERED(T) || A(T) != B(T));           \
  OP("setp.ltu." NAME, u64, UNORDERED(T) || A(T) < B(T));            \
  OP("setp.leu." NAME, u64, UNORDERED(T) || A(T) <= B(T));           \
  OP("setp.gtu." NAME, u64, UNORDERED(T) || A(T) > B(T));            \
  OP("setp.geu." NAME, u64, UNORDERED(T) || A(T) >= B(T));           \
  OP("setp.num." NAME, u64, !UNORDERED(T));                          \
  OP("setp.nan." NAME, u64, UNORDERED(T))

void addComparisons(Operations& all) {
  COMPARE("s16", s16, );
  COMPARE("u16", u16, );
  COMPARE("b16", u16, );
  COMPARE("s32", s32, );
  COMPARE("u32", u32, );
  COMPARE("b32", u32, );
  COMPARE("s64", s64, );
  COMPARE("u64", u64, );
  COMPARE("b64", u64, );
  COMPARE_FLOATS("f32", f32);
  COMPARE_FLOATS("f64", f64);
}

#define ARITHMETIC(T, TYPE, ROUNDING)                 \
  OP("add" ROUNDING TYPE, T, A(T) + B(T));            \
  OP("sub" ROUNDING TYPE, T, A(T) - B(T));            \
  OP("mul" ROUNDING TYPE, T, A(T) * B(T))
#define FLOATS(T, TYPE, UNSIGNED)                                                     \
  ARITHMETIC(T, TYPE, ".");                                                           \
  ARITHMETIC(T, TYPE, ".rn.");                                                        \
  OP("fma.rn." TYPE, T, std::fma(A(T), B(T), C(T)));                                  \
  OP("div.rn." TYPE, T, A(T) / B(T));                                                 \
  OP("rcp.rn." TYPE, T, T(1) / A(T));                                                 \
  OP("sqrt.rn." TYPE, T, std::sqrt(A(T)));                                            \
  OP("neg." TYPE, UNSIGNED, A(UNSIGNED) ^ UNSIGNED(1) << (8 * sizeof(T) - 1));        \
  OP("abs." TYPE, UNSIGNED, A(UNSIGNED) & ~(UNSIGNED(1) << (8 * sizeof(T) - 1)));     \
  OP("max." TYPE, T, larger(A(T), B(T)));                                             \
  OP("min." TYPE, T, smaller(A(T), B(T)))

void addFloats(Operations& all) {
  FLOATS(f32, "f32", u32);
  FLOATS(f64, "f64", u64);
  OP("fma.rm.f32", f32, fmaDown(A(f32), B(f32), C(f32)));
  OP("ex2.approx.ftz.f32", f32, ex2Approx(A(f32)));
  OP("rcp.approx.ftz.f64", f64, rcpApprox(A(f64)));
}

void addConversions(Operations& all) {
  OP("cvt.s64.s32", s64, A(s32));
  OP("cvt.u64.u32", u64, A(u32));
  OP("cvt.u32.u64", u32, A(u64));
  OP("cvt.u32.u16", u32, A(u16));
  OP("cvt.u16.u32", u16, A(u32));
  OP("cvt.u16.u64", u16, A(u64));
  OP("cvt.s32.s16", s32, A(s16));
  OP("cvt.s32.s8", s32, A(s8));
  OP("cvt.f64.f32", f64, A(f32));
  OP("cvt.rn.f32.f64", f32, A(f64));
  OP("cvt.rn.f64.s32", f64, A(s32));
  OP("cvt.rn.f64.u32", f64, A(u32));
  OP("cvt.rn.f64.s64", f64, A(s64));
  OP("cvt.rn.f32.u32", f32, A(u32));
  OP("cvt.rn.f32.s32", f32, A(s32));
  OP("cvt.rni.f64.f64", f64, std::nearbyint(A(f64)));
  OP("cvt.rni.f32.f32", f32, std::nearbyint(A(f32)));
  OP("cvt.rmi.f64.f64", f64, std::floor(A(f64)));
  OP("cvt.rzi.s32.f64", s32, truncated(A(f64)));
  OP("cvt.rzi.s64.f64", s64, truncatedLong(A(f64)));
  OP("cvt.f32.f16", f32, A(f16));
  OP("cvt.rn.f16.f32", f16, A(f32));
  OP("cvt.sat.f32.f32", f32, A(f32) > 0 ? std::min(A(f32), 1.0f) : 0.0f);
}

}  // namespace

const Operation* findOperation(const std::string& name) {
  static const Operations operations = [] {
    Operations all;
    addIntegers(all);
    addBits(all);
    addMoves(all);
    addComparisons(all);
    addFloats(all);
    addConversions(all);
    // of a 64-bit register, too, they read the low word alone
    all["cvt.u32.u64"].dependence = all["cvt.u16.u64"].dependence = Dependence::LOW_WORDS;
    for (auto& [name, operation] : all) {
      const bool isWide = name.compare(name.size() - 2, 2, "64") == 0;
      if (!isWide && operation.dependence == Dependence::ALL) operation.dependence = Dependence::LOW_WORDS;
    }
    return all;
  }();
  auto found = operations.find(name);
  return found == operations.end() ? nullptr : &found->second;
}

void setApproximations(uint64_t seed) { approximations = seed; }

}  // namespace ptx
