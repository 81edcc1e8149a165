package dev.shaula.api.doors;

import dev.shaula.model.Metric;
import io.restassured.RestAssured;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** JSON over HTTP, vectors as numbers or as base64. */
final class HttpDoor implements Door {
    private final HttpClient client = HttpClient.newHttpClient();
    private final boolean base64;

    HttpDoor(boolean base64) {
        this.base64 = base64;
    }

    private JsonObject send(String method, String path, @Nullable JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + RestAssured.port + path))
                .timeout(Duration.ofSeconds(60))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.encode()))
                .build();
        try {
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            JsonObject answer = new JsonObject(response.body());
            if (response.statusCode() >= 400) {
                throw new Refused(response.statusCode(), answer.getString("error"));
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Object wire(float[] vector) {
        if (base64) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(vector);
            return Base64.getEncoder().encodeToString(bytes.array());
        }
        JsonArray numbers = new JsonArray();
        for (float element : vector) {
            numbers.add(element);
        }
        return numbers;
    }

    private static List<Float> floats(@Nullable JsonArray numbers) {
        List<Float> vector = new ArrayList<>();
        if (numbers != null) {
            numbers.forEach(number -> vector.add(((Number) number).floatValue()));
        }
        return vector;
    }

    @Override
    public void create(String collection, int dimensions, Metric metric) {
        send(
                "POST",
                "/collections",
                new JsonObject()
                        .put("name", collection)
                        .put("dimensions", dimensions)
                        .put("metric", metric.wireName()));
    }

    @Override
    public void upsert(String collection, List<Row> records) {
        JsonArray vectors = new JsonArray();
        for (Row point : records) {
            vectors.add(new JsonObject()
                    .put("id", point.id())
                    .put("vector", wire(point.vector()))
                    .put("metadata", new JsonObject(point.metadata())));
        }
        send(
                "POST",
                "/vectors/upsert",
                new JsonObject().put("collection", collection).put("vectors", vectors));
    }

    @Override
    public List<Hit> search(String collection, Query query) {
        JsonObject body = new JsonObject()
                .put("collection", collection)
                .put("vector", wire(query.vector()))
                .put("top_k", query.topK())
                .put("use_ann", !query.exact())
                .put("threshold", query.threshold())
                .put("include_vectors", query.withVectors());
        if (query.filter() != null) {
            body.put("filter", new JsonObject(query.filter()));
        }
        return send("POST", "/vectors/query", body).getJsonArray("results").stream()
                .map(JsonObject.class::cast)
                .map(hit -> new Hit(
                        hit.getString("id"),
                        hit.getFloat("score"),
                        hit.getJsonObject("metadata").encode(),
                        floats(hit.getJsonArray("vector"))))
                .toList();
    }

    @Override
    public Row get(String collection, String id) {
        JsonObject point = send("GET", "/vectors/" + id + "?collection=" + collection, null);
        List<Float> vector = floats(point.getJsonArray("vector"));
        float[] elements = new float[vector.size()];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = vector.get(i);
        }
        return new Row(id, elements, point.getJsonObject("metadata").encode());
    }

    @Override
    public List<String> delete(String collection, List<String> ids) {
        JsonObject body = new JsonObject().put("collection", collection).put("ids", new JsonArray(ids));
        return send("POST", "/vectors/delete", body).getJsonArray("failed").stream()
                .map(String.class::cast)
                .toList();
    }

    @Override
    public void close() {
        client.close();
    }
}
