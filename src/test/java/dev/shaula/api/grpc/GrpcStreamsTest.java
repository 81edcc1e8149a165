package dev.shaula.api.grpc;

import static dev.shaula.api.grpc.GrpcClient.packed;
import static dev.shaula.api.grpc.GrpcClient.point;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.api.grpc.v1.Ack;
import dev.shaula.api.grpc.v1.Condition;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.Metric;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.ScrollOrder;
import dev.shaula.api.grpc.v1.ScrollRequest;
import dev.shaula.api.grpc.v1.ScrollResponse;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchStreamRequest;
import dev.shaula.api.grpc.v1.SearchStreamResponse;
import dev.shaula.api.grpc.v1.UpsertAck;
import dev.shaula.api.grpc.v1.UpsertStreamRequest;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class GrpcStreamsTest {
    private final GrpcClient client = new GrpcClient();

    @AfterEach
    void close() {
        client.close();
    }

    /** A call whose answers are collected. */
    private static final class Talk<Q, A> extends ClientCall.Listener<A> {
        private final ClientCall<Q, A> call;
        private final LinkedBlockingQueue<A> answers = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();

        Talk(ClientCall<Q, A> call) {
            this.call = call;
            call.start(this, new Metadata());
            call.request(Integer.MAX_VALUE);
        }

        @Override
        public void onMessage(A answer) {
            answers.add(answer);
        }

        @Override
        public void onClose(Status status, @Nullable Metadata trailers) {
            end.complete(status);
        }

        A next() throws InterruptedException {
            A answer = answers.poll(60, TimeUnit.SECONDS);
            assertThat(answer).as("an answer within a minute").isNotNull();
            return answer;
        }

        Status end() throws Exception {
            return end.get(60, TimeUnit.SECONDS);
        }
    }

    private Talk<UpsertStreamRequest, UpsertAck> upsertStream() {
        return new Talk<>(client.open(
                "shaula.v1.Vectors/UpsertStream",
                UpsertStreamRequest.getDefaultInstance(),
                UpsertAck.getDefaultInstance()));
    }

    private static UpsertStreamRequest batch(long number, String... ids) {
        UpsertStreamRequest.Builder out = UpsertStreamRequest.newBuilder().setBatch(number);
        for (String id : ids) {
            out.addPoints(point(id, (float) number, 1));
        }
        return out.build();
    }

    @Test
    void shouldAcknowledgeEachBatchWhileTheStreamIsOpen() throws Exception {
        Talk<UpsertStreamRequest, UpsertAck> talk = upsertStream();
        talk.call.sendMessage(batch(7, "a", "b").toBuilder()
                .setCollection("g-stream")
                .setAck(Ack.ACK_DURABLE)
                .build());
        UpsertAck first = talk.next();
        assertThat(first.getBatch()).isEqualTo(7);
        assertThat(first.getCount()).isEqualTo(2);
        assertThat(first.getAck()).isEqualTo(Ack.ACK_DURABLE);

        talk.call.sendMessage(batch(9, "c", "d", "e"));
        assertThat(talk.next().getTotal()).isEqualTo(5);
        for (int i = 10; i < 1_010; i++) {
            talk.call.sendMessage(batch(i, "x" + i));
        }
        talk.call.halfClose();
        long told = 5;
        UpsertAck last = first;
        while (last.getBatch() < 1_009) {
            last = talk.next();
            told += last.getCount();
            assertThat(last.getTotal()).isEqualTo(told);
        }
        assertThat(told).isEqualTo(1_005);
        assertThat(talk.end().getCode()).isEqualTo(Status.Code.OK);
        // Durable is not yet found; what is acknowledged as found has everything before it found too.
        client.upsert("g-stream", List.of(point("last", 1, 0)));
        assertThat(client.count("g-stream")).isEqualTo(1_006);
        GetRequest get = GetRequest.newBuilder()
                .setCollection("g-stream")
                .addIds("x1009")
                .build();
        assertThat(client.call("shaula.v1.Vectors/Get", get, GetResponse.getDefaultInstance())
                        .getPoints(0)
                        .getVersion())
                .as("the version of the last point is the place in the log that its acknowledgement tells")
                .isEqualTo(last.getSequences(0));
    }

    @Test
    void shouldRefuseConditionsInAStream() throws Exception {
        Talk<UpsertStreamRequest, UpsertAck> talk = upsertStream();
        UpsertStreamRequest.Builder batch = batch(1, "a", "b").toBuilder().setCollection("g-conditions");
        batch.getPointsBuilder(1).setCondition(Condition.CONDITION_ABSENT);
        talk.call.sendMessage(batch.build());
        assertThat(talk.end().getDescription())
                .isEqualTo("batch 1: points[1]: expected no condition in a stream; Upsert takes them");
    }

    @Test
    void shouldKeepAndTellWhatCameBeforeABadBatch() throws Exception {
        client.create("g-badbatch", 2, Metric.METRIC_COSINE);
        Talk<UpsertStreamRequest, UpsertAck> talk = upsertStream();
        talk.call.sendMessage(
                batch(1, "a", "b").toBuilder().setCollection("g-badbatch").build());
        talk.call.sendMessage(batch(2, "c", ""));
        assertThat(talk.next().getBatch()).isEqualTo(1);
        Status end = talk.end();
        assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).startsWith("batch 2: points[1].id: expected 1 to 1024 bytes");
        assertThat(talk.answers).isEmpty();
        assertThat(client.count("g-badbatch")).isEqualTo(2);
    }

    @Test
    void shouldRefuseAStreamThatIsEmptyOrOutOfOrder() throws Exception {
        Talk<UpsertStreamRequest, UpsertAck> empty = upsertStream();
        empty.call.halfClose();
        assertThat(empty.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);

        Talk<UpsertStreamRequest, UpsertAck> talk = upsertStream();
        talk.call.sendMessage(batch(2, "a").toBuilder().setCollection("g-order").build());
        talk.call.sendMessage(batch(2, "b"));
        assertThat(talk.next().getBatch()).isEqualTo(2);
        assertThat(talk.end().getDescription()).isEqualTo("batch 2: batch: expected more than 2");
    }

    @Test
    void shouldAnswerEveryQueryOfAStreamAndSurviveBadOnes() throws Exception {
        client.upsert("g-many", List.of(point("x", 1, 0), point("y", 0, 1)));
        Talk<SearchStreamRequest, SearchStreamResponse> talk = new Talk<>(client.open(
                "shaula.v1.Vectors/SearchStream",
                SearchStreamRequest.getDefaultInstance(),
                SearchStreamResponse.getDefaultInstance()));
        int queries = 500;
        for (int i = 0; i < queries; i++) {
            SearchRequest.Builder search =
                    SearchRequest.newBuilder().setCollection("g-many").setTopK(1);
            if (i % 10 == 9) {
                search.setVector(packed(1, 2, 3));
            } else {
                search.setVector(i % 2 == 0 ? packed(1, 0) : packed(0, 1));
            }
            talk.call.sendMessage(SearchStreamRequest.newBuilder()
                    .setNumber(i)
                    .setSearch(search)
                    .build());
        }
        talk.call.halfClose();
        Set<Long> answered = new HashSet<>();
        for (int i = 0; i < queries; i++) {
            SearchStreamResponse answer = talk.next();
            answered.add(answer.getNumber());
            if (answer.getNumber() % 10 == 9) {
                assertThat(answer.getError().getMessage()).isEqualTo("vector: expected 2 numbers, got 3");
            } else {
                assertThat(answer.getResults(0).getId()).isEqualTo(answer.getNumber() % 2 == 0 ? "x" : "y");
            }
        }
        assertThat(answered).hasSize(queries);
        assertThat(talk.end().getCode()).isEqualTo(Status.Code.OK);
    }

    @Test
    void shouldScrollOverEveryPointThatTheFilterAccepts() throws Exception {
        int points = 700;
        List<Point> given = new ArrayList<>();
        for (int i = 0; i < points; i++) {
            given.add(point("s%03d".formatted(i), i, 1).toBuilder()
                    .setMetadataJson("{\"odd\":" + (i % 2 == 1) + "}")
                    .build());
        }
        client.upsert("g-scroll", given);
        Talk<ScrollRequest, ScrollResponse> talk = new Talk<>(client.open(
                MethodType.SERVER_STREAMING,
                "shaula.v1.Vectors/Scroll",
                ScrollRequest.getDefaultInstance(),
                ScrollResponse.getDefaultInstance()));
        talk.call.sendMessage(ScrollRequest.newBuilder()
                .setCollection("g-scroll")
                .setFilterJson("{\"odd\":true}")
                .setOrder(ScrollOrder.SCROLL_ORDER_ID)
                .setMetadataAsJson(true)
                .build());
        talk.call.halfClose();
        assertThat(talk.end().getCode()).isEqualTo(Status.Code.OK);
        List<Point> read = talk.answers.stream()
                .flatMap(answer -> answer.getPointsList().stream())
                .toList();
        assertThat(talk.answers.size()).isGreaterThan(1);
        assertThat(read)
                .isEqualTo(IntStream.range(0, points)
                        .filter(i -> i % 2 == 1)
                        .mapToObj(given::get)
                        .toList());
    }

    @Test
    void shouldDescribeItselfToToolsThatReflect() throws Exception {
        Talk<ServerReflectionRequest, ServerReflectionResponse> talk = new Talk<>(client.open(
                "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                ServerReflectionRequest.getDefaultInstance(),
                ServerReflectionResponse.getDefaultInstance()));
        talk.call.sendMessage(
                ServerReflectionRequest.newBuilder().setListServices("").build());
        assertThat(talk.next().getListServicesResponse().getServiceList())
                .extracting(service -> service.getName())
                .contains("shaula.v1.Collections", "shaula.v1.Vectors", "grpc.health.v1.Health");
        talk.call.sendMessage(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("shaula.v1.Vectors.Search")
                .build());
        assertThat(talk.next().getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isEqualTo(3);
        talk.call.sendMessage(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("guess")
                .build());
        assertThat(talk.next().hasErrorResponse()).isTrue();
        talk.call.halfClose();
        assertThat(talk.end().getCode()).isEqualTo(Status.Code.OK);
    }
}
