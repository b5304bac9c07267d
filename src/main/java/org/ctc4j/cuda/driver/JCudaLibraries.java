package org.ctc4j.cuda.driver;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.LibUtils;

/**
 * How JCuda gets its native libraries: {@link NativeLibraries} puts a copy of this class, named
 * {@code jcuda.LibUtilsCuda}, in the place of JCuda's own, which would trust whatever lies in
 * {@code java.io.tmpdir} under the right name. What is not in {@link #FILES} is loaded as before.
 *
 * <p>It is public for JCuda's sake. Static, and without nested classes or lambdas: they would not
 * be copied.
 */
public final class JCudaLibraries {
  /** From a library's name to the file that it is loaded from; "" if there is none. */
  public static final Map<String, String> FILES = new ConcurrentHashMap<>();

  private JCudaLibraries() {}

  /** What every class of JCuda calls first, in the class loader of JCuda. */
  public static void loadLibrary(String name, String... dependencies) {
    String file = FILES.get(name);
    if (file == null) {
      LibUtils.loadLibrary(name, dependencies);
      return;
    }
    try {
      System.loadLibrary(name); // as JCuda has it: java.library.path comes first
    } catch (UnsatisfiedLinkError e) {
      if (file.isEmpty()) {
        throw new UnsatisfiedLinkError("No resource found for ".concat(name));
      }
      System.load(file);
    }
  }
}
