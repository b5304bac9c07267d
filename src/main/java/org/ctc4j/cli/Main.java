package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.Locale;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.DeviceException;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;
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
      PosteriorsCommand.class,
      ExplainCommand.class,
      CompareCommand.class,
      BenchCommand.class,
      ModelCommand.class,
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
      "3:the backend that was asked for cannot be used here, or its device failed",
      "70:an internal error"
    })
public final class Main implements Runnable {
  static final int BAD_INPUT = 2;
  static final int BACKEND_UNAVAILABLE = 3;
  static final int INTERNAL_ERROR = 70; // EX_SOFTWARE of sysexits

  private static final String TRACE = "org.ctc4j.cli.trace";

  @Spec private CommandSpec spec;

  private Main() {}

  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // numbers are for programs, too
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    StandardOutput out = new StandardOutput();
    int exitCode = run(args, out, err);
    String failure = out.failure();
    if (failure != null) {
      Messages.error(err, "standard output could not be written: " + failure);
      exitCode = BAD_INPUT;
    }
    ErrorFilter.await();
    System.exit(exitCode);
  }

  /** Runs one command line and returns its exit code. */
  static int run(String[] args, Writer out, PrintWriter err) {
    try {
      PrintWriter plain = new PrintWriter(new PlainWriter(out));
      int exitCode = commandLine(plain, err).execute(args);
      plain.flush();
      return exitCode;
    } catch (OutOfMemoryError e) {
      return outOfMemory(e, err);
    } catch (RuntimeException | Error e) { // picocli hands on exceptions of commands alone
      return internalError(e, err);
    }
  }

  private static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    CommandLine command =
        new CommandLine(new Main())
            .setOut(out)
            .setErr(err)
            .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
            .setExpandAtFiles(false) // an argument is what it says, "@alice" too
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
    return command;
  }

  private static int outOfMemory(OutOfMemoryError e, PrintWriter err) {
    Messages.error(
        err,
        "out of memory: this takes more than the %d MiB that the JVM may use; CTC_JAVA_OPTS=-Xmx… gives it more (%s)"
            .formatted(Runtime.getRuntime().maxMemory() >> 20, e.getMessage()));
    return BAD_INPUT;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command: loss, align, decode, posteriors, explain, compare, bench, model, devices or help");
  }

  private static int badArguments(ParameterException e, String[] args) {
    PrintWriter err = e.getCommandLine().getErr();
    Messages.error(err, e.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
    return BAD_INPUT;
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    // a device out of memory, or lost
    if (e instanceof BackendUnavailableException || e instanceof DeviceException) {
      Messages.error(err, e.getMessage().replace('\n', ' ')); // a driver's log has lines
      return BACKEND_UNAVAILABLE;
    }
    if (e instanceof InvalidInputException || e instanceof IOException) {
      Messages.error(err, describe(e));
      return BAD_INPUT;
    }
    return internalError(e, err);
  }

  /** A bug of ours, or a library that is missing or broken; never to be taken for a result. */
  private static int internalError(Throwable e, PrintWriter err) {
    boolean trace = Boolean.getBoolean(TRACE);
    Messages.error(
        err,
        "internal error, please report it: %s%s"
            .formatted(
                Text.brief(e.toString(), 1000),
                trace ? "" : "; CTC_JAVA_OPTS=-D" + TRACE + "=true prints where it is"));
    if (trace) {
      e.printStackTrace(err);
    }
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
