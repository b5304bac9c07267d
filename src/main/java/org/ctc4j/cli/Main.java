package org.ctc4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.DeviceException;
import org.ctc4j.InvalidInputException;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code ctc}: the command tree, and what exit code and message an exception becomes. */
@Command(
    name = "ctc",
    description = {
      "CTC (Connectionist Temporal Classification) on batches of logits.",
      "",
      "CTC scores a sequence of labels against frame-by-frame class scores when nobody knows which"
          + " frame belongs to which label: the loss is −ln of the summed probability of all"
          + " frame-level paths that collapse to the labels (repeats merged, then blanks removed).",
      "",
      "Start with 'ctc loss': without a file it scores eight recordings of real speech."
    },
    subcommands = {
      LossCommand.class,
      AlignCommand.class,
      DecodeCommand.class,
      ExplainCommand.class,
      CompareCommand.class,
      BenchCommand.class,
      DevicesCommand.class,
      GenerateCompletion.class,
      HelpCommand.class
    },
    versionProvider = Main.Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:a comparison failed",
      "2:bad arguments or bad input; nothing was written",
      "3:the backend that was asked for cannot be used here, or its device failed"
    })
public final class Main implements Runnable {
  static final int BAD_INPUT = 2;
  static final int BACKEND_UNAVAILABLE = 3;
  static final int INTERNAL_ERROR = 70; // a bug of ours; EX_SOFTWARE of sysexits

  @Spec private CommandSpec spec;

  private Main() {}

  public static void main(String[] args) {
    StringWriter out = new StringWriter();
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int exitCode = run(args, new PrintWriter(out), err);
    System.exit(delivered(out.toString(), err) ? exitCode : BAD_INPUT);
  }

  /** Writes to standard output, which may be a full disk; PrintStream would keep quiet about it. */
  private static boolean delivered(String text, PrintWriter err) {
    try {
      new FileOutputStream(FileDescriptor.out).write(text.getBytes(StandardCharsets.UTF_8));
      return true;
    } catch (IOException e) {
      if ("Broken pipe".equals(e.getMessage())) { // who reads has seen enough
        return true;
      }
      err.println("ctc: standard output could not be written: " + e.getMessage());
      return false;
    }
  }

  /** Runs one command line and returns its exit code. */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    CommandLine command =
        new CommandLine(new Main())
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpWidth(100)
            .setParameterExceptionHandler(Main::badArguments)
            .setExecutionExceptionHandler(Main::failed);
    command
        .getSubcommands()
        .get("generate-completion")
        .getCommandSpec()
        .usageMessage()
        .hidden(true);
    int exitCode;
    try {
      exitCode = command.execute(args);
    } catch (OutOfMemoryError e) {
      err.printf(
          "ctc: out of memory: this takes more than the %d MiB that the JVM may use;"
              + " CTC_JAVA_OPTS=-Xmx… gives it more (%s)%n",
          Runtime.getRuntime().maxMemory() >> 20, e.getMessage());
      return BAD_INPUT;
    }
    out.flush();
    return exitCode;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command: loss, align, decode, explain, compare, bench, devices or help");
  }

  private static int badArguments(ParameterException e, String[] args) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println("ctc: " + e.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
    return BAD_INPUT;
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    // a device out of memory, or lost
    if (e instanceof BackendUnavailableException || e instanceof DeviceException) {
      err.println("ctc: " + e.getMessage());
      return BACKEND_UNAVAILABLE;
    }
    if (e instanceof InvalidInputException || e instanceof IOException) {
      err.println("ctc: " + describe(e));
      return BAD_INPUT;
    }
    err.println("ctc: internal error, please report it:");
    e.printStackTrace(err);
    return INTERNAL_ERROR;
  }

  private static String describe(Exception e) {
    if (e instanceof AccessDeniedException denied && denied.getReason() == null) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof FileSystemException file && file.getReason() == null) {
      return file.getFile() + ": cannot be read or written (" + e.getClass().getSimpleName() + ")";
    }
    return e.getMessage();
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "ctc4j " + (version == null ? "(not from a jar)" : version),
        "Java " + System.getProperty("java.version") + " on " + System.getProperty("os.arch")
      };
    }
  }
}
