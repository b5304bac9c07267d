package org.ctc4j.lm;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.ctc4j.InvalidInputException;

/**
 * The lines of a text file, as it is or compressed with gzip, as fields between blanks and tabs. A
 * line ends with \n, \r\n or the file; a byte order mark is left out.
 */
final class ArpaLines implements AutoCloseable {
  private static final int LONGEST_LINE = 1 << 20;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final Path file;
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int at;
  private int filled;
  private int number; // of the line, from 1
  byte[] line = new byte[256];
  private int length;
  private int fields;
  private int[] starts = new int[16];
  private int[] ends = new int[16];

  ArpaLines(Path file) throws IOException {
    this.file = file;
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": expected a language model, this is a folder");
    }
    InputStream plain = open(file);
    try {
      PushbackInputStream start = new PushbackInputStream(plain, 4);
      byte[] magic = start.readNBytes(4);
      start.unread(magic);
      in = stream(start, magic);
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  private static InputStream open(Path file) throws IOException {
    try {
      return Files.newInputStream(file);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(file.toString(), null, "no such file");
    }
  }

  private InputStream stream(InputStream start, byte[] magic) throws IOException {
    if (beginsWith(magic, 0x1f, 0x8b)) {
      try {
        return new GZIPInputStream(start, 1 << 16);
      } catch (EOFException | ZipException e) {
        throw NGramModel.refused(file, "begins as gzip does and is none: " + e.getMessage());
      }
    }
    String other =
        beginsWith(magic, 'B', 'Z', 'h')
            ? "bzip2"
            : beginsWith(magic, 0xfd, '7', 'z', 'X')
                ? "xz"
                : beginsWith(magic, 'P', 'K', 3, 4)
                    ? "zip"
                    : beginsWith(magic, 0x28, 0xb5, 0x2f, 0xfd)
                        ? "zstd"
                        : beginsWith(magic, 'm', 'm', 'a', 'p') ? "KenLM's binary format" : null;
    if (other != null) {
      throw NGramModel.refused(
          file, "is in " + other + ", expected an ARPA file, as it is or compressed with gzip");
    }
    return start;
  }

  private static boolean beginsWith(byte[] start, int... bytes) {
    for (int i = 0; i < bytes.length; i++) {
      if (i >= start.length || (start[i] & 0xff) != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  /** Goes to the next line; false if there is none. */
  boolean next() throws IOException {
    length = 0;
    boolean isSome = false;
    while (true) {
      if (at == filled && !fill()) {
        break;
      }
      isSome = true;
      int end = at;
      while (end < filled && buffer[end] != '\n') {
        end++;
      }
      append(at, end);
      at = end;
      if (end < filled) {
        at++;
        break;
      }
    }
    if (!isSome) {
      return false;
    }
    number++;
    if (length > 0 && line[length - 1] == '\r') {
      length--;
    }
    split();
    return true;
  }

  private boolean fill() throws IOException {
    at = 0;
    try {
      filled = Math.max(0, in.read(buffer));
    } catch (EOFException e) {
      throw NGramModel.refused(file, "ends in the middle, an interrupted copy perhaps");
    } catch (ZipException e) {
      throw NGramModel.refused(file, "gzip: " + e.getMessage());
    }
    return filled > 0;
  }

  private void append(int from, int to) {
    int more = to - from;
    if (length + more > LONGEST_LINE) {
      number++;
      throw refused("is longer than %d bytes".formatted(LONGEST_LINE));
    }
    if (length + more > line.length) {
      line = Arrays.copyOf(line, Math.max(2 * line.length, length + more));
    }
    System.arraycopy(buffer, from, line, length, more);
    length += more;
  }

  private void split() {
    fields = 0;
    int i =
        number == 1 && Arrays.equals(line, 0, Math.min(3, length), BYTE_ORDER_MARK, 0, 3) ? 3 : 0;
    while (true) {
      while (i < length && isBlank(line[i])) {
        i++;
      }
      if (i == length) {
        return;
      }
      if (fields == starts.length) {
        starts = Arrays.copyOf(starts, 2 * fields);
        ends = Arrays.copyOf(ends, 2 * fields);
      }
      starts[fields] = i;
      while (i < length && !isBlank(line[i])) {
        i++;
      }
      ends[fields++] = i;
    }
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  int number() {
    return number;
  }

  /** How many fields the line has. */
  int fields() {
    return fields;
  }

  /** Where field i begins in {@link #line}. */
  int start(int i) {
    return starts[i];
  }

  int end(int i) {
    return ends[i];
  }

  /** All of the line's fields, a blank between them. */
  String text() {
    return IntStream.range(0, fields).mapToObj(this::field).collect(Collectors.joining(" "));
  }

  /** Of numbers and keywords. */
  String field(int i) {
    return new String(line, starts[i], ends[i] - starts[i], StandardCharsets.UTF_8);
  }

  InvalidInputException refused(String what) {
    return refusedIn(number, what);
  }

  InvalidInputException refusedIn(int lineNumber, String what) {
    return NGramModel.refused(file, "line " + lineNumber + ": " + what);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
