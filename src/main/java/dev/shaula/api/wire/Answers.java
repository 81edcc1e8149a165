package dev.shaula.api.wire;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of answers, with the spellings of every client: vectors as {@code vector} and {@code values}, counts as
 * {@code vector_count} and {@code vectorCount}. Each body is whole when it is returned. Any thread.
 */
public final class Answers {
    private static final int BYTES_PER_RESULT = 128;
    private static final int BYTES_PER_ELEMENT = 26; // in both spellings

    private Answers() {}

    public static byte[] error(String text) {
        return new JsonWriter(text.length() + 16)
                .openObject()
                .field("error", text)
                .closeObject()
                .toBytes();
    }

    /** {@code {"success": true}}. */
    public static byte[] success() {
        return new JsonWriter(24)
                .openObject()
                .field("success", true)
                .closeObject()
                .toBytes();
    }

    public static byte[] created(CollectionInfo info, boolean alreadyExisted) {
        CollectionConfig config = info.config();
        JsonWriter out = new JsonWriter(128).openObject().field("success", true);
        out.field("name", config.name()).field("dimensions", config.dimensions());
        out.field("metric", config.metric().wireName()).field("shards", config.shards());
        if (alreadyExisted) {
            out.field("already_exists", true);
        }
        return out.closeObject().toBytes();
    }

    public static byte[] described(CollectionInfo info, List<String> aliases) {
        JsonWriter out = new JsonWriter(512);
        describe(out, info, aliases);
        return out.toBytes();
    }

    /** Every collection as {@link #described}; {@code aliases} are those of each collection that has any. */
    public static byte[] listed(List<CollectionInfo> infos, Map<String, List<String>> aliases) {
        JsonWriter out = new JsonWriter(64 + 512 * infos.size()).openObject().name("collections");
        out.openArray();
        infos.forEach(
                info -> describe(out, info, aliases.getOrDefault(info.config().name(), List.of())));
        return out.closeArray().field("count", infos.size()).closeObject().toBytes();
    }

    private static void describe(JsonWriter out, CollectionInfo info, List<String> aliases) {
        CollectionConfig config = info.config();
        String indexType = config.hnsw() ? "hnsw" : "flat";
        String createdAt = info.createdAt().toString();
        out.openObject().field("name", config.name()).field("dimensions", config.dimensions());
        out.field("metric", config.metric().wireName());
        out.field("vector_count", info.vectorCount()).field("vectorCount", info.vectorCount());
        out.field("count", info.vectorCount());
        out.field("index_type", indexType).field("indexType", indexType);
        out.field("shards", config.shards()).field("m", config.m());
        out.field("enable_hnsw", config.hnsw()).field("enableHnsw", config.hnsw());
        out.field("ef_construction", config.efConstruction()).field("efConstruction", config.efConstruction());
        out.field("quantization", config.effectiveQuantization().wireName());
        out.field("created_at", createdAt).field("createdAt", createdAt);
        out.field("memory_bytes", info.memoryBytes()).name("aliases").openArray();
        aliases.forEach(out::value);
        out.closeArray().closeObject();
    }

    /** {@code {"success": true, "name": ...}}. */
    public static byte[] success(String name) {
        return new JsonWriter(64)
                .openObject()
                .field("success", true)
                .field("name", name)
                .closeObject()
                .toBytes();
    }

    /** The answer to an upsert; {@code id} is that of a bare record, null for a list. */
    public static byte[] upserted(int count, @Nullable String id) {
        JsonWriter out = new JsonWriter(128).openObject().field("success", true);
        out.field("count", count).field("upserted_count", count);
        if (id != null) {
            out.field("id", id);
        }
        return out.closeObject().toBytes();
    }

    public static byte[] found(List<ScoredPoint> results) {
        JsonWriter out = new JsonWriter(estimate(results)).openObject();
        results(out, results);
        return out.closeObject().toBytes();
    }

    /** One entry per query, in request order: clients pair by position. */
    public static byte[] found(List<BatchQueryRequest.Item> items, List<List<ScoredPoint>> lists) {
        long estimate = lists.stream().mapToLong(Answers::estimate).sum();
        JsonWriter out = new JsonWriter((int) Math.min(estimate, 1 << 30)).openObject();
        out.name("results").openArray();
        for (int i = 0; i < items.size(); i++) {
            String queryId = items.get(i).queryId();
            out.openObject().field("query_id", queryId == null ? "query_" + i : queryId);
            results(out, lists.get(i));
            out.closeObject();
        }
        return out.closeArray().field("count", items.size()).closeObject().toBytes();
    }

    private static int estimate(List<ScoredPoint> results) {
        long bytes = 64;
        for (ScoredPoint point : results) {
            float[] vector = point.vector();
            Metadata metadata = point.metadata();
            bytes += BYTES_PER_RESULT + (vector == null ? 0 : (long) BYTES_PER_ELEMENT * vector.length);
            bytes += metadata == null ? 0 : metadata.json().length;
        }
        return (int) Math.min(bytes, 1 << 30);
    }

    private static void results(JsonWriter out, List<ScoredPoint> results) {
        out.name("results").openArray();
        for (ScoredPoint point : results) {
            result(out, point);
        }
        out.closeArray().field("count", results.size());
    }

    private static void result(JsonWriter out, ScoredPoint point) {
        out.openObject().field("id", point.id()).name("score").value(point.score());
        float[] vector = point.vector();
        if (vector != null) {
            out.name("vector").value(vector).name("values").value(vector);
        }
        Metadata metadata = point.metadata();
        if (metadata != null) {
            out.name("metadata").raw(metadata.json());
        }
        out.closeObject();
    }

    public static byte[] point(String collection, Point point) {
        JsonWriter out = new JsonWriter(128 + BYTES_PER_ELEMENT * point.vector().length);
        out.openObject().field("id", point.id());
        out.name("vector").value(point.vector()).name("values").value(point.vector());
        out.name("metadata").raw(point.metadata().json());
        return out.field("collection", collection).closeObject().toBytes();
    }

    public static byte[] deleted(Collection<String> deleted, Collection<String> failed) {
        JsonWriter out = new JsonWriter(64 + 24 * (deleted.size() + failed.size())).openObject();
        out.name("deleted").openArray();
        deleted.forEach(out::value);
        out.closeArray().name("failed").openArray();
        failed.forEach(out::value);
        return out.closeArray().closeObject().toBytes();
    }
}
