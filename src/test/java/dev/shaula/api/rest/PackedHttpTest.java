package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Vectors as bytes, in bodies and in answers. */
@QuarkusTest
class PackedHttpTest {
    private static final String ROWS = "{'id':'x','vector':[1,0.1],'metadata':{'n':1}},{'id':'y','vector':[0,2],"
            + "'metadata':{'n':2}},{'id':'z','vector':[-3,0]}";

    @BeforeEach
    void store() {
        Http.upsert("packed", ROWS).statusCode(200);
    }

    private static byte[] bytes(float... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : numbers) {
            bytes.putFloat(number);
        }
        return bytes.array();
    }

    private static ValidatableResponse ask(String operation, Map<String, ?> parameters, byte[] body) {
        return given().contentType("application/octet-stream")
                .queryParam("collection", "packed")
                .queryParams(parameters)
                .body(body)
                .post("/vectors/" + operation)
                .then();
    }

    @Test
    void shouldAnswerABatchOfPackedVectorsAsItAnswersTheSameInJson() {
        String json = given().contentType("application/json")
                .body(
                        "{\"collection\":\"packed\",\"include_vectors\":true,\"queries\":["
                                + "{\"vector\":[1,0],\"top_k\":2},{\"vector\":[0,1],\"top_k\":2},{\"vector\":[-1,1],\"top_k\":2}]}")
                .post("/vectors/batch_query")
                .asString();

        String packed = ask("batch_query", Map.of("top_k", 2, "include_vectors", true), bytes(1, 0, 0, 1, -1, 1))
                .statusCode(200)
                .extract()
                .asString();

        assertThat(packed).isEqualTo(json);
    }

    @Test
    void shouldWriteVectorsAsBase64WhenAskedTo() {
        String vector = Base64.getEncoder().encodeToString(bytes(1, 0.1f));
        ask("query", Map.of("top_k", 1, "include_vectors", "base64"), bytes(1, 0))
                .statusCode(200)
                .body("results[0].vector", equalTo(vector))
                .body("results[0].values", nullValue());
        Http.post("/vectors/query", "{'collection':'packed','vector':[1,0],'top_k':1,'include_values':'base64'}")
                .body("results[0].vector", equalTo(vector));
        Http.post(
                        "/vectors/batch_query",
                        "{'collection':'packed','include_vectors':'base64','queries':[{'vector':[1,0],'top_k':1},"
                                + "{'vector':[1,0],'top_k':1,'include_values':false}]}")
                .body("results[0].results[0].vector", equalTo(vector))
                .body("results[1].results[0].vector", nullValue());
        given().get("/vectors/x?collection=packed&vectors=base64")
                .then()
                .body("vector", equalTo(vector))
                .body("metadata.n", equalTo(1));
    }

    @Test
    void shouldGiveTheVectorAloneToAClientThatAcceptsBytes() {
        var answer = given().accept("application/octet-stream").get("/vectors/y?collection=packed");
        answer.then().statusCode(200).contentType("application/octet-stream");
        assertThat(answer.asByteArray()).isEqualTo(bytes(0, 2));
        given().accept("application/octet-stream")
                .get("/vectors/nobody?collection=packed")
                .then()
                .statusCode(404)
                .body("error", equalTo("Vector not found"));
        given().accept("*/*").get("/vectors/y?collection=packed").then().body("id", equalTo("y"));
    }

    @Test
    void shouldExplainAndFilterAsJsonDoes() {
        ask("query", Map.of("filter", "{\"n\":{\"$gte\":2}}", "explain", true), bytes(1, 0))
                .statusCode(200)
                .body("results.id", equalTo(java.util.List.of("y")))
                .body("explain[0].matches", equalTo(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "top_k | ten | top_k: expected a whole number, got \"ten\"",
                "top_k | 0 | top_k: expected 1 to 10000, got 0",
                "ef | -1 | ef: expected 1 to 100000, got -1",
                "use_ann | maybe | use_ann: expected true or false, got \"maybe\"",
                "threshold | NaN | threshold: expected a finite number, got \"NaN\"",
                "filter | {\"n\":{\"$near\":1}} | filter.n",
                "include_vectors | text | include_vectors: expected true or false, got \"text\"",
            })
    void shouldNameTheParameterThatIsWrong(String name, String value, String error) {
        ask("query", Map.of(name, value), bytes(1, 0)).statusCode(400).body("error", containsString(error));
    }

    @Test
    void shouldRefuseABodyThatIsNotOneVector() {
        ask("query", Map.of(), bytes(1)).statusCode(400).body("error", containsString("body: expected 8 bytes"));
        ask("query", Map.of(), bytes(1, 2, 3)).statusCode(413);
        ask("batch_query", Map.of(), bytes(1, 2, 3)).statusCode(400).body("error", containsString("multiple of 8"));
        given().contentType("application/octet-stream")
                .body(bytes(1, 2))
                .post("/vectors/query?collection=nowhere")
                .then()
                .statusCode(404);
    }
}
