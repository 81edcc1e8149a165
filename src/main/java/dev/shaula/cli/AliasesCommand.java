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
        name = "aliases",
        mixinStandardHelpOptions = true,
        description = "List, set and delete aliases, the second names of collections.",
        subcommands = {AliasesCommand.SetAlias.class, AliasesCommand.Delete.class})
final class AliasesCommand implements Callable<Integer> {
    private static final List<String> COLUMNS = List.of("alias", "collection");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--json", description = "Print the answer of the service as it is.")
    private boolean json;

    @Override
    public Integer call() {
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> answer = client.get("/aliases");
            spec.commandLine()
                    .getOut()
                    .print(
                            json
                                    ? Json.pretty(answer) + "\n"
                                    : Text.listing(answer, "aliases", COLUMNS, AliasesCommand::row));
            spec.commandLine().getOut().flush();
            return 0;
        }
    }

    private static List<String> row(Map<?, ?> alias) {
        return COLUMNS.stream().map(column -> String.valueOf(alias.get(column))).toList();
    }

    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = "Create an alias, or move it to another collection at once.")
    static final class SetAlias implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Parameters(index = "0", paramLabel = "ALIAS", description = "The alias.")
        private String alias = "";

        @Parameters(index = "1", paramLabel = "COLLECTION", description = "The collection that it stands for.")
        private String collection = "";

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                client.post("/aliases", Map.of("alias", alias, "collection", collection));
                spec.commandLine()
                        .getOut()
                        .println("alias \"" + alias + "\" stands for collection \"" + collection + "\"");
                return 0;
            }
        }
    }

    @Command(name = "delete", mixinStandardHelpOptions = true, description = "Delete an alias, not its collection.")
    static final class Delete implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Parameters(paramLabel = "ALIAS", description = "The alias.")
        private String alias = "";

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                client.delete("/aliases/" + ServiceClient.encode(alias));
                spec.commandLine().getOut().println("alias \"" + alias + "\" deleted");
                return 0;
            }
        }
    }
}
