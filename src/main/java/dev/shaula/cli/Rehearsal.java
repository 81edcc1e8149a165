package dev.shaula.cli;

import io.quarkus.runtime.QuarkusApplication;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Asks the service that it runs in for one of everything that a start and its first requests need, the recovery of a
 * shard among it (by way of a restored backup). What is asked for here is loaded ahead of time later.
 */
public final class Rehearsal implements QuarkusApplication {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BATCH = 200;
    /** Enough for walks through a graph, and vectors long enough for the loops of the kernels. */
    private static final int POINTS = 1_000;

    private static final int DIMENSIONS = 256;
    /** So many that the compiler finds searches worth its while: what it learned of them goes into the cache. */
    private static final int QUERIES = 400;

    /** For Quarkus, which makes it when the service is up. */
    public Rehearsal() {}

    @Override
    public int run(String... args) {
        int port = ConfigProvider.getConfig().getValue("quarkus.http.port", Integer.class);
        try (ServiceClient client = new ServiceClient(URI.create("http://127.0.0.1:" + port), PATIENCE)) {
            rehearse(client, "floats", "none");
            rehearse(client, "codes", "auto");
            List.of("/health", "/info", "/collections", "/q/health/ready").forEach(client::get);
        }
        return 0;
    }

    private static void rehearse(ServiceClient client, String name, String quantization) {
        client.post("/collections", Map.of("name", name, "dimensions", DIMENSIONS, "quantization", quantization));
        for (int first = 0; first < POINTS; first += BATCH) {
            client.post("/vectors/upsert", Map.of("collection", name, "vectors", points(first, first + BATCH)));
        }
        client.post("/vectors/delete", Map.of("collection", name, "ids", List.of("p0")));
        client.post("/admin/backup", Map.of("name", name));
        String restored = name + "-again";
        client.post("/admin/restore", Map.of("backup", name, "collection", name, "as", restored));
        client.get("/vectors/p1?collection=" + restored);
        for (int i = 0; i < QUERIES; i++) {
            client.post("/vectors/query", Map.of("collection", restored, "vector", vector(i), "top_k", 3));
        }
    }

    private static List<Map<String, Object>> points(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> Map.<String, Object>of("id", "p" + i, "vector", vector(i), "metadata", Map.of("n", i)))
                .toList();
    }

    private static List<Double> vector(int i) {
        return new Random(i).doubles(DIMENSIONS, -1, 1).boxed().toList();
    }
}
