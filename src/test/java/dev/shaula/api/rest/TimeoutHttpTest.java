package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.junit.QuarkusTest;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that says how long it waits is told when its time is over, and is not made to wait longer. */
@QuarkusTest
class TimeoutHttpTest {
    private static final String OVER = "timeout: the answer was not there within %d ms; the work was stopped";
    private static final String QUERY = "{'collection':'%s','vector':[1,0],'top_k':1}";

    @ParameterizedTest
    @ValueSource(strings = {"", "?timeout=60000", "?timeout=60000ms", "?timeout=60s"})
    void shouldAnswerWithinTheTime(String timeout) {
        Http.upsert("time-enough", "{'id':'a','vector':[1,0]}").statusCode(200);
        Http.post("/vectors/query" + timeout, QUERY.formatted("time-enough"))
                .statusCode(200)
                .body("results[0].id", equalTo("a"));
        Http.post("/collections/time-enough/count" + timeout, "{}").statusCode(200);
        given().get("/vectors/a" + (timeout.isEmpty() ? "?" : timeout + "&") + "collection=time-enough")
                .then()
                .statusCode(200);
    }

    /** The time counts from the head of the request: a body that never ends is not waited for. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/vectors/query",
                "/vectors/batch_query",
                "/collections/time-slow/scroll",
                "/collections/time-slow/count",
                "/collections/time-slow/facet"
            })
    void shouldAnswer504WhenTheTimeIsOver(String path) throws Exception {
        Http.upsert("time-slow", "{'id':'a','vector':[1,0]}").statusCode(200);
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST " + path + "?timeout=150 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
            RawClient.Reply reply = client.reply();
            assertThat(reply.status()).isEqualTo(504);
            assertThat(reply.body()).isEqualTo("{\"error\":\"" + OVER.formatted(150) + "\"}");
        }
    }

    /** A megabyte of queries takes longer than a millisecond to arrive: whichever hop sees it first says so. */
    @Test
    void shouldNotSearchWhenTheTimeIsOverBeforeTheSearch() {
        Http.upsert("time-short", "{'id':'a','vector':[1,0]}").statusCode(200);
        String query = "{'vector':[1,0],'use_ann':false},";
        String body = "{'collection':'time-short','queries':[" + query.repeat(999) + "{'vector':[1,0]}],'note':'"
                + String.join("", Collections.nCopies(1 << 20, "x")) + "'}";
        Http.post("/vectors/batch_query?timeout=1ms", body).statusCode(504).body("error", equalTo(OVER.formatted(1)));
    }

    @ParameterizedTest
    @CsvSource({
        "0",
        "-1",
        "3600001",
        "3601s",
        "1h",
        "s",
        "ms",
        "1.5",
        "soon",
        "+5",
        "9999999999",
        "''",
    })
    void shouldRefuseWhatIsNoTime(String timeout) {
        Http.upsert("time-bad", "{'id':'a','vector':[1,0]}").statusCode(200);
        given().contentType("application/json")
                .queryParam("timeout", timeout)
                .body(QUERY.formatted("time-bad").replace('\'', '"'))
                .post("/vectors/query")
                .then()
                .statusCode(400)
                .body("error", startsWith("timeout: expected 1 to 3600000 milliseconds, as 250, 250ms or 2s, got \""));
    }
}
