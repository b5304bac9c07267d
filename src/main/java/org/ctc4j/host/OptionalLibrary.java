package org.ctc4j.host;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What an application adds for what the JDK alone cannot do. None of it comes with this library, so
 * before a class is loaded that mentions one of theirs, {@link #absence} tells whether it is here.
 */
public enum OptionalLibrary {
  /** NVIDIA's driver, from Java. */
  JCUDA(
      "jcuda.driver.JCudaDriver",
      "jcuda",
      "12.6.0",
      "org.jcuda:jcuda:%s",
      "org.jcuda:jcuda-natives:%s:%s"),
  /** cuBLAS, from Java; of the same version as JCuda. */
  JCUBLAS(
      "jcuda.jcublas.JCublas2",
      "jcublas",
      "12.6.0",
      "org.jcuda:jcublas:%s",
      "org.jcuda:jcublas-natives:%s:%s"),
  /** Matrix products in Java. */
  NETLIB(
      "dev.ludovic.netlib.blas.BLAS",
      "dev.ludovic.netlib.blas",
      "3.2.0",
      "dev.ludovic.netlib:blas:%s"),
  /** What netlib's native half cannot be loaded without; of its Java half nothing needs it. */
  NETLIB_NATIVES(
      "org.netlib.util.booleanW",
      "arpack.combined.all",
      "0.1",
      "net.sourceforge.f2j:arpack_combined_all:%s"),
  /** Matrix products in native code, for netlib. */
  OPENBLAS(
      "org.bytedeco.openblas.global.openblas_nolapack",
      "org.bytedeco.openblas",
      "0.3.31-1.5.13",
      "org.bytedeco:openblas:%s",
      "org.bytedeco:openblas:%s:%s",
      "org.bytedeco:javacpp:1.5.13:%2$s");

  private final String example;
  private final String module;
  private final String version;
  private final List<String> artifacts;

  /**
   * @param example one of its classes
   * @param module what its module is called
   * @param version with which this library is tested
   * @param artifacts its jar and then those of its natives, of a version and a platform
   */
  OptionalLibrary(String example, String module, String version, String... artifacts) {
    this.example = example;
    this.module = module;
    this.version = version;
    this.artifacts = List.of(artifacts);
  }

  /** "" if its classes are here; else that they are not, and what to add. */
  public String absence() {
    return absence(version);
  }

  /** The same where another library says which version it must be. */
  public String absence(String wanted) {
    return isHere() ? "" : missing(0, wanted);
  }

  /** That its natives are not here, which must be of the version that its classes are of. */
  public String nativesAbsence(String present) {
    return missing(1, present);
  }

  /** What to add, as group:artifact:version or group:artifact:version:classifier. */
  List<String> artifacts(String wanted, Platform platform) {
    return artifacts.stream().map(each -> each.formatted(wanted, platform.classifier())).toList();
  }

  String version() {
    return version;
  }

  private boolean isHere() {
    Class<?> here = OptionalLibrary.class;
    try {
      Class<?> found = Class.forName(example, false, here.getClassLoader());
      here.getModule().addReads(found.getModule()); // whatever it is called, or on the class path
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /** Says that all artifacts from that one on are to be added. */
  private String missing(int first, String wanted) {
    List<String> all = artifacts(wanted, Platform.HERE);
    String missing = all.get(first).substring(0, all.get(first).indexOf(':' + wanted));
    String added = all.stream().skip(first).collect(Collectors.joining(", "));
    return OptionalLibrary.class.getModule().isNamed()
        ? "%s is not on the module path; add %s there, and --add-modules %s where no module requires it"
            .formatted(missing, added, module)
        : "%s is not on the class path; add %s".formatted(missing, added);
  }
}
