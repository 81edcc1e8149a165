package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class VectorsHttpTest {
    private static final String THREE = "{'id':'x','vector':[1,0],'metadata':{'color':'red','n':1,'tags':['a','b']}},"
            + "{'id':'y','vector':[0,2],'metadata':{'color':'blue','n':2,'deep':{'k':true}}},"
            + "{'id':'z','vector':[-3,0]}";

    @Test
    void shouldAnswerAnUpsertInEverySpelling() {
        Http.create("spelling", 2);
        Http.upsert("spelling", THREE)
                .statusCode(200)
                .body("success", equalTo(true))
                .body("count", equalTo(3))
                .body("upserted_count", equalTo(3));
        Http.post("/vectors/upsert", "{'id':5,'values':[1,1],'collection':'spelling'}")
                .statusCode(200)
                .body("success", equalTo(true))
                .body("id", equalTo("5"))
                .body("count", equalTo(1));
        assertThat(Http.count("spelling")).isEqualTo(4);
    }

    @Test
    void shouldReturnVectorsAsStoredInBothSpellings() {
        Http.upsert("raw", "{'id':'a','vector':[3,-0.5],'metadata':{'k':1.50}},{'id':'b','vector':[0,0]}")
                .statusCode(200);

        Response got = given().get("/vectors/a?collection=raw");
        got.then()
                .statusCode(200)
                .body("id", equalTo("a"))
                .body("vector", contains(3.0f, -0.5f))
                .body("values", contains(3.0f, -0.5f))
                .body("collection", equalTo("raw"));
        assertThat(got.asString()).contains("\"metadata\":{\"k\":1.50}");
        given().get("/vectors/b?collection=raw")
                .then()
                .body("metadata.size()", equalTo(0))
                .body("vector", contains(0f, 0f));
    }

    @Test
    void shouldCreateAMissingCollectionWithTheDimensionsOfTheFirstVector() {
        Http.upsert("auto", "{'id':'a','vector':[1,2,3]}").statusCode(200);

        given().get("/collections/auto").then().body("dimensions", equalTo(3)).body("metric", equalTo("cosine"));
    }

    @Test
    void shouldReplaceAPointOfTheSameIdAndLetTheLastOfABatchWin() {
        Http.upsert("replace", "{'id':'a','vector':[1,0],'metadata':{'v':1}}").statusCode(200);
        Http.upsert("replace", "{'id':'a','vector':[1,1]},{'id':'a','vector':[0,1],'metadata':{'v':3}}")
                .statusCode(200)
                .body("count", equalTo(2));

        assertThat(Http.count("replace")).isEqualTo(1);
        given().get("/vectors/a?collection=replace")
                .then()
                .body("vector", contains(0f, 1f))
                .body("metadata.v", equalTo(3));
    }

    @Test
    void shouldOrderByScoreAndKeepNegativeScoresAtThresholdZero() {
        Http.upsert("query", THREE).statusCode(200);

        Http.post("/vectors/query", "{'collection':'query','vector':[2,0],'threshold':0.0,'filter':{}}")
                .statusCode(200)
                .body("results.id", contains("x", "y", "z"))
                .body("results.score", contains(1f, 0f, -1f))
                .body("count", equalTo(3))
                .body("results[0].metadata.color", equalTo("red"))
                .body("results[2].metadata.size()", equalTo(0))
                .body("results[0].vector", nullValue())
                .body("results[0].values", nullValue());
    }

    @Test
    void shouldHonourEveryOptionOfAQuery() {
        Http.upsert("options-q", THREE).statusCode(200);
        for (String spelling : new String[] {"include_vectors", "include_values"}) {
            Http.post(
                            "/vectors/query",
                            "{'collection':'options-q','values':[1,0],'top_k':2,'use_ann':false,'ef_search':5,"
                                    + "'threshold':-0.5,'include_metadata':false,'" + spelling + "':true}")
                    .statusCode(200)
                    .body("results", hasSize(2))
                    .body("results[0].vector", contains(1f, 0f))
                    .body("results[0].values", contains(1f, 0f))
                    .body("results[0].metadata", nullValue());
        }
        Http.post("/vectors/query", "{'collection':'options-q','vector':[1,0],'threshold':0.5}")
                .body("results.id", contains("x"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'color':'red'} | x",
                "{'metadata.color':'red'} | x",
                "{'n':1.0} | x",
                "{'n':'1'} | ``",
                "{'n':{'$gte':1,'$lt':2}} | x",
                "{'n':{'$gt':1}} | y",
                "{'n':{'$lte':2},'color':{'$ne':'red'}} | y",
                "{'color':{'$in':['red','green']}} | x",
                "{'color':{'$nin':['red']}} | y,z",
                "{'color':{'$eq':'blue'}} | y",
                "{'tags':'b'} | x",
                "{'deep.k':true} | y",
                "{'$or':[{'color':'red'},{'n':{'$gt':1}}]} | x,y",
                "{'$not':{'color':'red'}} | y,z",
                "{'color':{'$exists':false}} | z",
                "{'color':{'$not':{'$eq':'red'}},'n':{'$exists':true}} | y",
                "{'tags':{'$containsAll':['a','b']}} | x",
                "{'tags':{'$containsAny':['b','q']}} | x",
                "{'tags':{'$contains':'b'}} | x",
                "{'color':{'$prefix':'bl'}} | y",
                "{'$and':[{'color':{'$text':'RED'}},{'$or':[{'n':1},{'n':2}]}]} | x",
            })
    void shouldFilterBeforeCounting(String filter, String ids) {
        Http.upsert("filter", THREE).statusCode(200);

        Http.post("/vectors/query", "{'collection':'filter','vector':[1,0],'filter':" + filter + "}")
                .statusCode(200)
                .body("results.id.join(',')", equalTo(ids));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'collection':'qbad'} | vector: expected a list of numbers, got nothing",
                "{'collection':'qbad','vector':[1]} | vector: expected 2 numbers, got 1",
                "{'collection':'qbad','vector':[1,null]} | vector[1]: expected a finite number, got null",
                "{'collection':'qbad','vector':[1,NaN]} | vector: broken JSON",
                "{'collection':'qbad','vector':[1,1],'top_k':0} | top_k: expected 1 to 10000, got 0",
                "{'collection':'qbad','vector':[1,1],'top_k':'5'} | top_k: expected a whole number, got \"5\"",
                "{'collection':'qbad','vector':[1,1],'top_k':10001} | top_k: expected 1 to 10000, got 10001",
                "{'collection':'qbad','vector':[1,1],'ef_search':-1} | ef_search: expected 0 to 100000, got -1",
                "{'collection':'qbad','vector':[1,1],'use_ann':'no'} | use_ann: expected true or false, got \"no\"",
                "{'collection':'qbad','vector':[1,1],'threshold':'x'} | threshold: expected a finite number, got \"x\"",
                "{'collection':'qbad','vector':[1,1],'filter':7} | filter: expected an object, got 7",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':[1]}} | filter.a: expected a string",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$regex':'x'}}} | unknown operator \"$regex\"",
                "{'collection':'qbad','vector':[1,1],'filter':{'$or':[]}} | filter.$or: expected at least one filter",
                "{'collection':'qbad','vector':[1,1],'filter':{'$or':[{'a':1},{'$xor':[]}]}} | filter.$or[1].$xor: unknown operator",
                "{'collection':'qbad','vector':[1,1],'filter':{'$and':[3]}} | filter.$and[0]: expected a filter, got 3",
                "{'collection':'qbad','vector':[1,1],'filter':{'$not':[]}} | filter.$not: expected a filter, got a list",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$not':5}}} | filter.a.$not: expected operators, got 5",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$exists':1}}} | filter.a.$exists: expected true or false, got 1",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$prefix':1}}} | filter.a.$prefix: expected a string, got 1",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$text':[]}}} | filter.a.$text: expected a string, got a list",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$containsAll':[{}]}}} | filter.a.$containsAll[0]: expected a string",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$geo':{'lat':91,'lon':0,'radius_m':1}}}} | filter.a.$geo.lat: expected -90 to 90, got 91",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$geo':{'lat':1,'lon':0}}}} | filter.a.$geo.radius_m: expected lat, lon and radius_m",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$geo':{'x':1}}}} | filter.a.$geo.x: expected lat",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$in':3}}} | filter.a.$in: expected a list, got 3",
                "{'collection':'qbad','vector':[1,1],'filter':{'a':{'$gt':null}}} | filter.a.$gt: expected a number or a string, got null",
            })
    void shouldRefuseABadQueryNamingTheField(String json, String error) {
        Http.upsert("qbad", THREE).statusCode(200);

        Http.post("/vectors/query", json).statusCode(400).body("error", containsString(error));
    }

    @Test
    void shouldAnswerABatchInRequestOrder() {
        Http.upsert("batch", THREE).statusCode(200);

        Http.post(
                        "/vectors/batch_query",
                        "{'queries':[{'vector':[0,1],'top_k':1,'query_id':'second'},"
                                + "{'vector':[1,0],'top_k':1,'include_values':false,'filter':{'color':'none'}},"
                                + "{'vector':[-1,0],'top_k':1,'include_metadata':true}],"
                                + "'include_vectors':true,'include_metadata':false,'collection':'batch'}")
                .statusCode(200)
                .body("results", hasSize(3))
                .body("results.query_id", contains("second", "query_1", "query_2"))
                .body("results[0].results[0].id", equalTo("y"))
                .body("results[0].results[0].values", contains(0f, 2f))
                .body("results[0].results[0].metadata", nullValue())
                .body("results[1].results", empty())
                .body("results[1].count", equalTo(0))
                .body("results[2].results[0].id", equalTo("z"))
                .body("results[2].results[0].metadata", not(nullValue()));
    }

    @Test
    void shouldRefuseABatchWithOneBadQueryNamingIt() {
        Http.upsert("batch-bad", THREE).statusCode(200);

        Http.post("/vectors/batch_query", "{'collection':'batch-bad','queries':[{'vector':[1,0]},{'top_k':3}]}")
                .statusCode(400)
                .body("error", containsString("queries[1].vector"));
        Http.post("/vectors/batch_query", "{'collection':'batch-bad','queries':[{'vector':[1,0]},{'vector':[1]}]}")
                .statusCode(400)
                .body("error", equalTo("queries[1].vector: expected 2 numbers, got 1"));
        Http.post("/vectors/batch_query", "{'collection':'batch-bad','queries':[]}")
                .statusCode(400);
        Http.post("/vectors/batch_query", "{'collection':'batch-bad'}").statusCode(400);
    }

    @Test
    void shouldTellDeletedFromUnknownIdsAndTakeIntegers() {
        Http.upsert("delete", "{'id':'7','vector':[1,0]},{'id':'a','vector':[0,1]}")
                .statusCode(200);

        Http.post("/vectors/delete", "{'collection':'delete','ids':[7,'ghost',7]}")
                .statusCode(200)
                .body("deleted", contains("7"))
                .body("failed", contains("ghost"));
        assertThat(Http.count("delete")).isEqualTo(1);
        Http.post("/vectors/delete", "{'collection':'delete','ids':[]}")
                .statusCode(200)
                .body("deleted", empty());
        Http.post("/vectors/delete", "{'collection':'delete','ids':[null]}")
                .statusCode(400)
                .body("error", containsString("ids[0]"));
        Http.post("/vectors/delete", "{'collection':'delete'}").statusCode(400);
    }

    @Test
    void shouldFindAnyIdByItsPath() {
        Http.upsert(
                        "ids",
                        "{'id':'a/b c','vector':[1]},{'id':'../x','vector':[2]},{'id':'ü+%','vector':[3]},{'id':'upsert','vector':[4]}")
                .statusCode(200);

        for (String path : new String[] {"a/b%20c", "a%2Fb%20c", "..%2Fx", "%C3%BC+%25", "upsert"}) {
            given().urlEncodingEnabled(false)
                    .get("/vectors/" + path + "?collection=ids")
                    .then()
                    .statusCode(200);
        }
        given().get("/vectors/none?collection=ids").then().statusCode(404).body("error", equalTo("Vector not found"));
    }

    @Test
    void shouldDecodeTheQueryStringAsAForm() {
        Http.upsert("two words", "{'id':'a','vector':[1]}").statusCode(200);

        given().urlEncodingEnabled(false)
                .get("/vectors/a?collection=two+words")
                .then()
                .statusCode(200);
        given().urlEncodingEnabled(false)
                .get("/vectors/a?collection=two%20words")
                .then()
                .statusCode(200);
    }

    @Test
    void shouldAnswer404ForAMissingCollection() {
        String error = "collection \"nowhere\" does not exist";
        Http.post("/vectors/query", "{'collection':'nowhere','vector':[1]}")
                .statusCode(404)
                .body("error", equalTo(error));
        Http.post("/vectors/batch_query", "{'collection':'nowhere','queries':[{'vector':[1]}]}")
                .statusCode(404);
        Http.post("/vectors/delete", "{'collection':'nowhere','ids':['a']}").statusCode(404);
        given().get("/vectors/a?collection=nowhere").then().statusCode(404).body("error", equalTo(error));
        given().post("/admin/save/nowhere").then().statusCode(404);
    }
}
