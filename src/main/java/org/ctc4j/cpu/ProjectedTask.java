package org.ctc4j.cpu;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.engine.ProjectedPlaces;
import org.ctc4j.host.ParallelTask;
import org.ctc4j.host.Workers;
import org.ctc4j.projection.CompactTarget;

/**
 * One call on a projected batch, and how it is cut into parts for threads. For x = H Wᵀ + b, H
 * (frames, D), W (C, D):
 *
 * <ol>
 *   <li><b>Forward</b>: x, a range of frames by a tile of classes at a time. Logits of the blank
 *       and of labels go into the compact table, the others into a running log-sum-exp, LSE.
 *   <li><b>Lattice</b>: CTC on the compact table, see {@link org.ctc4j.projection}.
 *   <li><b>Backward</b>: x again, of a panel of ranges by a chunk of tiles; G = dx from it in
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
 * what the unfused way does; ranges of several utterances, which would make the bits of one depend
 * on the others.
 */
final class ProjectedTask extends ParallelTask {
  private enum Step {
    FORWARD,
    LATTICE,
    LOAD,
    WEIGHT,
    LOGIT_GRADIENT,
    PRODUCTS,
    STORE,
    CLEAR
  }

  private final ProjectionTiling wanted;
  private final Pool<ProjectionScratch> scratches;

  private CpuBackend lattice;
  private Blas blas;
  private ProjectedCall call;
  private ProjectedBatch batch;
  private ProjectedPlaces places;
  private Projection projection;

  private ProjectionTiling tiling;
  private ElementType type;
  private int classes;
  private int dimensions;
  private Matrix weightView; // null if weights must be copied
  private Matrix weightGradientView; // null if it must be copied
  private Step step;

  // of the group at work
  private CompactGroup group;
  private int sections;
  private double[] max = {}; // of frame and section
  private double[] sum = {}; // Σ e^(x − max) over the others of frame and section

  // of the panel at work
  private final List<FrameRange> panel = new ArrayList<>();
  private int[] panelAt = {}; // first row of each range
  private int rows;
  private boolean isFirstPanel;
  private Matrix hidden; // (rows, D)
  private Matrix hiddenSums; // (rows, D)
  private Matrix x; // (rows, chunk)
  private Matrix weight; // (chunk, D), where weights must be copied
  private int ld; // of x: classes of a whole chunk
  private int chunkFrom;
  private int chunkTo;

  ProjectedTask(ProjectionTiling tiling, Pool<ProjectionScratch> scratches) {
    this.wanted = tiling;
    this.scratches = scratches;
  }

  /**
   * @param lattice computes the compact logits of an utterance
   */
  void compute(Workers workers, CpuBackend lattice, Blas blas, ProjectedCall call) {
    this.lattice = lattice;
    this.blas = blas;
    this.call = call;
    batch = call.batch();
    places = call.places();
    projection = batch.projection();
    classes = projection.classes();
    dimensions = projection.dimensions();
    tiling = wanted.forDimensions(dimensions);
    boolean wide = projection.weight().type() == ElementType.FLOAT64;
    type = wide ? ElementType.FLOAT64 : ElementType.FLOAT32;
    weightView = Matrix.viewOf(projection.weight(), type);
    weightGradientView = Matrix.viewOf(places.weightGradient(), type);
    ld = Math.min(tiling.chunk() * tiling.tile(), classes);
    isFirstPanel = true;
    try {
      blas.useOneThread();
      for (int n = 0; n < batch.utterances(); n = group.end()) {
        int blank = call.options().blank();
        group = new CompactGroup(batch, blank, n, tiling, places.wantsGradient());
        forward(workers);
        compute(workers, Step.LATTICE, group.size());
        if (places.wantsGradient()) {
          backward(workers);
        }
      }
      if (places.hiddenGradient() != null) {
        compute(workers, Step.CLEAR, batch.utterances());
      }
      if (isFirstPanel) {
        clear(places.weightGradient());
        clear(places.biasGradient());
      }
    } finally {
      this.lattice = null;
      this.call = null;
      batch = null;
      places = null;
      projection = null;
      weightView = null;
      weightGradientView = null;
      group = null;
    }
  }

  private void compute(Workers workers, Step next, int count) {
    step = next;
    workers.compute(count, this);
  }

  @Override
  protected void computePart(int index) {
    ProjectionScratch scratch =
        scratches.take().begin(type, tiling, classes, dimensions, weightView == null);
    switch (step) {
      case FORWARD -> {
        int ranges = group.ranges.size();
        forward(group.ranges.get(index % ranges), index / ranges, scratch);
      }
      case LATTICE -> {
        int n = group.first + index;
        group.utterance(n).compute(lattice, call, n);
      }
      case LOAD -> {
        FrameRange range = panel.get(index);
        loadHidden(range, hidden, panelAt[index] * dimensions);
      }
      case WEIGHT -> {
        int from = chunkFrom + index * tiling.tile();
        int count = Math.min(tiling.tile(), chunkTo - from);
        loadWeight(from, count, weight, (from - chunkFrom) * dimensions);
      }
      case LOGIT_GRADIENT -> {
        int from = chunkFrom + index / panel.size() * tiling.tile();
        int to = Math.min(from + tiling.tile(), chunkTo);
        logitGradient(index % panel.size(), from, to, scratch);
      }
      case PRODUCTS -> {
        int ofClasses = weightTasks();
        if (index < ofClasses) {
          classGradient(index, scratch);
        } else {
          hiddenProduct(index - ofClasses, scratch);
        }
      }
      case STORE -> storeHidden(index);
      case CLEAR -> clearHidden(index);
    }
    scratch.release();
    scratches.give(scratch);
  }

  // ---- forward ----

  private void forward(Workers workers) {
    sections = Math.min(tiling.sections(), parts(classes, tiling.tile()));
    long sums = (long) group.frames() * sections;
    max = KeptArrays.atLeast(max, sums);
    sum = KeptArrays.atLeast(sum, sums);
    compute(workers, Step.FORWARD, group.ranges.size() * sections);
    for (FrameRange range : group.ranges) {
      for (int i = 0; i < range.rows(); i++) {
        int first = (range.at() + i) * sections;
        mergeSections(first);
        double others = sum[first] == 0 ? max[first] : max[first] + Math.log(sum[first]);
        group.utterance(range.utterance()).setOthers(range.from() + i, others);
      }
    }
  }

  /** One range and one section of the classes. */
  private void forward(FrameRange range, int section, ProjectionScratch scratch) {
    CompactUtterance utterance = group.utterance(range.utterance());
    int all = parts(classes, tiling.tile());
    int from = (int) ((long) all * section / sections) * tiling.tile();
    int to = (int) Math.min(classes, ((long) all * (section + 1) / sections) * tiling.tile());
    int tileLd = Math.min(tiling.tile(), classes);
    loadHidden(range, scratch.hidden, 0);
    for (int i = 0; i < range.rows(); i++) {
      int here = (range.at() + i) * sections + section;
      boolean finite = scratch.hidden.isFinite(i * dimensions, dimensions);
      max[here] = finite ? Double.NEGATIVE_INFINITY : Double.NaN;
      sum[here] = 0;
    }
    for (int c = from; c < to; c += tiling.tile()) {
      int count = Math.min(tiling.tile(), to - c);
      MatrixView h = scratch.a.of(scratch.hidden, 0, range.rows(), dimensions, dimensions);
      MatrixView x = scratch.into.of(scratch.x, 0, range.rows(), count, tileLd);
      logits(h, weights(c, count, scratch), c, x, scratch);
      for (int i = 0; i < range.rows(); i++) {
        takeLabels(utterance, range.from() + i, c, count, scratch.x, i * tileLd);
        addOthers((range.at() + i) * sections + section, count, i * tileLd, scratch);
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
  private void addOthers(int here, int count, int at, ProjectionScratch scratch) {
    double largest = scratch.x.max(scratch.kernels, at, count);
    boolean none = largest == Double.NEGATIVE_INFINITY; // if not NaN
    double ofTile = scratch.x.exp(scratch.kernels, at, count, none ? 0 : largest, scratch.row);
    if (Double.isNaN(ofTile)) {
      max[here] = Double.NaN;
    } else if (!none) {
      merge(here, largest, ofTile);
    }
  }

  /** Adds Σ e^(x − shift) to the sum of a frame and section. */
  private void merge(int here, double shift, double exponentials) {
    if (shift <= max[here]) {
      sum[here] += exponentials * Math.exp(shift - max[here]);
    } else if (!Double.isNaN(max[here])) {
      sum[here] = sum[here] * Math.exp(max[here] - shift) + exponentials;
      max[here] = shift;
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
    for (FrameRange range : group.ranges) {
      if (!counts(range.utterance())) {
        continue;
      }
      if (rows + range.rows() > tiling.panel() && rows > 0) {
        backwardPanel(workers);
        panel.clear();
        rows = 0;
      }
      panel.add(range);
      rows += range.rows();
    }
    if (rows > 0) {
      backwardPanel(workers);
    }
    panel.clear();
  }

  private boolean counts(int n) {
    return places.statuses()[n] == CtcStatus.OK && call.weights()[n] != 0;
  }

  private void backwardPanel(Workers workers) {
    hidden = Matrix.atLeast(hidden, type, (long) rows * dimensions);
    x = Matrix.atLeast(x, type, (long) rows * ld);
    if (places.hiddenGradient() != null) {
      hiddenSums = Matrix.atLeast(hiddenSums, type, (long) rows * dimensions);
    }
    if (weightView == null) {
      weight = Matrix.atLeast(weight, type, (long) ld * dimensions);
    }
    panelAt = KeptArrays.atLeast(panelAt, panel.size());
    for (int i = 1; i < panel.size(); i++) {
      panelAt[i] = panelAt[i - 1] + panel.get(i - 1).rows();
    }
    compute(workers, Step.LOAD, panel.size());
    for (chunkFrom = 0; chunkFrom < classes; chunkFrom += ld) {
      chunkTo = (int) Math.min(classes, (long) chunkFrom + ld);
      int tilesOfChunk = parts(chunkTo - chunkFrom, tiling.tile());
      if (weightView == null) {
        compute(workers, Step.WEIGHT, tilesOfChunk);
      }
      compute(workers, Step.LOGIT_GRADIENT, panel.size() * tilesOfChunk);
      compute(workers, Step.PRODUCTS, weightTasks() + hiddenTasks());
    }
    if (places.hiddenGradient() != null) {
      compute(workers, Step.STORE, panel.size());
    }
    isFirstPanel = false;
  }

  private int dimensionTiles() {
    return parts(dimensions, tiling.tile());
  }

  /** How many classes a part of dW has: few, as it is a sum over many rows. */
  private int weightTile() {
    return Math.max(1, tiling.tile() / 4);
  }

  private int weightTasks() {
    int tilesOfChunk = parts(chunkTo - chunkFrom, weightTile());
    return places.weightGradient() != null
        ? tilesOfChunk * dimensionTiles()
        : places.biasGradient() != null ? tilesOfChunk : 0;
  }

  private int hiddenTasks() {
    return places.hiddenGradient() != null ? panel.size() * dimensionTiles() : 0;
  }

  /** G of one range and the classes [from, to), into x. */
  private void logitGradient(int index, int from, int to, ProjectionScratch scratch) {
    FrameRange range = panel.get(index);
    CompactUtterance utterance = group.utterance(range.utterance());
    int at = panelAt[index] * ld + from - chunkFrom;
    int count = to - from;
    MatrixView h =
        scratch.a.of(hidden, panelAt[index] * dimensions, range.rows(), dimensions, dimensions);
    MatrixView logits = scratch.into.of(x, at, range.rows(), count, ld);
    logits(h, weightsOfChunk(from, count, scratch), from, logits, scratch);
    for (int i = 0; i < range.rows(); i++, at += ld) {
      int t = range.from() + i;
      int here = (range.at() + i) * sections;
      double factor = sum[here] == 0 ? 0 : utterance.othersGradient(t) / sum[here];
      takeLabels(utterance, t, from, count, x, at); // the same bits again
      if (factor == 0) {
        x.fill(at, count, 0);
      } else {
        x.exp(scratch.kernels, at, count, max[here], scratch.row);
        x.setScaled(at, scratch.row, count, factor);
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
  private void classGradient(int index, ProjectionScratch scratch) {
    int tilesOfDimensions = places.weightGradient() != null ? dimensionTiles() : 1;
    int from = chunkFrom + index / tilesOfDimensions * weightTile();
    int count = Math.min(weightTile(), chunkTo - from);
    int d = index % tilesOfDimensions * tiling.tile();
    if (places.weightGradient() != null) {
      weightProduct(from, count, d, Math.min(tiling.tile(), dimensions - d), scratch);
    }
    if (places.biasGradient() != null && d == 0) {
      biasSums(from, count, scratch.sums);
    }
  }

  private void weightProduct(int from, int count, int d, int width, ProjectionScratch scratch) {
    MatrixView g = scratch.a.of(x, from - chunkFrom, rows, count, ld).transpose();
    MatrixView h = scratch.b.of(hidden, d, rows, width, dimensions);
    if (weightGradientView != null) {
      int at = from * dimensions + d;
      MatrixView into = scratch.into.of(weightGradientView, at, count, width, dimensions);
      into.product(blas, g, h, !isFirstPanel);
      return;
    }
    Matrix part = scratch.gradient(type, count * width);
    scratch.into.of(part, 0, count, width, width).product(blas, g, h, false);
    Elements into = places.weightGradient();
    for (int c = 0; c < count; c++) {
      long row = (long) (from + c) * dimensions + d;
      for (int i = 0; i < width; i++) {
        double before = isFirstPanel ? 0 : into.get(row + i);
        into.set(row + i, before + part.get(c * width + i));
      }
    }
  }

  private void biasSums(int from, int count, double[] sums) {
    for (int c = 0; c < count; c++) {
      sums[c] = isFirstPanel ? 0 : places.biasGradient().get(from + c);
    }
    for (int row = 0; row < rows; row++) {
      x.addTo(sums, row * ld + from - chunkFrom, count);
    }
    for (int c = 0; c < count; c++) {
      places.biasGradient().set(from + c, sums[c]);
    }
  }

  /** dH of one range by one tile of dimensions. */
  private void hiddenProduct(int index, ProjectionScratch scratch) {
    int i = index / dimensionTiles();
    int d = index % dimensionTiles() * tiling.tile();
    int width = Math.min(tiling.tile(), dimensions - d);
    int count = chunkTo - chunkFrom;
    int frames = panel.get(i).rows();
    MatrixView g = scratch.a.of(x, panelAt[i] * ld, frames, count, ld);
    MatrixView w = weightsOfChunk(chunkFrom, count, scratch);
    w.at += d;
    w.columns = width;
    MatrixView sums =
        scratch.into.of(hiddenSums, panelAt[i] * dimensions + d, frames, width, dimensions);
    sums.product(blas, g, w, chunkFrom > 0);
  }

  private void storeHidden(int index) {
    FrameRange range = panel.get(index);
    FrameTensor into = places.hiddenGradient();
    for (int i = 0; i < range.rows(); i++) {
      long at = into.index(range.from() + i, range.utterance(), 0);
      int row = (panelAt[index] + i) * dimensions;
      hiddenSums.store(row, dimensions, into.elements(), at, into.classStride());
    }
  }

  /** Zeros where an utterance has no gradient. */
  private void clearHidden(int n) {
    for (int t = counts(n) ? batch.inputLength(n) : 0; t < places.hiddenGradient().frames(n); t++) {
      for (int d = 0; d < dimensions; d++) {
        places.hiddenGradient().elements().set(places.hiddenGradient().index(t, n, d), 0);
      }
    }
  }

  private static void clear(Elements gradient) {
    for (long i = 0; gradient != null && i < gradient.length(); i++) {
      gradient.set(i, 0);
    }
  }

  // ---- both ----

  /**
   * into ← h wᵀ + bias.
   *
   * @param h hidden states, (rows, D)
   * @param w weights of some classes, (classes, D)
   * @param from the first of the classes
   */
  private void logits(
      MatrixView h, MatrixView w, int from, MatrixView into, ProjectionScratch scratch) {
    into.product(blas, h, w.transpose(), false);
    if (projection.bias() != null) {
      scratch.bias.load(projection.bias(), from, 1, 0, into.columns);
      for (int i = 0; i < h.rows; i++) {
        into.matrix.add(into.at + i * into.stride, scratch.bias, into.columns);
      }
    }
  }

  private void loadHidden(FrameRange range, Matrix into, int at) {
    FrameTensor source = batch.hidden();
    for (int i = 0; i < range.rows(); i++) {
      into.load(
          source.elements(),
          source.index(range.from() + i, range.utterance(), 0),
          source.classStride(),
          at + i * dimensions,
          dimensions);
    }
  }

  /** Weights of some classes, (count, D), copied to the scratch if they must be. */
  private MatrixView weights(int from, int count, ProjectionScratch scratch) {
    if (weightView != null) {
      return scratch.b.of(weightView, from * dimensions, count, dimensions, dimensions);
    }
    loadWeight(from, count, scratch.weight, 0);
    return scratch.b.of(scratch.weight, 0, count, dimensions, dimensions);
  }

  /** Weights of some classes of the chunk, (count, D). */
  private MatrixView weightsOfChunk(int from, int count, ProjectionScratch scratch) {
    return weightView != null
        ? scratch.b.of(weightView, from * dimensions, count, dimensions, dimensions)
        : scratch.b.of(weight, (from - chunkFrom) * dimensions, count, dimensions, dimensions);
  }

  private void loadWeight(int from, int count, Matrix into, int at) {
    into.load(projection.weight(), (long) from * dimensions, 1, at, count * dimensions);
  }

  private static int parts(int whole, int size) {
    return (whole + size - 1) / size;
  }
}
