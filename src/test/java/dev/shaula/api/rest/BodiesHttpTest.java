package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;

import dev.shaula.api.wire.IngestBudget;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are bad, long, cut short or unwanted. */
@QuarkusTest
class BodiesHttpTest {
    private static final int MEGABYTE = 1 << 20;

    @Inject
    IngestBudget budget;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'id':'b','vector':[1,2,3]} | vectors[1].vector: expected 2 numbers, got 3",
                "{'id':'b','vector':[1,NaN]} | vectors[1].vector: broken JSON",
                "{'id':'b','vector':[1,null]} | vectors[1].vector[1]: expected a finite number, got null",
                "{'id':'b','vector':[1,1e60]} | vectors[1].vector[1]: expected a finite number",
                "{'vector':[1,2]} | vectors[1].id",
                "{'id':{},'vector':[1,2]} | vectors[1].id: expected a string or an integer, got an object",
                "{'id':'b'} | vectors[1].vector",
                "{'id':'b','vector':'1,2'} | vectors[1].vector: expected a list of numbers",
                "{'id':'b','vector':[1,2],'metadata':'x'} | vectors[1].metadata: expected an object, got \"x\"",
                "{'id':'b','vector':[1,2] | broken JSON",
                "{'id':'b','vector':[1,2]}] | broken JSON",
            })
    void shouldStoreNothingOfABatchWithOneBadRow(String row, String error) {
        Http.upsert("bad-rows", "{'id':'kept','vector':[1,2]}").statusCode(200);

        Http.upsert("bad-rows", "{'id':'a','vector':[1,2]}," + row)
                .statusCode(400)
                .body("error", containsString(error));
        assertThat(Http.count("bad-rows")).isEqualTo(1);
        given().get("/vectors/a?collection=bad-rows").then().statusCode(404);
    }

    @Test
    void shouldRefuseAnIdOf70KilobytesAndStoreNothing() {
        Http.upsert("long-id", "{'id':'" + "x".repeat(70_000) + "','vector':[1]}")
                .statusCode(400)
                .body("error", containsString("vectors[0].id"));
        given().get("/collections").then().body("collections.name", not(hasItem("long-id")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{'vectors':[]}",
                "{'collection':'none'}",
                "7",
                "{'collection':'.x','vectors':[{'id':'a','vector':[1]}]}"
            })
    void shouldRefuseAnUpsertWithoutRowsOrWithAnImpossibleName(String json) {
        Http.post("/vectors/upsert", json).statusCode(400).body("error", not(containsString("internal")));
    }

    @Test
    void shouldAnswerAHugeBodyToAWrongPathBeforeReadingIt() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /vectors/upsertt HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n\r\n{\"vectors\":[");

            RawClient.Reply reply = client.reply();
            assertThat(reply.status()).isEqualTo(405);
            assertThat(reply.body()).contains("error");
            assertThat(reply.closes()).isTrue();
            assertThat(client.isClosedByServer()).isTrue();
        }
    }

    @Test
    void shouldGetItsAnswerToAClientThatOnlyWrites() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n\r\n");
            byte[] block = new byte[MEGABYTE];
            long sent = 0;
            try {
                for (int i = 0; i < 200; i++) {
                    client.send(block);
                    sent += block.length;
                }
            } catch (IOException closed) {
                assertThat(sent).as("bytes that the server took").isBetween(1L, 100L * MEGABYTE);
            }
            assertThat(client.reply().status()).isEqualTo(404);
        }
    }

    @Test
    void shouldRefuseAnImpossibleCollectionBeforeReadingItsRows() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /vectors/upsert HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n\r\n"
                    + "{\"collection\":\".hidden\",\"vectors\":[");

            RawClient.Reply reply = client.reply();
            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.body()).contains("collection: name: must not start with a dot");
        }
    }

    @Test
    void shouldRefuseABodyThatAnnouncesMoreThanTheLimit() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /vectors/query HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
            RawClient.Reply reply = client.reply();
            assertThat(reply.status()).isEqualTo(413);
            assertThat(reply.body()).contains("nothing was stored");
        }
    }

    @Test
    void shouldKeepTheConnectionAfterAShortBadBody() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            for (int i = 0; i < 3; i++) {
                client.send("POST /vectors/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
                client.chunk("{\"vector\":7");
                client.chunk(",\"rest\":\"" + "r".repeat(100_000) + "\"}");
                client.lastChunk();
                RawClient.Reply reply = client.reply();
                assertThat(reply.status()).isEqualTo(400);
                assertThat(reply.closes()).isFalse();
            }
            client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(client.reply().status()).isEqualTo(200);
        }
    }

    @Test
    void shouldAskForABodyThatWaitsForAnInvitationOnlyIfItIsWanted() throws Exception {
        String expect = " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n";
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /collections" + expect);
            assertThat(client.head().status()).isEqualTo(100);
            client.send("{\"name\":\"invited\",\"dimensions\":3}        ".substring(0, 40));
            assertThat(client.reply().status()).isEqualTo(201);
        }
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /nowhere" + expect);
            assertThat(client.reply().status()).isEqualTo(404);
        }
    }

    /** The budget of the test profile is 24 MB; each of these bodies holds 16 MB once it is read. */
    @Test
    void shouldRefuseABodyThatFindsNoRoomAndFinishTheOneBeforeIt() throws Exception {
        String row = ",{\"id\":\"%d\",\"vector\":[" + "0.5,".repeat(2_047) + "1]}";
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 2_000; i++) {
            rows.append(row.formatted(i));
        }
        Http.post("/collections", "{'name':'room','dimensions':2048,'enable_hnsw':false}")
                .statusCode(201);
        String head = " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        try (RawClient first = new RawClient(Http.base());
                RawClient second = new RawClient(Http.base())) {
            first.send("POST /vectors/upsert" + head);
            first.chunk("{\"collection\":\"room\",\"vectors\":[" + rows.substring(1));
            awaitHeld(15 * MEGABYTE);
            second.send("POST /vectors/upsert" + head);
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                try {
                    second.chunk("{\"collection\":\"no-room\",\"vectors\":[" + rows.substring(1));
                } catch (IOException closed) {
                    // the server reads a bounded part of what it refused
                }
            });
            RawClient.Reply refused = second.reply();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.head().toLowerCase(java.util.Locale.ROOT)).contains("retry-after: 1");
            assertThat(refused.body()).contains("nothing of this request was stored");
            second.hangUp();
            writing.join();

            first.chunk("]}");
            first.lastChunk();
            assertThat(first.reply().status()).isEqualTo(200);
        }
        assertThat(Http.count("room")).isEqualTo(2_000);
        given().get("/collections/no-room").then().statusCode(404);
        awaitHeld(0);
    }

    /** Waits until bodies hold at least (for 0: nothing but) this much. */
    private void awaitHeld(long bytes) throws InterruptedException {
        while (bytes == 0 ? budget.used() > 0 : budget.used() < bytes) {
            Thread.sleep(10); // polls; the test's time-out turns a hang into a failure
        }
    }

    @Test
    void shouldStoreNothingWhenTheClientGoesAwayInTheMiddle() throws Exception {
        Http.create("gone", 1);
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /vectors/upsert HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
                    + "{\"collection\":\"gone\",\"vectors\":[{\"id\":\"a\",\"vector\":[1]}");
        }
        given().get("/health").then().statusCode(200);
        assertThat(Http.count("gone")).isZero();
    }

    @Test
    void shouldTakeAnUpsertInPiecesOfOneByte() throws Exception {
        try (RawClient client = new RawClient(Http.base())) {
            client.send("POST /vectors/upsert HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (char c :
                    "{\"vectors\":[{\"id\":\"a\",\"vector\":[1,-2e-1]}],\"collection\":\"bytes\"}".toCharArray()) {
                client.chunk(String.valueOf(c));
            }
            client.lastChunk();
            assertThat(client.reply().status()).isEqualTo(200);
        }
        assertThat(Http.count("bytes")).isEqualTo(1);
    }

    @Test
    void shouldTakeALargeUpsertFromSeveralClientsAtOnce() {
        StringBuilder body = new StringBuilder("{\"collection\":\"large\",\"vectors\":[");
        String vector = "0.123456,".repeat(511) + "1";
        for (int i = 0; i < 2_000; i++) {
            body.append(i == 0 ? "" : ",")
                    .append("{\"id\":\"")
                    .append(i)
                    .append("\",\"vector\":[")
                    .append(vector)
                    .append("]}");
        }
        String json = body.append("]}").toString();
        Http.post("/collections", "{'name':'large','dimensions':512,'enable_hnsw':false}")
                .statusCode(201);
        CompletableFuture<?>[] clients = new CompletableFuture<?>[3];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = CompletableFuture.runAsync(
                    () -> Http.post("/vectors/upsert", json).statusCode(200));
        }
        CompletableFuture.allOf(clients).join();
        assertThat(Http.count("large")).isEqualTo(2_000);
    }
}
