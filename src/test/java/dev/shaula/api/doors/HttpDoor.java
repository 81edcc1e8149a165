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
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** HTTP, vectors as numbers, as base64, or a query's alone as the body and those of answers as base64. */
final class HttpDoor implements FullDoor {
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
    public void create(String collection, int dimensions, Metric metric, List<String> indexes) {
        JsonArray declared = new JsonArray();
        indexes.forEach(index -> declared.add(index(index)));
        send(
                "POST",
                "/collections",
                new JsonObject()
                        .put("name", collection)
                        .put("dimensions", dimensions)
                        .put("metric", metric.wireName())
                        .put("indexes", declared));
    }

    private static JsonObject index(String index) {
        int colon = index.indexOf(':');
        return new JsonObject().put("field", index.substring(0, colon)).put("type", index.substring(colon + 1));
    }

    @Override
    public void createIndex(String collection, String index) {
        send("POST", "/collections/" + collection + "/indexes", index(index));
    }

    @Override
    public void dropIndex(String collection, String field) {
        send("DELETE", "/collections/" + collection + "/indexes?field=" + field, null);
    }

    @Override
    public List<String> indexes(String collection) {
        return objects(send("GET", "/collections/" + collection + "/indexes", null), "indexes")
                .map(index -> index.getString("field") + ":" + index.getString("type") + ":" + index.getBoolean("ready")
                        + ":" + index.getLong("indexed_rows"))
                .toList();
    }

    private static Stream<JsonObject> objects(JsonObject answer, String list) {
        return answer.getJsonArray(list).stream().map(JsonObject.class::cast);
    }

    @Override
    public Written upsertIf(String collection, List<Conditional> records) {
        JsonArray vectors = new JsonArray();
        for (Conditional each : records) {
            JsonObject record = new JsonObject()
                    .put("id", each.row().id())
                    .put("vector", wire(each.row().vector()))
                    .put("metadata", new JsonObject(each.row().metadata()));
            String condition = each.condition();
            if (condition != null && Character.isLetter(condition.charAt(0))) {
                record.put("if", condition);
            } else if (condition != null) {
                record.put("if_version", Long.valueOf(condition));
            }
            vectors.add(record);
        }
        return written(send(
                "POST",
                "/vectors/upsert",
                new JsonObject().put("collection", collection).put("vectors", vectors)));
    }

    private static Written written(JsonObject answer) {
        Long count = answer.getLong("count", answer.getLong("deleted_count", answer.getLong("updated_count")));
        List<String> missing = answer.getJsonArray("missing", answer.getJsonArray("failed", new JsonArray())).stream()
                .map(String.class::cast)
                .toList();
        return new Written(
                count == null ? answer.getJsonArray("deleted").size() : count,
                missing,
                versions(answer, "applied"),
                versions(answer, "refused"),
                answer.getJsonArray("sequences").stream()
                        .map(number -> ((Number) number).longValue())
                        .toList());
    }

    private static Map<String, @Nullable Long> versions(JsonObject answer, String list) {
        Map<String, @Nullable Long> versions = new TreeMap<>();
        if (answer.containsKey(list)) {
            objects(answer, list).forEach(point -> versions.put(point.getString("id"), point.getLong("version")));
        }
        return versions;
    }

    private static JsonObject target(String collection, Target target) {
        JsonObject body = new JsonObject().put("collection", collection);
        if (!target.ids().isEmpty()) {
            body.put("ids", new JsonArray(target.ids()));
        }
        String filter = target.filter();
        return filter == null ? body : body.put("filter", new JsonObject(filter));
    }

    @Override
    public Written delete(String collection, Target target) {
        return written(send("POST", "/vectors/delete", target(collection, target)));
    }

    @Override
    public Written update(String collection, Target target, Change change) {
        JsonObject body = target(collection, target);
        if (change.set() != null) {
            body.put("set", new JsonObject(change.set()));
        }
        if (change.replace() != null) {
            body.put("replace", new JsonObject(change.replace()));
        }
        if (!change.delete().isEmpty()) {
            body.put("delete", new JsonArray(change.delete()));
        }
        return written(send("POST", "/vectors/metadata", body.put("ttl", change.ttl())));
    }

    private JsonObject versioned(String collection, Query query) {
        return question(collection, query, wire(query.vector())).put("include_version", true);
    }

    private static List<Versioned> versioned(JsonObject answer) {
        return objects(answer, "results")
                .map(hit -> new Versioned(hit.getString("id"), hit.getFloat("score"), hit.getLong("version")))
                .toList();
    }

    @Override
    public List<Versioned> searchVersions(String collection, Query query) {
        return versioned(send("POST", "/vectors/query", versioned(collection, query)));
    }

    @Override
    public Explained explain(String collection, Query query) {
        JsonObject answer =
                send("POST", "/vectors/query", versioned(collection, query).put("explain", true));
        JsonObject shard = answer.getJsonArray("explain").getJsonObject(0);
        return new Explained(
                versioned(answer),
                shard.getJsonArray("plan").stream().map(String.class::cast).toList(),
                shard.getLong("rows"),
                shard.getLong("matches"),
                shard.getJsonArray("unindexed").stream().map(String.class::cast).toList());
    }

    @Override
    public List<Group> groups(String collection, Query query, String field, int groups, int size) {
        JsonObject body = versioned(collection, query)
                .put("group_by", field)
                .put("group_limit", groups)
                .put("group_size", size);
        return objects(send("POST", "/vectors/query", body), "groups")
                .map(group -> new Group(text(group.getValue("value")), versioned(group)))
                .toList();
    }

    private static String text(@Nullable Object value) {
        return value instanceof Number number ? Double.toString(number.doubleValue()) : String.valueOf(value);
    }

    @Override
    public Counted facet(String collection, String field, @Nullable String filter, int limit) {
        JsonObject body = new JsonObject().put("field", field).put("limit", limit);
        JsonObject answer = send("POST", "/collections/" + collection + "/facet", filtered(body, filter));
        return new Counted(
                objects(answer, "facets")
                        .map(facet -> text(facet.getValue("value")) + "=" + facet.getLong("count"))
                        .toList(),
                answer.getLong("distinct"));
    }

    private static JsonObject filtered(JsonObject body, @Nullable String filter) {
        return filter == null ? body : body.put("filter", new JsonObject(filter));
    }

    @Override
    public long count(String collection, @Nullable String filter) {
        return send("POST", "/collections/" + collection + "/count", filtered(new JsonObject(), filter))
                .getLong("count");
    }

    @Override
    public List<Read> read(String collection, Reading reading) {
        JsonObject body = filtered(new JsonObject().put("limit", reading.limit()), reading.filter())
                .put("include_version", true);
        if (reading.order().equals("id") || reading.order().equals("random")) {
            body.put("order", reading.order());
        } else {
            boolean descending = reading.order().startsWith("-");
            body.put("order_by", reading.order().substring(descending ? 1 : 0)).put("descending", descending);
        }
        return objects(send("POST", "/collections/" + collection + "/scroll", body), "points")
                .map(point -> new Read(
                        point.getString("id"),
                        point.getLong("version"),
                        point.getJsonObject("metadata").encode()))
                .toList();
    }

    @Override
    public void close() {
        client.close();
    }
}
