package org.ctc4j.io;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A zip file, as the JDK reads it. */
final class ZipFileContainer implements Container {
  private final ZipFile zip;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<Entry, ZipEntry> inZip = new IdentityHashMap<>();

  ZipFileContainer(File file) throws IOException {
    zip = new ZipFile(file);
    try {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        boolean isStored = entry.getMethod() == ZipEntry.STORED;
        Entry own =
            new Entry(
                entry.getName(),
                entry.getCompressedSize(),
                entry.getSize(),
                isStored,
                entry.getCrc());
        entries.add(own);
        inZip.put(own, entry);
      }
    } catch (RuntimeException | Error e) { // of tables of contents that lie
      zip.close();
      throw e;
    }
  }

  @Override
  public List<Entry> entries() {
    return entries;
  }

  @Override
  public InputStream stream(Entry entry) throws IOException {
    return zip.getInputStream(inZip.get(entry));
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
