package dev.shaula.cli;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import java.io.Console;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "collections",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "List, create, describe and delete collections.",
        subcommands = {
            CollectionsCommand.ListAll.class,
            CollectionsCommand.Create.class,
            CollectionsCommand.Describe.class,
            CollectionsCommand.Delete.class
        })
final class CollectionsCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "expected a command: list, create, describe or delete");
    }

    private static String text(@Nullable Object value) {
        return value == null ? "-" : String.valueOf(value);
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "List all collections.")
    static final class ListAll implements Callable<Integer> {
        private static final List<String> COLUMNS = List.of("name", "dimensions", "metric", "vector_count", "shards");

        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Option(names = "--json", description = "Print the answer of the service as it is.")
        private boolean json;

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                Map<String, @Nullable Object> answer = client.get("/collections");
                spec.commandLine()
                        .getOut()
                        .print(
                                json
                                        ? Json.pretty(answer) + "\n"
                                        : Text.listing(
                                                answer,
                                                "collections",
                                                COLUMNS,
                                                c -> COLUMNS.stream()
                                                        .map(n -> text(c.get(n)))
                                                        .toList()));
                spec.commandLine().getOut().flush();
                return 0;
            }
        }
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Create a collection. One of the same dimensions and metric may exist already.")
    static final class Create implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Parameters(paramLabel = "NAME", description = "The name of the collection.")
        private String name = "";

        @Option(names = "--dimensions", required = true, paramLabel = "N", description = "Length of every vector.")
        private int dimensions;

        @Mixin
        private ShapeOptions shape = new ShapeOptions();

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                Map<String, @Nullable Object> answer =
                        client.post("/collections", shape.createRequest(name, dimensions));
                boolean existed = answer.get("already_exists") instanceof Boolean b && b;
                spec.commandLine()
                        .getOut()
                        .println("collection \"" + name + "\" " + (existed ? "exists already" : "created"));
                return 0;
            }
        }
    }

    /** The shape of a collection that a command may create. */
    static final class ShapeOptions {
        @Option(
                names = "--metric",
                paramLabel = "METRIC",
                converter = ServerOptions.MetricConverter.class,
                description = "cosine, dot (ip) or euclidean (l2) (default: cosine).")
        private @Nullable Metric metric;

        @Option(names = "--shards", paramLabel = "N", description = "Shards (default: the service decides).")
        private @Nullable Integer shards;

        @Option(
                names = "--m",
                paramLabel = "N",
                description = "Edges per node of the graph (default: " + CollectionConfig.DEFAULT_M + ").")
        private @Nullable Integer m;

        @Option(
                names = "--ef-construction",
                paramLabel = "N",
                description =
                        "Candidates kept while linking (default: " + CollectionConfig.DEFAULT_EF_CONSTRUCTION + ").")
        private @Nullable Integer efConstruction;

        @Option(
                names = "--quantization",
                paramLabel = "KIND",
                description = "What searches walk the graph on: auto, none, int8, int4 or bits (default: auto).")
        private @Nullable String quantization;

        @Option(names = "--no-hnsw", description = "No graph: every search compares with every vector.")
        private boolean noHnsw;

        /** The metric that was asked for, or null if none was. */
        @Nullable
        Metric metric() {
            return metric;
        }

        Map<String, @Nullable Object> createRequest(String name, int dimensions) {
            Map<String, @Nullable Object> body = new LinkedHashMap<>();
            body.put("name", name);
            body.put("dimensions", dimensions);
            body.put("metric", (metric == null ? Metric.COSINE : metric).wireName());
            body.put("enable_hnsw", !noHnsw);
            putIfGiven(body, "shards", shards);
            putIfGiven(body, "m", m);
            putIfGiven(body, "ef_construction", efConstruction);
            putIfGiven(body, "quantization", quantization);
            return body;
        }

        private static void putIfGiven(Map<String, @Nullable Object> body, String field, @Nullable Object value) {
            if (value != null) {
                body.put(field, value);
            }
        }
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Print all that the service knows about a collection, as JSON.")
    static final class Describe implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Parameters(paramLabel = "NAME", description = "The name of the collection.")
        private String name = "";

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                spec.commandLine().getOut().println(Json.pretty(client.require(name)));
                return 0;
            }
        }
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete a collection with all its vectors. Asks first on a terminal.")
    static final class Delete implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Parameters(paramLabel = "NAME", description = "The name of the collection.")
        private String name = "";

        @Option(
                names = {"-y", "--yes"},
                description = "Do not ask.")
        private boolean yes;

        @Override
        public Integer call() {
            try (ServiceClient client = server.client()) {
                Object count = client.require(name).get("vector_count");
                confirm(text(count));
                client.delete("/collections/" + ServiceClient.encode(name));
                spec.commandLine()
                        .getOut()
                        .println("collection \"" + name + "\" deleted, with " + text(count) + " vectors");
                return 0;
            }
        }

        private void confirm(String count) {
            if (yes) {
                return;
            }
            Console console = Text.terminal()
                    .orElseThrow(() -> new CliException("not a terminal, cannot ask; --yes deletes without asking"));
            String answer = console.readLine("Delete collection \"%s\" with %s vectors? [y/N] ", name, count);
            if (answer == null || !answer.strip().equalsIgnoreCase("y")) {
                throw new CliException("nothing was deleted");
            }
        }
    }
}
