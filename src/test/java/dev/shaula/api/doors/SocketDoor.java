package dev.shaula.api.doors;

import dev.shaula.api.websocket.SocketClient;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import io.restassured.RestAssured;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;

/**
 * The WebSocket, messages as text or as bytes. What a socket does not do (create, get, delete) goes over HTTP, what bytes
 * cannot say (a filter, vectors of unequal lengths) as text.
 */
final class SocketDoor implements Door {
    private static final int WITH_VECTORS = 1;
    private static final int EXACT = 4;

    private final HttpDoor http = new HttpDoor(HttpDoor.Form.NUMBERS);
    private final SocketClient socket = new SocketClient(URI.create("http://127.0.0.1:" + RestAssured.port));
    private final boolean binary;
    private long number;

    SocketDoor(boolean binary) {
        this.binary = binary;
    }

    @Override
    public void create(String collection, int dimensions, Metric metric) {
        http.create(collection, dimensions, metric);
    }

    @Override
    public void upsert(String collection, List<Row> records) {
        String stream = collection + "-" + System.nanoTime();
        List<Point> points = records.stream()
                .map(row -> new Point(row.id(), row.vector(), Metadata.ofJson(row.metadata())))
                .toList();
        int length = records.getFirst().vector().length;
        boolean packable = records.stream()
                .allMatch(row -> row.vector().length == length && !row.id().isEmpty());
        try {
            accepted(socket.open(stream, collection));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (binary && packable) {
            socket.say(SocketClient.binaryBatch(stream, 1, points));
        } else {
            socket.say(SocketClient.batch(stream, 1, points));
        }
        accepted(hear());
    }

    @Override
    public List<Hit> search(String collection, Query query) {
        if (binary && query.filter() == null) {
            Double threshold = query.threshold();
            socket.say(SocketClient.binaryQuery(
                    collection,
                    ++number,
                    query.vector(),
                    query.topK(),
                    (query.withVectors() ? WITH_VECTORS : 0) | (query.exact() ? EXACT : 0),
                    threshold == null ? Float.NaN : threshold.floatValue(),
                    query.ef()));
        } else {
            JsonArray vector = new JsonArray();
            for (float element : query.vector()) {
                vector.add(element);
            }
            socket.say(HttpDoor.question(collection, query, vector)
                    .put("op", "query")
                    .put("id", Long.toString(++number)));
        }
        return HttpDoor.hits(accepted(hear()));
    }

    private JsonObject hear() {
        try {
            return socket.hear();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonObject accepted(JsonObject message) {
        if (message.getString("event").equals("error")) {
            throw new Refused(message.getInteger("status"), message.getString("error"));
        }
        return message;
    }

    @Override
    public Row get(String collection, String id) {
        return http.get(collection, id);
    }

    @Override
    public List<String> delete(String collection, List<String> ids) {
        return http.delete(collection, ids);
    }

    @Override
    public void close() {
        socket.close();
        http.close();
    }
}
