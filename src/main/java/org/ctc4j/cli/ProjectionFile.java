package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Set;
import org.ctc4j.Elements;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Projection;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzReader;

/** A projection as the arrays of an npz file: {@code weight} (C, D) and {@code bias} (C). */
final class ProjectionFile {
  private static final Set<String> ARRAYS = Set.of("weight", "bias");

  private ProjectionFile() {}

  /**
   * @param bfloat16 whether the arrays are the bits of bfloat16 numbers
   * @param err told of arrays that are not used
   */
  static Projection read(Path file, boolean bfloat16, PrintWriter err) throws IOException {
    try (NpzReader npz = NpzReader.open(file);
        Progress progress = Progress.ofBytes("reading", npz.header("weight").dataBytes())) {
      Messages.noteUnused(file.toString(), npz, ARRAYS, err);
      FloatArrays.requireType(npz.header("weight"), "weight", bfloat16);
      int[] shape = FloatArrays.shape(npz.header("weight"), "weight", 2, "(C, D)");
      Elements bias = null;
      if (npz.contains("bias")) {
        FloatArrays.requireType(npz.header("bias"), "bias", bfloat16);
        FloatArrays.shape(npz.header("bias"), "bias", 1, "(C)");
        bias = FloatArrays.elements(npz.read("bias"));
      }
      NpyArray array = npz.read("weight", progress::bytes);
      Elements weight = FloatArrays.elements(array);
      if (array.header().fortranOrder()) {
        weight = turned(weight, shape[0], shape[1]);
      }
      return Projection.of(weight, bias, shape[0], shape[1]);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(file + ": " + e.getMessage());
    }
  }

  private static Elements turned(Elements fortran, int rows, int columns) {
    Elements c = Elements.allocate(fortran.type(), fortran.length());
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        c.set((long) row * columns + column, fortran.get((long) column * rows + row));
      }
    }
    return c;
  }
}
