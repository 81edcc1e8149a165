package dev.shaula.durability;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.VectorDbException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The service as its users see it: every operation is a request over HTTP. */
final class HttpNodeClient implements NodeClient {
    /** Longer than any answer takes; a hang is a failure. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;

    HttpNodeClient(int port) {
        base = URI.create("http://127.0.0.1:" + port);
    }

    /** True once every collection of the service is open; false while nobody listens, too. */
    boolean isReady() {
        try {
            return send("GET", "/q/health/ready", "").statusCode() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    @Override
    public void create(CollectionConfig config) {
        JsonObject body = new JsonObject()
                .put("name", config.name())
                .put("dimensions", config.dimensions())
                .put("metric", config.metric().wireName())
                .put("shards", config.shards())
                .put("m", config.m())
                .put("ef_construction", config.efConstruction());
        call("POST", "/collections", body.encode());
    }

    @Override
    public void upsert(String collection, List<Point> points) {
        StringBuilder body = new StringBuilder("{\"collection\":\"" + collection + "\",\"vectors\":[");
        for (Point point : points) {
            body.append(body.charAt(body.length() - 1) == '[' ? "" : ",");
            body.append("{\"id\":\"").append(point.id()).append("\",\"vector\":");
            body.append(Arrays.toString(point.vector())).append(",\"metadata\":");
            body.append(point.metadata()).append('}');
        }
        call("POST", "/vectors/upsert", body.append("]}").toString());
    }

    @Override
    public void delete(String collection, List<String> ids) {
        JsonObject body = new JsonObject().put("collection", collection).put("ids", new JsonArray(ids));
        call("POST", "/vectors/delete", body.encode());
    }

    @Override
    public void commit(String collection) {
        call("POST", "/admin/save/" + collection, "");
    }

    @Override
    public void backup(String collection, String name) {
        JsonObject body = new JsonObject().put("collection", collection).put("name", name);
        call("POST", "/admin/backup", body.encode());
    }

    @Override
    public void restore(String backup, String collection, String as) {
        JsonObject body = new JsonObject()
                .put("backup", backup)
                .put("collection", collection)
                .put("as", as);
        call("POST", "/admin/restore", body.encode());
    }

    @Override
    public void deleteBackup(String name) {
        call("DELETE", "/admin/backups/" + name, "");
    }

    @Override
    public void drop(String collection) {
        call("DELETE", "/collections/" + collection, "");
    }

    @Override
    public Optional<Point> get(String collection, String id) {
        String path = "/vectors/" + URLEncoder.encode(id, StandardCharsets.UTF_8) + "?collection=" + collection;
        HttpResponse<String> answer = send("GET", path, "");
        if (answer.statusCode() == 404) {
            return Optional.empty();
        }
        JsonObject point = new JsonObject(checked(answer));
        JsonArray elements = point.getJsonArray("vector");
        float[] vector = new float[elements.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = elements.getFloat(i);
        }
        JsonObject metadata = point.getJsonObject("metadata");
        return Optional.of(
                new Point(point.getString("id"), vector, Metadata.ofJson(metadata == null ? "{}" : metadata.encode())));
    }

    @Override
    public List<ScoredPoint> search(String collection, float[] vector, int k, int ef) {
        String how = ef == EXACT ? "\"use_ann\":false" : "\"ef_search\":" + ef;
        String body = "{\"collection\":\"" + collection + "\",\"vector\":" + Arrays.toString(vector) + ",\"top_k\":" + k
                + ",\"include_metadata\":false," + how + "}";
        List<ScoredPoint> found = new ArrayList<>();
        for (Object each : new JsonObject(call("POST", "/vectors/query", body)).getJsonArray("results")) {
            JsonObject result = (JsonObject) each;
            found.add(new ScoredPoint(result.getString("id"), result.getFloat("score"), null, null));
        }
        return found;
    }

    @Override
    public long count(String collection) {
        return new JsonObject(call("GET", "/collections/" + collection, "")).getLong("vector_count");
    }

    private String call(String method, String path, String body) {
        return checked(send(method, path, body));
    }

    private static String checked(HttpResponse<String> answer) {
        if (answer.statusCode() / 100 != 2) {
            throw new VectorDbException(
                    switch (answer.statusCode()) {
                        case 404 -> VectorDbException.Kind.NOT_FOUND;
                        case 409 -> VectorDbException.Kind.CONFLICT;
                        case 503 -> VectorDbException.Kind.UNAVAILABLE;
                        case 507 -> VectorDbException.Kind.STORAGE_FULL;
                        default -> VectorDbException.Kind.INTERNAL;
                    },
                    answer.statusCode() + ": " + answer.body());
        }
        return answer.body();
    }

    private HttpResponse<String> send(String method, String path, String body) {
        try {
            return http.send(
                    HttpRequest.newBuilder(base.resolve(path))
                            .header("Content-Type", "application/json")
                            .timeout(PATIENCE)
                            .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
