package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasItem;

import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class ServerHttpTest {
    @Inject
    RestApi api;

    @Test
    void shouldBeHealthy() {
        given().get("/health").then().statusCode(200).body("status", equalTo("ok"));
        for (String probe : new String[] {"live", "ready", "started"}) {
            given().get("/q/health/" + probe).then().statusCode(200).body("status", equalTo("UP"));
        }
        given().get("/q/health/ready").then().body("checks.name", hasItem("collections"));
    }

    @Test
    void shouldCountRealRequestsInInfo() {
        int before = given().get("/info").then().statusCode(200).extract().path("requests_served");
        int errorsBefore = given().get("/info").then().extract().path("errors");
        given().get("/nowhere").then().statusCode(404);

        given().get("/info")
                .then()
                .body("requests_served", greaterThanOrEqualTo(before + 2))
                .body("errors", greaterThan(errorsBefore))
                .body("uptime", greaterThanOrEqualTo(0))
                .body("uptime_seconds", greaterThanOrEqualTo(0))
                .body("active_connections", greaterThanOrEqualTo(1))
                .body("features", hasItem("ndjson-upsert"))
                .body("version", equalTo("0.1.0-SNAPSHOT"));
    }

    @Test
    void shouldShowTheBoundsInForce() {
        given().get("/info")
                .then()
                .body("limits.bodies_bytes", equalTo(24 << 20))
                .body("limits.bodies_wait_ms", equalTo(1_000))
                .body("limits.receive_buffer_bytes", greaterThanOrEqualTo(65_536))
                .body("limits.search_queue", equalTo(1_024))
                .body("limits.connections", greaterThanOrEqualTo(100))
                .body("limits.write_budget_bytes", greaterThanOrEqualTo(1 << 20))
                .body("limits.websocket_credit_bytes", greaterThanOrEqualTo(1 << 20));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/admin/commit", "/admin/compact", "/admin/saveall"})
    void shouldCommitWithoutABody(String path) {
        given().contentType("application/json")
                .post(path)
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("success", equalTo(true));
    }

    @Test
    void shouldSaveOneCollection() {
        Http.upsert("saved", "{'id':'a','vector':[1]}").statusCode(200);

        given().post("/admin/save/saved").then().statusCode(200).body("success", equalTo(true));
    }

    @Test
    void shouldSayThatEmbeddingsAreNotEnabled() {
        Http.post("/embedding/generate", "{'input':['x']}")
                .statusCode(503)
                .body("error", equalTo("Embedding generation is not enabled"));
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, 404",
        "GET, /nowhere, 404",
        "POST, /collections/x, 405",
        "PUT, /vectors/x, 405",
        "GET, /admin/commit, 405",
        "DELETE, /health, 405",
        "GET, /collections/, 404"
    })
    void shouldAnswerUnknownPathsAndMethodsInJson(String method, String path, int status) {
        given().request(method, path)
                .then()
                .statusCode(status)
                .contentType("application/json")
                .body("error", containsString(status == 404 ? path : method));
    }

    /** The server of the framework would answer those with an empty body, were it not told to leave them to us. */
    @ParameterizedTest
    @CsvSource({
        "/vectors/%zz, path: expected two hexadecimal digits after each %",
        "/vectors/a%2, path: expected two hexadecimal digits after each %",
        "/collections/%?x=1, path: expected two hexadecimal digits after each %",
        "/elsewhere/%zz, path: expected two hexadecimal digits after each %",
        "/vectors/a?collection=%zz, query string: expected two hexadecimal digits after each %",
        "/collections/%c3%28, path: expected percent-encoded UTF-8",
    })
    void shouldNameAUriThatIsNoUri(String uri, String error) throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            for (int i = 0; i < 2; i++) { // the connection is as good as before
                client.send("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n");
                RawClient.Reply reply = client.reply();
                assertThat(reply.status()).isEqualTo(400);
                assertThat(reply.body()).startsWith("{\"error\":\"" + error + ", got \\\"");
            }
        }
    }

    @Test
    void shouldRefuseCompressedBodies() {
        given().header("Content-Encoding", "gzip")
                .contentType("application/json")
                .body("{}")
                .post("/vectors/query")
                .then()
                .statusCode(415)
                .body("error", containsString("Content-Encoding"));
    }

    @Test
    void shouldCompressLongAnswersWithGzipOnlyAndOnlyWhenAskedTo() throws Exception {
        String rows = java.util.stream.IntStream.range(0, 200)
                .mapToObj(i ->
                        "{'id':'row-" + i + "','vector':[" + i + ",1],'metadata':{'text':'" + "t".repeat(100) + "'}}")
                .collect(Collectors.joining(","));
        Http.upsert("gzip", rows).statusCode(200);
        String query = "{\"collection\":\"gzip\",\"vector\":[1,1],\"top_k\":200}";

        HttpClient client = HttpClient.newHttpClient();
        for (var offer : Map.of("gzip, deflate, br", "gzip", "br, deflate", "", "gzip;q=0", "", "GZIP;q=0.5", "gzip")
                .entrySet()) {
            HttpRequest request = HttpRequest.newBuilder(Http.base().resolve("/vectors/query"))
                    .header("Accept-Encoding", offer.getKey())
                    .POST(HttpRequest.BodyPublishers.ofString(query))
                    .build();
            HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            assertThat(answer.headers().firstValue("Content-Encoding").orElse(""))
                    .isEqualTo(offer.getValue());
            InputStream body = new ByteArrayInputStream(answer.body());
            byte[] json = (offer.getValue().isEmpty() ? body : new GZIPInputStream(body)).readAllBytes();
            assertThat(new JsonObject(Buffer.buffer(json)).getInteger("count")).isEqualTo(200);
        }
    }

    @Test
    void shouldExposeMetricsOfOperations() {
        Http.upsert("metered", "{'id':'a','vector':[1]}").statusCode(200);

        String metrics =
                given().get("/q/metrics").then().statusCode(200).extract().asString();
        assertThat(metrics)
                .contains("shaula_http_requests_seconds_count{operation=\"POST /vectors/upsert\",status=\"200\"}")
                .contains("shaula_points_upserted_total")
                .contains("shaula_http_ingest_capacity_bytes")
                .contains("shaula_vectors ")
                .doesNotContain("/vectors/a");
    }

    @Test
    void shouldDocumentEveryOperationAndNoOther() {
        Map<String, Map<String, Object>> paths = given().get("/openapi?format=json")
                .then()
                .statusCode(200)
                .extract()
                .path("paths");
        Set<String> documented = new TreeSet<>();
        paths.forEach((path, item) -> item.keySet().stream()
                .filter(Set.of("get", "post", "put", "delete", "patch")::contains)
                .forEach(method -> documented.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path)));

        assertThat(documented)
                .isEqualTo(
                        api.operations().stream().map(Operation::name).collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void shouldServeTheDocumentAsItWasWrittenOrAsJson() {
        String written = given().get("/openapi")
                .then()
                .statusCode(200)
                .contentType("application/yaml")
                .extract()
                .asString();
        assertThat(written).startsWith("openapi: 3.1.0");
        given().accept("application/json")
                .get("/openapi")
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("openapi", equalTo("3.1.0"));
        given().accept("application/json").get("/openapi?format=yaml").then().body(equalTo(written));
    }

    @Test
    void shouldServeSwaggerUi() {
        for (String path : List.of("/q/swagger-ui", "/q/swagger-ui/")) {
            String page = given().get(path).then().statusCode(200).extract().asString();
            assertThat(page).contains("\"/openapi\"");
            List<String> files = Pattern.compile("\"(/webjars/[^\"]+)\"")
                    .matcher(page)
                    .results()
                    .map(found -> found.group(1))
                    .toList();
            assertThat(files)
                    .hasSize(3)
                    .allSatisfy(file -> given().get(file).then().statusCode(200));
        }
    }
}
