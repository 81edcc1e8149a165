package dev.shaula.api.websocket;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.collection.LocalCollections;
import dev.shaula.collection.VectorCollection;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that send all that they are allowed to, against a shard that is held back, with credit for a third of them. */
@Timeout(120)
class SlowShardSocketTest {
    private static final int CLIENTS = 12;
    private static final int BATCHES = 15;
    private static final int POINTS = 20;
    private static final int DIMENSIONS = 64;
    private static final int WRITES_PER_SECOND = 1_500;
    private static final long WINDOW = 32 << 10;
    private static final long CREDIT = CLIENTS / 3 * WINDOW;
    private static final long WRITE_BUDGET = 256 << 10;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    /** What a client saw. */
    private record Outcome(int acknowledged, long mostUnacknowledged, boolean waitedForCredit) {}

    @Test
    void shouldSlowGreedyClientsDownInsteadOfHoldingOrLosingWhatTheySend() throws Exception {
        LocalCollections.Settings settings =
                new LocalCollections.Settings(1, WRITE_BUDGET, 16 << 10, Duration.ofSeconds(30));
        try (EmbeddedNode node = new EmbeddedNode(data, settings, s -> s.withMaxWritesPerSecond(WRITES_PER_SECOND));
                EmbeddedDoor served = new EmbeddedDoor(node, CREDIT, WINDOW);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            VectorCollection collection =
                    node.create(new CollectionConfig("slow", DIMENSIONS, Metric.EUCLIDEAN, 1, 8, 40, true));
            SocketDoor door = served.door();
            URI base = served.base();
            AtomicBoolean over = new AtomicBoolean();
            AtomicLong mostCredit = new AtomicLong();
            AtomicLong mostWrites = new AtomicLong();
            Thread sampler = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    mostCredit.accumulateAndGet(door.credit().used(), Math::max);
                    mostWrites.accumulateAndGet(node.collections().writeBudget().used(), Math::max);
                    Thread.onSpinWait();
                }
            });
            long start = System.nanoTime();
            List<Callable<Outcome>> clients = new ArrayList<>();
            for (int c = 0; c < CLIENTS; c++) {
                int number = c;
                clients.add(() -> stream(base, number));
            }
            List<Outcome> outcomes = new ArrayList<>();
            for (Future<Outcome> outcome : threads.invokeAll(clients)) {
                outcomes.add(outcome.get());
            }
            over.set(true);
            sampler.join();
            double seconds = (System.nanoTime() - start) / 1e9;

            int all = CLIENTS * BATCHES * POINTS;
            assertThat(seconds).as("the brake was felt").isGreaterThan(0.8 * all / WRITES_PER_SECOND);
            assertThat(outcomes).allMatch(outcome -> outcome.acknowledged() == BATCHES);
            assertThat(outcomes).allMatch(outcome -> outcome.mostUnacknowledged() <= WINDOW);
            assertThat(outcomes).anyMatch(outcome -> outcome.mostUnacknowledged() > WINDOW / 2);
            assertThat(outcomes).anyMatch(Outcome::waitedForCredit);
            assertThat(mostCredit.get()).isBetween(CREDIT / 2, CREDIT);
            assertThat(mostWrites.get()).isBetween(1L, WRITE_BUDGET);
            assertThat(collection.info().vectorCount()).isEqualTo(all);
            for (int c = 0; c < CLIENTS; c++) {
                for (Point expected : points(c)) {
                    assertThat(get(collection.get(expected.id())))
                            .hasValueSatisfying(
                                    found -> assertThat(found.vector()).isEqualTo(expected.vector()));
                }
            }
        }
    }

    private static List<Point> points(int client) {
        return new RandomVectors(DIMENSIONS, client).points("c" + client + "-", BATCHES * POINTS);
    }

    /** Sends whenever the credit allows it, without regard to what is acknowledged. */
    private static Outcome stream(URI base, int number) throws InterruptedException {
        List<Point> points = points(number);
        String name = "stream-" + number;
        try (SocketClient client = new SocketClient(base)) {
            long credit = client.open(name, "slow").getLong("credit");
            boolean waited = credit == 0;
            long unacknowledged = 0;
            long most = 0;
            long acknowledged = 0;
            int sent = 0;
            while (acknowledged < BATCHES) {
                ByteBuffer next = sent == BATCHES
                        ? ByteBuffer.allocate(0)
                        : SocketClient.binaryBatch(name, sent + 1, points.subList(POINTS * sent, POINTS * (sent + 1)));
                if (sent < BATCHES && next.remaining() <= credit) {
                    credit -= next.remaining();
                    unacknowledged += next.remaining();
                    most = Math.max(most, unacknowledged);
                    sent++;
                    client.say(next);
                } else {
                    JsonObject message = client.hear();
                    credit += message.getLong("credit");
                    if (message.getString("event").equals("ack")) {
                        unacknowledged -= message.getLong("credit");
                        acknowledged = message.getLong("batch");
                    }
                }
            }
            client.say("{'op':'close','stream':'" + name + "'}");
            client.hear("closed");
            return new Outcome((int) acknowledged, most, waited);
        }
    }
}
