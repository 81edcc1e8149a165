package dev.shaula.api.doors;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.shaula.api.grpc.GrpcClient;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import dev.shaula.model.Limits;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.response.Response;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One thing too much for each line of docs/limits.md, sent to a real server, and its figures. */
@QuarkusTest
@NullMarked
class LimitsTest {
    private static final String COLLECTION = "limits";
    private static final int PATIENCE_S = 60;

    /** Sends one thing too much. */
    @FunctionalInterface
    interface Attempt {
        Refused send() throws Exception;
    }

    /** @param status as docs/limits.md writes it */
    record Refused(String status, String text) {}

    /**
     * A line of the document.
     *
     * @param named what the error has to say: the field, and what was expected
     * @param attempt null for a limit that has a test of its own
     */
    record Limit(
            String input,
            String figure,
            String status,
            List<String> named,
            @Nullable Attempt attempt) {
        String line() {
            return "| " + input + " | " + figure + " | " + status + " |";
        }

        @Override
        public String toString() {
            return input;
        }
    }

    private static Limit limit(String input, String figure, int status, Attempt attempt, String... named) {
        return limit(input, figure, Integer.toString(status), attempt, named);
    }

    private static Limit limit(String input, String figure, String status, Attempt attempt, String... named) {
        return new Limit(input, figure, status, List.of(named), attempt);
    }

    private static Limit elsewhere(String input, String figure, String status) {
        return new Limit(input, figure, status, List.of(), null);
    }

    private static String n(long figure) {
        return String.format(Locale.ROOT, "%,d", figure);
    }

    static Stream<Limit> limits() {
        return Stream.of(collections(), points(), readings(), rest(), otherDoors())
                .flatMap(s -> s);
    }

    private static Stream<Limit> collections() {
        String most = "1 to " + Limits.MAX_DIMENSIONS;
        return Stream.of(
                limit(
                        "`dimensions` of a collection",
                        "1 to " + n(Limits.MAX_DIMENSIONS),
                        400,
                        () -> create("too-wide", Limits.MAX_DIMENSIONS + 1, ""),
                        "dimensions",
                        most,
                        "65536"),
                limit(
                        "`name` of a collection",
                        n(Limits.MAX_NAME_LENGTH) + " characters",
                        400,
                        () -> create("n".repeat(Limits.MAX_NAME_LENGTH + 1), 3, ""),
                        "name",
                        "255",
                        "256"),
                limit(
                        "`m`",
                        Limits.MIN_M + " to " + Limits.MAX_M,
                        400,
                        () -> create("too-dense", 3, ",'m':" + (Limits.MAX_M + 1)),
                        "m",
                        "2 to 128",
                        "129"),
                limit(
                        "`ef_construction`",
                        "1 to " + n(Limits.MAX_EF_CONSTRUCTION),
                        400,
                        () -> create("too-thorough", 3, ",'ef_construction':" + (Limits.MAX_EF_CONSTRUCTION + 1)),
                        "ef_construction",
                        "1 to 10000",
                        "10001"),
                limit(
                        "`shards` of a collection",
                        "1 to " + n(Limits.MAX_SHARDS),
                        400,
                        () -> create("too-many", 3, ",'shards':" + (Limits.MAX_SHARDS + 1)),
                        "shards",
                        "1 to 1024",
                        "1025"),
                limit(
                        "`ttl_seconds` of a collection",
                        "1 to " + n(Limits.MAX_TTL_SECONDS),
                        400,
                        () -> create("too-long", 3, ",'ttl_seconds':" + (Limits.MAX_TTL_SECONDS + 1)),
                        "ttl_seconds",
                        "1 to 3155760000",
                        "3155760001"));
    }

    private static Stream<Limit> points() {
        String deep = "{'a':".repeat(Limits.MAX_DEPTH + 1) + "1" + "}".repeat(Limits.MAX_DEPTH + 1);
        return Stream.of(
                limit(
                        "id of a point",
                        "1 to " + n(Limits.MAX_ID_BYTES) + " bytes of UTF-8",
                        400,
                        () -> upsert("{'id':'" + "i".repeat(Limits.MAX_ID_BYTES + 1) + "','vector':[1,2,3]}"),
                        "vectors[0].id",
                        "expected 1 to 1024 bytes",
                        "1025"),
                limit(
                        "Euclidean length of a vector",
                        "1e18",
                        400,
                        () -> upsert("{'id':'a','vector':[2e18,0,0]}"),
                        "vectors[0]",
                        "at most 1e18",
                        "E18"),
                limit(
                        "metadata of a point",
                        n(Limits.MAX_METADATA_BYTES) + " bytes of JSON",
                        400,
                        () -> upsert("{'id':'a','vector':[1,2,3],'metadata':{'t':'"
                                + "x".repeat(Limits.MAX_METADATA_BYTES) + "'}}"),
                        "vectors[0].metadata",
                        "at most 65536 bytes"),
                limit(
                        "nesting of metadata",
                        Limits.MAX_DEPTH + " levels",
                        400,
                        () -> upsert("{'id':'a','vector':[1,2,3],'metadata':" + deep + "}"),
                        "vectors[0].metadata",
                        "at most 32 levels"),
                limit(
                        "keys that a change of metadata deletes",
                        n(Limits.MAX_DELETED_KEYS),
                        413,
                        () -> post(
                                "/vectors/metadata",
                                "{'collection':'limits','ids':['a'],'delete':["
                                        + repeated("'k'", Limits.MAX_DELETED_KEYS + 1) + "]}"),
                        "delete",
                        "at most 1000"));
    }

    private static Stream<Limit> readings() {
        String not = "{'$not':".repeat(Limits.MAX_DEPTH + 1) + "{'a':1}" + "}".repeat(Limits.MAX_DEPTH + 1);
        String query = "{'vector':[1,2,3]}";
        return Stream.of(
                limit(
                        "`top_k`",
                        "1 to " + n(Limits.MAX_TOP_K),
                        400,
                        () -> query("'top_k':" + (Limits.MAX_TOP_K + 1)),
                        "top_k",
                        "1 to 10000",
                        "10001"),
                limit(
                        "`ef_search`",
                        "0 to " + n(Limits.MAX_EF),
                        400,
                        () -> query("'ef_search':" + (Limits.MAX_EF + 1)),
                        "ef_search",
                        "0 to 100000",
                        "100001"),
                limit(
                        "queries of a batch",
                        n(Limits.MAX_BATCH_QUERIES),
                        413,
                        () -> post(
                                "/vectors/batch_query",
                                "{'collection':'limits','queries':[" + repeated(query, Limits.MAX_BATCH_QUERIES + 1)
                                        + "]}"),
                        "queries",
                        "at most 1000"),
                limit(
                        "conditions of a filter",
                        n(Limits.MAX_FILTER_CONDITIONS),
                        400,
                        () -> query("'filter':{'a':{'$in':[" + repeated("1", Limits.MAX_FILTER_CONDITIONS + 1) + "]}}"),
                        "filter",
                        "at most 4096 conditions"),
                limit(
                        "nesting of a filter",
                        Limits.MAX_DEPTH + " levels",
                        400,
                        () -> query("'filter':" + not),
                        "filter",
                        "at most 32 levels"),
                limit(
                        "indexes of a collection",
                        n(Limits.MAX_INDEXES),
                        400,
                        LimitsTest::oneIndexTooMany,
                        "indexes",
                        "at most 64"),
                limit(
                        "fields that a collection indexes by itself",
                        "1 to " + n(Limits.MAX_INDEXES),
                        400,
                        () -> create("auto", 3, ",'auto_index':true,'auto_index_max_fields':65"),
                        "auto_index_max_fields",
                        "1 to 64",
                        "65"),
                limit(
                        "name of an indexed field",
                        n(Limits.MAX_FIELD_LENGTH) + " characters",
                        400,
                        () -> index("f".repeat(Limits.MAX_FIELD_LENGTH + 1)),
                        "field",
                        "1024",
                        "1025"),
                limit(
                        "facets of an answer",
                        n(Limits.MAX_FACETS),
                        400,
                        () -> post(
                                "/collections/limits/facet", "{'field':'a','limit':" + (Limits.MAX_FACETS + 1) + "}"),
                        "limit",
                        "1 to 10000",
                        "10001"),
                limit(
                        "points of a page of a scroll",
                        n(Limits.MAX_SCROLL_LIMIT),
                        400,
                        () -> post("/collections/limits/scroll", "{'limit':" + (Limits.MAX_SCROLL_LIMIT + 1) + "}"),
                        "limit",
                        "1 to 10000",
                        "10001"),
                limit(
                        "`group_limit`",
                        "1 to " + n(Limits.MAX_GROUPS),
                        400,
                        () -> query("'group_by':'a','group_limit':" + (Limits.MAX_GROUPS + 1)),
                        "group_limit",
                        "1 to 1000",
                        "1001"),
                limit(
                        "`group_size`",
                        "1 to " + n(Limits.MAX_GROUP_SIZE),
                        400,
                        () -> query("'group_by':'a','group_size':" + (Limits.MAX_GROUP_SIZE + 1)),
                        "group_size",
                        "1 to 100",
                        "101"),
                limit(
                        "`timeout` of a read",
                        "1 to " + n(Limits.MAX_TIMEOUT_MS) + " ms",
                        400,
                        () -> post(
                                "/vectors/query?timeout=" + (Limits.MAX_TIMEOUT_MS + 1),
                                "{'collection':'limits','vector':[1,2,3]}"),
                        "timeout",
                        "1 to 3600000",
                        "3600001"),
                limit(
                        "results of a live query",
                        n(Limits.MAX_LIVE_K),
                        400,
                        () -> post(
                                "/live",
                                "{'collection':'limits','vector':[1,2,3],'top_k':" + (Limits.MAX_LIVE_K + 1) + "}"),
                        "top_k",
                        "1 to 1000",
                        "1001"));
    }

    private static Stream<Limit> rest() {
        return Stream.of(
                limit(
                        "name of a backup",
                        Limits.MAX_BACKUP_NAME_LENGTH + " characters",
                        400,
                        () -> post("/admin/backup", "{'name':'" + "b".repeat(Limits.MAX_BACKUP_NAME_LENGTH + 1) + "'}"),
                        "name",
                        "1 to 100"),
                limit(
                        "body of an upsert",
                        n(1L << 30) + " bytes",
                        413,
                        () -> announce("/vectors/upsert", (1L << 30) + 1),
                        "body",
                        "at most 1073741824 bytes"),
                limit(
                        "body of anything else",
                        n(Limits.MAX_REQUEST_BYTES) + " bytes",
                        413,
                        () -> announce("/vectors/query", Limits.MAX_REQUEST_BYTES + 1),
                        "body",
                        "at most 67108864 bytes"),
                elsewhere(
                        "points of one JSON upsert",
                        n(Limits.MAX_UPSERT_POINTS) + "; NDJSON and streams have no limit",
                        "413"),
                elsewhere("ids of a delete or of a change of metadata", n(Limits.MAX_DELETE_IDS), "413"),
                elsewhere("different values of a facet", n(Limits.MAX_FACET_VALUES), "400"),
                elsewhere(
                        "fields left out by `auto_index`",
                        n(Limits.MAX_LEFT_OUT_FIELDS),
                        "no further field is indexed"),
                elsewhere(
                        "text that `auto_index` takes for a keyword",
                        Limits.MAX_AUTO_TEXT + " characters",
                        "its field is left out"),
                elsewhere("aliases", n(Limits.MAX_ALIASES), "409"),
                elsewhere("scrolls that are held", n(Limits.MAX_SCROLLS), "429"),
                elsewhere("calls at once on a gRPC connection", n(Limits.MAX_CALLS), "the client waits"),
                elsewhere(
                        "queries under way on a WebSocket",
                        n(Limits.MAX_SOCKET_QUERIES),
                        "not read until one is answered"),
                elsewhere(
                        "queries under way of a gRPC `SearchStream`",
                        n(Limits.MAX_STREAM_SEARCHES),
                        "not read until one is answered"));
    }

    private static Stream<Limit> otherDoors() {
        String subscribe = "{'op':'subscribe','id':'%d','collection':'limits','vector':[1,2,3]}";
        String open = "{'op':'open','stream':'s%d','collection':'limits'}";
        String name = "s".repeat(Limits.MAX_STREAM_NAME_LENGTH + 1);
        return Stream.of(
                limit(
                        "message of a gRPC client",
                        n(16 << 20) + " bytes",
                        "`RESOURCE_EXHAUSTED`",
                        () -> grpc("shaula.v1.Vectors/Upsert", true),
                        "message",
                        "at most 16777216 bytes"),
                limit(
                        "ids of one gRPC `Get`",
                        n(Limits.MAX_GET_IDS),
                        "`INVALID_ARGUMENT`",
                        () -> grpc("shaula.v1.Vectors/Get", false),
                        "ids",
                        "1000",
                        "1001"),
                limit(
                        "message of a WebSocket",
                        n(Limits.MAX_SOCKET_MESSAGE_BYTES) + " bytes",
                        "closed with 4413",
                        LimitsTest::longMessage,
                        "at most 4194304 bytes"),
                limit(
                        "upsert streams of a WebSocket",
                        n(Limits.MAX_SOCKET_STREAMS),
                        429,
                        () -> socket(IntStream.rangeClosed(0, Limits.MAX_SOCKET_STREAMS)
                                .mapToObj(open::formatted)),
                        "stream",
                        "at most 16"),
                limit(
                        "live queries of a WebSocket",
                        n(Limits.MAX_SOCKET_LIVE_QUERIES),
                        429,
                        () -> socket(IntStream.rangeClosed(0, Limits.MAX_SOCKET_LIVE_QUERIES)
                                .mapToObj(subscribe::formatted)),
                        "id",
                        "at most 64"),
                limit(
                        "name of an upsert stream",
                        Limits.MAX_STREAM_NAME_LENGTH + " characters",
                        400,
                        () -> socket(Stream.of("{'op':'open','collection':'limits','stream':'" + name + "'}")),
                        "stream",
                        "1 to 128 characters",
                        "129"));
    }

    @BeforeEach
    void makeCollection() {
        if (given().get("/collections/" + COLLECTION).statusCode() == 404) {
            assertThat(create(COLLECTION, 3, "").status()).isEqualTo("201");
        }
    }

    @ParameterizedTest
    @MethodSource("limits")
    void shouldRefuseOneThingTooMuchAndStoreNothing(Limit limit) throws Exception {
        Attempt attempt = limit.attempt();
        if (attempt == null) {
            return;
        }
        String before = state();
        Refused refused = attempt.send();
        assertThat(refused.text()).contains(limit.named());
        assertThat(refused.status()).isEqualTo(limit.status());
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void shouldDocumentEveryLimitAndNoOther() throws IOException {
        String document = Files.readString(Path.of(System.getProperty("basedir", "."), "docs", "limits.md"));
        List<String> lines = document.substring(0, document.indexOf("## Connections and times"))
                .lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| ---") && !line.startsWith("| input"))
                .toList();
        assertThat(lines)
                .containsExactlyInAnyOrderElementsOf(limits().map(Limit::line).toList());
    }

    /** What there is: collections with their counts. */
    private static String state() {
        List<String> names = given().get("/collections").then().extract().path("collections.name");
        List<Integer> counts = given().get("/collections").then().extract().path("collections.vector_count");
        return names + " " + counts;
    }

    private static String repeated(String part, int times) {
        return Stream.generate(() -> part).limit(times).collect(Collectors.joining(","));
    }

    private static Refused create(String name, int dimensions, String more) {
        return post("/collections", "{'name':'" + name + "','dimensions':" + dimensions + more + "}");
    }

    private static Refused upsert(String record) {
        return post("/vectors/upsert", "{'collection':'limits','vectors':[" + record + "]}");
    }

    private static Refused query(String more) {
        return post("/vectors/query", "{'collection':'limits','vector':[1,2,3]," + more + "}");
    }

    private static Refused index(String field) {
        return post("/collections/limits/indexes", "{'field':'" + field + "','type':'keyword'}");
    }

    private static Refused oneIndexTooMany() {
        for (int i = 0; i < Limits.MAX_INDEXES; i++) {
            assertThat(index("f" + i).status()).startsWith("20");
        }
        return index("one-more");
    }

    private static Refused post(String path, String json) {
        Response response = given().contentType("application/json")
                .body(json.replace('\'', '"'))
                .post(path);
        return new Refused(Integer.toString(response.statusCode()), response.asString());
    }

    /** A client that says how long its body will be and waits to be asked for it. */
    private static Refused announce(String path, long bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), RestAssured.port)) {
            socket.setSoTimeout(PATIENCE_S * 1_000);
            String head = "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Expect: 100-continue\r\nContent-Length: " + bytes + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Refused(answer.split(" ", 3)[1], answer);
        }
    }

    private static Refused grpc(String method, boolean longMessage) {
        try (GrpcClient client = new GrpcClient()) {
            if (longMessage) {
                Point point = Point.newBuilder()
                        .setVector(ByteString.copyFrom(new byte[16 << 20]))
                        .build();
                client.call(
                        method,
                        UpsertRequest.newBuilder()
                                .setCollection(COLLECTION)
                                .addPoints(point)
                                .build(),
                        UpsertResponse.getDefaultInstance());
            } else {
                GetRequest.Builder request = GetRequest.newBuilder().setCollection(COLLECTION);
                IntStream.rangeClosed(0, Limits.MAX_GET_IDS).forEach(i -> request.addIds("i" + i));
                client.call(method, request.build(), GetResponse.getDefaultInstance());
            }
            return new Refused("OK", "");
        } catch (StatusRuntimeException e) {
            return new Refused(
                    "`" + e.getStatus().getCode() + "`",
                    String.valueOf(e.getStatus().getDescription()));
        }
    }

    /** Says everything on one socket; the result is the first error that comes. */
    private static Refused socket(Stream<String> messages) throws Exception {
        Ear ear = new Ear();
        WebSocket socket = connect(ear);
        try {
            messages.forEach(json -> socket.sendText(json.replace('\'', '"'), true)
                    .orTimeout(PATIENCE_S, TimeUnit.SECONDS)
                    .join());
            for (String heard = ear.next(); ; heard = ear.next()) {
                if (heard.contains("\"event\":\"error\"")) {
                    String status = heard.replaceFirst(".*\"status\":(\\d+).*", "$1");
                    return new Refused(status, heard);
                }
            }
        } finally {
            socket.abort();
        }
    }

    private static Refused longMessage() throws Exception {
        Ear ear = new Ear();
        WebSocket socket = connect(ear);
        try {
            String half = "x".repeat(Limits.MAX_SOCKET_MESSAGE_BYTES / 2);
            CompletableFuture<WebSocket> sent = socket.sendText(half, false)
                    .thenCompose(first -> first.sendText(half, false))
                    .thenCompose(second -> second.sendText("x", true));
            String closed = ear.next();
            sent.cancel(true);
            return new Refused("closed with " + closed.split(" ", 2)[0], closed);
        } finally {
            socket.abort();
        }
    }

    private static WebSocket connect(Ear ear) throws Exception {
        URI url = URI.create("ws://127.0.0.1:" + RestAssured.port + "/vectors/stream");
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(url, ear)
                .get(PATIENCE_S, TimeUnit.SECONDS);
    }

    /** Hears whole messages, and the close as its code and reason. */
    private static final class Ear implements WebSocket.Listener {
        private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private final StringBuilder parts = new StringBuilder();

        String next() throws InterruptedException {
            String next = heard.poll(PATIENCE_S, TimeUnit.SECONDS);
            assertThat(next).as("the server says something").isNotNull();
            return String.valueOf(next);
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            parts.append(part);
            if (last) {
                heard.add(parts.toString());
                parts.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            heard.add(code + " " + reason);
            return null;
        }
    }
}
