package dev.shaula.api.doors;

import dev.shaula.model.Metric;
import io.restassured.RestAssured;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** HTTP, vectors as numbers, as base64, or a query's alone as the body and those of answers as base64. */
final class HttpDoor implements Door {
    private final HttpClient client = HttpClient.newHttpClient();
    private final Form form;

    enum Form {
        NUMBERS,
        BASE64,
        PACKED
    }

    HttpDoor(Form form) {
        this.form = form;
    }

    private JsonObject send(String method, String path, @Nullable JsonObject body) {
        return send(request(path)
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.encode()))
                .build());
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + RestAssured.port + path))
                .timeout(Duration.ofSeconds(60));
    }

    private JsonObject send(HttpRequest request) {
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
        if (form != Form.NUMBERS) {
            return Base64.getEncoder().encodeToString(packed(vector));
        }
        JsonArray numbers = new JsonArray();
        for (float element : vector) {
            numbers.add(element);
        }
        return numbers;
    }

    private static byte[] packed(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return bytes.array();
    }

    /** A vector of an answer in either form; empty if there is none. */
    static List<Float> floats(@Nullable Object given) {
        List<Float> vector = new ArrayList<>();
        if (given instanceof JsonArray numbers) {
            numbers.forEach(number -> vector.add(((Number) number).floatValue()));
        } else if (given instanceof String text) {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text)).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                vector.add(bytes.getFloat());
            }
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
        JsonObject answer = form == Form.PACKED
                ? send(packed(collection, query))
                : send("POST", "/vectors/query", question(collection, query, wire(query.vector())));
        return hits(answer);
    }

    /** The fields of a query in JSON. */
    static JsonObject question(String collection, Query query, Object vector) {
        JsonObject body = new JsonObject()
                .put("collection", collection)
                .put("vector", vector)
                .put("top_k", query.topK())
                .put("use_ann", !query.exact())
                .put("threshold", query.threshold())
                .put(
                        "include_vectors",
                        vector instanceof String && query.withVectors() ? "base64" : query.withVectors());
        if (query.ef() > 0) {
            body.put("ef", query.ef());
        }
        if (query.filter() != null) {
            body.put("filter", new JsonObject(query.filter()));
        }
        return body;
    }

    private static HttpRequest packed(String collection, Query query) {
        StringBuilder path = new StringBuilder("/vectors/query?collection=").append(collection);
        path.append("&top_k=").append(query.topK()).append("&use_ann=").append(!query.exact());
        path.append("&include_vectors=").append(query.withVectors() ? "base64" : "false");
        if (query.ef() > 0) {
            path.append("&ef=").append(query.ef());
        }
        if (query.threshold() != null) {
            path.append("&threshold=").append(query.threshold());
        }
        if (query.filter() != null) {
            path.append("&filter=").append(URLEncoder.encode(query.filter(), StandardCharsets.UTF_8));
        }
        return request(path.toString())
                .header("Content-Type", "application/octet-stream")
                .POST(HttpRequest.BodyPublishers.ofByteArray(packed(query.vector())))
                .build();
    }

    /** The results of an answer. */
    static List<Hit> hits(JsonObject answer) {
        return answer.getJsonArray("results").stream()
                .map(JsonObject.class::cast)
                .map(hit -> new Hit(
                        hit.getString("id"),
                        hit.getFloat("score"),
                        hit.getJsonObject("metadata").encode(),
                        floats(hit.getValue("vector"))))
                .toList();
    }

    @Override
    public Row get(String collection, String id) {
        String wish = form == Form.PACKED ? "&vectors=base64" : "";
        JsonObject point = send("GET", "/vectors/" + id + "?collection=" + collection + wish, null);
        List<Float> vector = floats(point.getValue("vector"));
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
