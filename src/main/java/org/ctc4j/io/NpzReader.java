package org.ctc4j.io;

import static org.ctc4j.io.NpyHeaderReader.MAGIC;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.zip.ZipException;

/**
 * Reads the arrays of an {@code .npz}: of floats f2, f4, f8, of integers i1, i2, i4, i8, u1, u2,
 * u4, and u8 below 2<sup>63</sup>, of 16 bits, V2, and of strings, U and S; stored or deflated, of
 * either byte order, C or Fortran order. An array may have up to 2<sup>31</sup> - 9 elements and
 * needs the heap for them, one and a half times that while it is read if it is deflated. Entries
 * that are no {@code .npy}, by their name or their first bytes, are passed over.
 *
 * <p>Anything wrong with the content is an {@link NpzFormatException}; a file that cannot be read
 * is another {@link IOException}. Safe for use by several threads.
 */
public final class NpzReader implements Closeable {
  static final String SUFFIX = ".npy";

  /** No deflated byte can stand for more. */
  private static final long DEFLATE_LIMIT = 1032;

  private final String label;
  private final long fileBytes;
  private final Container container;
  private final Map<String, Container.Entry> entries;

  private NpzReader(String label, long fileBytes, Container container) throws NpzFormatException {
    this.label = label;
    this.fileBytes = fileBytes;
    this.container = container;
    this.entries = arrayEntries(label, container);
  }

  /** The file, and how many arrays it has. */
  @Override
  public String toString() {
    return "%s, %d arrays".formatted(label, entries.size());
  }

  /**
   * Opens a file of the default file system and reads its table of contents.
   *
   * @throws NoSuchFileException if there is none
   * @throws UnsupportedOperationException if the path is of another file system
   * @throws NpzFormatException if it is not a zip file or has two arrays of a name
   * @throws IOException if it cannot be read
   */
  public static NpzReader open(Path file) throws IOException {
    String label = Text.printable(file.toString());
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(file, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(label, null, "no such file");
    } catch (IOException e) {
      throw Text.unreadable(label, e);
    }
    if (!attributes.isRegularFile()) { // opening a pipe would wait for ever
      throw new NpzFormatException(
          label
              + ": expected an .npz file, got "
              + (attributes.isDirectory() ? "a folder" : "something that is not a regular file"));
    }
    if (!Files.isReadable(file)) {
      throw new AccessDeniedException(label, null, "permission denied");
    }
    Ends ends = Ends.of(file, label);
    refuseOthers(label, ends);
    return open(label, ends.bytes(), () -> new ZipFileContainer(file.toFile()));
  }

  /**
   * Opens a file that is already in memory, a class-path resource say.
   *
   * @param name stands for the file in messages
   * @throws NpzFormatException if it is not a zip file or has two arrays of a name
   */
  public static NpzReader open(String name, byte[] content) throws IOException {
    String label = Text.printable(name);
    refuseOthers(label, Ends.of(content));
    return open(label, content.length, () -> new ZipBytes(content));
  }

  /**
   * Opens a single array, an {@code .npy}, as the only one of an {@code .npz}.
   *
   * @param name of the array
   * @throws NpzFormatException if the file is none
   * @throws IOException if it cannot be read
   */
  public static NpzReader openArray(Path file, String name) throws IOException {
    String label = Text.printable(file.toString());
    long bytes = Ends.of(file, label).bytes();
    return new NpzReader(label, bytes, SingleArray.of(file, bytes, name));
  }

  /** As {@link #openArray(Path, String)}, of an array in memory. */
  public static NpzReader openArray(String label, byte[] content, String name)
      throws NpzFormatException {
    return new NpzReader(Text.printable(label), content.length, SingleArray.of(content, name));
  }

  /**
   * Whether a file is a single array, an {@code .npy}.
   *
   * @throws IOException if it cannot be read
   */
  public static boolean isArray(Path file) throws IOException {
    return Files.isRegularFile(file)
        && Files.isReadable(file)
        && Ends.of(file, Text.printable(file.toString())).areOfArray();
  }

  /** Whether a file in memory is a single array. */
  public static boolean isArray(byte[] content) {
    return Ends.of(content).areOfArray();
  }

  /** Makes a container. */
  private interface Opening {
    Container open() throws IOException;
  }

  private static NpzReader open(String label, long fileBytes, Opening opening) throws IOException {
    try {
      Container container = opening.open();
      try {
        String foreign = ForeignFormat.of(label, container.entries());
        if (foreign != null) {
          throw new NpzFormatException(label + ": " + foreign);
        }
        return new NpzReader(label, fileBytes, container);
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        container.close();
        throw e;
      }
    } catch (NpzFormatException e) {
      throw e;
    } catch (ZipException | RuntimeException | OutOfMemoryError e) {
      // java.util.zip throws all of these for tables of contents that lie
      throw new NpzFormatException(
          label + ": not a zip file or a damaged one: " + Text.cause(e), e);
    } catch (IOException e) {
      throw Text.unreadable(label, e);
    }
  }

  private static void refuseOthers(String label, Ends ends) throws NpzFormatException {
    if (ends.areOfArray()) {
      throw new NpzFormatException(
          label
              + ": not a zip file or a damaged one: a single array (.npy), expected named ones, as"
              + " numpy.savez(file, logits=x) writes them");
    }
    String foreign = ForeignFormat.of(label, ends.start(), ends.bytes());
    if (foreign != null) {
      throw new NpzFormatException(label + ": " + foreign);
    }
    if (ends.areOfTruncatedZip()) {
      throw new NpzFormatException(
          "%s: a truncated zip file: it ends after %d bytes without a zip's table of contents"
              .formatted(label, ends.bytes()));
    }
  }

  private static Map<String, Container.Entry> arrayEntries(String label, Container container)
      throws NpzFormatException {
    Map<String, Container.Entry> entries = new LinkedHashMap<>();
    for (Container.Entry entry : container.entries()) {
      String file = entry.name();
      boolean hasSuffix = file.endsWith(SUFFIX);
      if (hasSuffix || isArray(container, entry)) {
        String name = hasSuffix ? file.substring(0, file.length() - SUFFIX.length()) : file;
        if (entries.put(name, entry) != null) {
          throw new NpzFormatException(label + ": array " + Text.quote(name) + " comes twice");
        }
      }
    }
    return entries;
  }

  /**
   * Whether it begins as an array does; some writers leave out {@code .npy}, and NumPy does not
   * mind.
   */
  private static boolean isArray(Container container, Container.Entry entry) {
    try (InputStream in = container.stream(entry)) {
      return in != null && Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    } catch (IOException | RuntimeException e) {
      return false; // whatever it is, nobody has asked for it
    }
  }

  /** The names of the arrays, without {@code .npy}, in the order of the file. */
  public List<String> names() {
    return List.copyOf(entries.keySet());
  }

  /** Whether there is an array of this name. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /**
   * Reads the header of an array and checks it against the size of the entry; the data is left
   * alone.
   *
   * @throws NpzFormatException if there is no such array or it is none that can be read
   */
  public NpyHeader header(String name) throws IOException {
    try (EntryInput in = input(name)) {
      return NpyHeaderReader.read(in);
    }
  }

  /**
   * Reads an array.
   *
   * @throws NpzFormatException if there is no such array, it is none that can be read, or the heap
   *     is too small for it
   */
  public NpyArray read(String name) throws IOException {
    return read(name, null);
  }

  /**
   * Reads an array and reports progress.
   *
   * @param bytesRead told, every 64 KiB or so, how many of the array's {@link
   *     NpyHeader#dataBytes()} have been read; null for none
   * @throws NpzFormatException as {@link #read(String)}
   */
  public NpyArray read(String name, LongConsumer bytesRead) throws IOException {
    try (EntryInput in = input(name)) {
      NpyHeader header = NpyHeaderReader.read(in);
      long proven = entries.get(name).packed();
      Object data = new NpyDataReader(in, header).read(proven, bytesRead);
      in.finish();
      return new NpyArray(where(name), header, data);
    }
  }

  private EntryInput input(String name) throws IOException {
    Container.Entry entry = entries.get(name);
    if (entry == null) {
      throw new NpzFormatException(
          "%s: no array %s, the file has %s"
              .formatted(label, Text.quote(name), Text.brief(entries.keySet().toString())));
    }
    String where = where(name);
    requirePossible(entry, where);
    InputStream in;
    try {
      in = container.stream(entry);
    } catch (ZipException e) {
      throw new NpzFormatException(where + ": damaged: " + Text.cause(e), e);
    }
    if (in == null) {
      throw new NpzFormatException(where + ": damaged: expected an entry, got none");
    }
    return new EntryInput(in, where, entry.size(), entry.crc());
  }

  /** Refuses sizes that cannot be true before anything is made of that size. */
  private void requirePossible(Container.Entry entry, String where) throws NpzFormatException {
    long packed = entry.packed();
    long size = entry.size();
    if (packed < 0 || packed > fileBytes) {
      throw new NpzFormatException(
          "%s: entry claims %s bytes of a file of %d"
              .formatted(where, Long.toUnsignedString(packed), fileBytes));
    }
    boolean stored = entry.isStored();
    long most = stored ? packed : packed * DEFLATE_LIMIT;
    if (size < 0 || size > most || stored && size < packed) {
      throw new NpzFormatException(
          "%s: %s entry claims %s bytes, expected %s that it has in the file"
              .formatted(
                  where,
                  stored ? "stored" : "deflated",
                  Long.toUnsignedString(size),
                  stored ? "the " + packed : "at most " + most + " from the " + packed));
    }
  }

  private String where(String name) {
    return label + ": array " + Text.quote(name);
  }

  /** Closes the file. Arrays that were read stay. */
  @Override
  public void close() throws IOException {
    container.close();
  }
}
