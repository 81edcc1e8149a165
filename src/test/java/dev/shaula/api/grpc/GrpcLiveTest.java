package dev.shaula.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.api.grpc.v1.LiveChange;
import dev.shaula.api.grpc.v1.LiveEvent;
import dev.shaula.api.grpc.v1.Metric;
import dev.shaula.api.grpc.v1.ScoredPoint;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.SubscribeRequest;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Live queries over gRPC, told apart from other answers by the numbers that writes are acknowledged with. */
@QuarkusTest
class GrpcLiveTest {
    private static final int TURNS = 30;

    private final GrpcClient client = new GrpcClient();

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void shouldFollowEveryWriteThatIsAcknowledged() {
        client.create("g-live", 2, Metric.METRIC_EUCLIDEAN);
        SearchRequest search = SearchRequest.newBuilder()
                .setCollection("g-live")
                .setVector(GrpcClient.packed(0, 0))
                .setTopK(5)
                .setExact(true)
                .build();
        Iterator<LiveChange> changes = client.stream(
                "shaula.v1.Vectors/Subscribe",
                SubscribeRequest.newBuilder().setSearch(search).build(),
                LiveChange.getDefaultInstance());
        List<ScoredPoint> answer = apply(new ArrayList<>(), changes.next());
        assertThat(answer).isEmpty();
        for (int turn = 0; turn < TURNS; turn++) {
            // Always closer than all before, so that each write changes the answer.
            long sequence = upsert("p" + turn % 9, TURNS - turn);
            LiveChange change;
            do {
                change = changes.next();
                answer = apply(answer, change);
            } while (change.getSequences(0) < sequence);
            assertThat(answer)
                    .as("after turn %d", turn)
                    .isEqualTo(client.call("shaula.v1.Vectors/Search", search, SearchResponse.getDefaultInstance())
                            .getResultsList());
        }
    }

    private long upsert(String id, float distance) {
        UpsertRequest request = UpsertRequest.newBuilder()
                .setCollection("g-live")
                .addPoints(GrpcClient.point(id, distance, 0))
                .build();
        return client.call("shaula.v1.Vectors/Upsert", request, UpsertResponse.getDefaultInstance())
                .getSequences(0);
    }

    private static List<ScoredPoint> apply(List<ScoredPoint> before, LiveChange change) {
        List<ScoredPoint> after = new ArrayList<>(before);
        for (LiveEvent event : change.getEventsList()) {
            String gone = event.hasLeave()
                    ? event.getLeave()
                    : event.hasMove() ? event.getMove().getPoint().getId() : "";
            after.removeIf(point -> point.getId().equals(gone));
        }
        for (LiveEvent event : change.getEventsList()) {
            if (event.hasEnter()) {
                after.add(event.getEnter().getRank(), event.getEnter().getPoint());
            } else if (event.hasMove()) {
                after.add(event.getMove().getRank(), event.getMove().getPoint());
            }
        }
        return after;
    }

    @Test
    void shouldRefuseWhatALiveQueryCannotTell() {
        client.create("g-live-bad", 2, Metric.METRIC_COSINE);
        SearchRequest search = SearchRequest.newBuilder()
                .setCollection("g-live-bad")
                .setVector(GrpcClient.packed(1, 0))
                .build();
        refused(search.toBuilder().setExplain(true).build(), "explain: expected only in Search and SearchStream");
        refused(search.toBuilder().setIncludeVersion(true).build(), "include_version: expected only in a query");
        refused(search.toBuilder().setTopK(1_001).build(), "top_k: expected 1 to 1000 for a live query, got 1001");
        refused(search.toBuilder().setVector(GrpcClient.packed(1)).build(), "vector: expected 2 numbers, got 1");
    }

    private void refused(SearchRequest search, String text) {
        SubscribeRequest request =
                SubscribeRequest.newBuilder().setSearch(search).build();
        Iterator<LiveChange> changes =
                client.stream("shaula.v1.Vectors/Subscribe", request, LiveChange.getDefaultInstance());
        assertThatThrownBy(changes::next)
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("INVALID_ARGUMENT")
                .hasMessageContaining(text);
    }
}
