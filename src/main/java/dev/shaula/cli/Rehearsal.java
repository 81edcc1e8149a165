package dev.shaula.cli;

import io.quarkus.runtime.QuarkusApplication;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Asks the service that it runs in for one of everything that a start and its first requests need, the recovery of a
 * shard among it (by way of a restored backup). What is asked for here is loaded ahead of time later.
 */
public final class Rehearsal implements QuarkusApplication {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String COLLECTION = "rehearsal";
    /** More than a step of linking. */
    private static final int POINTS = 200;

    /** For Quarkus, which makes it when the service is up. */
    public Rehearsal() {}

    @Override
    public int run(String... args) {
        int port = ConfigProvider.getConfig().getValue("quarkus.http.port", Integer.class);
        try (ServiceClient client = new ServiceClient(URI.create("http://127.0.0.1:" + port), PATIENCE)) {
            client.post("/collections", Map.of("name", COLLECTION, "dimensions", 4));
            client.post("/vectors/upsert", Map.of("collection", COLLECTION, "vectors", points()));
            client.post("/vectors/delete", Map.of("collection", COLLECTION, "ids", List.of("p0")));
            client.post("/admin/backup", Map.of("name", COLLECTION));
            client.post("/admin/restore", Map.of("backup", COLLECTION, "collection", COLLECTION, "as", "again"));
            for (String name : List.of(COLLECTION, "again")) {
                client.post("/vectors/query", Map.of("collection", name, "vector", vector(1), "top_k", 3));
                client.get("/vectors/p1?collection=" + name);
            }
            List.of("/health", "/info", "/collections", "/q/health/ready").forEach(client::get);
        }
        return 0;
    }

    private static List<Map<String, Object>> points() {
        List<Map<String, Object>> points = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            points.add(Map.of("id", "p" + i, "vector", vector(i), "metadata", Map.of("n", i)));
        }
        return points;
    }

    private static List<Double> vector(int i) {
        return List.of(1.0, Math.sin(i), Math.cos(i), i / 7.0);
    }
}
