package org.ctc4j.cli;

import java.io.PrintWriter;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDevice;
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
    for (CudaDevice device : CudaCtc.devices()) {
      out.printf("cuda:%-4d  %s%n", device.index(), device);
    }
    for (BackendReport report : Ctc.backends()) {
      if (report.backend() == Backend.CUDA && report.usable()) {
        continue; // its devices are listed above
      }
      out.printf(
          "%-9s  %s%n",
          report.backend(), report.usable() ? report.device() : "not usable: " + report.reason());
      if (report.usable() && !report.reason().isEmpty()) {
        out.printf("%-9s  %s%n", "", report.reason());
      }
    }
  }
}
