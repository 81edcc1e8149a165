package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Changes of metadata, conditions and expiry as a client sees them. */
@QuarkusTest
class WritesHttpTest {
    @Test
    void shouldChangeMetadataByIdsAndByFilter() {
        Http.upsert(
                        "meta",
                        "{'id':'a','vector':[1,0],'metadata':{'x':1,'y':1.50}},{'id':'b','vector':[0,1],'metadata':{'x':2}}")
                .statusCode(200);
        Http.post(
                        "/vectors/metadata",
                        "{'collection':'meta','ids':['a','nobody','a'],'set':{'z':{'deep':[1]}},'delete':['x']}")
                .statusCode(200)
                .body("updated_count", equalTo(1))
                .body("missing", contains("nobody"));
        given().get("/vectors/a?collection=meta")
                .then()
                .body("metadata.z.deep", contains(1))
                .body("metadata.x", nullValue())
                .body("metadata.y", equalTo(1.5f))
                .body("vector", contains(1f, 0f));
        Http.post("/vectors/metadata", "{'collection':'meta','filter':{'x':2},'replace':{'only':true}}")
                .statusCode(200)
                .body("updated_count", equalTo(1))
                .body("missing", empty());
        given().get("/vectors/b?collection=meta").then().body("metadata.size()", equalTo(1));
        Http.post("/vectors/query", "{'collection':'meta','vector':[1,1],'filter':{'only':true}}")
                .body("results", hasSize(1))
                .body("results[0].id", equalTo("b"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'ids':['a']} | set: expected one of set, delete, replace",
                "{'ids':['a'],'filter':{'x':1},'set':{'x':1}} | ids: expected a list of ids or a filter, got both",
                "{'set':{'x':1}} | ids: expected a list of ids or a filter, got nothing",
                "{'ids':['a'],'set':{'x':1},'replace':{}} | replace: expected neither set nor delete",
                "{'ids':['a'],'set':3} | set: expected an object",
                "{'ids':['a'],'delete':[3]} | delete[0]: expected a string",
                "{'ids':['a'],'unset':['x']} | unset: expected",
                "{'ids':['a'],'expires_at':'tomorrow'} | expires_at: expected a moment",
                "{'ids':['a'],'ttl':0} | ttl: expected 0.001 to",
                "{'ids':['a'],'ttl':1,'expires_at':5} | expires_at: expected either expires_at or ttl"
            })
    void shouldNameWhatIsWrongWithAChange(String body, String error) {
        Http.upsert("wrong", "{'id':'a','vector':[1,0]}").statusCode(200);
        Http.post("/vectors/metadata", "{'collection':'wrong'," + body.substring(1))
                .statusCode(400)
                .body("error", containsString(error));
    }

    @Test
    void shouldSayWhatAConditionLetThroughAndWhatItRefused() {
        Http.post(
                        "/vectors/upsert",
                        "{'collection':'cas','if':'absent','vectors':[{'id':'a','vector':[1,0]},{'id':'b','vector':[1,1]}]}")
                .statusCode(200)
                .body("count", equalTo(2))
                .body("applied", hasSize(2))
                .body("refused", empty());
        int version = given().get("/vectors/a?collection=cas").then().extract().path("version");
        Http.post(
                        "/vectors/upsert",
                        "{'collection':'cas','vectors':[{'id':'a','vector':[2,0],'if_version':" + version
                                + "},{'id':'b','vector':[1,1],'if_version':999},{'id':'c','vector':[1,1],'if':'present'}]}")
                .statusCode(200)
                .body("upserted_count", equalTo(1))
                .body("applied.id", contains("a"))
                .body("refused.find { it.id == 'c' }.version", nullValue())
                .body("refused", hasSize(2));
        given().get("/vectors/a?collection=cas").then().body("vector", contains(2f, 0f));
        Http.post("/vectors/upsert", "{'collection':'cas','id':'a','vector':[9,9],'if':'absent'}")
                .body("count", equalTo(0))
                .body("refused[0].id", equalTo("a"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'if':'maybe' | vectors[0].if: expected absent or present",
                "'if_version':1.5 | vectors[0].if_version: expected a version",
                "'if_version':1,'if':'absent' | vectors[0].if: expected one condition",
                "'ttl':-1 | vectors[0].ttl: expected 0.001 to",
                "'expires_at':true | vectors[0].expires_at: expected a finite number"
            })
    void shouldNameWhatIsWrongWithARecord(String fields, String error) {
        Http.upsert("bad", "{'id':'a','vector':[1,0]," + fields + "}")
                .statusCode(400)
                .body("error", containsString(error));
    }

    @Test
    void shouldRefuseAConditionInAStreamAndAnIdTwiceUnderConditions() {
        given().contentType("application/x-ndjson")
                .body("{\"id\":\"a\",\"vector\":[1,0],\"if\":\"absent\"}\n".getBytes(StandardCharsets.UTF_8))
                .post("/vectors/upsert?collection=streamed-conditions")
                .then()
                .statusCode(400)
                .body(containsString("expected no condition in a stream"));
        Http.post(
                        "/vectors/upsert",
                        "{'collection':'twice-under-conditions','if':'absent','vectors':[{'id':'a','vector':[1,0]},{'id':'a','vector':[1,1]}]}")
                .statusCode(400)
                .body("error", containsString("vectors[1].id: expected each id once"));
    }

    @Test
    void shouldNotFindWhatHasExpiredAndTellWhenTheRestWill() {
        Http.post("/collections", "{'name':'ttl','dimensions':2,'ttl_seconds':86400}")
                .statusCode(201);
        given().get("/collections/ttl").then().body("ttl_seconds", equalTo(86400));
        Http.upsert(
                        "ttl",
                        "{'id':'gone','vector':[1,0],'expires_at':'1999-12-31T23:59:59Z'},{'id':'later','vector':[1,0],'expires_at':'2100-01-01T00:00:00+00:00'},{'id':'never','vector':[1,0],'expires_at':null}")
                .statusCode(200);
        given().get("/vectors/gone?collection=ttl").then().statusCode(404);
        given().get("/vectors/later?collection=ttl").then().body("expires_at", equalTo("2100-01-01T00:00:00Z"));
        given().get("/vectors/never?collection=ttl").then().body("expires_at", nullValue());
        Http.post("/vectors/query", "{'collection':'ttl','vector':[1,0]}").body("results", hasSize(2));
        given().get("/collections/ttl/export").then().body(containsString("\"expires_at\":\"2100-01-01T00:00:00Z\""));
        Http.post("/vectors/metadata", "{'collection':'ttl','ids':['later'],'expires_at':1}")
                .body("updated_count", equalTo(1));
        given().get("/vectors/later?collection=ttl").then().statusCode(404);
    }
}
