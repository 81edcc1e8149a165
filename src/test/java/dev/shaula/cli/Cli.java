package dev.shaula.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** Runs the command line within the test's process and keeps what it printed. */
final class Cli {
    private Cli() {}

    record Run(int exitCode, String out, String err) {}

    static Run run(String... args) {
        CommandLine commandLine = ShaulaMain.commandLine();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        int exitCode = commandLine.execute(args);
        return new Run(exitCode, out.toString(), err.toString());
    }
}
