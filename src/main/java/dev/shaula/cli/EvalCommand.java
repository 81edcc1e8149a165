package dev.shaula.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
        name = "eval",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measure recall and latency of a collection against known neighbours.",
            "",
            "recall@k of a query is the share of the first k true neighbours that are among the k results; ids are"
                    + " the row numbers of the imported file. Latency is the time from sending a request to having"
                    + " its whole answer, at this client."
        })
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "QUERIES", description = "The queries: a .fvecs or .bvecs file, may be gzipped.")
    private Path queryPath = Path.of("");

    @Option(
            names = "--truth",
            required = true,
            paramLabel = "FILE",
            description = "The true neighbours of each query, nearest first: an .ivecs file, may be gzipped.")
    private Path truthPath = Path.of("");

    @Option(
            names = {"-c", "--collection"},
            required = true,
            paramLabel = "NAME",
            description = "The collection to search.")
    private String collection = "";

    @Option(
            names = {"-k", "--k"},
            paramLabel = "N",
            defaultValue = "10",
            description = "Neighbours per query (default: ${DEFAULT-VALUE}).")
    private int k = 10;

    @Option(
            names = {"--ef", "--ef-search"},
            paramLabel = "N",
            description = "Candidates that the graph search keeps (default: the service's).")
    private @Nullable Integer ef;

    @Option(names = "--exact", description = "Compare with every vector instead of walking the graph.")
    private boolean exact;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            defaultValue = "1",
            description = "Connections, each with one query at a time (default: ${DEFAULT-VALUE}).")
    private int concurrency = 1;

    @Option(
            names = "--queries",
            paramLabel = "N",
            defaultValue = "10000",
            description = "Use at most the first N queries (default: ${DEFAULT-VALUE}).")
    private int queries = 10_000;

    @Option(names = "--id-prefix", paramLabel = "TEXT", defaultValue = "", description = "As given to the import.")
    private String idPrefix = "";

    @Option(names = "--no-warm-up", description = "Measure at once, instead of asking every query once before.")
    private boolean cold;

    @Option(
            names = "--min-recall",
            paramLabel = "SHARE",
            description = "Exit with 1 if the mean recall is below this share, 0 to 1.")
    private @Nullable Double minRecall;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        List<byte[]> requests = readRequests();
        List<int[]> truth = readTruth(requests.size());
        try (ServiceClient client = server.client()) {
            client.require(collection);
        }
        Evaluation evaluation = new Evaluation(server.url(), server.timeout(), requests, truth, k, idPrefix);
        if (!cold) {
            evaluation.run(concurrency);
        }
        Evaluation.Result result = evaluation.run(concurrency);
        print(requests.size(), result);
        if (minRecall != null && result.recall() < minRecall) {
            throw new CliException(String.format(
                    Locale.ROOT, "recall@%d is %.4f, expected at least %.4f", k, result.recall(), minRecall));
        }
        return 0;
    }

    private void checkOptions() {
        check("--k", k, 1, 10_000);
        check("--concurrency", concurrency, 1, 1_000);
        check("--queries", queries, 1, 1_000_000);
        if (minRecall != null && !(minRecall >= 0 && minRecall <= 1)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--min-recall: expected 0 to 1, got " + minRecall);
        }
    }

    private void check(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + ": expected " + min + " to " + max + ", got " + value);
        }
    }

    /** Bodies of all requests, made before the clock runs. */
    private List<byte[]> readRequests() throws IOException {
        SourceFile file = SourceFile.of(queryPath);
        List<byte[]> requests = new ArrayList<>();
        try (VecsReader reader = new VecsReader(file.open(), vectorFormat(file))) {
            while (requests.size() < queries && reader.next()) {
                requests.add(request(reader.vector()));
            }
        } catch (BadRowException e) {
            throw new CliException(file.path() + ": " + e.getMessage(), e);
        }
        if (requests.isEmpty()) {
            throw new CliException(file.path() + ": holds no queries");
        }
        return requests;
    }

    private static FileFormat vectorFormat(SourceFile file) {
        FileFormat format = file.formatByName();
        if (format != FileFormat.FVECS && format != FileFormat.BVECS) {
            throw new CliException(file.path() + ": expected a .fvecs or .bvecs file of queries");
        }
        return format;
    }

    private byte[] request(float[] vector) {
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("collection", collection);
        body.put("vector", vector);
        body.put("top_k", k);
        body.put("use_ann", !exact);
        body.put("include_metadata", false);
        body.put("include_vectors", false);
        body.put("threshold", 0); // no limit, whatever the operator's default is
        if (ef != null) {
            body.put("ef_search", ef);
        }
        return Json.write(body).getBytes(StandardCharsets.UTF_8);
    }

    private List<int[]> readTruth(int count) throws IOException {
        SourceFile file = SourceFile.of(truthPath);
        List<int[]> truth = new ArrayList<>();
        try (VecsReader reader = new VecsReader(file.open(), FileFormat.IVECS)) {
            while (truth.size() < count && reader.next()) {
                truth.add(reader.integers());
            }
            if (truth.size() < count || reader.dimensions() < k) {
                throw new CliException(file.path() + ": has " + truth.size() + " rows of " + reader.dimensions()
                        + " neighbours, expected " + count + " rows of at least " + k);
            }
        } catch (BadRowException e) {
            throw new CliException(file.path() + ": " + e.getMessage(), e);
        }
        return truth;
    }

    private void print(int count, Evaluation.Result result) {
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "collection %s, %s queries, k %d, ef %s, %s, concurrency %d%s%n"
                                + "recall@%d  %.4f  (lowest of a query %.2f)%n"
                                + "latency    p50 %.2f ms  p95 %.2f ms  p99 %.2f ms  max %.2f ms%n"
                                + "throughput %s queries/s%n",
                        collection,
                        Text.count(count),
                        k,
                        ef == null ? "default" : ef.toString(),
                        exact ? "exact" : "approximate",
                        concurrency,
                        cold ? ", no warm-up" : ", after one warm-up pass over all queries",
                        k,
                        result.recall(),
                        result.lowestRecall(),
                        result.latencyMs(50),
                        result.latencyMs(95),
                        result.latencyMs(99),
                        result.latencyMs(100),
                        Text.count(Math.round(result.queriesPerSecond())));
        spec.commandLine().getOut().flush();
    }
}
