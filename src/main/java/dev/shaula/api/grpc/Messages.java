package dev.shaula.api.grpc;

import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import dev.shaula.api.grpc.v1.Collection;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.IndexesResponse;
import dev.shaula.api.wire.Fragments;
import dev.shaula.api.wire.Ids;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.Expiry;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.MemoryUse;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Quantization;
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

    private static dev.shaula.api.grpc.v1.MemoryUse memory(MemoryUse memory) {
        return dev.shaula.api.grpc.v1.MemoryUse.newBuilder()
                .setVectors(memory.vectorBytes())
                .setCodes(memory.codeBytes())
                .setGraph(memory.graphBytes())
                .setOther(memory.otherBytes())
                .build();
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
                .withQuantization(quantization(request.getQuantization()))
                .withTtlSeconds(request.getTtlSeconds())
                .withAutoIndexFields(request.getAutoIndexMaxFields());
    }

    private static Quantization quantization(String name) {
        return name.isEmpty() ? Quantization.AUTO : Quantization.parse("quantization", name);
    }

    /** The indexes that a new collection begins with. @throws VectorDbException (invalid) naming the index */
    static List<FieldIndex> indexes(List<dev.shaula.api.grpc.v1.FieldIndex> given) {
        List<FieldIndex> indexes = new ArrayList<>(given.size());
        for (int i = 0; i < given.size(); i++) {
            try {
                indexes.add(index(given.get(i)));
            } catch (VectorDbException e) {
                throw VectorDbException.invalid("indexes[" + i + "]." + e.getMessage());
            }
        }
        return indexes;
    }

    static FieldIndex index(dev.shaula.api.grpc.v1.FieldIndex given) {
        return new FieldIndex(given.getField(), FieldIndex.Kind.fromWireName(given.getType()));
    }

    static IndexesResponse indexStatus(List<IndexStatus> indexes) {
        IndexesResponse.Builder out = IndexesResponse.newBuilder();
        for (IndexStatus status : indexes) {
            out.addIndexes(dev.shaula.api.grpc.v1.IndexStatus.newBuilder()
                    .setIndex(dev.shaula.api.grpc.v1.FieldIndex.newBuilder()
                            .setField(status.index().field())
                            .setType(status.index().kind().wireName()))
                    .setAutomatic(status.automatic())
                    .setReady(status.ready())
                    .setIndexedRows(status.indexedRows())
                    .setTotalRows(status.totalRows())
                    .setMemoryBytes(status.heapBytes()));
        }
        return out.build();
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
                .setQuantization(config.effectiveQuantization().wireName())
                .setMemory(memory(info.memory()))
                .setAutoIndexMaxFields(config.autoIndexFields())
                .setAutoIndexFields(info.autoIndexes().fields())
                .setAutoIndexFull(info.autoIndexes().full())
                .build();
    }

    /** @throws VectorDbException (invalid) unless the vector has the expected number of elements */
    static void checkLength(String place, int expected, int length) {
        if (length != expected) {
            throw VectorDbException.invalid(place + "vector: expected " + expected + " numbers, got " + length);
        }
    }

    static dev.shaula.api.grpc.v1.Point point(Point point, boolean asJson) {
        long expiresAtMs = point.expiry().epochMs(0, Expiry.NEVER_MS);
        return stored(
                new StoredPoint(point.id(), point.vector(), point.metadata(), expiresAtMs, point.version()), asJson);
    }

    static dev.shaula.api.grpc.v1.Point stored(StoredPoint point, boolean asJson) {
        dev.shaula.api.grpc.v1.Point.Builder out =
                dev.shaula.api.grpc.v1.Point.newBuilder().setId(point.id());
        float[] vector = point.vector();
        if (vector != null) {
            out.setVector(VectorFields.packed(vector));
        }
        Metadata metadata = point.metadata();
        if (metadata != null && asJson) {
            out.setMetadataJson(metadata.toString());
        } else if (metadata != null) {
            out.setMetadata(Structs.fromJson(metadata.json()));
        }
        if (point.expiresAtMs() != Expiry.NEVER_MS) {
            out.setExpiresAt(Timestamp.newBuilder()
                    .setSeconds(point.expiresAtMs() / 1_000)
                    .setNanos((int) (point.expiresAtMs() % 1_000) * 1_000_000));
        }
        if (point.version() != Point.NO_VERSION) {
            out.setVersion(point.version());
        }
        return out.build();
    }

    /** The filter of a message that has both forms of it; an empty text is none. */
    static @Nullable Filter filter(boolean hasStruct, Struct struct, String json) {
        if (hasStruct) {
            return Fragments.filter(Structs.toJson(struct));
        }
        return json.isEmpty() ? null : Fragments.filter(json.getBytes(StandardCharsets.UTF_8));
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
}
