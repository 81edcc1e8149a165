package dev.shaula.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Start-up flags of Antarys that have no counterpart here: accepted, so that scripts keep working, and answered for. */
final class AntarysFlags {
    @Option(names = "--meta-dir", paramLabel = "DIR", description = "No effect: everything is under --data-dir.")
    private @Nullable String metaDir;

    @Option(
            names = {"-c", "--cache-size"},
            paramLabel = "N",
            description = "No effect: results are not cached.")
    private @Nullable String cacheSize;

    @Option(names = "--batch-size", paramLabel = "N", description = "No effect: batches form by load.")
    private @Nullable String batchSize;

    @Option(
            names = {"-w", "--worker-threads"},
            paramLabel = "N",
            description = "No effect: every shard has its own thread.")
    private @Nullable String workerThreads;

    @Option(names = "--pool-size", paramLabel = "N", description = "No effect: there is no connection pool to size.")
    private @Nullable String poolSize;

    @Option(names = "--optimization", paramLabel = "0..3", description = "No effect: there is one level.")
    private @Nullable String optimization;

    @Option(
            names = "--enable-hnsw",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            description = "No effect: each collection chooses when it is created (enable_hnsw).")
    private @Nullable Boolean enableHnsw;

    @Option(
            names = "--enable-pq",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            description = "No effect: there is no product quantisation.")
    private @Nullable Boolean enablePq;

    @Option(
            names = "--enable-gpu",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            description = "No effect: searches run on the CPU.")
    private @Nullable Boolean enableGpu;

    @Option(
            names = "--enable-embedding",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            description = "No effect: embeddings are not available.")
    private @Nullable Boolean enableEmbedding;

    @Option(names = "--embedding-model", paramLabel = "ID", description = "No effect: embeddings are not available.")
    private @Nullable String embeddingModel;

    /** One line for every flag that was given and asks for something that will not happen. */
    List<String> warnings() {
        List<String> lines = new ArrayList<>();
        warn(lines, metaDir != null, "--meta-dir", "metadata are stored under --data-dir with the vectors");
        warn(lines, cacheSize != null, "--cache-size", "results are not cached, every query is answered afresh");
        warn(lines, batchSize != null, "--batch-size", "batches form by load and requests may be of any length");
        warn(lines, workerThreads != null, "--worker-threads", "every shard has its own thread");
        warn(lines, poolSize != null, "--pool-size", "there is no connection pool to size");
        warn(lines, optimization != null, "--optimization", "there is one level of optimisation");
        warn(
                lines,
                Boolean.FALSE.equals(enableHnsw),
                "--enable-hnsw=false",
                "each collection chooses when it is created (enable_hnsw), or each query (use_ann)");
        warn(lines, Boolean.TRUE.equals(enablePq), "--enable-pq", "there is no product quantisation");
        warn(lines, Boolean.TRUE.equals(enableGpu), "--enable-gpu", "searches run on the CPU");
        warn(lines, Boolean.TRUE.equals(enableEmbedding), "--enable-embedding", "embeddings are not available");
        warn(lines, embeddingModel != null, "--embedding-model", "embeddings are not available");
        return lines;
    }

    private static void warn(List<String> lines, boolean given, String flag, String why) {
        if (given) {
            lines.add("shaula: " + flag + " has no effect: " + why);
        }
    }
}
