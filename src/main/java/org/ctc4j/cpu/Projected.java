package org.ctc4j.cpu;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.projection.CompactTarget;

/**
 * One call on a projected batch: its arguments, and how it is cut into parts for threads. For x = H
 * Wᵀ + b, H (frames, D), W (C, D):
 *
 * <ol>
 *   <li><b>Forward</b>: x, a strip of frames by a tile of classes at a time. Logits of the blank
 *       and of labels go into the compact table, the others into a running log-sum-exp, LSE.
 *   <li><b>Lattice</b>: CTC on the compact table, see {@link org.ctc4j.projection}.
 *   <li><b>Backward</b>: x again, of a panel of strips by a chunk of tiles; G = dx from it in
 *       place; dH += G W, dW += Gᵀ H, db += Σ G.
 * </ol>
 *
 * <p>So there are four products, of which the unfused way, which keeps x, needs three. Beyond
 * inputs and outputs it holds a panel, a chunk and the compact table, and nothing that grows with
 * C. How a product is cut depends on the shapes alone, and each part of it is one call of the BLAS
 * on one thread; parts that add to the same place follow each other: the same bits for any number
 * of threads. dW and db are sums over utterances in their order.
 *
 * <p>Rejected: dH in the forward pass, as it needs the lattice; keeping x where it fits, which is
 * what the unfused way does; strips of several utterances, which would make the bits of one depend
 * on the others.
 */
final class Projected extends Work {
  private enum Part {
    FORWARD,
    LATTICE,
    LOAD,
    WEIGHT,
    LOGIT_GRADIENT,
    PRODUCTS,
    STORE,
    CLEAR
  }

  private final Sizes wanted;
  private final Pool<Tile> tiles;

  private CpuBackend lattice;
  private Blas blas;
  private ProjectedBatch batch;
  private Projection projection;
  private FrameTensor hiddenGradient;
  private Elements weightGradient;
  private Elements biasGradient;
  private double[] weights;
  private double[] losses;
  private CtcStatus[] statuses;

  private Sizes sizes;
  private ElementType type;
  private int classes;
  private int dimensions;
  private Matrix weightView; // null if weights must be copied
  private Matrix weightGradientView; // null if it must be copied
  private Part kind;

  // of the group at work
  private CompactGroup group;
  private int sections;
  private double[] max = {}; // of frame and section
  private double[] sum = {}; // Σ e^(x − max) over the others of frame and section

  // of the panel at work
  private final List<Strip> panel = new ArrayList<>();
  private int[] panelAt = {}; // first row of each strip
  private int rows;
  private boolean isFirstPanel;
  private Matrix hidden; // (rows, D)
  private Matrix hiddenSums; // (rows, D)
  private Matrix x; // (rows, chunk)
  private Matrix weight; // (chunk, D), where weights must be copied
  private int ld; // of x: classes of a whole chunk
  private int chunkFrom;
  private int chunkTo;

  Projected(Sizes sizes, Pool<Tile> tiles) {
    this.wanted = sizes;
    this.tiles = tiles;
  }

  void compute(
      Workers workers,
      CpuBackend itsLattice,
      Blas itsBlas,
      ProjectedBatch itsBatch,
      CtcOptions options,
      double[] itsWeights,
      double[] itsLosses,
      CtcStatus[] itsStatuses,
      FrameTensor hiddenGradientOrNull,
      Elements weightGradientOrNull,
      Elements biasGradientOrNull) {
    lattice = itsLattice;
    blas = itsBlas;
    batch = itsBatch;
    projection = batch.projection();
    weights = itsWeights;
    losses = itsLosses;
    statuses = itsStatuses;
    hiddenGradient = hiddenGradientOrNull;
    weightGradient = weightGradientOrNull;
    biasGradient = biasGradientOrNull;
    classes = projection.classes();
    dimensions = projection.dimensions();
    sizes = wanted.forDimensions(dimensions);
    boolean wide = projection.weight().type() == ElementType.FLOAT64;
    type = wide ? ElementType.FLOAT64 : ElementType.FLOAT32;
    weightView = Matrix.viewOf(projection.weight(), type);
    weightGradientView = Matrix.viewOf(weightGradient, type);
    ld = Math.min(sizes.chunk() * sizes.tile(), classes);
    isFirstPanel = true;
    boolean wantsGradient =
        hiddenGradient != null || weightGradient != null || biasGradient != null;
    try {
      blas.useOneThread();
      for (int n = 0; n < batch.utterances(); n = group.end()) {
        group = new CompactGroup(batch, options.blank(), n, sizes, wantsGradient);
        forward(workers);
        run(workers, Part.LATTICE, group.size());
        if (wantsGradient) {
          backward(workers);
        }
      }
      if (hiddenGradient != null) {
        run(workers, Part.CLEAR, batch.utterances());
      }
      if (isFirstPanel) {
        clear(weightGradient);
        clear(biasGradient);
      }
    } finally {
      batch = null;
      projection = null;
      hiddenGradient = null;
      weightGradient = null;
      biasGradient = null;
      weightView = null;
      weightGradientView = null;
      group = null;
      lattice = null;
      weights = null;
      losses = null;
      statuses = null;
    }
  }

  private void run(Workers workers, Part part, int count) {
    kind = part;
    prepare(count);
    workers.run(this);
  }

  @Override
  void run(int index) {
    Tile tile = tiles.take().begin(type, sizes, classes, dimensions, weightView == null);
    switch (kind) {
      case FORWARD -> {
        int strips = group.strips.size();
        forward(group.strips.get(index % strips), index / strips, tile);
      }
      case LATTICE -> {
        int n = group.first + index;
        group.utterance(n).compute(lattice, n, weights[n], losses, statuses);
      }
      case LOAD -> {
        Strip strip = panel.get(index);
        loadHidden(strip, hidden, panelAt[index] * dimensions);
      }
      case WEIGHT -> {
        int from = chunkFrom + index * sizes.tile();
        int count = Math.min(sizes.tile(), chunkTo - from);
        loadWeight(from, count, weight, (from - chunkFrom) * dimensions);
      }
      case LOGIT_GRADIENT -> {
        int from = chunkFrom + index / panel.size() * sizes.tile();
        int to = Math.min(from + sizes.tile(), chunkTo);
        logitGradient(index % panel.size(), from, to, tile);
      }
      case PRODUCTS -> {
        int ofClasses = weightTasks();
        if (index < ofClasses) {
          classGradient(index, tile);
        } else {
          hiddenProduct(index - ofClasses);
        }
      }
      case STORE -> storeHidden(index);
      case CLEAR -> clearHidden(index);
    }
    tiles.give(tile);
  }

  // ---- forward ----

  private void forward(Workers workers) {
    sections = Math.min(sizes.sections(), parts(classes, sizes.tile()));
    long sums = (long) group.frames() * sections;
    max = Grow.atLeast(max, sums);
    sum = Grow.atLeast(sum, sums);
    run(workers, Part.FORWARD, group.strips.size() * sections);
    for (Strip strip : group.strips) {
      for (int i = 0; i < strip.rows(); i++) {
        int first = (strip.at() + i) * sections;
        mergeSections(first);
        double others = sum[first] == 0 ? max[first] : max[first] + Math.log(sum[first]);
        group.utterance(strip.utterance()).setOthers(strip.from() + i, others);
      }
    }
  }

  /** One strip and one section of the classes. */
  private void forward(Strip strip, int section, Tile tile) {
    CompactUtterance utterance = group.utterance(strip.utterance());
    int all = parts(classes, sizes.tile());
    int from = (int) ((long) all * section / sections) * sizes.tile();
    int to = (int) Math.min(classes, ((long) all * (section + 1) / sections) * sizes.tile());
    int tileLd = Math.min(sizes.tile(), classes);
    loadHidden(strip, tile.hidden, 0);
    for (int i = 0; i < strip.rows(); i++) {
      int here = (strip.at() + i) * sections + section;
      boolean finite = tile.hidden.isFinite(i * dimensions, dimensions);
      max[here] = finite ? Double.NEGATIVE_INFINITY : Double.NaN;
      sum[here] = 0;
    }
    for (int c = from; c < to; c += sizes.tile()) {
      int count = Math.min(sizes.tile(), to - c);
      Matrix w = weightView;
      if (w == null) {
        w = tile.weight;
        loadWeight(c, count, w, 0);
      }
      int weightAt = weightView == null ? 0 : c * dimensions;
      logits(tile.hidden, 0, strip.rows(), w, weightAt, c, count, tile.x, 0, tileLd, tile);
      for (int i = 0; i < strip.rows(); i++) {
        takeLabels(utterance, strip.from() + i, c, count, tile.x, i * tileLd);
        addOthers((strip.at() + i) * sections + section, count, i * tileLd, tile);
      }
    }
  }

  /** Logits of blank and labels go to the table and leave −Infinity behind. */
  private static void takeLabels(
      CompactUtterance utterance, int t, int from, int count, Matrix logits, int at) {
    CompactTarget target = utterance.target;
    int blank = target.classOf(0) - from;
    if (blank >= 0 && blank < count) {
      utterance.setLogit(t, 0, logits.get(at + blank));
      logits.set(at + blank, Double.NEGATIVE_INFINITY);
    }
    for (int i = target.firstFrom(from); i < target.classes(); i++) {
      int label = target.classOf(i) - from;
      if (label >= count) {
        return;
      }
      utterance.setLogit(t, i, logits.get(at + label));
      logits.set(at + label, Double.NEGATIVE_INFINITY);
    }
  }

  /** A row of a tile into the running log-sum-exp: max is NaN if there is NaN or +Infinity. */
  private void addOthers(int here, int count, int at, Tile tile) {
    double itsMax = tile.x.max(tile.kernels, at, count);
    boolean none = itsMax == Double.NEGATIVE_INFINITY; // if not NaN
    double itsSum = tile.x.exp(tile.kernels, at, count, none ? 0 : itsMax, tile.row);
    if (Double.isNaN(itsSum)) {
      max[here] = Double.NaN;
    } else if (!none) {
      merge(here, itsMax, itsSum);
    }
  }

  private void merge(int here, double itsMax, double itsSum) {
    if (itsMax <= max[here]) {
      sum[here] += itsSum * Math.exp(itsMax - max[here]);
    } else if (!Double.isNaN(max[here])) {
      sum[here] = sum[here] * Math.exp(max[here] - itsMax) + itsSum;
      max[here] = itsMax;
    }
  }

  /** All sections of a frame into the first. */
  private void mergeSections(int first) {
    for (int i = first + 1; i < first + sections; i++) {
      if (Double.isNaN(max[i])) {
        max[first] = Double.NaN;
      } else if (sum[i] > 0) {
        merge(first, max[i], sum[i]);
      }
    }
  }

  // ---- backward ----

  private void backward(Workers workers) {
    panel.clear();
    rows = 0;
    for (Strip strip : group.strips) {
      if (!counts(strip.utterance())) {
        continue;
      }
      if (rows + strip.rows() > sizes.panel() && rows > 0) {
        backwardPanel(workers);
        panel.clear();
        rows = 0;
      }
      panel.add(strip);
      rows += strip.rows();
    }
    if (rows > 0) {
      backwardPanel(workers);
    }
    panel.clear();
  }

  private boolean counts(int n) {
    return statuses[n] == CtcStatus.OK && weights[n] != 0;
  }

  private void backwardPanel(Workers workers) {
    hidden = Matrix.atLeast(hidden, type, (long) rows * dimensions);
    x = Matrix.atLeast(x, type, (long) rows * ld);
    if (hiddenGradient != null) {
      hiddenSums = Matrix.atLeast(hiddenSums, type, (long) rows * dimensions);
    }
    if (weightView == null) {
      weight = Matrix.atLeast(weight, type, (long) ld * dimensions);
    }
    panelAt = Grow.atLeast(panelAt, panel.size());
    for (int i = 1; i < panel.size(); i++) {
      panelAt[i] = panelAt[i - 1] + panel.get(i - 1).rows();
    }
    run(workers, Part.LOAD, panel.size());
    for (chunkFrom = 0; chunkFrom < classes; chunkFrom += ld) {
      chunkTo = (int) Math.min(classes, (long) chunkFrom + ld);
      int tilesOfChunk = parts(chunkTo - chunkFrom, sizes.tile());
      if (weightView == null) {
        run(workers, Part.WEIGHT, tilesOfChunk);
      }
      run(workers, Part.LOGIT_GRADIENT, panel.size() * tilesOfChunk);
      run(workers, Part.PRODUCTS, weightTasks() + hiddenTasks());
    }
    if (hiddenGradient != null) {
      run(workers, Part.STORE, panel.size());
    }
    isFirstPanel = false;
  }

  private int dimensionTiles() {
    return parts(dimensions, sizes.tile());
  }

  /** How many classes a part of dW has: few, as it is a sum over many rows. */
  private int weightTile() {
    return Math.max(1, sizes.tile() / 4);
  }

  private int weightTasks() {
    int tilesOfChunk = parts(chunkTo - chunkFrom, weightTile());
    return weightGradient != null
        ? tilesOfChunk * dimensionTiles()
        : biasGradient != null ? tilesOfChunk : 0;
  }

  private int hiddenTasks() {
    return hiddenGradient != null ? panel.size() * dimensionTiles() : 0;
  }

  /** G of one strip and the classes [from, to), into x. */
  private void logitGradient(int index, int from, int to, Tile tile) {
    Strip strip = panel.get(index);
    CompactUtterance utterance = group.utterance(strip.utterance());
    int at = panelAt[index] * ld + from - chunkFrom;
    int count = to - from;
    Matrix w = weightView == null ? weight : weightView;
    int weightAt = (weightView == null ? from - chunkFrom : from) * dimensions;
    logits(
        hidden,
        panelAt[index] * dimensions,
        strip.rows(),
        w,
        weightAt,
        from,
        count,
        x,
        at,
        ld,
        tile);
    for (int i = 0; i < strip.rows(); i++, at += ld) {
      int t = strip.from() + i;
      int here = (strip.at() + i) * sections;
      double factor = sum[here] == 0 ? 0 : utterance.othersGradient(t) / sum[here];
      takeLabels(utterance, t, from, count, x, at); // the same bits again
      if (factor == 0) {
        x.fill(at, count, 0);
      } else {
        x.exp(tile.kernels, at, count, max[here], tile.row);
        x.setScaled(at, tile.row, count, factor);
      }
      putLabels(utterance, t, from, count, at);
    }
  }

  private void putLabels(CompactUtterance utterance, int t, int from, int count, int at) {
    CompactTarget target = utterance.target;
    int blank = target.classOf(0) - from;
    if (blank >= 0 && blank < count) {
      x.set(at + blank, utterance.gradient(t, 0));
    }
    for (int i = target.firstFrom(from); i < target.classes(); i++) {
      int label = target.classOf(i) - from;
      if (label >= count) {
        return;
      }
      x.set(at + label, utterance.gradient(t, i));
    }
  }

  /** dW of one tile of classes by one of dimensions, and db of the classes. */
  private void classGradient(int index, Tile tile) {
    int tilesOfDimensions = weightGradient != null ? dimensionTiles() : 1;
    int from = chunkFrom + index / tilesOfDimensions * weightTile();
    int count = Math.min(weightTile(), chunkTo - from);
    int d = index % tilesOfDimensions * sizes.tile();
    if (weightGradient != null) {
      weightProduct(from, count, d, Math.min(sizes.tile(), dimensions - d), tile);
    }
    if (biasGradient != null && d == 0) {
      biasSums(from, count, tile.sums);
    }
  }

  private void weightProduct(int from, int count, int d, int width, Tile tile) {
    int at = from - chunkFrom;
    if (weightGradientView != null) {
      weightGradientView.multiply(
          blas,
          true,
          false,
          count,
          width,
          rows,
          x,
          at,
          ld,
          hidden,
          d,
          dimensions,
          isFirstPanel ? 0 : 1,
          from * dimensions + d,
          dimensions);
      return;
    }
    Matrix part = tile.gradient(type, count * width);
    part.multiply(
        blas, true, false, count, width, rows, x, at, ld, hidden, d, dimensions, 0, 0, width);
    for (int c = 0; c < count; c++) {
      long row = (long) (from + c) * dimensions + d;
      for (int i = 0; i < width; i++) {
        double before = isFirstPanel ? 0 : weightGradient.get(row + i);
        weightGradient.set(row + i, before + part.get(c * width + i));
      }
    }
  }

  private void biasSums(int from, int count, double[] sums) {
    for (int c = 0; c < count; c++) {
      sums[c] = isFirstPanel ? 0 : biasGradient.get(from + c);
    }
    for (int row = 0; row < rows; row++) {
      x.addTo(sums, row * ld + from - chunkFrom, count);
    }
    for (int c = 0; c < count; c++) {
      biasGradient.set(from + c, sums[c]);
    }
  }

  /** dH of one strip by one tile of dimensions. */
  private void hiddenProduct(int index) {
    int strip = index / dimensionTiles();
    int d = index % dimensionTiles() * sizes.tile();
    Matrix w = weightView == null ? weight : weightView;
    hiddenSums.multiply(
        blas,
        false,
        false,
        panel.get(strip).rows(),
        Math.min(sizes.tile(), dimensions - d),
        chunkTo - chunkFrom,
        x,
        panelAt[strip] * ld,
        ld,
        w,
        (weightView == null ? 0 : chunkFrom) * dimensions + d,
        dimensions,
        chunkFrom == 0 ? 0 : 1,
        panelAt[strip] * dimensions + d,
        dimensions);
  }

  private void storeHidden(int index) {
    Strip strip = panel.get(index);
    for (int i = 0; i < strip.rows(); i++) {
      hiddenSums.store(
          (panelAt[index] + i) * dimensions,
          dimensions,
          hiddenGradient.elements(),
          hiddenGradient.index(strip.from() + i, strip.utterance(), 0),
          hiddenGradient.classStride());
    }
  }

  /** Zeros where an utterance has no gradient. */
  private void clearHidden(int n) {
    for (int t = counts(n) ? batch.inputLength(n) : 0; t < hiddenGradient.frames(n); t++) {
      for (int d = 0; d < dimensions; d++) {
        hiddenGradient.elements().set(hiddenGradient.index(t, n, d), 0);
      }
    }
  }

  private static void clear(Elements gradient) {
    for (long i = 0; gradient != null && i < gradient.length(); i++) {
      gradient.set(i, 0);
    }
  }

  // ---- both ----

  /** x of some rows of hidden states and the classes [from, from + count). */
  private void logits(
      Matrix h,
      int hiddenAt,
      int count,
      Matrix w,
      int weightAt,
      int from,
      int ofClasses,
      Matrix into,
      int at,
      int ld,
      Tile tile) {
    into.multiply(
        blas,
        false,
        true,
        count,
        ofClasses,
        dimensions,
        h,
        hiddenAt,
        dimensions,
        w,
        weightAt,
        dimensions,
        0,
        at,
        ld);
    if (projection.bias() != null) {
      tile.bias.load(projection.bias(), from, 1, 0, ofClasses);
      for (int i = 0; i < count; i++) {
        into.add(at + i * ld, tile.bias, ofClasses);
      }
    }
  }

  private void loadHidden(Strip strip, Matrix into, int at) {
    FrameTensor source = batch.hidden();
    for (int i = 0; i < strip.rows(); i++) {
      into.load(
          source.elements(),
          source.index(strip.from() + i, strip.utterance(), 0),
          source.classStride(),
          at + i * dimensions,
          dimensions);
    }
  }

  private void loadWeight(int from, int count, Matrix into, int at) {
    into.load(projection.weight(), (long) from * dimensions, 1, at, count * dimensions);
  }

  private static int parts(int whole, int size) {
    return (whole + size - 1) / size;
  }
}
