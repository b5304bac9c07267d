package org.ctc4j.examples.nanopore;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.exceptions.HdfException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * The current through a nanopore while a strand of DNA passes it, and what another caller made of
 * it: events, each of them some samples of about one level, and the five bases that were in the
 * pore.
 *
 * @param signal current, one number a sample, in picoamperes
 * @param rate samples a second
 * @param bases the caller's, 0 to 3 for A, C, G, T
 * @param eventStarts first sample of each event, ascending
 * @param eventEnds the sample behind each event
 * @param eventBases index in {@code bases} of the first of the {@value #IN_PORE} bases of each
 *     event, ascending
 */
record NanoporeRead(
    float[] signal,
    double rate,
    int[] bases,
    int[] eventStarts,
    int[] eventEnds,
    int[] eventBases) {
  static final int IN_PORE = 5;
  static final String LETTERS = "ACGT";

  private static final String EVENTS = "/Analyses/Basecall_1D_000/BaseCalled_template/Events";

  /**
   * Reads a fast5 file of one read that was called in one direction.
   *
   * @throws IOException if it is none, or the caller's moves do not lead from state to state
   */
  static NanoporeRead read(Path file) throws IOException {
    try (HdfFile hdf = new HdfFile(file)) {
      Node read =
          ((Group) hdf.getByPath("/Raw/Reads"))
              .getChildren().values().stream()
                  .findFirst()
                  .orElseThrow(() -> new IOException(file + ": expected a read, got none"));
      short[] raw = (short[]) hdf.getDatasetByPath(read.getPath() + "Signal").getData();
      Node channel = hdf.getByPath("/UniqueGlobalKey/channel_id");
      double offset = number(channel, "offset");
      double unit = number(channel, "range") / number(channel, "digitisation");
      float[] signal = new float[raw.length];
      for (int i = 0; i < raw.length; i++) {
        signal[i] = (float) ((raw[i] + offset) * unit);
      }
      Map<?, ?> events = (Map<?, ?>) hdf.getDatasetByPath(EVENTS).getData();
      double rate = number(channel, "sampling_rate");
      return called(signal, rate, number(read, "start_time"), events);
    } catch (HdfException | ClassCastException e) {
      throw new IOException(file + ": expected a fast5 of one read with a caller's events", e);
    }
  }

  private static double number(Node node, String name) throws IOException {
    Attribute attribute = node.getAttribute(name);
    if (attribute == null) {
      throw new IOException("%s: expected an attribute %s".formatted(node.getPath(), name));
    }
    return ((Number) attribute.getData()).doubleValue();
  }

  private static <T> T column(Map<?, ?> events, String name, Class<T> type) throws IOException {
    if (!events.containsKey(name)) {
      throw new IOException("%s: expected a column %s".formatted(EVENTS, name));
    }
    return type.cast(events.get(name));
  }

  /**
   * @param first sample of the signal, counted as the events' times are
   */
  private static NanoporeRead called(float[] signal, double rate, double first, Map<?, ?> events)
      throws IOException {
    double[] starts = column(events, "start", double[].class);
    double[] lengths = column(events, "length", double[].class);
    long[] moves = column(events, "move", long[].class);
    String[] states = column(events, "model_state", String[].class);
    int[] eventStarts = new int[starts.length];
    int[] eventEnds = new int[starts.length];
    int[] eventBases = new int[starts.length];
    StringBuilder called = new StringBuilder(states[0]);
    for (int e = 0; e < starts.length; e++) {
      eventStarts[e] = (int) Math.round(starts[e] * rate - first);
      eventEnds[e] = eventStarts[e] + (int) Math.round(lengths[e] * rate);
      if (e > 0) {
        int move = Math.toIntExact(moves[e]);
        called.append(states[e], IN_PORE - move, IN_PORE);
        eventBases[e] = eventBases[e - 1] + move;
      }
      if (eventStarts[e] < (e == 0 ? 0 : eventEnds[e - 1])
          || eventEnds[e] > signal.length
          || !called.substring(eventBases[e]).equals(states[e])) {
        throw new IOException(
            "event %d: expected one behind the one before, to which it moves on, got %s at samples %d to %d"
                .formatted(e, states[e], eventStarts[e], eventEnds[e]));
      }
    }
    int[] bases = called.chars().map(LETTERS::indexOf).toArray();
    if (Arrays.stream(bases).anyMatch(base -> base < 0)) {
      throw new IOException("%s: expected bases of %s alone".formatted(EVENTS, LETTERS));
    }
    return new NanoporeRead(signal, rate, bases, eventStarts, eventEnds, eventBases);
  }

  /** The sample at which each base comes to the middle of the pore, as the caller has it. */
  int[] baseStarts() {
    int[] starts = new int[bases.length];
    int next = 0;
    for (int e = 0; e < eventStarts.length; e++) {
      for (int middle = eventBases[e] + IN_PORE / 2; next <= middle; next++) {
        starts[next] = eventStarts[e];
      }
    }
    Arrays.fill(starts, next, starts.length, eventEnds[eventEnds.length - 1]);
    return starts;
  }

  /** Which of the 4⁵ contents of the pore begins at a base. */
  static int state(int[] bases, int first) {
    int state = 0;
    for (int i = first; i < first + IN_PORE; i++) {
      state = 4 * state + bases[i];
    }
    return state;
  }
}
