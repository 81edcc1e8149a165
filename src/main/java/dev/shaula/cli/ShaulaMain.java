package dev.shaula.cli;

import dev.shaula.model.VectorDbException;
import io.quarkus.runtime.Application;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command {@code shaula}. Only {@code serve} boots the service; every other command is a small HTTP client of a
 * running one. Exit codes: 0 done, 1 failed, 2 wrong usage.
 */
@QuarkusMain
@Command(
        name = "shaula",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        description = "Shaula, a reactive vector database.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "First steps:",
            "  shaula serve",
            "  shaula import vectors.fvecs --collection demo",
            "  shaula query --collection demo --like 0",
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage."
        })
public final class ShaulaMain implements Runnable {
    private static final List<Class<?>> COMMANDS = List.of(
            ServeCommand.class,
            ImportCommand.class,
            QueryCommand.class,
            EvalCommand.class,
            CollectionsCommand.class,
            AliasesCommand.class,
            BackupCommand.class,
            BackupsCommand.class,
            RestoreCommand.class,
            HealthCommand.class,
            RehearseCommand.class,
            VersionCommand.class,
            CommandLine.HelpCommand.class);

    @Spec
    private CommandSpec spec = CommandSpec.create(); // replaced by picocli

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Print the stack trace of an error, not only its text.")
    private boolean debug;

    /** Runs the command in {@code args} and ends the process with its exit code. */
    public static void main(String... args) {
        // Quarkus would answer a malformed URI itself, with an empty body; the door tells what is wrong with it.
        System.setProperty("vertx.disableURIValidation", "true");
        if (serves(args)) {
            Thread.ofPlatform().daemon().name("shaula-start").start(ShaulaMain::load);
        }
        System.exit(commandLine(args).execute(args));
    }

    /**
     * All commands, but for a start of the service that one alone: reading what the others look like, by reflection,
     * would be a seventh of the time until the first answer.
     */
    static CommandLine commandLine(String... args) {
        CommandLine commandLine = new CommandLine(new ShaulaMain());
        (serves(args) ? List.of(ServeCommand.class) : COMMANDS).forEach(commandLine::addSubcommand);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler((e, failed, parsed) -> report(e, failed));
        commandLine.setParameterExceptionHandler(ShaulaMain::reportUsage);
        return commandLine;
    }

    private static boolean serves(String... args) {
        return args.length > 0 && args[0].equals("serve");
    }

    /**
     * The half of Quarkus's start that no option changes (its static initialisation), beside the reading of the options.
     * What goes wrong here goes wrong again, and is told, where the service is started.
     */
    private static void load() {
        try {
            Class.forName(Application.APP_CLASS_NAME);
        } catch (ClassNotFoundException | LinkageError sameAgainLater) {
            // The thread ends, and the start of the service meets it.
        }
    }

    /** Without a command: says what there is. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int report(Exception e, CommandLine failed) {
        PrintWriter err = failed.getErr();
        boolean expected = e instanceof CliException || e instanceof VectorDbException || e instanceof IOException;
        err.println("shaula: " + describe(e, expected));
        ShaulaMain root = (ShaulaMain) failed.getCommandSpec().root().userObject();
        if (root.debug) {
            e.printStackTrace(err);
        } else if (!expected) {
            err.println("shaula: --debug shows where it happened");
        }
        err.flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** An I/O error's text is often a bare file name, which only its class explains. */
    private static String describe(Exception e, boolean expected) {
        if (e instanceof IOException) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
        return expected ? String.valueOf(e.getMessage()) : "unexpected error: " + e;
    }

    private static int reportUsage(CommandLine.ParameterException e, String[] args) {
        CommandLine failed = e.getCommandLine();
        PrintWriter err = failed.getErr();
        String name = failed.getCommandSpec().qualifiedName();
        err.println(name + ": " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Try: " + name + " --help");
        err.flush();
        return CommandLine.ExitCode.USAGE;
    }
}
