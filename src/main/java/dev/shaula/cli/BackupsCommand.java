package dev.shaula.cli;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "backups",
        mixinStandardHelpOptions = true,
        description = "List backups, complete, running and failed.",
        subcommands = BackupsCommand.Delete.class)
final class BackupsCommand implements Callable<Integer> {
    private static final List<String> COLUMNS = List.of("name", "status", "created_at", "holds");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--json", description = "Print the answer of the service as it is.")
    private boolean json;

    @Override
    public Integer call() {
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> answer = client.get("/admin/backups");
            spec.commandLine()
                    .getOut()
                    .print(
                            json
                                    ? Json.pretty(answer) + "\n"
                                    : Text.listing(answer, "backups", COLUMNS, BackupsCommand::row));
            spec.commandLine().getOut().flush();
            return 0;
        }
    }

    private static List<String> row(Map<?, ?> backup) {
        Object error = backup.get("error");
        return List.of(
                String.valueOf(backup.get("name")),
                String.valueOf(backup.get("status")),
                String.valueOf(backup.get("created_at")),
                error == null ? summary(backup) : error.toString());
    }

    /** What a backup holds, for people. */
    static String summary(Map<?, ?> backup) {
        int collections = backup.get("collections") instanceof List<?> list ? list.size() : 0;
        long bytes = backup.get("bytes") instanceof Number n ? n.longValue() : 0;
        return collections + (collections == 1 ? " collection, " : " collections, ") + Text.bytes(bytes);
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete a backup. Collections and other backups stay as they are.")
    static final class Delete implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Parameters(paramLabel = "NAME", description = "The name of the backup.")
        private String name = "";

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                client.delete("/admin/backups/" + ServiceClient.encode(name));
                spec.commandLine().getOut().println("backup \"" + name + "\" deleted");
                return 0;
            }
        }
    }
}
