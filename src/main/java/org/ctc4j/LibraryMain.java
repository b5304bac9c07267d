package org.ctc4j;

/** What {@code java -jar} runs of a library: a word on where the command line is. */
final class LibraryMain {
  private LibraryMain() {}

  public static void main(String[] args) {
    System.err.println(
        "ctc4j: this jar is the library, for an application's class path; the command line is bin/ctc of the"
            + " archive ctc4j-cli-%s.zip, see https://github.com/ctc4j/ctc4j"
                .formatted(LibraryMain.class.getPackage().getImplementationVersion()));
    System.exit(2);
  }
}
