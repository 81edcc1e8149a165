package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class ReadingHttpTest {
    private static void films(String name) {
        Http.create(name, 2);
        Http.upsert(
                        name,
                        "{'id':'c','vector':[1,0],'metadata':{'n':3}},{'id':'a','vector':[0,1],'metadata':{'n':1}},"
                                + "{'id':'b','vector':[1,1]},{'id':'d','vector':[1,2],'metadata':{'n':4}}")
                .statusCode(200);
    }

    @Test
    void shouldScrollPageByPageOverAStateThatWritesDoNotChange() {
        films("scrolled");
        String cursor = Http.post("/collections/scrolled/scroll", "{'limit':3}")
                .statusCode(200)
                .body("points.id", contains("a", "b", "c"))
                .body("points[0].metadata.n", equalTo(1))
                .body("points[1].metadata", equalTo(java.util.Map.of()))
                .body("points[0]", not(hasKey("vector")))
                .body("count", equalTo(3))
                .body("total", equalTo(4))
                .extract()
                .path("cursor");
        assertThat(cursor).isNotNull();
        Http.post("/vectors/delete", "{'collection':'scrolled','ids':['d']}").statusCode(200);
        Http.post("/collections/scrolled/scroll", "{'cursor':'" + cursor + "'}")
                .statusCode(200)
                .body("points.id", contains("d"))
                .body("total", equalTo(4))
                .body("cursor", nullValue());
        Http.post("/collections/scrolled/scroll", "{'cursor':'" + cursor + "','close':true}")
                .statusCode(200)
                .body("success", equalTo(true));
        Http.post("/collections/scrolled/scroll", "{'cursor':'" + cursor + "'}")
                .statusCode(404)
                .body("error", containsString("cursor: "));
    }

    @Test
    void shouldScrollInOrderOfInsertionWithVectorsInBothSpellings() {
        films("inserted");
        Http.post(
                        "/collections/inserted/scroll",
                        "{'order':'insertion','include_vectors':true,'include_metadata':false,'filter':{'n':{'$gt':1}}}")
                .statusCode(200)
                .body("points.id", contains("c", "d"))
                .body("points[1].vector", contains(1f, 2f))
                .body("points[1].values", contains(1f, 2f))
                .body("points[1]", not(hasKey("metadata")));
    }

    @Test
    void shouldDeclareAndDropIndexes() {
        films("indexed");
        Http.post("/collections/indexed/indexes", "{'field':'metadata.n','type':'integer'}")
                .statusCode(201)
                .body("indexes[0].field", equalTo("n"))
                .body("indexes[0].type", equalTo("integer"));
        Http.post("/collections/indexed/count", "{'filter':{'n':{'$gte':3}}}").body("count", equalTo(2));
        given().get("/collections/indexed/indexes").then().statusCode(200).body("count", equalTo(1));
        given().delete("/collections/indexed/indexes?field=m").then().statusCode(404);
        given().delete("/collections/indexed/indexes?field=n")
                .then()
                .statusCode(200)
                .body("count", equalTo(0));
        Http.post("/collections/indexed/indexes", "{'field':'n','type':'number'}")
                .statusCode(400)
                .body("error", containsString("type: expected keyword, integer"));
        Http.post("/collections/indexed/indexes", "{'field':'n'}")
                .statusCode(400)
                .body("error", containsString("type: expected a string, got nothing"));
    }

    @Test
    void shouldIndexFieldsByItself() {
        Http.post("/collections", "{'name':'auto-fields','dimensions':2,'auto_index':true,'auto_index_max_fields':2}")
                .statusCode(201);
        Http.upsert("auto-fields", "{'id':'a','vector':[1,0],'metadata':{'n':1,'k':'x','late':true}}")
                .statusCode(200);
        given().get("/collections/auto-fields/indexes")
                .then()
                .statusCode(200)
                .body("indexes.field", contains("n", "k"))
                .body("indexes.type", contains("float", "keyword"))
                .body("indexes.automatic", contains(true, true));
        given().get("/collections/auto-fields")
                .then()
                .body("auto_index", equalTo(true))
                .body("auto_index_max_fields", equalTo(2))
                .body("auto_index_fields", equalTo(2))
                .body("auto_index_full", equalTo(true));
        Http.post("/collections", "{'name':'not-auto','dimensions':2}").statusCode(201);
        given().get("/collections/not-auto").then().body("$", not(hasKey("auto_index")));
    }

    @Test
    void shouldExplainHowItFound() {
        films("explained");
        String query = "{'collection':'explained','vector':[1,0],'explain':true,'filter':{'n':{'$gte':3}}}";
        Http.post("/vectors/query", query)
                .statusCode(200)
                .body("results.id", contains("c", "d"))
                .body("explain[0].plan", contains("scan"))
                .body("explain[0].matches", equalTo(2))
                .body("explain[0].unindexed", contains("n"))
                .body("explain[0].rows_tested", equalTo(4))
                .body("explain[0].distances", equalTo(2));
        Http.post("/collections/explained/indexes", "{'field':'n','type':'integer'}")
                .statusCode(201);
        Http.upsert("explained", "{'id':'e','vector':[1,3],'metadata':{'n':5}}").statusCode(200);
    }

    @Test
    void shouldCountTheValuesOfAField() {
        films("facets");
        Http.upsert("facets", "{'id':'e','vector':[1,3],'metadata':{'n':[3,'x',2.5,null,true,3.0]}}");
        Http.post("/collections/facets/facet", "{'field':'n','limit':2}")
                .statusCode(200)
                .body("facets[0].value", equalTo(3))
                .body("facets[0].count", equalTo(2))
                .body("count", equalTo(2))
                .body("distinct", equalTo(7));
        Http.post("/collections/facets/facet", "{'field':'n','filter':{'n':'x'}}")
                .body("facets.value", containsInAnyOrder(3, "x", 2.5f, null, true));
        Http.post("/collections/facets/facet", "{}")
                .statusCode(400)
                .body("error", equalTo("field: expected a string, got nothing"));
        Http.post("/collections/facets/facet", "{'field':'n','limit':10001}")
                .statusCode(400)
                .body("error", equalTo("limit: expected 1 to 10000, got 10001"));
    }

    @Test
    void shouldDeleteByFilter() {
        films("filtered-delete");
        Http.post("/vectors/delete", "{'collection':'filtered-delete','filter':{'n':{'$lt':4}}}")
                .statusCode(200)
                .body("deleted_count", equalTo(2));
        Http.post("/collections/filtered-delete/scroll", "{}").body("points.id", contains("b", "d"));
        Http.post("/vectors/delete", "{'collection':'filtered-delete','filter':{}}")
                .statusCode(400)
                .body("error", equalTo("filter: expected at least one condition, got none"));
        Http.post("/vectors/delete", "{'collection':'filtered-delete','filter':{'n':1},'ids':['b']}")
                .statusCode(400)
                .body("error", equalTo("ids: expected a list of ids or a filter, got both"));
        assertThat(Http.count("filtered-delete")).isEqualTo(2);
    }

    @Test
    void shouldScrollByAnIndexedField() {
        Http.post("/collections", "{'name':'ordered','dimensions':2,'indexes':[{'field':'n','type':'integer'}]}")
                .statusCode(201);
        Http.upsert(
                        "ordered",
                        "{'id':'c','vector':[1,0],'metadata':{'n':3}},{'id':'a','vector':[0,1],'metadata':{'n':[9,3]}},"
                                + "{'id':'b','vector':[1,1]},{'id':'d','vector':[1,2],'metadata':{'n':4}}")
                .statusCode(200);
        String cursor = Http.post("/collections/ordered/scroll", "{'order_by':'n','limit':3}")
                .statusCode(200)
                .body("points.id", contains("a", "c", "d"))
                .extract()
                .path("cursor");
        Http.post("/collections/ordered/scroll", "{'cursor':'" + cursor + "'}").body("points.id", contains("b"));
        Http.post("/collections/ordered/scroll", "{'order_by':'n','descending':true}")
                .body("points.id", contains("a", "d", "c", "b"));
        Http.post("/collections/ordered/scroll", "{'order_by':'nobody'}")
                .statusCode(400)
                .body("error", containsString("order_by: the index on \"nobody\" is missing"));
    }

    @Test
    void shouldAnswerWithTheNearestGroups() {
        films("grouped");
        Http.upsert("grouped", "{'id':'e','vector':[3,1],'metadata':{'n':[3,'x']}}")
                .statusCode(200);
        Http.post(
                        "/vectors/query",
                        "{'collection':'grouped','vector':[1,0],'group_by':'n','group_limit':3,'group_size':2}")
                .statusCode(200)
                .body("groups.value", contains(3, "x", 4))
                .body("groups[0].results.id", contains("c", "e"))
                .body("groups[1].results.id", contains("e"))
                .body("groups[0].count", equalTo(2))
                .body("count", equalTo(3));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'group_by':7 | group_by: expected a string",
                "'group_by':'' | group_by: expected 1 to 1024 characters, got 0",
                "'group_by':'n','group_limit':0 | group_limit: expected 1 to 1000, got 0",
                "'group_by':'n','group_size':101 | group_size: expected 1 to 100, got 101",
                "'group_size':2 | group_size: expected only with group_by",
                "'group_by':'n','explain':true | explain: expected nothing beside group_by",
            })
    void shouldRefuseBadGroupsNamingTheField(String fields, String error) {
        Http.post("/collections", "{'name':'ungrouped','dimensions':2}");
        Http.post("/vectors/query", "{'collection':'ungrouped','vector':[1,0]," + fields + "}")
                .statusCode(400)
                .body("error", containsString(error));
    }

    @Test
    void shouldRefuseBadIndexesAtCreate() {
        Http.post("/collections", "{'name':'badly','dimensions':2,'indexes':[{'field':'n'}]}")
                .statusCode(400)
                .body("error", containsString("indexes[0].type: expected a string, got nothing"));
        Http.post("/collections", "{'name':'badly','dimensions':2,'indexes':[{'field':'n','type':'tree'}]}")
                .statusCode(400)
                .body("error", containsString("type: expected keyword"));
    }

    @Test
    void shouldCountExactly() {
        films("counted");
        Http.post("/collections/counted/count", "{}").statusCode(200).body("count", equalTo(4));
        Http.post("/collections/counted/count", "{'filter':{'n':{'$in':[1,3,99]}}}")
                .statusCode(200)
                .body("count", equalTo(2));
        Http.post("/collections/nowhere/count", "{}").statusCode(404);
        given().get("/collections/counted/count").then().statusCode(404);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'limit':0} | limit: expected 1 to 10000, got 0",
                "{'limit':10001} | limit: expected 1 to 10000, got 10001",
                "{'order':'up'} | order: expected id, insertion or random, got \"up\"",
                "{'cursor':'abc','filter':{'n':1}} | filter: expected nothing beside a cursor",
                "{'order_by':'n','order':'id'} | order: expected nothing beside order_by",
                "{'descending':true} | descending: expected only with order_by",
                "{'close':true} | cursor: expected the one to close, got nothing",
                "{'filter':{'n':{'$gt':true}}} | filter.n.$gt: expected a number or a string, got true",
            })
    void shouldRefuseABadScrollNamingTheField(String json, String error) {
        Http.post("/collections", "{'name':'refused','dimensions':2}");
        Http.post("/collections/refused/scroll", json).statusCode(400).body("error", containsString(error));
    }
}
