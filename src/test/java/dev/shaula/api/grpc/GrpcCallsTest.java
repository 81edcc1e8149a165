package dev.shaula.api.grpc;

import static dev.shaula.api.grpc.GrpcClient.packed;
import static dev.shaula.api.grpc.GrpcClient.point;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.rpc.ErrorInfo;
import dev.shaula.api.grpc.v1.Collection;
import dev.shaula.api.grpc.v1.CountRequest;
import dev.shaula.api.grpc.v1.CountResponse;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.CreateCollectionResponse;
import dev.shaula.api.grpc.v1.DeleteRequest;
import dev.shaula.api.grpc.v1.DeleteResponse;
import dev.shaula.api.grpc.v1.DropCollectionRequest;
import dev.shaula.api.grpc.v1.DropCollectionResponse;
import dev.shaula.api.grpc.v1.GetCollectionRequest;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.IndexStatus;
import dev.shaula.api.grpc.v1.IndexesResponse;
import dev.shaula.api.grpc.v1.ListCollectionsRequest;
import dev.shaula.api.grpc.v1.ListCollectionsResponse;
import dev.shaula.api.grpc.v1.ListIndexesRequest;
import dev.shaula.api.grpc.v1.Metric;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.ScoredPoint;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.protobuf.StatusProto;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class GrpcCallsTest {
    private static final String COLLECTIONS = "shaula.v1.Collections/";
    private static final String VECTORS = "shaula.v1.Vectors/";

    private final GrpcClient client = new GrpcClient();

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void shouldCreateFindListAndDropCollections() {
        CreateCollectionRequest wish = CreateCollectionRequest.newBuilder()
                .setName("g-life")
                .setDimensions(3)
                .setMetric(Metric.METRIC_DOT)
                .setM(8)
                .setQuantization("int4")
                .build();
        CreateCollectionResponse made =
                client.call(COLLECTIONS + "Create", wish, CreateCollectionResponse.getDefaultInstance());
        assertThat(made.getAlreadyExisted()).isFalse();
        assertThat(client.call(COLLECTIONS + "Create", wish, CreateCollectionResponse.getDefaultInstance())
                        .getAlreadyExisted())
                .isTrue();

        Collection found = client.call(COLLECTIONS + "Get", named("g-life"), Collection.getDefaultInstance());
        assertThat(found).isEqualTo(made.getCollection());
        assertThat(found.getDimensions()).isEqualTo(3);
        assertThat(found.getMetric()).isEqualTo(Metric.METRIC_DOT);
        assertThat(found.getM()).isEqualTo(8);
        assertThat(found.getQuantization()).isEqualTo("int4");
        assertThat(client.call(
                                COLLECTIONS + "List",
                                ListCollectionsRequest.getDefaultInstance(),
                                ListCollectionsResponse.getDefaultInstance())
                        .getCollectionsList())
                .contains(found);

        CreateCollectionRequest other = wish.toBuilder().setDimensions(4).build();
        refused(
                COLLECTIONS + "Create",
                other,
                CreateCollectionResponse.getDefaultInstance(),
                Status.Code.ALREADY_EXISTS);
        DropCollectionRequest drop =
                DropCollectionRequest.newBuilder().setName("g-life").build();
        client.call(COLLECTIONS + "Drop", drop, DropCollectionResponse.getDefaultInstance());
        refused(COLLECTIONS + "Get", named("g-life"), Collection.getDefaultInstance(), Status.Code.NOT_FOUND);
    }

    @Test
    void shouldIndexFieldsAsTheyComeUpToTheCap() {
        CreateCollectionRequest wish = CreateCollectionRequest.newBuilder()
                .setName("g-auto")
                .setDimensions(3)
                .setAutoIndexMaxFields(2)
                .build();
        client.call(COLLECTIONS + "Create", wish, CreateCollectionResponse.getDefaultInstance());
        Point point = Point.newBuilder()
                .setId("a")
                .setVector(packed(1, 0, 0))
                .setMetadataJson("{\"year\":1979, \"name\":\"alien\", \"seen\":true}")
                .build();
        client.upsert("g-auto", List.of(point));

        IndexesResponse indexes = client.call(
                COLLECTIONS + "ListIndexes",
                ListIndexesRequest.newBuilder().setCollection("g-auto").build(),
                IndexesResponse.getDefaultInstance());
        assertThat(indexes.getIndexesList()).hasSize(2).allMatch(IndexStatus::getAutomatic);
        Collection made = client.call(COLLECTIONS + "Get", named("g-auto"), Collection.getDefaultInstance());
        assertThat(made.getAutoIndexMaxFields()).isEqualTo(2);
        assertThat(made.getAutoIndexFields()).isEqualTo(2);
        assertThat(made.getAutoIndexFull()).isTrue();
        refused(
                COLLECTIONS + "Create",
                wish.toBuilder()
                        .setName("g-auto-too-many")
                        .setAutoIndexMaxFields(-1)
                        .build(),
                CreateCollectionResponse.getDefaultInstance(),
                Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void shouldStoreFindGetCountAndDeletePointsInBothForms() {
        Point packed = Point.newBuilder()
                .setId("packed")
                .setVector(packed(1, 0, 0))
                .setMetadataJson("{\"year\":1979, \"tags\":[\"space\"]}")
                .build();
        Point listed = Point.newBuilder()
                .setId("listed")
                .addAllValues(List.of(0.6f, 0.8f, 0f))
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "year", Value.newBuilder().setNumberValue(1972).build()))
                .build();
        assertThat(client.upsert("g-points", List.of(packed, listed))).isEqualTo(2);

        SearchRequest search = SearchRequest.newBuilder()
                .setCollection("g-points")
                .setVector(packed(1, 0, 0))
                .setIncludeVectors(true)
                .setMetadataAsJson(true)
                .build();
        List<ScoredPoint> results = search(search);
        assertThat(results).extracting(ScoredPoint::getId).containsExactly("packed", "listed");
        assertThat(results.getFirst().getVector()).isEqualTo(packed(1, 0, 0));
        assertThat(results.getFirst().getMetadataJson()).isEqualTo("{\"year\":1979,\"tags\":[\"space\"]}");
        assertThat(results.get(1).getScore()).isCloseTo(0.6f, within(1e-6f));
        assertThat(results.get(1).getMetadataJson()).isEqualTo("{\"year\":1972}");

        SearchRequest filtered =
                search.toBuilder().setFilterJson("{\"year\":{\"$lt\":1975}}").build();
        assertThat(search(filtered)).extracting(ScoredPoint::getId).containsExactly("listed");
        SearchRequest byStruct = search.toBuilder()
                .setFilter(Struct.newBuilder()
                        .putFields(
                                "tags",
                                Value.newBuilder().setStringValue("space").build()))
                .build();
        assertThat(search(byStruct)).extracting(ScoredPoint::getId).containsExactly("packed");

        GetRequest get = GetRequest.newBuilder()
                .setCollection("g-points")
                .addAllIds(List.of("listed", "nobody", "packed"))
                .build();
        GetResponse got = client.call(VECTORS + "Get", get, GetResponse.getDefaultInstance());
        assertThat(got.getPointsList()).extracting(Point::getId).containsExactly("listed", "packed");
        assertThat(got.getPoints(0).getMetadata()).isEqualTo(listed.getMetadata());
        assertThat(got.getMissingList()).containsExactly("nobody");

        DeleteRequest delete = DeleteRequest.newBuilder()
                .setCollection("g-points")
                .addAllIds(List.of("packed", "nobody"))
                .build();
        DeleteResponse deleted = client.call(VECTORS + "Delete", delete, DeleteResponse.getDefaultInstance());
        assertThat(deleted.getCount()).isEqualTo(1);
        assertThat(deleted.getMissingList()).containsExactly("nobody");
        CountRequest count = CountRequest.newBuilder().setCollection("g-points").build();
        assertThat(client.call(VECTORS + "Count", count, CountResponse.getDefaultInstance())
                        .getCount())
                .isEqualTo(1);
    }

    @Test
    void shouldRefuseBadPointsNamingThemWithAReasonForPrograms() {
        client.create("g-bad", 3, Metric.METRIC_COSINE);
        UpsertResponse none = UpsertResponse.getDefaultInstance();
        assertThat(refusedUpsert(point("a", 1, 2, 3), point("b", 1, 2)).getDescription())
                .isEqualTo("points[1].vector: expected 3 numbers, got 2");
        assertThat(refusedUpsert(point("", 1, 2, 3)).getDescription()).startsWith("points[0].id: expected 1 to 1024");
        assertThat(refusedUpsert(point("a", 1, 2, Float.NaN)).getDescription())
                .isEqualTo("vectors[0].vector[2]: expected a finite number, got NaN");
        assertThat(refusedUpsert(Point.newBuilder()
                                .setId("a")
                                .setVector(ByteString.copyFrom(new byte[7]))
                                .build())
                        .getDescription())
                .isEqualTo("points[0].vector: expected 4 bytes for each element, got 7 bytes");
        assertThat(refusedUpsert(point("a", 1, 2, 3).toBuilder()
                                .setMetadataJson("{\"a\":1,\"a\":2}")
                                .build())
                        .getDescription())
                .startsWith("points[0].metadata.a: the name \"a\" occurs twice");
        assertThat(refusedUpsert(point("a", 1, 2, 3).toBuilder()
                                .setMetadataJson("{},{}")
                                .build())
                        .getDescription())
                .startsWith("points[0].metadata: ");
        UpsertRequest empty = UpsertRequest.newBuilder().setCollection("g-bad").build();
        refused(VECTORS + "Upsert", empty, none, Status.Code.INVALID_ARGUMENT);

        StatusRuntimeException failure = refused(
                VECTORS + "Search",
                SearchRequest.newBuilder()
                        .setCollection("g-missing")
                        .setVector(packed(1))
                        .build(),
                SearchResponse.getDefaultInstance(),
                Status.Code.NOT_FOUND);
        assertThat(reasonOf(failure)).isEqualTo("NOT_FOUND");
        assertThat(failure.getStatus().getDescription()).isEqualTo("collection \"g-missing\" does not exist");
    }

    @Test
    void shouldRefuseSearchesBeyondTheLimits() {
        client.create("g-limits", 2, Metric.METRIC_COSINE);
        SearchRequest search = SearchRequest.newBuilder()
                .setCollection("g-limits")
                .setVector(packed(1, 0))
                .build();
        for (SearchRequest bad : List.of(
                search.toBuilder().setTopK(10_001).build(),
                search.toBuilder().setTopK(-1).build(),
                search.toBuilder().setEfSearch(100_001).build(),
                search.toBuilder().setVector(packed(1)).build(),
                search.toBuilder().addValues(1).build(),
                search.toBuilder().setFilterJson("{\"a\":{\"$near\":1}}").build(),
                search.toBuilder().setFilterJson("{").build())) {
            refused(VECTORS + "Search", bad, SearchResponse.getDefaultInstance(), Status.Code.INVALID_ARGUMENT);
        }
    }

    @Test
    void shouldRefuseWhatIsTooLongOrUnknown() {
        UpsertRequest huge = UpsertRequest.newBuilder()
                .setCollection("g-huge")
                .addPoints(Point.newBuilder().setId("a").setVector(ByteString.copyFrom(new byte[17 << 20])))
                .build();
        StatusRuntimeException tooLong =
                refused(VECTORS + "Upsert", huge, UpsertResponse.getDefaultInstance(), Status.Code.RESOURCE_EXHAUSTED);
        assertThat(reasonOf(tooLong)).isEqualTo("TOO_LARGE");
        refused(VECTORS + "Guess", huge, UpsertResponse.getDefaultInstance(), Status.Code.UNIMPLEMENTED);
    }

    @Test
    void shouldSayThatItServes() {
        HealthCheckResponse health = client.call(
                "grpc.health.v1.Health/Check",
                HealthCheckRequest.newBuilder().setService("shaula.v1.Vectors").build(),
                HealthCheckResponse.getDefaultInstance());
        assertThat(health.getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
        refused(
                "grpc.health.v1.Health/Check",
                HealthCheckRequest.newBuilder().setService("guess").build(),
                HealthCheckResponse.getDefaultInstance(),
                Status.Code.NOT_FOUND);
    }

    private List<ScoredPoint> search(SearchRequest request) {
        return client.call(VECTORS + "Search", request, SearchResponse.getDefaultInstance())
                .getResultsList();
    }

    private Status refusedUpsert(Point... points) {
        UpsertRequest request = UpsertRequest.newBuilder()
                .setCollection("g-bad")
                .addAllPoints(List.of(points))
                .build();
        return refused(VECTORS + "Upsert", request, UpsertResponse.getDefaultInstance(), Status.Code.INVALID_ARGUMENT)
                .getStatus();
    }

    private <Q extends Message, A extends Message> StatusRuntimeException refused(
            String method, Q question, A answer, Status.Code code) {
        StatusRuntimeException failure =
                catchThrowableOfType(StatusRuntimeException.class, () -> client.call(method, question, answer));
        assertThat(failure).as("%s %s", method, question).isNotNull();
        assertThat(failure.getStatus().getCode())
                .as(failure.getStatus().toString())
                .isEqualTo(code);
        return failure;
    }

    private static String reasonOf(StatusRuntimeException failure) {
        com.google.rpc.Status status = StatusProto.fromThrowable(failure);
        assertThat(status).isNotNull();
        try {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    return detail.unpack(ErrorInfo.class).getReason();
                }
            }
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("no reason in " + status);
    }

    private static GetCollectionRequest named(String name) {
        return GetCollectionRequest.newBuilder().setName(name).build();
    }
}
