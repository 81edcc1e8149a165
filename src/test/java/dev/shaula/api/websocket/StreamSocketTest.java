package dev.shaula.api.websocket;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Point;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@Timeout(120)
class StreamSocketTest {
    private static final int DIMENSIONS = 48;

    @TestHTTPResource
    @SuppressWarnings("NullAway.Init") // injected
    URI base;

    private static void create(String collection, int dimensions) {
        given().body("{\"name\":\"%s\",\"dimensions\":%d,\"metric\":\"euclidean\"}".formatted(collection, dimensions))
                .post("/collections")
                .then()
                .statusCode(201);
    }

    private static long count(String collection) {
        return given().get("/collections/" + collection)
                .then()
                .extract()
                .jsonPath()
                .getLong("vector_count");
    }

    private static JsonObject overHttp(String collection, float[] vector, int topK) {
        JsonArray numbers = new JsonArray();
        for (float x : vector) {
            numbers.add(x);
        }
        JsonObject body = new JsonObject()
                .put("collection", collection)
                .put("vector", numbers)
                .put("top_k", topK);
        return new JsonObject(given().body(body.encode())
                .post("/vectors/query")
                .then()
                .statusCode(200)
                .extract()
                .asString());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldAcknowledgeEveryBatchAndGiveItsCreditBack(boolean binary) throws Exception {
        String collection = "ws-acks-" + binary;
        create(collection, DIMENSIONS);
        List<Point> points = new RandomVectors(DIMENSIONS, 11).points("p", 1_200);
        try (SocketClient client = new SocketClient(base)) {
            JsonObject opened = client.open("s", collection);
            assertThat(opened.getString("event")).isEqualTo("opened");
            assertThat(opened.getLong("acknowledged")).isZero();
            assertThat(opened.getInteger("dimensions")).isEqualTo(DIMENSIONS);
            long window = opened.getLong("credit");
            long credit = window;
            long acknowledged = 0;
            for (int batch = 1; batch <= 4; batch++) {
                List<Point> part = points.subList(300 * (batch - 1), 300 * batch);
                if (binary) {
                    ByteBuffer message = SocketClient.binaryBatch("s", batch, part);
                    credit -= message.remaining();
                    client.say(message);
                } else {
                    // Some 180 KB: more than the frame that servers take by default, in one piece and in two.
                    String message = SocketClient.batch("s", batch, part).encode();
                    assertThat(message.length()).isGreaterThan(1 << 17);
                    credit -= message.length();
                    if (batch % 2 == 0) {
                        client.sayInPieces(message, 70_000);
                    } else {
                        client.say(message);
                    }
                }
                while (credit < window / 2 && acknowledged < batch) {
                    JsonObject ack = client.hear("ack");
                    credit += ack.getLong("credit");
                    acknowledged = ack.getLong("batch");
                }
            }
            while (acknowledged < 4) {
                JsonObject ack = client.hear("ack");
                assertThat(ack.getLong("batch")).isGreaterThan(acknowledged);
                credit += ack.getLong("credit");
                acknowledged = ack.getLong("batch");
            }
            assertThat(credit).isEqualTo(window);
            client.say("{'op':'close','stream':'s'}");
            assertThat(client.hear("closed").getLong("acknowledged")).isEqualTo(4);
        }
        assertThat(count(collection)).isEqualTo(1_200);
        JsonObject found = overHttp(collection, points.get(77).vector(), 1);
        assertThat(found.getJsonArray("results").getJsonObject(0).getString("id"))
                .isEqualTo("p77");
        assertThat(found.getJsonArray("results")
                        .getJsonObject(0)
                        .getJsonObject("metadata")
                        .getInteger("n"))
                .isEqualTo(77);
    }

    @Test
    void shouldAnswerQueriesSideBySideAsHttpDoes() throws Exception {
        create("ws-queries", DIMENSIONS);
        RandomVectors random = new RandomVectors(DIMENSIONS, 12);
        try (SocketClient client = new SocketClient(base)) {
            client.open("s", "ws-queries");
            client.say(SocketClient.batch("s", 1, random.points("p", 200)));
            client.hear("ack");
            Map<String, float[]> asked = new HashMap<>();
            for (int i = 0; i < 400; i++) {
                float[] vector = random.next();
                asked.put(Integer.toString(i), vector);
                if (i % 2 == 0) {
                    client.say(SocketClient.binaryQuery("ws-queries", i, vector, 5));
                } else {
                    JsonArray numbers = new JsonArray();
                    for (float x : vector) {
                        numbers.add(x);
                    }
                    client.say(new JsonObject()
                            .put("op", "query")
                            .put("id", i)
                            .put("collection", "ws-queries")
                            .put("vector", numbers)
                            .put("top_k", 5));
                }
            }
            for (int i = 0; i < 400; i++) {
                JsonObject answer = client.hear("result");
                float[] vector = asked.remove(answer.getString("id"));
                assertThat(vector).as(answer.encode()).isNotNull();
                if (i % 20 == 0) {
                    assertThat(answer.getJsonArray("results"))
                            .isEqualTo(overHttp("ws-queries", vector, 5).getJsonArray("results"));
                }
            }
            assertThat(asked).isEmpty();
        }
    }

    @Test
    void shouldTellAClientThatComesBackWhatIsStored() throws Exception {
        create("ws-resume", DIMENSIONS);
        List<Point> points = new RandomVectors(DIMENSIONS, 13).points("p", 400);
        try (SocketClient first = new SocketClient(base)) {
            first.open("nightly", "ws-resume");
            for (int batch = 1; batch <= 5; batch++) {
                first.say(SocketClient.binaryBatch("nightly", batch, points.subList(40 * (batch - 1), 40 * batch)));
            }
            first.hearUntil(message -> message.getLong("batch") >= 3);
            first.vanish();
        }
        try (SocketClient second = new SocketClient(base)) {
            JsonObject opened = second.open("nightly", "ws-resume");
            long acknowledged = opened.getLong("acknowledged");
            assertThat(acknowledged).isBetween(3L, 5L);
            assertThat(count("ws-resume")).isEqualTo(40 * acknowledged);

            second.say(SocketClient.batch("nightly", acknowledged + 2, points.subList(0, 1)));
            JsonObject refused = second.hear("error");
            assertThat(refused.getString("error"))
                    .isEqualTo("batch: expected %d, got %d".formatted(acknowledged + 1, acknowledged + 2));
            for (long batch = acknowledged + 1; batch <= 10; batch++) {
                second.say(SocketClient.binaryBatch(
                        "nightly", batch, points.subList((int) (40 * (batch - 1)), (int) (40 * batch))));
            }
            second.hearUntil(message -> message.getLong("batch") == 10);

            // A third socket takes the stream from the second, which is still there.
            try (SocketClient third = new SocketClient(base)) {
                assertThat(third.open("nightly", "ws-resume").getLong("acknowledged"))
                        .isEqualTo(10);
            }
        }
        assertThat(count("ws-resume")).isEqualTo(400);
        for (Point point : points) {
            given().get("/vectors/" + point.id() + "?collection=ws-resume")
                    .then()
                    .statusCode(200);
        }
    }

    @Test
    void shouldRefuseABatchAloneAndGoOn() throws Exception {
        create("ws-bad", 2);
        try (SocketClient client = new SocketClient(base)) {
            client.open("s", "ws-bad");
            String bad =
                    "{\"op\":\"upsert\",\"stream\":\"s\",\"batch\":1,\"vectors\":[{\"id\":\"a\",\"vector\":[1,2]},{\"id\":\"b\",\"vector\":[1]}]}";
            client.say(bad);
            JsonObject error = client.hear("error");
            assertThat(error.getString("error")).isEqualTo("vectors[1].vector: expected 2 numbers, got 1");
            assertThat(error.getInteger("status")).isEqualTo(400);
            assertThat(error.getLong("batch")).isEqualTo(1);
            assertThat(error.getLong("credit")).isEqualTo(bad.length());

            client.say("{'op':'upsert','stream':'s','batch':1,'vectors':[{'id':'a','vector':[1,null]}]}");
            assertThat(client.hear("error").getString("error"))
                    .isEqualTo("vectors[0].vector[1]: expected a finite number, got null");
            ByteBuffer nan = SocketClient.binaryBatch(
                    "s", 1, List.of(new Point("a", new float[] {1, Float.NaN}, dev.shaula.model.Metadata.EMPTY)));
            client.say(nan);
            assertThat(client.hear("error").getString("error"))
                    .isEqualTo("vectors[0].vector[1]: expected a finite number, got NaN");

            client.say("{'op':'upsert','stream':'s','batch':1,'vectors':[{'id':'a','vector':[1,2]}]}");
            assertThat(client.hear("ack").getLong("batch")).isEqualTo(1);
        }
        assertThat(count("ws-bad")).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'op':'query','id':'q','collection':'ws-none','vector':[1]} | 404 | collection \"ws-none\" does not exist",
                "{'op':'query','id':'q','vector':'x'} | 400 | vector: expected a list of numbers, got \"x\"",
                "{'op':'find','id':'q'} | 400 | op: expected",
                "{'op':'subscribe','id':'q','collection':'ws-none','vector':[1],'top_k':1001} | 400 | top_k: expected 1 to 1000 for a live query, got 1001",
                "{'op':'upsert','stream':'s','batch':1,'vectors':[{'id':'a','vector':[1]}]} | 404 | stream: \"s\" is not open on this socket",
                "{'op':'open','stream':'s','collection':'ws-none'} | 404 | collection \"ws-none\" does not exist",
                "{'op':'upsert','stream':'s','batch':0} | 400 | batch: expected a whole number from 1 on, got 0",
            })
    void shouldNameWhatIsWrongAndGoOn(String message, int status, String error) throws Exception {
        try (SocketClient client = new SocketClient(base)) {
            client.say(message);
            JsonObject answer = client.hear("error");
            assertThat(answer.getInteger("status")).isEqualTo(status);
            assertThat(answer.getString("error")).startsWith(error);
            client.say("{'op':'ping'}");
            client.hear("pong");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'op':", "[1]", "{}", "{'op':'close'}"})
    void shouldCloseASocketThatSaysWhatNamesNothing(String message) throws Exception {
        try (SocketClient client = new SocketClient(base)) {
            client.say(message);
            client.hear("error");
            assertThat(client.closed().code()).isEqualTo(4400);
        }
    }

    @Test
    void shouldCloseASocketThatSendsMoreThanItsCreditAndKeepWhatItAcknowledged() throws Exception {
        create("ws-greedy", DIMENSIONS);
        List<Point> points = new RandomVectors(DIMENSIONS, 14).points("p", 3_000);
        try (SocketClient client = new SocketClient(base)) {
            long window = client.open("s", "ws-greedy").getLong("credit");
            client.say(SocketClient.binaryBatch("s", 1, points.subList(0, 100)));
            client.hear("ack");
            String tooMuch = SocketClient.batch("s", 2, points).encode();
            assertThat((long) tooMuch.length()).isGreaterThan(window);
            client.say(tooMuch);
            SocketClient.Closed closed = client.closed();
            assertThat(closed.code()).isEqualTo(4429);
            assertThat(closed.reason())
                    .isEqualTo("stream \"s\": message of %d bytes, credit %d".formatted(tooMuch.length(), window));
        }
        assertThat(count("ws-greedy")).isEqualTo(100);
    }

    @Test
    void shouldCloseASocketThatSendsAMessageBeyondAnyLimit() throws Exception {
        String piece = " ".repeat(1 << 20);
        try (SocketClient client = new SocketClient(base)) {
            assertThat(client.sayPiecesUntilClosed(piece).code()).isEqualTo(4413);
        }
    }

    @Test
    void shouldRefuseASecondStreamOrRequestOfOneName() throws Exception {
        create("ws-twice", 1);
        try (SocketClient client = new SocketClient(base)) {
            client.open("s", "ws-twice");
            assertThat(client.open("s", "ws-twice").getInteger("status")).isEqualTo(409);
            client.say("{'op':'subscribe','id':'q','collection':'ws-twice','vector':[0]}");
            client.hear("change");
            client.say("{'op':'query','id':'q','collection':'ws-twice','vector':[0]}");
            assertThat(client.hear("error").getInteger("status")).isEqualTo(409);
            for (int i = 1; i < 16; i++) {
                assertThat(client.open("s" + i, "ws-twice").getString("event")).isEqualTo("opened");
            }
            assertThat(client.open("one-more", "ws-twice").getInteger("status")).isEqualTo(429);
            client.say("{'op':'close','stream':'s7'}");
            client.hear("closed");
            assertThat(client.open("one-more", "ws-twice").getString("event")).isEqualTo("opened");
        }
    }

    @ParameterizedTest
    @CsvSource({"http://evil.example, 403", "null, 403", "http://127.0.0.1:PORT, 101", "'', 101"})
    void shouldAdmitPagesOfThisServerOnly(String origin, int status) throws Exception {
        try (Socket raw = new Socket(InetAddress.getLoopbackAddress(), base.getPort())) {
            String port = Integer.toString(base.getPort());
            String header = origin.isEmpty() ? "" : "Origin: " + origin.replace("PORT", port) + "\n";
            String upgrade = """
                    GET /vectors/stream HTTP/1.1
                    Host: 127.0.0.1:%s
                    Connection: Upgrade
                    Upgrade: websocket
                    Sec-WebSocket-Version: 13
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                    %s
                    """.formatted(port, header).replaceAll("\n+$", "\n\n");
            raw.getOutputStream().write(upgrade.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            String answer = new String(raw.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertThat(answer).isEqualTo("HTTP/1.1 " + status);
        }
    }

    @Test
    void shouldStillFindAPointWhoseIdIsThePathOfTheSockets() {
        create("ws-path", 1);
        given().body("{\"collection\":\"ws-path\",\"vectors\":[{\"id\":\"stream\",\"vector\":[1]}]}")
                .post("/vectors/upsert")
                .then()
                .statusCode(200);
        given().get("/vectors/stream?collection=ws-path").then().statusCode(200);
    }

    // --- live queries ------------------------------------------------------------------------------------------

    /** As a client would: takes out what leaves or moves, then puts in what enters or moves. */
    private static void apply(List<String> answer, JsonArray changes) {
        for (int i = 0; i < changes.size(); i++) {
            JsonObject change = changes.getJsonObject(i);
            answer.remove(
                    change.containsKey("point")
                            ? change.getJsonObject("point").getString("id")
                            : change.getString("id"));
        }
        for (int i = 0; i < changes.size(); i++) {
            JsonObject change = changes.getJsonObject(i);
            if (change.containsKey("point")) {
                answer.add(
                        change.getInteger("rank"), change.getJsonObject("point").getString("id"));
            }
        }
    }

    private static void upsert(String collection, String records) {
        given().body("{\"collection\":\"%s\",\"vectors\":[%s]}".formatted(collection, records.replace('\'', '"')))
                .post("/vectors/upsert")
                .then()
                .statusCode(200);
    }

    @Test
    void shouldPushEveryChangeOfALiveQuery() throws Exception {
        create("ws-live", 1);
        upsert("ws-live", "{'id':'five','vector':[5]},{'id':'nine','vector':[9]}");
        try (SocketClient client = new SocketClient(base)) {
            client.say("{'op':'subscribe','id':'near','collection':'ws-live','vector':[0],'top_k':2}");
            List<String> answer = new ArrayList<>();
            JsonObject first = client.hear("change");
            assertThat(first.getJsonArray("sequences")).hasSize(1);
            apply(answer, first.getJsonArray("changes"));
            assertThat(answer).containsExactly("five", "nine");

            upsert("ws-live", "{'id':'one','vector':[1]}");
            JsonObject second = client.hear("change");
            assertThat(second.getString("id")).isEqualTo("near");
            assertThat(second.getJsonArray("changes").getJsonObject(0).encode())
                    .isEqualTo("{\"type\":\"leave\",\"id\":\"nine\"}");
            assertThat(second.getJsonArray("changes").getJsonObject(1).encode())
                    .isEqualTo(
                            "{\"type\":\"enter\",\"rank\":0,\"point\":{\"id\":\"one\",\"score\":0.5,\"metadata\":{}}}");
            apply(answer, second.getJsonArray("changes"));
            assertThat(answer).containsExactly("one", "five");

            upsert("ws-live", "{'id':'far','vector':[70]}"); // no event
            upsert("ws-live", "{'id':'one','vector':[6]}");
            JsonObject third = client.hear("change");
            apply(answer, third.getJsonArray("changes"));
            assertThat(answer).containsExactly("five", "one");

            client.say("{'op':'unsubscribe','id':'near'}");
            client.say("{'op':'ping'}");
            client.hear("pong");
            upsert("ws-live", "{'id':'zero','vector':[0]}");
            client.say("{'op':'ping'}");
            client.hear("pong");
        }
    }

    @Test
    void shouldEndALiveQueryWithItsCollection() throws Exception {
        create("ws-dropped", 1);
        try (SocketClient client = new SocketClient(base)) {
            client.say("{'op':'subscribe','id':'q','collection':'ws-dropped','vector':[0]}");
            assertThat(client.hear("change").getJsonArray("changes")).isEmpty();
            given().delete("/collections/ws-dropped").then().statusCode(200);
            JsonObject error = client.hear("error");
            assertThat(error.getString("id")).isEqualTo("q");
            assertThat(error.getInteger("status")).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldPushALiveQueryAsServerSentEvents(boolean post) throws Exception {
        String collection = "sse-" + post;
        create(collection, 1);
        upsert(collection, "{'id':'five','vector':[5]}");
        String query = "{\"collection\":\"%s\",\"vector\":[0],\"top_k\":2}".formatted(collection);
        HttpRequest.Builder request = post
                ? HttpRequest.newBuilder(base.resolve("/live")).POST(HttpRequest.BodyPublishers.ofString(query))
                : HttpRequest.newBuilder(
                        base.resolve("/live?query=" + java.net.URLEncoder.encode(query, StandardCharsets.UTF_8)));
        HttpResponse<Stream<String>> response =
                HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
        try (Stream<String> body = response.body()) {
            Iterator<String> lines =
                    body.filter(line -> line.startsWith("data: ")).iterator();
            List<String> answer = new ArrayList<>();
            apply(answer, new JsonObject(lines.next().substring(6)).getJsonArray("changes"));
            assertThat(answer).containsExactly("five");
            upsert(collection, "{'id':'one','vector':[1]}");
            apply(answer, new JsonObject(lines.next().substring(6)).getJsonArray("changes"));
            assertThat(answer).containsExactly("one", "five");
            given().delete("/collections/" + collection).then().statusCode(200);
            assertThat(lines.next()).contains("\"status\":404");
            assertThat(lines.hasNext()).isFalse();
        }
    }

    @Test
    void shouldRefuseBadLiveQueriesOverHttpPlainly() {
        given().get("/live?query=%7B").then().statusCode(400);
        given().get("/live").then().statusCode(400);
        given().body("{\"collection\":\"sse-none\",\"vector\":[1]}")
                .post("/live")
                .then()
                .statusCode(404);
    }
}
