package org.ctc4j.cli;

import java.io.PrintWriter;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "devices",
    description = "What can compute on this machine, the fastest first, and why the rest cannot.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    for (BackendReport report : Ctc.backends()) {
      out.printf(
          "%-9s  %s%n",
          report.backend(), report.usable() ? report.device() : "not usable: " + report.reason());
      if (report.usable() && !report.reason().isEmpty()) {
        out.printf("%-9s  %s%n", "", report.reason());
      }
    }
  }
}
