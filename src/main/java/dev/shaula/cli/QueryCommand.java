package dev.shaula.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "query",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Print the nearest neighbours of a vector.",
        footer = {
            "",
            "Examples:",
            "  shaula query -c demo --vector '[0.1, 0.2, 0.3]' --filter '{\"price\": {\"$lte\": 20}}'",
            "  shaula query -c demo --like 17 --top-k 5 --json",
            "  shaula query -c mnist --vector-file queries.bvecs.gz --row 3 --exact"
        })
final class QueryCommand implements Callable<Integer> {
    private static final int METADATA_WIDTH = 80;
    private static final long MAX_VECTOR_FILE_BYTES = 1 << 24;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-c", "--collection"},
            required = true,
            paramLabel = "NAME",
            description = "The collection to search.")
    private String collection = "";

    @ArgGroup(multiplicity = "1")
    private Source source = new Source();

    /** Where the vector comes from. */
    static final class Source {
        @Option(names = "--vector", paramLabel = "JSON", description = "The vector, as a JSON array of numbers.")
        private @Nullable String vector;

        @Option(
                names = "--vector-file",
                paramLabel = "FILE",
                description = "The vector in a file: a JSON array, or a row of an fvecs or bvecs file.")
        private @Nullable Path file;

        @Option(names = "--like", paramLabel = "ID", description = "The vector stored with this id.")
        private @Nullable String like;
    }

    @Option(
            names = "--row",
            paramLabel = "N",
            defaultValue = "0",
            description = "Which row of --vector-file, from 0 (default: ${DEFAULT-VALUE}).")
    private long row;

    @Option(
            names = {"-k", "--top-k"},
            paramLabel = "N",
            defaultValue = "10",
            description = "How many neighbours (default: ${DEFAULT-VALUE}).")
    private int topK = 10;

    @Option(
            names = {"--ef", "--ef-search"},
            paramLabel = "N",
            description = "Candidates that the graph search keeps: more is slower and finds more.")
    private @Nullable Integer ef;

    @Option(names = "--exact", description = "Compare with every vector instead of walking the graph.")
    private boolean exact;

    @Option(
            names = "--threshold",
            paramLabel = "SCORE",
            description = "Leave out results below this score (default: the service's).")
    private @Nullable Double threshold;

    @Option(names = "--filter", paramLabel = "JSON", description = "Only vectors whose metadata match.")
    private @Nullable String filter;

    @Option(names = "--json", description = "Print the answer of the service as it is.")
    private boolean json;

    @Option(names = "--include-vectors", description = "With --json: print the vectors too.")
    private boolean includeVectors;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws IOException {
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> request = request(client);
            long start = System.nanoTime();
            Map<String, @Nullable Object> answer = client.post("/vectors/query", request);
            double ms = (System.nanoTime() - start) / 1e6;
            spec.commandLine().getOut().print(json ? Json.pretty(answer) + "\n" : table(answer, ms));
            spec.commandLine().getOut().flush();
            return 0;
        }
    }

    private Map<String, @Nullable Object> request(ServiceClient client) throws IOException {
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("collection", collection);
        if (filter != null) {
            body.put("filter", filter(filter));
        }
        body.put("vector", vector(client));
        body.put("top_k", topK);
        body.put("use_ann", !exact);
        body.put("include_metadata", true);
        body.put("include_vectors", includeVectors);
        if (ef != null) {
            body.put("ef_search", ef);
        }
        if (threshold != null) {
            body.put("threshold", threshold);
        }
        return body;
    }

    private Object filter(String text) {
        try {
            if (Json.value(text) instanceof Map<?, ?> map) {
                return map;
            }
        } catch (IOException e) {
            // said below
        }
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "--filter: expected a JSON object such as {\"color\": \"red\"}, got " + Text.shorten(text, 60));
    }

    private float[] vector(ServiceClient client) throws IOException {
        if (source.like != null) {
            String target =
                    "/vectors/" + ServiceClient.encode(source.like) + "?collection=" + ServiceClient.encode(collection);
            return Json.vector(client.get(target).get("vector"), "the vector of " + source.like);
        }
        if (source.file != null) {
            return vectorIn(SourceFile.of(source.file));
        }
        return parse(String.valueOf(source.vector), "--vector");
    }

    private float[] vectorIn(SourceFile file) throws IOException {
        Optional<FileFormat> format =
                FileFormat.ofName(file.name()).filter(f -> f == FileFormat.FVECS || f == FileFormat.BVECS);
        if (format.isPresent()) {
            return rowOf(file, format.get());
        }
        if (file.size() > MAX_VECTOR_FILE_BYTES) {
            throw new CliException(file.path() + ": " + file.size() + " bytes, expected a JSON array of at most "
                    + MAX_VECTOR_FILE_BYTES + " bytes, or a .fvecs or .bvecs file");
        }
        return parse(Files.readString(file.path()), file.path().toString());
    }

    private float[] rowOf(SourceFile file, FileFormat format) throws IOException {
        try (VecsReader reader = new VecsReader(file.open(), format)) {
            while (reader.next()) {
                if (reader.row() == row) {
                    return reader.vector();
                }
            }
            throw new CliException(file.path() + ": has " + reader.row() + " rows, no row " + row);
        } catch (BadRowException e) {
            throw new CliException(file.path() + ": " + e.getMessage(), e);
        }
    }

    private static float[] parse(String text, String what) {
        try {
            return Json.vector(Json.value(text), what);
        } catch (IOException e) {
            throw new CliException(
                    what + ": expected a JSON array of numbers such as [0.1, 0.2], got " + Text.shorten(text, 60), e);
        }
    }

    private String table(Map<String, @Nullable Object> answer, double ms) {
        List<List<String>> rows = new ArrayList<>();
        if (answer.get("results") instanceof List<?> results) {
            for (Object result : results) {
                if (result instanceof Map<?, ?> r) {
                    rows.add(List.of(
                            Integer.toString(rows.size() + 1),
                            String.valueOf(r.get("id")),
                            String.valueOf(r.get("score")),
                            Text.shorten(Json.write(r.get("metadata")), METADATA_WIDTH)));
                }
            }
        }
        return Text.table(List.of("#", "id", "score", "metadata"), rows)
                + String.format(Locale.ROOT, "%d results in %.1f ms%n", rows.size(), ms);
    }
}
