package dev.shaula.api.wire;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.Expiry;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.Facets;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.MemoryUse;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.PointVersion;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollPage;
import dev.shaula.model.SearchExplanation;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.WriteResult;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of answers, with the spellings of every client: vectors as {@code vector} and {@code values}, counts as
 * {@code vector_count} and {@code vectorCount}. Each body is whole when it is returned. Any thread.
 */
public final class Answers {
    private static final int BYTES_PER_RESULT = 128;
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};
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
        if (config.autoIndexFields() != 0) {
            out.field("auto_index", true).field("auto_index_max_fields", config.autoIndexFields());
            out.field("auto_index_fields", info.autoIndexes().fields());
            out.field("auto_index_full", info.autoIndexes().full());
        }
        if (config.ttlSeconds() != 0) {
            out.field("ttl_seconds", config.ttlSeconds());
        }
        out.field("created_at", createdAt).field("createdAt", createdAt);
        MemoryUse memory = info.memory();
        out.field("memory_bytes", memory.totalBytes()).name("memory").openObject();
        out.field("vectors", memory.vectorBytes()).field("codes", memory.codeBytes());
        out.field("graph", memory.graphBytes())
                .field("other", memory.otherBytes())
                .closeObject();
        out.name("aliases").openArray();
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
    public static byte[] upserted(WriteResult result, @Nullable String id) {
        JsonWriter out = new JsonWriter(128).openObject().field("success", true);
        out.field("count", result.count()).field("upserted_count", result.count());
        if (id != null) {
            out.field("id", id);
        }
        return sequences(out, result.sequences()).closeObject().toBytes();
    }

    /** Where a write stands in the log of each shard, see {@link WriteResult#sequences}. */
    public static JsonWriter sequences(JsonWriter out, List<Long> sequences) {
        out.name("sequences").openArray();
        sequences.forEach(out::value);
        return out.closeArray();
    }

    /** The answer to a conditional upsert: the points that were written and those that were not, with their versions. */
    public static byte[] upsertedIf(WriteResult result) {
        JsonWriter out = new JsonWriter(
                        128 + 64 * (result.applied().size() + result.refused().size()))
                .openObject()
                .field("success", true);
        out.field("count", result.count()).field("upserted_count", result.count());
        versions(out.name("applied"), result.applied());
        versions(out.name("refused"), result.refused());
        return sequences(out, result.sequences()).closeObject().toBytes();
    }

    private static void versions(JsonWriter out, List<PointVersion> points) {
        out.openArray();
        for (PointVersion point : points) {
            out.openObject().field("id", point.id());
            if (point.version() == Point.NO_VERSION) {
                out.name("version").raw(NULL);
            } else {
                out.field("version", point.version());
            }
            out.closeObject();
        }
        out.closeArray();
    }

    /** The answer to a change of metadata. */
    public static byte[] updated(WriteResult result) {
        List<String> missing = result.missing();
        JsonWriter out = new JsonWriter(64 + 24 * missing.size()).openObject().field("success", true);
        out.field("updated_count", result.count()).name("missing").openArray();
        missing.forEach(out::value);
        return sequences(out.closeArray(), result.sequences()).closeObject().toBytes();
    }

    public static byte[] found(List<ScoredPoint> results, VectorForm vectors) {
        JsonWriter out = new JsonWriter(estimate(results)).openObject();
        results(out, results, vectors);
        return out.closeObject().toBytes();
    }

    public static byte[] groups(List<SearchGroup> groups, VectorForm vectors) {
        long estimate = groups.stream()
                .mapToLong(group -> 64 + estimate(group.points()))
                .sum();
        JsonWriter out = new JsonWriter((int) Math.min(estimate, 1 << 30)).openObject();
        out.name("groups").openArray();
        for (SearchGroup group : groups) {
            out.openObject().name("value");
            value(out, group.value());
            results(out, group.points(), vectors);
            out.closeObject();
        }
        return out.closeArray().field("count", groups.size()).closeObject().toBytes();
    }

    /** As {@link #found}, with {@code explain}: an element for each shard. */
    public static byte[] explained(ExplainedSearch found, VectorForm vectors) {
        JsonWriter out = new JsonWriter(estimate(found.points()) + 512).openObject();
        results(out, found.points(), vectors);
        out.name("explain").openArray();
        found.shards().forEach(shard -> explanation(out, shard));
        return out.closeArray().closeObject().toBytes();
    }

    private static void explanation(JsonWriter out, SearchExplanation shard) {
        out.openObject().name("plan").openArray();
        shard.plan().forEach(plan -> out.value(plan.name().toLowerCase(Locale.ROOT)));
        out.closeArray().field("rows", shard.rows()).field("matches", shard.matches());
        out.field("rows_tested", shard.tested()).name("unindexed").openArray();
        shard.unindexed().forEach(out::value);
        out.closeArray().field("predicted_distances", shard.predictedDistances());
        out.field("distances", shard.distances()).field("filter_us", shard.filterNs() / 1_000);
        out.field("search_us", shard.searchNs() / 1_000).field("fetch_us", shard.fetchNs() / 1_000);
        out.closeObject();
    }

    /** One entry per query, in request order: clients pair by position. */
    public static byte[] found(List<BatchQueryRequest.Item> items, List<List<ScoredPoint>> lists) {
        long estimate = lists.stream().mapToLong(Answers::estimate).sum();
        JsonWriter out = new JsonWriter((int) Math.min(estimate, 1 << 30)).openObject();
        out.name("results").openArray();
        for (int i = 0; i < items.size(); i++) {
            String queryId = items.get(i).queryId();
            out.openObject().field("query_id", queryId == null ? "query_" + i : queryId);
            results(out, lists.get(i), items.get(i).vectors());
            out.closeObject();
        }
        return out.closeArray().field("count", items.size()).closeObject().toBytes();
    }

    private static int estimate(List<ScoredPoint> results) {
        long bytes = 64;
        for (ScoredPoint point : results) {
            bytes += estimate(point.id(), point.vector(), point.metadata());
        }
        return (int) Math.min(bytes, 1 << 30);
    }

    private static long estimate(String id, float @Nullable [] vector, @Nullable Metadata metadata) {
        return BYTES_PER_RESULT
                + id.length()
                + (vector == null ? 0 : (long) BYTES_PER_ELEMENT * vector.length)
                + (metadata == null ? 0 : metadata.json().length);
    }

    static void results(JsonWriter out, List<ScoredPoint> results, VectorForm vectors) {
        out.name("results").openArray();
        for (ScoredPoint point : results) {
            result(out, point, vectors);
        }
        out.closeArray().field("count", results.size());
    }

    static void result(JsonWriter out, ScoredPoint point, VectorForm vectors) {
        out.openObject().field("id", point.id()).name("score").value(point.score());
        vectorAndMetadata(out, point.vector(), vectors, point.metadata());
        version(out, point.version());
        out.closeObject();
    }

    private static void version(JsonWriter out, long version) {
        if (version != Point.NO_VERSION) {
            out.field("version", version);
        }
    }

    private static void vectorAndMetadata(
            JsonWriter out, float @Nullable [] vector, VectorForm form, @Nullable Metadata metadata) {
        if (vector != null) {
            vector(out, vector, form);
        }
        if (metadata != null) {
            out.name("metadata").raw(metadata.json());
        }
    }

    /** Numbers in the spellings of both clients; base64, which neither reads, once. */
    private static void vector(JsonWriter out, float[] vector, VectorForm form) {
        out.name("vector").value(vector, form);
        if (form != VectorForm.BASE64) {
            out.name("values").value(vector);
        }
    }

    /** One point; its vector in any form but none. */
    public static byte[] point(String collection, Point point, VectorForm vectors) {
        JsonWriter out = new JsonWriter(128 + BYTES_PER_ELEMENT * point.vector().length);
        out.openObject().field("id", point.id());
        vector(out, point.vector(), vectors);
        out.name("metadata").raw(point.metadata().json());
        out.field("version", point.version());
        long expiresAtMs = point.expiry().epochMs(0, Expiry.NEVER_MS);
        if (expiresAtMs != Expiry.NEVER_MS) {
            out.field("expires_at", ExpiryFields.text(expiresAtMs));
        }
        return out.field("collection", collection).closeObject().toBytes();
    }

    public static byte[] indexes(List<IndexStatus> indexes) {
        JsonWriter out = new JsonWriter(64 + 128 * indexes.size()).openObject();
        out.name("indexes").openArray();
        for (IndexStatus status : indexes) {
            out.openObject().field("field", status.index().field());
            out.field("type", status.index().kind().wireName()).field("automatic", status.automatic());
            out.field("ready", status.ready());
            out.field("indexed_rows", status.indexedRows()).field("total_rows", status.totalRows());
            out.field("memory_bytes", status.heapBytes()).closeObject();
        }
        return out.closeArray().field("count", indexes.size()).closeObject().toBytes();
    }

    public static byte[] facets(Facets found) {
        JsonWriter out = new JsonWriter(64 + 48 * found.facets().size()).openObject();
        out.name("facets").openArray();
        for (Facets.Facet facet : found.facets()) {
            value(out.openObject().name("value"), facet.value());
            out.field("count", facet.count()).closeObject();
        }
        out.closeArray().field("count", found.facets().size());
        return out.field("distinct", found.distinct()).closeObject().toBytes();
    }

    private static void value(JsonWriter out, Filter.Value value) {
        switch (value) {
            case Filter.Value.Text t -> out.value(t.text());
            case Filter.Value.Num n -> out.value(n.number());
            case Filter.Value.Bool b -> out.value(b.bool());
            case Filter.Value.Null n -> out.raw(NULL);
        }
    }

    public static byte[] counted(long count) {
        return new JsonWriter(32)
                .openObject()
                .field("count", count)
                .closeObject()
                .toBytes();
    }

    /** A page of a scroll; {@code cursor} is null on the last one. */
    public static byte[] scrolled(ScrollPage page) {
        long bytes = 128;
        for (StoredPoint point : page.points()) {
            bytes += estimate(point.id(), point.vector(), point.metadata());
        }
        JsonWriter out = new JsonWriter((int) Math.min(bytes, 1 << 30)).openObject();
        out.name("points").openArray();
        page.points().forEach(point -> stored(out, point));
        out.closeArray().field("count", page.points().size()).field("total", page.total());
        String cursor = page.cursor();
        if (cursor == null) {
            out.name("cursor").raw(NULL);
        } else {
            out.field("cursor", cursor);
        }
        return out.closeObject().toBytes();
    }

    /** One point of a reading as a value of {@code out}. */
    public static void stored(JsonWriter out, StoredPoint point) {
        out.openObject().field("id", point.id());
        vectorAndMetadata(out, point.vector(), VectorForm.NUMBERS, point.metadata());
        version(out, point.version());
        out.closeObject();
    }

    /** The answer to a deletion by a filter. */
    public static byte[] deletedCount(WriteResult result) {
        JsonWriter out = new JsonWriter(96).openObject().field("success", true);
        out.field("deleted_count", result.count());
        return sequences(out, result.sequences()).closeObject().toBytes();
    }

    /** The answer to a deletion of {@code ids}. */
    public static byte[] deleted(List<String> ids, WriteResult result) {
        Set<String> missing = new HashSet<>(result.missing());
        JsonWriter out = new JsonWriter(64 + 24 * ids.size()).openObject();
        out.name("deleted").openArray();
        ids.stream().filter(id -> !missing.contains(id)).forEach(out::value);
        out.closeArray().name("failed").openArray();
        result.missing().forEach(out::value);
        return sequences(out.closeArray(), result.sequences()).closeObject().toBytes();
    }
}
