package dev.shaula.api.grpc;

import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import dev.shaula.api.grpc.v1.Collection;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.ScoredPoint;
import dev.shaula.api.grpc.v1.ScrollRequest;
import dev.shaula.api.grpc.v1.ScrollResponse;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.wire.Fragments;
import dev.shaula.api.wire.Ids;
import dev.shaula.api.wire.QueryDefaults;
import dev.shaula.api.wire.SearchWish;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.Expiry;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages to model records and back. Any thread. */
final class Messages {
    private Messages() {}

    /** The name of a collection, or the default one for an empty field. */
    static String collection(String field) {
        return field.isEmpty() ? CollectionConfig.DEFAULT_NAME : field;
    }

    static Ack ack(dev.shaula.api.grpc.v1.Ack ack) {
        return switch (ack) {
            case ACK_UNSPECIFIED, ACK_INDEXED -> Ack.INDEXED;
            case ACK_DURABLE -> Ack.DURABLE;
            case UNRECOGNIZED -> throw VectorDbException.invalid("ack: expected ACK_INDEXED or ACK_DURABLE");
        };
    }

    static dev.shaula.api.grpc.v1.Ack ack(Ack ack) {
        return switch (ack) {
            case INDEXED -> dev.shaula.api.grpc.v1.Ack.ACK_INDEXED;
            case DURABLE -> dev.shaula.api.grpc.v1.Ack.ACK_DURABLE;
        };
    }

    private static Metric metric(dev.shaula.api.grpc.v1.Metric metric) {
        return switch (metric) {
            case METRIC_UNSPECIFIED, METRIC_COSINE -> Metric.COSINE;
            case METRIC_DOT -> Metric.DOT;
            case METRIC_EUCLIDEAN -> Metric.EUCLIDEAN;
            case UNRECOGNIZED ->
                throw VectorDbException.invalid(
                        "metric: expected METRIC_COSINE, METRIC_DOT or METRIC_EUCLIDEAN, got another number");
        };
    }

    private static dev.shaula.api.grpc.v1.Metric metric(Metric metric) {
        return switch (metric) {
            case COSINE -> dev.shaula.api.grpc.v1.Metric.METRIC_COSINE;
            case DOT -> dev.shaula.api.grpc.v1.Metric.METRIC_DOT;
            case EUCLIDEAN -> dev.shaula.api.grpc.v1.Metric.METRIC_EUCLIDEAN;
        };
    }

    static CollectionConfig config(CreateCollectionRequest request) {
        return new CollectionConfig(
                        request.getName(),
                        request.getDimensions(),
                        metric(request.getMetric()),
                        request.hasShards() ? request.getShards() : CollectionConfig.DEFAULT_SHARDS,
                        request.hasM() ? request.getM() : CollectionConfig.DEFAULT_M,
                        request.hasEfConstruction()
                                ? request.getEfConstruction()
                                : CollectionConfig.DEFAULT_EF_CONSTRUCTION,
                        !request.getExactOnly())
                .withTtlSeconds(request.getTtlSeconds());
    }

    static Collection described(CollectionInfo info, List<String> aliases) {
        CollectionConfig config = info.config();
        Instant at = info.createdAt();
        return Collection.newBuilder()
                .setName(config.name())
                .setDimensions(config.dimensions())
                .setMetric(metric(config.metric()))
                .setShards(config.shards())
                .setM(config.m())
                .setEfConstruction(config.efConstruction())
                .setExactOnly(!config.hnsw())
                .setVectorCount(info.vectorCount())
                .setMemoryBytes(info.memoryBytes())
                .setCreatedAt(
                        Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()))
                .addAllAliases(aliases)
                .setTtlSeconds(config.ttlSeconds())
                .build();
    }

    /** The points of one message. @throws VectorDbException (invalid) naming the point and the field */
    static List<Point> points(List<dev.shaula.api.grpc.v1.Point> given) {
        if (given.isEmpty()) {
            throw VectorDbException.invalid("points: expected at least one, got none");
        }
        List<Point> points = new ArrayList<>(given.size());
        int length = 0;
        for (int i = 0; i < given.size(); i++) {
            Point point = point(given.get(i), "points[" + i + "].");
            length = i == 0 ? point.vector().length : length;
            checkLength("points[" + i + "].", length, point.vector().length);
            points.add(point);
        }
        return points;
    }

    /** @throws VectorDbException (invalid) unless the vector has the expected number of elements */
    static void checkLength(String place, int expected, int length) {
        if (length != expected) {
            throw VectorDbException.invalid(place + "vector: expected " + expected + " numbers, got " + length);
        }
    }

    private static Point point(dev.shaula.api.grpc.v1.Point given, String place) {
        String id = Ids.check(given.getId(), place + "id");
        float[] vector = VectorFields.of(given.getVector(), given.getValuesList(), place);
        try {
            return new Point(id, vector, metadata(given)).withExpiry(expiry(given));
        } catch (VectorDbException e) {
            throw VectorDbException.invalid(place + e.getMessage());
        }
    }

    private static Expiry expiry(dev.shaula.api.grpc.v1.Point given) {
        return switch (given.getExpiryCase()) {
            case EXPIRES_AT -> {
                Timestamp at = given.getExpiresAt();
                if (at.getSeconds() < 0 || at.getSeconds() > Limits.MAX_EXPIRY_MS / 1_000) {
                    throw VectorDbException.invalid(
                            "expires_at: expected a moment from 1970 to 9999, got " + at.getSeconds() + " seconds");
                }
                yield Expiry.at(1_000 * at.getSeconds() + at.getNanos() / 1_000_000);
            }
            case TTL_SECONDS -> {
                double seconds = given.getTtlSeconds();
                if (!(seconds >= 0.001 && seconds <= Limits.MAX_TTL_SECONDS)) {
                    throw VectorDbException.invalid(
                            "ttl_seconds: expected 0.001 to " + Limits.MAX_TTL_SECONDS + " seconds, got " + seconds);
                }
                yield new Expiry.After(Math.round(1_000 * seconds));
            }
            case NEVER_EXPIRES -> given.getNeverExpires() ? Expiry.NEVER : Expiry.UNCHANGED;
            case EXPIRY_NOT_SET -> Expiry.UNCHANGED;
        };
    }

    private static Metadata metadata(dev.shaula.api.grpc.v1.Point given) {
        return switch (given.getMetadataFormCase()) {
            case METADATA -> Fragments.metadata(Structs.toJson(given.getMetadata()));
            case METADATA_JSON ->
                Fragments.metadata(given.getMetadataJsonBytes().toByteArray());
            case METADATAFORM_NOT_SET -> Metadata.EMPTY;
        };
    }

    static dev.shaula.api.grpc.v1.Point point(Point point, boolean asJson) {
        long expiresAtMs = point.expiry().epochMs(0, Expiry.NEVER_MS);
        var out = point(point.id(), point.vector(), point.metadata(), expiresAtMs, asJson);
        if (point.version() != Point.NO_VERSION) {
            out.setVersion(point.version());
        }
        return out.build();
    }

    private static dev.shaula.api.grpc.v1.Point.Builder point(
            String id, float @Nullable [] vector, @Nullable Metadata metadata, long expiresAtMs, boolean asJson) {
        dev.shaula.api.grpc.v1.Point.Builder out =
                dev.shaula.api.grpc.v1.Point.newBuilder().setId(id);
        if (vector != null) {
            out.setVector(VectorFields.packed(vector));
        }
        if (metadata != null && asJson) {
            out.setMetadataJson(metadata.toString());
        } else if (metadata != null) {
            out.setMetadata(Structs.fromJson(metadata.json()));
        }
        if (expiresAtMs != Expiry.NEVER_MS) {
            out.setExpiresAt(Timestamp.newBuilder()
                    .setSeconds(expiresAtMs / 1_000)
                    .setNanos((int) (expiresAtMs % 1_000) * 1_000_000));
        }
        return out;
    }

    static dev.shaula.model.SearchRequest search(SearchRequest request, QueryDefaults defaults) {
        float[] vector = VectorFields.of(request.getVector(), request.getValuesList(), "");
        int k = request.getTopK() == 0 ? dev.shaula.model.SearchRequest.DEFAULT_K : clamped(request.getTopK());
        Double threshold = request.hasThreshold() ? request.getThreshold() : null;
        boolean metadata = !request.hasIncludeMetadata() || request.getIncludeMetadata();
        return new SearchWish(
                        k, clamped(request.getEfSearch()), clamped(request.getEf()), request.getExact(), threshold)
                .toSearch(vector, filter(request), request.getIncludeVectors(), metadata, defaults);
    }

    /** An unsigned number that does not fit an int is beyond every limit. */
    private static int clamped(int unsigned) {
        return unsigned < 0 ? Integer.MAX_VALUE : unsigned;
    }

    private static @Nullable Filter filter(SearchRequest request) {
        return filter(request.hasFilter(), request.getFilter(), request.getFilterJson());
    }

    /** The filter of a message that has both forms of it; an empty text is none. */
    static @Nullable Filter filter(boolean hasStruct, Struct struct, String json) {
        if (hasStruct) {
            return Fragments.filter(Structs.toJson(struct));
        }
        return json.isEmpty() ? null : Fragments.filter(json.getBytes(StandardCharsets.UTF_8));
    }

    static dev.shaula.model.ScrollRequest scroll(ScrollRequest request) {
        dev.shaula.model.ScrollRequest.Order order = switch (request.getOrder()) {
            case SCROLL_ORDER_UNSPECIFIED, SCROLL_ORDER_INSERTION -> dev.shaula.model.ScrollRequest.Order.INSERTION;
            case SCROLL_ORDER_ID -> dev.shaula.model.ScrollRequest.Order.ID;
            case UNRECOGNIZED ->
                throw VectorDbException.invalid(
                        "order: expected SCROLL_ORDER_INSERTION or SCROLL_ORDER_ID, got another number");
        };
        return new dev.shaula.model.ScrollRequest(
                order,
                filter(request.hasFilter(), request.getFilter(), request.getFilterJson()),
                !request.getWithoutVectors(),
                !request.getWithoutMetadata());
    }

    static ScrollResponse scrolled(List<StoredPoint> points, boolean asJson) {
        ScrollResponse.Builder out = ScrollResponse.newBuilder();
        for (StoredPoint point : points) {
            out.addPoints(point(point.id(), point.vector(), point.metadata(), point.expiresAtMs(), asJson));
        }
        return out.build();
    }

    static List<ScoredPoint> found(List<dev.shaula.model.ScoredPoint> results, boolean asJson) {
        return results.stream().map(result -> found(result, asJson)).toList();
    }

    private static ScoredPoint found(dev.shaula.model.ScoredPoint result, boolean asJson) {
        ScoredPoint.Builder out = ScoredPoint.newBuilder().setId(result.id()).setScore(result.score());
        float[] vector = result.vector();
        if (vector != null) {
            out.setVector(VectorFields.packed(vector));
        }
        Metadata metadata = result.metadata();
        if (metadata != null && asJson) {
            out.setMetadataJson(metadata.toString());
        } else if (metadata != null) {
            out.setMetadata(Structs.fromJson(metadata.json()));
        }
        return out.build();
    }

    /** Ids of a request. @throws VectorDbException (invalid) if they are none, too many, or one cannot be an id */
    static List<String> ids(List<String> ids, int most) {
        if (ids.isEmpty() || ids.size() > most) {
            throw VectorDbException.invalid("ids: expected 1 to " + most + ", got " + ids.size());
        }
        for (int i = 0; i < ids.size(); i++) {
            Ids.check(ids.get(i), "ids[" + i + "]");
        }
        return ids;
    }

    /** Points of one unary upsert. */
    static void checkCount(int points) {
        if (points > Limits.MAX_UPSERT_POINTS) {
            throw VectorDbException.tooLarge(
                    "points: expected at most " + Limits.MAX_UPSERT_POINTS + ", got " + points);
        }
    }
}
