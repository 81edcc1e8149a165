package dev.shaula.api.websocket;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.collection.VectorCollection;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A subscriber of a live query that does not read its socket while everything in its answer changes, over and over. */
@Timeout(120)
class SlowReaderSocketTest {
    private static final int WRITES = 300;
    private static final int K = 60;
    /** With 2 KB of metadata a point, a change is 120 KB: the buffers of a socket hold a few dozen. */
    private static final String PADDING = "x".repeat(2_000);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private static List<Point> points(int write) {
        return IntStream.range(0, K)
                .mapToObj(i -> new Point(
                        "p" + i,
                        new float[] {(i * 7 + write) % K, write},
                        Metadata.ofJson("{\"w\":%d,\"t\":\"%s\"}".formatted(write, PADDING))))
                .toList();
    }

    @Test
    void shouldGetFewLargeChangesAndTheRightAnswer() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data);
                EmbeddedDoor served = new EmbeddedDoor(node, 1 << 20, 1 << 18);
                SocketClient client = SocketClient.deaf(served.base())) {
            VectorCollection collection =
                    node.create(new CollectionConfig("live", 2, Metric.EUCLIDEAN, 1, 8, 40, true));
            client.say("{'op':'subscribe','id':'q','collection':'live','vector':[0,0],'top_k':" + K + "}");
            client.say("{'op':'query','id':'seen','collection':'live','vector':[0,0]}");
            long most = 0;
            for (int write = 1; write <= WRITES; write++) {
                get(collection.upsert(points(write), Ack.INDEXED));
                most = Math.max(most, node.collections().runtime().liveQueryBytes());
            }
            assertThat(most).as("heap of the live query").isBetween(K * 2_000L, 2 * K * 2_500L);

            client.listen();
            List<JsonObject> answer = new ArrayList<>();
            int changes = 0;
            while (answer.size() < K
                    || answer.getFirst().getJsonObject("metadata").getInteger("w") < WRITES) {
                JsonObject message = client.hear();
                if (message.getString("event").equals("change")) {
                    changes++;
                    apply(answer, message.getJsonArray("changes"));
                }
            }
            assertThat(changes).as("changes for " + WRITES + " writes").isBetween(2, WRITES * 2 / 3);
            assertThat(answer.stream().map(point -> point.getString("id")))
                    .containsExactlyElementsOf(IntStream.range(0, K)
                            .mapToObj(x -> "p"
                                    + IntStream.range(0, K)
                                            .filter(i -> (i * 7 + WRITES) % K == x)
                                            .findFirst()
                                            .orElseThrow())
                            .toList());
        }
    }

    private static void apply(List<JsonObject> answer, JsonArray changes) {
        for (int i = 0; i < changes.size(); i++) {
            JsonObject change = changes.getJsonObject(i);
            String id = change.containsKey("point")
                    ? change.getJsonObject("point").getString("id")
                    : change.getString("id");
            answer.removeIf(point -> point.getString("id").equals(id));
        }
        for (int i = 0; i < changes.size(); i++) {
            JsonObject change = changes.getJsonObject(i);
            if (change.containsKey("point")) {
                answer.add(change.getInteger("rank"), change.getJsonObject("point"));
            }
        }
    }
}
