package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.not;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class CollectionsHttpTest {
    @Test
    void shouldDescribeACollectionInBothSpellings() {
        Http.create("described", 3);
        Http.upsert("described", "{'id':'a','vector':[1,2,3]}").statusCode(200);

        given().get("/collections/described")
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("name", equalTo("described"))
                .body("dimensions", equalTo(3))
                .body("metric", equalTo("cosine"))
                .body("vector_count", equalTo(1))
                .body("vectorCount", equalTo(1))
                .body("index_type", equalTo("hnsw"))
                .body("indexType", equalTo("hnsw"))
                .body("shards", greaterThanOrEqualTo(1))
                .body("m", equalTo(16))
                .body("enable_hnsw", equalTo(true))
                .body("enableHnsw", equalTo(true))
                .body("ef_construction", equalTo(200))
                .body("efConstruction", equalTo(200))
                .body("created_at", matchesPattern("\\d{4}-\\d\\d-\\d\\dT.*Z"))
                .body("createdAt", matchesPattern("\\d{4}-\\d\\d-\\d\\dT.*Z"));
        given().get("/collections")
                .then()
                .statusCode(200)
                .body("collections.name", hasItem("described"))
                .body("count", greaterThanOrEqualTo(1));
    }

    @Test
    void shouldTakeEveryOptionOfCreate() {
        Http.post(
                        "/collections",
                        "{'name':'options','dimensions':4,'enable_hnsw':false,'shards':2,'m':8,'ef_construction':50,'metric':'L2'}")
                .statusCode(201)
                .body("success", equalTo(true))
                .body("name", equalTo("options"))
                .body("dimensions", equalTo(4));
        given().get("/collections/options")
                .then()
                .body("metric", equalTo("euclidean"))
                .body("m", equalTo(8))
                .body("ef_construction", equalTo(50))
                .body("index_type", equalTo("flat"))
                .body("enable_hnsw", equalTo(false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "int8", "int4", "bits"})
    void shouldSearchOnTheCodesThatWereAskedForAndSayWhatTheyTake(String quantization) {
        String name = "codes-" + quantization;
        Http.post("/collections", "{'name':'" + name + "','dimensions':3,'quantization':'" + quantization + "'}")
                .statusCode(201);
        Http.post("/vectors/upsert", "{'collection':'" + name + "','vectors':[{'id':'a','vector':[1,0,0]}]}")
                .statusCode(200);
        Http.post("/vectors/query", "{'collection':'" + name + "','vector':[1,0,0]}")
                .body("results.id", hasItem("a"));
        JsonPath found = given().get("/collections/" + name).jsonPath();
        assertThat(found.getString("quantization")).isEqualTo(quantization);
        assertThat(found.getLong("memory.vectors")).isPositive();
        assertThat(found.getLong("memory.codes") > 0).isEqualTo(!quantization.equals("none"));
        assertThat(found.getLong("memory_bytes"))
                .isEqualTo(found.getLong("memory.vectors")
                        + found.getLong("memory.codes")
                        + found.getLong("memory.graph")
                        + found.getLong("memory.other"));
    }

    @Test
    void shouldAnswerAnEqualCreateWith200AndAnotherWith409() {
        Http.create("twice", 3);
        Http.post("/collections", "{'name':'twice','dimensions':3}")
                .statusCode(200)
                .body("success", equalTo(true))
                .body("already_exists", equalTo(true));
        Http.post("/collections", "{'name':'twice','dimensions':4}")
                .statusCode(409)
                .body("error", containsString("already exists"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'dimensions':3} | name: expected a string, got nothing",
                "{'name':7} | name: expected a string, got 7",
                "{'name':'','dimensions':3} | name: expected 1 to 255 characters, got 0",
                "{'name':'.x','dimensions':3} | name: must not start with a dot",
                "{'name':'x','dimensions':0} | dimensions: expected 1 to 65535, got 0",
                "{'name':'x','dimensions':100000} | dimensions: expected 1 to 65535, got 100000",
                "{'name':'x','dimensions':'3'} | dimensions: expected a whole number, got \"3\"",
                "{'name':'x','dimensions':3.5} | dimensions: expected a whole number, got 3.5",
                "{'name':'x','dimensions':null} | dimensions: expected a whole number, got null",
                "{'name':'x','dimensions':3,'metric':'manhattan'} | metric: expected cosine, dot or euclidean",
                "{'name':'x','dimensions':3,'enable_hnsw':1} | enable_hnsw: expected true or false, got 1",
                "{'name':'x','dimensions':3,'m':1} | m: expected 2 to 128, got 1",
                "{'name':'x' | body: broken JSON",
                "[] | body: expected a JSON object, got a list",
            })
    void shouldRefuseABadCreateNamingTheField(String json, String error) {
        Http.post("/collections", json).statusCode(400).body("error", containsString(error));
        given().get("/collections").then().body("collections.name", not(hasItem("x")));
    }

    @Test
    void shouldDropACollectionOnce() {
        Http.create("dropped", 2);
        given().delete("/collections/dropped")
                .then()
                .statusCode(200)
                .body("success", equalTo(true))
                .body("name", equalTo("dropped"));
        given().delete("/collections/dropped").then().statusCode(404).body("error", containsString("dropped"));
        given().get("/collections/dropped").then().statusCode(404).body("error", containsString("does not exist"));
    }

    @Test
    void shouldTakeTheWholeRestOfThePathAsName() {
        Http.create("a/b c+d", 2);

        given().urlEncodingEnabled(false)
                .get("/collections/a/b%20c+d")
                .then()
                .statusCode(200)
                .body("name", equalTo("a/b c+d"));
        given().urlEncodingEnabled(false)
                .get("/collections/a%2Fb%20c%2Bd")
                .then()
                .statusCode(200);
    }
}
