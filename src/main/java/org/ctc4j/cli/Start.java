package org.ctc4j.cli;

/**
 * What {@code java -jar} runs: {@link Main} where the libraries are that it needs, a word on where
 * they come from else. Names none of their classes, and of Main only a constant.
 */
final class Start {
  private static final String[] NEEDED = {"org.ctc4j.Ctc", "picocli.CommandLine"};

  private Start() {}

  public static void main(String[] args) {
    for (String name : NEEDED) {
      if (!isThere(name)) {
        System.err.println(
            "ctc: the libraries of the command line are not beside this jar (no %s); bin/ctc of the archive"
                    .formatted(name)
                + " ctc4j-cli-%s.zip has them, see https://github.com/ctc4j/ctc4j"
                    .formatted(Start.class.getPackage().getImplementationVersion()));
        System.exit(Main.BACKEND_UNAVAILABLE);
      }
    }
    Main.main(args);
  }

  private static boolean isThere(String name) {
    try {
      Class.forName(name, false, Start.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
