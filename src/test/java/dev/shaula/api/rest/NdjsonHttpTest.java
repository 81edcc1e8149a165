package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class NdjsonHttpTest {
    @Test
    void shouldAcknowledgeSliceBySliceAndCountAll() {
        List<JsonObject> lines = lines(post("?collection=nd", records(0, 2_500))
                .then()
                .statusCode(200)
                .contentType("application/x-ndjson")
                .extract()
                .response());

        JsonObject last = lines.getLast();
        assertThat(last)
                .isEqualTo(new JsonObject("{\"success\":true,\"count\":2500,\"upserted_count\":2500}")
                        .put("sequences", lines.get(lines.size() - 2).getJsonArray("sequences")));
        assertThat(lines.size()).isGreaterThan(1);
        long told = 0;
        for (JsonObject line : lines.subList(0, lines.size() - 1)) {
            told += line.getLong("count");
            assertThat(line.getLong("acknowledged")).isEqualTo(told);
        }
        String lastOne = "/vectors/r2499?collection=nd";
        assertThat(last.getJsonArray("sequences").getLong(0))
                .isEqualTo(given().get(lastOne).jsonPath().getLong("version"));
        assertThat(told).isEqualTo(2_500);
        assertThat(Http.count("nd")).isEqualTo(2_500);
        given().get("/vectors/r2499?collection=nd").then().statusCode(200).body("metadata.n", equalTo(2499));
    }

    @Test
    void shouldTakeTheCollectionFromTheFirstRecordAndNoNewlineAtTheEnd() {
        post("?ack=durable", "{\"id\":\"a\",\"vector\":[1],\"collection\":\"nd-named\"}\n\n{\"id\":7,\"values\":[2]}")
                .then()
                .statusCode(200);
        while (Http.count("nd-named") < 2) { // durable may be sooner than searchable; a hang is a failure
            Thread.onSpinWait();
        }
        assertThat(Http.count("nd-named")).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "?collection=nd-bad | {'id':'a','vector':[1,null]} | line 1: vector[1]: expected a finite number, got null",
                "?collection=nd-bad | {'id':'a' | line 1: body: broken JSON",
                "?collection=nd-bad | [1] | line 1: body: expected one record a line, got a list",
                "?collection=nd-bad | {'id':'a','vector':[1,2],'collection':'other'} | line 1: collection: expected \"nd-bad\"",
                "?collection=nd-bad | ` ` | body: expected records, got none",
                "?collection=nd-bad&ack=soon | {'id':'a','vector':[1,2]} | ack: expected",
                "?collection=.x | {'id':'a','vector':[1,2]} | collection: name: must not start with a dot",
            })
    void shouldRefuseBadRecordsPlainlyWhileNothingIsStored(String parameters, String body, String error) {
        Response response = post(parameters, body.replace('\'', '"'));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.contentType()).isEqualTo("application/json");
        assertThat(new JsonObject(response.asString()).getString("error")).startsWith(error);
    }

    @Test
    void shouldSayWhatIsStoredWhenALaterRecordIsBad() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /vectors/upsert?collection=nd-late HTTP/1.1\r\nHost: x\r\n");
            client.send("Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.chunk(records(0, 5_000));
            assertThat(client.head().status()).isEqualTo(200);
            JsonObject first = new JsonObject(client.replyChunk());
            assertThat(first.getLong("acknowledged"))
                    .as("answered while the body is open")
                    .isPositive();
            client.chunk(records(5_000, 5_001) + "{\"id\":\"bad\",\"vector\":[1]}\n" + records(5_002, 5_003));

            JsonObject last = first;
            for (String chunk = client.replyChunk(); !chunk.isEmpty(); chunk = client.replyChunk()) {
                last = new JsonObject(chunk.substring(chunk.strip().lastIndexOf('\n') + 1));
            }
            assertThat(last.getBoolean("success")).isFalse();
            assertThat(last.getInteger("status")).isEqualTo(400);
            assertThat(last.getInteger("line")).isEqualTo(5_002);
            assertThat(last.getString("error")).isEqualTo("line 5002: vector: expected 3 numbers, got 1");
            assertThat(last.getInteger("acknowledged")).isEqualTo(Http.count("nd-late"));
        }
    }

    private static Response post(String parameters, String body) {
        return given().contentType("application/x-ndjson")
                .body(body.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .post("/vectors/upsert" + parameters);
    }

    private static String records(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> "{\"id\":\"r%d\",\"vector\":[%d,1,0.5],\"metadata\":{\"n\":%d}}\n".formatted(i, i, i))
                .collect(Collectors.joining());
    }

    private static List<JsonObject> lines(Response response) {
        return response.asString().lines().map(JsonObject::new).toList();
    }
}
