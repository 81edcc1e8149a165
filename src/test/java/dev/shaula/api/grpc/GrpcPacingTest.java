package dev.shaula.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.CreateCollectionResponse;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.UpsertAck;
import dev.shaula.api.grpc.v1.UpsertStreamRequest;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A shard that is held back, and clients that send or read as they like. */
@QuarkusTest
@TestProfile(GrpcPacingTest.SlowShard.class)
class GrpcPacingTest {
    private static final int WRITES_PER_SECOND = 2_000;
    private static final int DIMENSIONS = 1_024;
    private static final int BATCH = 20;
    private static final int BATCHES = 200;
    /** Two slices of a stream, one message, what HTTP/2 and the client keep on the way: far from the 16 MB of it all. */
    private static final long MOST_UNACKNOWLEDGED_BYTES = 6 << 20;

    private final GrpcClient client = new GrpcClient();

    /** The service with a brake on its shards. */
    public static final class SlowShard implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "shaula.max-write-rate", Integer.toString(WRITES_PER_SECOND), "shaula.write-budget", "2000000");
        }
    }

    @AfterEach
    void close() {
        client.close();
    }

    /** Sends whenever the transport has room, and looks how far it is ahead of the acknowledgements. */
    private static final class Greedy extends ClientCall.Listener<UpsertAck> {
        private final ClientCall<UpsertStreamRequest, UpsertAck> call;
        private final String collection;
        private final CompletableFuture<Status> end = new CompletableFuture<>();
        private long sent;
        private long acknowledged;
        private long mostAhead;
        private int pauses;

        Greedy(ClientCall<UpsertStreamRequest, UpsertAck> call, String collection) {
            this.call = call;
            this.collection = collection;
        }

        void start(int acksWanted) {
            call.start(this, new Metadata());
            call.request(acksWanted);
        }

        @Override
        public void onReady() {
            while (call.isReady() && sent < BATCHES) {
                call.sendMessage(batch(collection, ++sent));
                mostAhead = Math.max(mostAhead, sent - acknowledged);
            }
            if (sent == BATCHES) {
                call.halfClose();
                sent++;
            } else {
                pauses++;
            }
        }

        @Override
        public void onMessage(UpsertAck ack) {
            acknowledged = ack.getBatch();
        }

        @Override
        public void onClose(Status status, @Nullable Metadata trailers) {
            end.complete(status);
        }
    }

    private static UpsertStreamRequest batch(String collection, long number) {
        UpsertStreamRequest.Builder out =
                UpsertStreamRequest.newBuilder().setBatch(number).setCollection(collection);
        for (int i = 0; i < BATCH; i++) {
            float[] vector = new float[DIMENSIONS];
            vector[i] = number;
            out.addPoints(Point.newBuilder().setId("b" + number + "-" + i).setVector(GrpcClient.packed(vector)));
        }
        return out.build();
    }

    private void create(String name) {
        CreateCollectionRequest request = CreateCollectionRequest.newBuilder()
                .setName(name)
                .setDimensions(DIMENSIONS)
                .setShards(1)
                .setExactOnly(true)
                .build();
        client.call("shaula.v1.Collections/Create", request, CreateCollectionResponse.getDefaultInstance());
    }

    private Greedy greedy(String collection) {
        create(collection);
        return new Greedy(
                client.open(
                        "shaula.v1.Vectors/UpsertStream",
                        UpsertStreamRequest.getDefaultInstance(),
                        UpsertAck.getDefaultInstance()),
                collection);
    }

    @Test
    void shouldReadAGreedyClientNoFasterThanItsShardStores() throws Exception {
        Greedy greedy = greedy("g-greedy");
        greedy.start(Integer.MAX_VALUE);
        assertThat(greedy.end.get(60, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
        assertThat(greedy.acknowledged).isEqualTo(BATCHES);
        assertThat(greedy.pauses).as("times the client was made to wait").isPositive();
        assertThat(greedy.mostAhead * BATCH * DIMENSIONS * Float.BYTES)
                .as("bytes sent and not acknowledged")
                .isLessThan(MOST_UNACKNOWLEDGED_BYTES);
    }

    /** Every call of a connection shares its window: a stream that waits must not use it up. */
    @Test
    void shouldAnswerSearchesOfTheSameConnectionWhileAStreamWaits() throws Exception {
        Greedy greedy = greedy("g-beside");
        greedy.start(Integer.MAX_VALUE);
        SearchRequest search = SearchRequest.newBuilder()
                .setCollection("g-beside")
                .setVector(GrpcClient.packed(new float[DIMENSIONS]))
                .build();
        int answered = 0;
        while (!greedy.end.isDone()) {
            client.call("shaula.v1.Vectors/Search", search, SearchResponse.getDefaultInstance());
            answered++;
        }
        assertThat(greedy.end.get(60, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
        assertThat(answered).isGreaterThan(20);
    }

    @Test
    void shouldStoreEverythingOfAClientThatReadsNoAcknowledgement() throws Exception {
        Greedy deaf = greedy("g-deaf");
        deaf.start(1); // one message of the answer, then never again
        CompletableFuture<Void> stored = CompletableFuture.runAsync(() -> {
            while (client.count("g-deaf") < BATCHES * BATCH) {
                Thread.onSpinWait();
            }
        });
        stored.get(60, TimeUnit.SECONDS);
        deaf.call.request(Integer.MAX_VALUE);
        assertThat(deaf.end.get(60, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
        assertThat(deaf.acknowledged).isEqualTo(BATCHES);
    }
}
