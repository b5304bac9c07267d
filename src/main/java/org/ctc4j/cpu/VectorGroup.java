package org.ctc4j.cpu;

import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The recursions for one group of {@link Stripes} over some frames, with its states in registers:
 * only what a row is to keep goes to memory. For the depth that nearly all long targets have;
 * {@link VectorKernels} has loops for the others, which take three times as long, most of it to
 * begin and end a loop of so few steps.
 *
 * <p>Groups follow one another, the whole run of frames each: numbers come into a group from one
 * side only. Each method is one loop, because C2 boxes vectors that are carried around in nested
 * ones. That alpha and beta begin and end alike, line by line, has the same reason: vectors that a
 * helper method takes or returns would be boxed too.
 */
final class VectorGroup {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final int LANES = DOUBLES.length();

  /** To every lane from the one before it, and from the one after it. */
  static final VectorShuffle<Double> UP =
      VectorShuffle.fromOp(DOUBLES, k -> (k + LANES - 1) % LANES);

  static final VectorShuffle<Double> DOWN = VectorShuffle.fromOp(DOUBLES, k -> (k + 1) % LANES);

  private VectorGroup() {}

  /** {@link Kernels#alpha} for one group, after the group before it. */
  static void alpha(LatticeRows rows, int group) {
    double[] m = rows.m;
    int from = rows.from;
    int to = rows.to;
    int count = rows.count;
    Stripes stripes = rows.stripes;
    double[] skip = rows.target.skipAt;
    Scale scale = rows.scale;
    EmissionRows emission = rows.emission;
    double[] p = emission.p;
    int at = emission.at(rows.t);
    int atStep = emission.rowLength();
    int width = stripes.width();
    int rowLength = stripes.rowLength();
    int base = group * Stripes.DEEP * LANES;
    int stripe = group * LANES;
    DoubleVector rescale = DoubleVector.fromArray(DOUBLES, scale.rescale, stripe);
    DoubleVector factor = DoubleVector.fromArray(DOUBLES, scale.factors, stripe);
    int x = from + base;
    DoubleVector b0 = DoubleVector.fromArray(DOUBLES, m, x + 0 * LANES).mul(rescale);
    DoubleVector b1 = DoubleVector.fromArray(DOUBLES, m, x + 1 * LANES).mul(rescale);
    DoubleVector b2 = DoubleVector.fromArray(DOUBLES, m, x + 2 * LANES).mul(rescale);
    DoubleVector b3 = DoubleVector.fromArray(DOUBLES, m, x + 3 * LANES).mul(rescale);
    DoubleVector b4 = DoubleVector.fromArray(DOUBLES, m, x + 4 * LANES).mul(rescale);
    DoubleVector b5 = DoubleVector.fromArray(DOUBLES, m, x + 5 * LANES).mul(rescale);
    x += width;
    DoubleVector l0 = DoubleVector.fromArray(DOUBLES, m, x + 0 * LANES).mul(rescale);
    DoubleVector l1 = DoubleVector.fromArray(DOUBLES, m, x + 1 * LANES).mul(rescale);
    DoubleVector l2 = DoubleVector.fromArray(DOUBLES, m, x + 2 * LANES).mul(rescale);
    DoubleVector l3 = DoubleVector.fromArray(DOUBLES, m, x + 3 * LANES).mul(rescale);
    DoubleVector l4 = DoubleVector.fromArray(DOUBLES, m, x + 4 * LANES).mul(rescale);
    DoubleVector l5 = DoubleVector.fromArray(DOUBLES, m, x + 5 * LANES).mul(rescale);
    DoubleVector s0 = DoubleVector.fromArray(DOUBLES, skip, base + 0 * LANES);
    DoubleVector s1 = DoubleVector.fromArray(DOUBLES, skip, base + 1 * LANES);
    DoubleVector s2 = DoubleVector.fromArray(DOUBLES, skip, base + 2 * LANES);
    DoubleVector s3 = DoubleVector.fromArray(DOUBLES, skip, base + 3 * LANES);
    DoubleVector s4 = DoubleVector.fromArray(DOUBLES, skip, base + 4 * LANES);
    DoubleVector s5 = DoubleVector.fromArray(DOUBLES, skip, base + 5 * LANES);
    double last =
        group == 0 ? 0 : m[x - 1] * scale.rescale[stripe - 1]; // label of the group before
    for (int frame = 0; frame < count; frame++) {
      DoubleVector blank = DoubleVector.broadcast(DOUBLES, p[at + width]);
      DoubleVector e = l5.rearrange(UP).withLane(0, last).mul(factor);
      DoubleVector o0 =
          e.fma(s0, b0.add(l0)).mul(DoubleVector.fromArray(DOUBLES, p, at + base + 0 * LANES));
      b0 = b0.add(e).mul(blank);
      b0.intoArray(m, to + base + 0 * LANES);
      o0.intoArray(m, to + width + base + 0 * LANES);
      DoubleVector o1 =
          l0.fma(s1, b1.add(l1)).mul(DoubleVector.fromArray(DOUBLES, p, at + base + 1 * LANES));
      b1 = b1.add(l0).mul(blank);
      b1.intoArray(m, to + base + 1 * LANES);
      o1.intoArray(m, to + width + base + 1 * LANES);
      DoubleVector o2 =
          l1.fma(s2, b2.add(l2)).mul(DoubleVector.fromArray(DOUBLES, p, at + base + 2 * LANES));
      b2 = b2.add(l1).mul(blank);
      b2.intoArray(m, to + base + 2 * LANES);
      o2.intoArray(m, to + width + base + 2 * LANES);
      DoubleVector o3 =
          l2.fma(s3, b3.add(l3)).mul(DoubleVector.fromArray(DOUBLES, p, at + base + 3 * LANES));
      b3 = b3.add(l2).mul(blank);
      b3.intoArray(m, to + base + 3 * LANES);
      o3.intoArray(m, to + width + base + 3 * LANES);
      DoubleVector o4 =
          l3.fma(s4, b4.add(l4)).mul(DoubleVector.fromArray(DOUBLES, p, at + base + 4 * LANES));
      b4 = b4.add(l3).mul(blank);
      b4.intoArray(m, to + base + 4 * LANES);
      o4.intoArray(m, to + width + base + 4 * LANES);
      DoubleVector o5 =
          l4.fma(s5, b5.add(l5)).mul(DoubleVector.fromArray(DOUBLES, p, at + base + 5 * LANES));
      b5 = b5.add(l4).mul(blank);
      b5.intoArray(m, to + base + 5 * LANES);
      o5.intoArray(m, to + width + base + 5 * LANES);
      l0 = o0;
      l1 = o1;
      l2 = o2;
      l3 = o3;
      l4 = o4;
      l5 = o5;
      last = group == 0 ? 0 : m[to + width + base - 1];
      to += rowLength;
      at += atStep;
    }
    b0.add(l0)
        .add(b1.add(l1))
        .add(b2.add(l2).add(b3.add(l3)))
        .add(b4.add(l4).add(b5.add(l5)))
        .intoArray(scale.sums, stripe);
  }

  /** {@link Kernels#beta} for one group, after the group that follows it. */
  static void beta(LatticeRows rows, int group) {
    double[] m = rows.m;
    int from = rows.from;
    int to = rows.to;
    int count = rows.count;
    Stripes stripes = rows.stripes;
    double[] skip = rows.target.skipAt;
    Scale scale = rows.scale;
    EmissionRows emission = rows.emission;
    double[] p = emission.p;
    int at = emission.at(rows.t);
    int atStep = emission.rowLength();
    int width = stripes.width();
    int rowLength = stripes.rowLength();
    int base = group * Stripes.DEEP * LANES;
    int stripe = group * LANES;
    DoubleVector rescale = DoubleVector.fromArray(DOUBLES, scale.rescale, stripe);
    DoubleVector factor = DoubleVector.fromArray(DOUBLES, scale.factors, stripe);
    int x = from + base;
    DoubleVector b0 = DoubleVector.fromArray(DOUBLES, m, x + 0 * LANES).mul(rescale);
    DoubleVector b1 = DoubleVector.fromArray(DOUBLES, m, x + 1 * LANES).mul(rescale);
    DoubleVector b2 = DoubleVector.fromArray(DOUBLES, m, x + 2 * LANES).mul(rescale);
    DoubleVector b3 = DoubleVector.fromArray(DOUBLES, m, x + 3 * LANES).mul(rescale);
    DoubleVector b4 = DoubleVector.fromArray(DOUBLES, m, x + 4 * LANES).mul(rescale);
    DoubleVector b5 = DoubleVector.fromArray(DOUBLES, m, x + 5 * LANES).mul(rescale);
    x += width;
    DoubleVector l0 = DoubleVector.fromArray(DOUBLES, m, x + 0 * LANES).mul(rescale);
    DoubleVector l1 = DoubleVector.fromArray(DOUBLES, m, x + 1 * LANES).mul(rescale);
    DoubleVector l2 = DoubleVector.fromArray(DOUBLES, m, x + 2 * LANES).mul(rescale);
    DoubleVector l3 = DoubleVector.fromArray(DOUBLES, m, x + 3 * LANES).mul(rescale);
    DoubleVector l4 = DoubleVector.fromArray(DOUBLES, m, x + 4 * LANES).mul(rescale);
    DoubleVector l5 = DoubleVector.fromArray(DOUBLES, m, x + 5 * LANES).mul(rescale);
    DoubleVector s0 = DoubleVector.fromArray(DOUBLES, skip, base + 0 * LANES);
    DoubleVector s1 = DoubleVector.fromArray(DOUBLES, skip, base + 1 * LANES);
    DoubleVector s2 = DoubleVector.fromArray(DOUBLES, skip, base + 2 * LANES);
    DoubleVector s3 = DoubleVector.fromArray(DOUBLES, skip, base + 3 * LANES);
    DoubleVector s4 = DoubleVector.fromArray(DOUBLES, skip, base + 4 * LANES);
    DoubleVector s5 = DoubleVector.fromArray(DOUBLES, skip, base + 5 * LANES);
    int next = base + Stripes.DEEP * LANES; // the first place of the group after
    boolean hasNext = next < width;
    double nextSkip = hasNext ? skip[next] : 0;
    double nextBlank = hasNext ? m[from + next] * scale.rescale[stripe + LANES] : 0;
    double nextLabel = hasNext ? m[from + width + next] * scale.rescale[stripe + LANES] : 0;
    for (int frame = 0; frame < count; frame++) {
      double ofBlank = p[at + width];
      double first = hasNext ? nextBlank * ofBlank + nextSkip * nextLabel * p[at + next] : 0;
      DoubleVector blank = DoubleVector.broadcast(DOUBLES, ofBlank);
      b0 = b0.mul(blank);
      l0 = l0.mul(DoubleVector.fromArray(DOUBLES, p, at + base));
      DoubleVector e = l0.fma(s0, b0).rearrange(DOWN).withLane(LANES - 1, first).mul(factor);
      b0 = b0.add(l0);
      b0.intoArray(m, to + base);
      b1 = b1.mul(blank);
      l1 = l1.mul(DoubleVector.fromArray(DOUBLES, p, at + base + 1 * LANES));
      l0 = l1.fma(s1, b1).add(l0);
      l0.intoArray(m, to + width + base + 0 * LANES);
      b1 = b1.add(l1);
      b1.intoArray(m, to + base + 1 * LANES);
      b2 = b2.mul(blank);
      l2 = l2.mul(DoubleVector.fromArray(DOUBLES, p, at + base + 2 * LANES));
      l1 = l2.fma(s2, b2).add(l1);
      l1.intoArray(m, to + width + base + 1 * LANES);
      b2 = b2.add(l2);
      b2.intoArray(m, to + base + 2 * LANES);
      b3 = b3.mul(blank);
      l3 = l3.mul(DoubleVector.fromArray(DOUBLES, p, at + base + 3 * LANES));
      l2 = l3.fma(s3, b3).add(l2);
      l2.intoArray(m, to + width + base + 2 * LANES);
      b3 = b3.add(l3);
      b3.intoArray(m, to + base + 3 * LANES);
      b4 = b4.mul(blank);
      l4 = l4.mul(DoubleVector.fromArray(DOUBLES, p, at + base + 4 * LANES));
      l3 = l4.fma(s4, b4).add(l3);
      l3.intoArray(m, to + width + base + 3 * LANES);
      b4 = b4.add(l4);
      b4.intoArray(m, to + base + 4 * LANES);
      b5 = b5.mul(blank);
      l5 = l5.mul(DoubleVector.fromArray(DOUBLES, p, at + base + 5 * LANES));
      l4 = l5.fma(s5, b5).add(l4);
      l4.intoArray(m, to + width + base + 4 * LANES);
      b5 = b5.add(l5);
      b5.intoArray(m, to + base + 5 * LANES);
      l5 = l5.add(e);
      l5.intoArray(m, to + width + base + 5 * LANES);
      nextBlank = hasNext ? m[to + next] : 0;
      nextLabel = hasNext ? m[to + width + next] : 0;
      to += rowLength;
      at -= atStep;
    }
    b0.add(l0)
        .add(b1.add(l1))
        .add(b2.add(l2).add(b3.add(l3)))
        .add(b4.add(l4).add(b5.add(l5)))
        .intoArray(scale.sums, stripe);
  }

  /**
   * {@link Kernels#products} for one group.
   *
   * @param sums output, a vector for each row, whose sum is that of the group's blanks
   */
  static void products(
      RowCursor a,
      RowCursor b,
      PosteriorScaling scaling,
      int group,
      ProductRows into,
      double[] sums) {
    double[] x = a.m;
    int xStep = a.step;
    double[] y = b.m;
    int yStep = b.step;
    int count = into.count;
    boolean ofEachBlank = into.ofEachBlank;
    double[] products = into.ofStates;
    int width = scaling.stripes.width();
    int base = group * Stripes.DEEP * LANES;
    DoubleVector factor = DoubleVector.fromArray(DOUBLES, scaling.factors, group * LANES);
    DoubleVector least = DoubleVector.fromArray(DOUBLES, scaling.least, group * LANES);
    int i = a.at + base;
    int k = b.at + base;
    int at = base;
    for (int frame = 0; frame < count; frame++) {
      DoubleVector b0 =
          DoubleVector.fromArray(DOUBLES, x, i + 0 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + 0 * LANES));
      b0 = b0.blend(0, b0.compare(LT, least)).mul(factor);
      DoubleVector b1 =
          DoubleVector.fromArray(DOUBLES, x, i + 1 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + 1 * LANES));
      b1 = b1.blend(0, b1.compare(LT, least)).mul(factor);
      DoubleVector b2 =
          DoubleVector.fromArray(DOUBLES, x, i + 2 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + 2 * LANES));
      b2 = b2.blend(0, b2.compare(LT, least)).mul(factor);
      DoubleVector b3 =
          DoubleVector.fromArray(DOUBLES, x, i + 3 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + 3 * LANES));
      b3 = b3.blend(0, b3.compare(LT, least)).mul(factor);
      DoubleVector b4 =
          DoubleVector.fromArray(DOUBLES, x, i + 4 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + 4 * LANES));
      b4 = b4.blend(0, b4.compare(LT, least)).mul(factor);
      DoubleVector b5 =
          DoubleVector.fromArray(DOUBLES, x, i + 5 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + 5 * LANES));
      b5 = b5.blend(0, b5.compare(LT, least)).mul(factor);
      if (ofEachBlank) {
        b0.intoArray(products, at + 0 * LANES);
        b1.intoArray(products, at + 1 * LANES);
        b2.intoArray(products, at + 2 * LANES);
        b3.intoArray(products, at + 3 * LANES);
        b4.intoArray(products, at + 4 * LANES);
        b5.intoArray(products, at + 5 * LANES);
      }
      b0.add(b1).add(b2.add(b3)).add(b4.add(b5)).intoArray(sums, frame * LANES);
      DoubleVector l0 =
          DoubleVector.fromArray(DOUBLES, x, i + width + 0 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + width + 0 * LANES));
      l0.blend(0, l0.compare(LT, least)).mul(factor).intoArray(products, at + width + 0 * LANES);
      DoubleVector l1 =
          DoubleVector.fromArray(DOUBLES, x, i + width + 1 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + width + 1 * LANES));
      l1.blend(0, l1.compare(LT, least)).mul(factor).intoArray(products, at + width + 1 * LANES);
      DoubleVector l2 =
          DoubleVector.fromArray(DOUBLES, x, i + width + 2 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + width + 2 * LANES));
      l2.blend(0, l2.compare(LT, least)).mul(factor).intoArray(products, at + width + 2 * LANES);
      DoubleVector l3 =
          DoubleVector.fromArray(DOUBLES, x, i + width + 3 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + width + 3 * LANES));
      l3.blend(0, l3.compare(LT, least)).mul(factor).intoArray(products, at + width + 3 * LANES);
      DoubleVector l4 =
          DoubleVector.fromArray(DOUBLES, x, i + width + 4 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + width + 4 * LANES));
      l4.blend(0, l4.compare(LT, least)).mul(factor).intoArray(products, at + width + 4 * LANES);
      DoubleVector l5 =
          DoubleVector.fromArray(DOUBLES, x, i + width + 5 * LANES)
              .mul(DoubleVector.fromArray(DOUBLES, y, k + width + 5 * LANES));
      l5.blend(0, l5.compare(LT, least)).mul(factor).intoArray(products, at + width + 5 * LANES);
      i += xStep;
      k += yStep;
      at += 2 * width;
    }
  }
}
