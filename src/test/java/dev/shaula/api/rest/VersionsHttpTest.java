package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.not;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Versions and places in the log, as a client sees them that compares them. */
@QuarkusTest
class VersionsHttpTest {
    private static final String ROWS =
            "{'id':'a','vector':[1,0],'metadata':{'g':'x'}},{'id':'b','vector':[0.9,0.1],'metadata':{'g':'y'}}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/vectors/query | {'collection':'ver','vector':[1,0]%s} | results",
                "/vectors/query | {'collection':'ver','vector':[1,0],'explain':true%s} | results",
                "/vectors/query | {'collection':'ver','vector':[1,0],'group_by':'g'%s} | groups.results.flatten()",
                "/vectors/batch_query | {'collection':'ver','queries':[{'vector':[1,0]%s}]} | results[0].results",
                "/vectors/batch_query | {'collection':'ver','queries':[{'vector':[1,0]}]%s} | results[0].results",
                "/collections/ver/scroll | {'limit':100%s} | points",
            })
    void shouldTellVersionsWhenAskedToAndNothingElseOtherwise(String path, String body, String list) {
        Http.upsert("ver", ROWS).statusCode(200);
        Http.upsert("ver", "{'id':'b','vector':[0.9,0.1],'metadata':{'g':'y'}}").statusCode(200);
        List<Long> versions = List.of(version("ver", "a"), version("ver", "b"));
        assertThat(versions.get(0)).isLessThan(versions.get(1));
        JsonPath told = Http.post(path, body.formatted(",'include_version':true"))
                .statusCode(200)
                .extract()
                .jsonPath();
        assertThat(told.getList(list + ".id", String.class)).containsExactly("a", "b");
        assertThat(told.getList(list + ".version", Long.class)).isEqualTo(versions);
        for (String silent : List.of("", ",'include_version':false", ",'include_version':null")) {
            Http.post(path, body.formatted(silent)).statusCode(200).body(list + "[0]", not(hasKey("version")));
        }
    }

    @Test
    void shouldTellVersionsToAQueryThatIsBytes() {
        Http.upsert("ver-bytes", ROWS).statusCode(200);
        JsonPath told = given().contentType("application/octet-stream")
                .queryParam("collection", "ver-bytes")
                .queryParam("include_version", true)
                .body(new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0})
                .post("/vectors/query")
                .jsonPath();
        assertThat(told.getList("results.version", Long.class))
                .containsExactly(version("ver-bytes", "a"), version("ver-bytes", "b"));
    }

    @Test
    void shouldRefuseVersionsOfALiveQuery() {
        Http.upsert("ver-live", ROWS).statusCode(200);
        Http.post("/live", "{'collection':'ver-live','vector':[1,0],'include_version':true}")
                .statusCode(400)
                .body("error", equalTo("include_version: expected only in a query that is not live"));
    }

    /** What a write says of its place is what a point that it wrote has as its version. */
    @Test
    void shouldTellWhereInTheLogEveryWriteStands() {
        Http.post("/collections", "{'name':'seq','dimensions':2,'shards':2}").statusCode(201);
        List<Long> first = sequences("/vectors/upsert", "{'collection':'seq','vectors':[" + ROWS + "]}");
        assertThat(first).hasSize(2).contains(version("seq", "a"), version("seq", "b"));

        List<Long> bare = sequences("/vectors/upsert", "{'collection':'seq','id':'a','vector':[1,0]}");
        long version = version("seq", "a");
        assertThat(bare).containsExactlyInAnyOrder(version, -1L);
        int shard = bare.indexOf(version);

        String condition = "{'collection':'seq','vectors':[{'id':'a','vector':[1,0],'if_version':%d}]}";
        List<Long> applied = sequences("/vectors/upsert", condition.formatted(version));
        assertThat(applied.get(shard)).isEqualTo(version("seq", "a")).isGreaterThan(version);
        List<Long> refused = sequences("/vectors/upsert", condition.formatted(version));
        assertThat(refused).as("the state in which it was refused").isEqualTo(applied);

        List<Long> changed = sequences("/vectors/metadata", "{'collection':'seq','ids':['a'],'set':{'g':'z'}}");
        assertThat(changed.get(shard)).isEqualTo(version("seq", "a"));
        List<Long> filtered = sequences("/vectors/metadata", "{'collection':'seq','filter':{'g':'z'},'set':{'n':1}}");
        assertThat(filtered.get(shard)).isEqualTo(version("seq", "a"));
        assertThat(sequences("/vectors/delete", "{'collection':'seq','filter':{'n':1}}")
                        .get(shard))
                .isEqualTo(filtered.get(shard) + 1);
        assertThat(sequences("/vectors/delete", "{'collection':'seq','ids':['b']}"))
                .hasSize(2);
        assertThat(sequences("/vectors/delete", "{'collection':'seq','ids':[]}"))
                .containsExactly(-1L, -1L);
    }

    private static List<Long> sequences(String path, String body) {
        return Http.post(path, body).statusCode(200).extract().jsonPath().getList("sequences", Long.class);
    }

    private static long version(String collection, String id) {
        return given().get("/vectors/" + id + "?collection=" + collection)
                .jsonPath()
                .getLong("version");
    }
}
