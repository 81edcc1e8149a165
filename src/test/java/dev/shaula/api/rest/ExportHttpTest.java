package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class ExportHttpTest {
    private static final int POINTS = 3_000;
    private static final int DIMENSIONS = 33;

    private final Random random = new Random(7);

    @ParameterizedTest
    @CsvSource({"numbers, HTTP_1_1", "base64, HTTP_1_1", "base64, HTTP_2"})
    void shouldGiveLinesThatAnUpsertTakesBackUnchanged(String form, Version version) throws Exception {
        String from = "export-" + form + version;
        String to = from + "-copy";
        upsert(from, IntStream.range(0, POINTS).mapToObj(this::record).collect(Collectors.joining("\n")));
        String lines = export(from, form, version);
        assertThat(lines.lines().count()).isEqualTo(POINTS);

        upsert(to, lines);
        assertThat(sorted(export(to, "numbers", version))).isEqualTo(sorted(export(from, "numbers", version)));
    }

    @Test
    void shouldLeaveVectorsOutAndRefuseWhatItDoesNotKnow() {
        upsert("export-ids", "{\"id\":\"a\",\"vector\":[1,2]}\n{\"id\":\"b\",\"vector\":[3,4],\"metadata\":{\"n\":1}}");
        String lines =
                given().get("/collections/export-ids/export?vectors=none").asString();
        assertThat(lines.lines()).containsExactlyInAnyOrder("{\"id\":\"a\"}", "{\"id\":\"b\",\"metadata\":{\"n\":1}}");
        given().get("/collections/export-ids/export?vectors=hex")
                .then()
                .statusCode(400)
                .body("error", startsWith("vectors: expected numbers, base64 or none"));
        given().get("/collections/export-none/export")
                .then()
                .statusCode(404)
                .body("error", equalTo("collection \"export-none\" does not exist"));
    }

    @Test
    void shouldGiveAnEmptyCollectionAsNoLines() {
        Http.create("export-empty", 2);
        assertThat(given().get("/collections/export-empty/export")
                        .then()
                        .statusCode(200)
                        .extract()
                        .asString())
                .isEmpty();
    }

    private static String export(String name, String form, Version version) throws Exception {
        try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
            URI uri = Http.base().resolve("/collections/" + name + "/export?vectors=" + form);
            HttpResponse<String> response =
                    client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("content-type")).hasValue("application/x-ndjson");
            return response.body();
        }
    }

    private static Map<String, JsonObject> sorted(String lines) {
        List<JsonObject> records = lines.lines().map(JsonObject::new).toList();
        Map<String, JsonObject> byId = new TreeMap<>();
        records.forEach(line -> byId.put(line.getString("id"), line));
        return byId;
    }

    private static void upsert(String collection, String lines) {
        given().contentType("application/x-ndjson")
                .body(lines.getBytes(StandardCharsets.UTF_8))
                .post("/vectors/upsert?collection=" + collection)
                .then()
                .statusCode(200);
    }

    private String record(int i) {
        String vector = random.doubles(DIMENSIONS, -1, 1)
                .mapToObj(x -> Float.toString((float) x))
                .collect(Collectors.joining(",", "[", "]"));
        return "{\"id\":\"p%d\",\"vector\":%s,\"metadata\":{\"n\":%d}}".formatted(i, vector, i);
    }
}
