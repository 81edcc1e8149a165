package dev.shaula.shard;

import dev.shaula.model.Expiry;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.PointVersion;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.storage.Write;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns the requests of one drain into the fewest writes with the same outcome: each id is looked up once and written
 * at most once, whatever happens to it in between. A point that has expired is not there, but its row is.
 */
final class WriteBatch {
    /** What becomes of an id. */
    private static final class Fate {
        /** The number of its row before the batch; -1 if it had none. */
        private final int before;
        /** Its metadata after the batch, if it keeps its row. */
        private @Nullable Metadata updated;

        private long expiresAtMs;
        /** The point that takes its place, or that is new. */
        private @Nullable Point upserted;

        private boolean exists;

        Fate(int before, boolean exists) {
            this.before = before;
            this.exists = exists;
        }
    }

    private final ShardSnapshot current;
    private final ShardSnapshot visible;
    private final long nowMs;
    private final long defaultExpiryMs;
    private final Map<String, Fate> fates = new LinkedHashMap<>();
    private final List<WriteResult> results = new ArrayList<>();

    /**
     * A batch without a request.
     *
     * @param current the state that the batch is applied to
     * @param nowMs the moment of the batch, in milliseconds since 1970
     */
    WriteBatch(ShardSnapshot current, long nowMs) {
        this.current = current;
        this.visible = current.at(nowMs);
        this.nowMs = nowMs;
        long ttlMs = current.config().ttlMs();
        this.defaultExpiryMs = ttlMs == 0 ? Expiry.NEVER_MS : nowMs + ttlMs;
    }

    /**
     * Cuts the requests of a drain where one that says which version a point has would share its record, and so that
     * version, with another write of the point.
     */
    static List<List<WriteRequest>> parts(List<WriteRequest> requests) {
        if (requests.stream().noneMatch(WriteRequest::isConditional)) {
            return List.of(requests);
        }
        List<List<WriteRequest>> parts = new ArrayList<>();
        Set<String> written = new HashSet<>();
        Set<String> told = new HashSet<>();
        int from = 0;
        for (int i = 0; i < requests.size(); i++) {
            WriteRequest request = requests.get(i);
            if (hasOneOf(request, request.isConditional() ? written : told)) {
                parts.add(requests.subList(from, i));
                from = i;
                written.clear();
                told.clear();
            }
            for (int p = 0; p < request.size(); p++) {
                written.add(request.change().id(p));
                if (request.isConditional()) {
                    told.add(request.change().id(p));
                }
            }
        }
        parts.add(requests.subList(from, requests.size()));
        return parts;
    }

    private static boolean hasOneOf(WriteRequest request, Set<String> ids) {
        for (int i = 0; i < request.size() && !ids.isEmpty(); i++) {
            if (ids.contains(request.change().id(i))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Adds a request behind the others.
     *
     * @throws VectorDbException (invalid) if the request cannot be done as a whole; nothing of it is added then
     */
    void add(WriteRequest request) {
        results.add(
                switch (request.change()) {
                    case WriteRequest.Upsert upsert when upsert.conditions().isEmpty() -> upsert(upsert.points());
                    case WriteRequest.Upsert upsert -> upsertIf(upsert);
                    case WriteRequest.Delete delete -> delete(delete);
                    case WriteRequest.Update update -> update(update);
                });
    }

    private WriteResult upsert(List<Point> points) {
        points.forEach(this::upsert);
        return new WriteResult(points.size(), List.of());
    }

    private void upsert(Point point) {
        Fate fate = fate(point.id());
        long expiresAtMs = point.expiry().epochMs(nowMs, defaultExpiryMs);
        fate.upserted = point.withExpiry(Expiry.at(expiresAtMs));
        fate.updated = null;
        fate.exists = true;
    }

    private WriteResult upsertIf(WriteRequest.Upsert upsert) {
        List<PointVersion> applied = new ArrayList<>();
        List<PointVersion> refused = new ArrayList<>();
        for (int i = 0; i < upsert.size(); i++) {
            Point point = upsert.points().get(i);
            long version = visible.versionOf(point.id());
            if (upsert.conditions().get(i).holds(version)) {
                upsert(point);
                applied.add(new PointVersion(point.id(), current.sequence() + 1));
            } else {
                refused.add(new PointVersion(point.id(), version));
            }
        }
        return new WriteResult(applied.size(), List.of(), applied, refused);
    }

    private WriteResult delete(WriteRequest.Delete delete) {
        List<String> missing = new ArrayList<>();
        for (String id : delete.ids()) {
            if (exists(id) && holds(delete.condition(), id)) {
                Fate fate = fate(id);
                fate.upserted = null;
                fate.updated = null;
                fate.exists = false;
            } else {
                missing.add(id);
            }
        }
        return new WriteResult(delete.size() - missing.size(), missing);
    }

    private WriteResult update(WriteRequest.Update update) {
        List<String> missing = new ArrayList<>();
        Map<String, Metadata> changed = new LinkedHashMap<>();
        for (String id : update.ids()) {
            if (exists(id) && holds(update.condition(), id)) {
                changed.computeIfAbsent(id, i -> limited(i, update.editor().apply(metadata(i))));
            } else {
                missing.add(id);
            }
        }
        changed.forEach(
                (id, metadata) -> update(id, metadata, update.editor().change().expiry()));
        return new WriteResult(update.size() - missing.size(), missing);
    }

    private static Metadata limited(String id, Metadata metadata) {
        if (metadata.json().length > Limits.MAX_METADATA_BYTES) {
            throw VectorDbException.invalid("set: the metadata of \"" + id + "\" would take " + metadata.json().length
                    + " bytes, expected at most " + Limits.MAX_METADATA_BYTES);
        }
        return metadata;
    }

    private void update(String id, Metadata metadata, Expiry expiry) {
        Fate changing = fates.get(id);
        Point upserted = changing == null ? null : changing.upserted;
        if (changing != null && upserted != null) {
            long expiresAtMs = expiry.epochMs(nowMs, upserted.expiry().epochMs(nowMs, Expiry.NEVER_MS));
            changing.upserted = new Point(id, upserted.vector(), metadata, Expiry.at(expiresAtMs), upserted.version());
            return;
        }
        long unchanged = changing != null && changing.updated != null ? changing.expiresAtMs : visible.expiresAtMs(id);
        long expiresAtMs = expiry.epochMs(nowMs, unchanged);
        if (expiresAtMs != unchanged || !metadata.equals(metadata(id))) {
            Fate fate = fate(id);
            fate.updated = metadata;
            fate.expiresAtMs = expiresAtMs;
        }
    }

    /** Whether there is a point with this id after the requests before. */
    private boolean exists(String id) {
        Fate fate = fates.get(id);
        return fate == null ? visible.numberOf(id) >= 0 : fate.exists;
    }

    /** The metadata of a point as it is after the requests before. */
    private Metadata metadata(String id) {
        Fate fate = fates.get(id);
        if (fate != null && fate.upserted != null) {
            return fate.upserted.metadata();
        }
        return fate != null && fate.updated != null ? fate.updated : visible.metadataOf(id);
    }

    private boolean holds(@Nullable FilterEvaluator condition, String id) {
        return condition == null || condition.test(metadata(id));
    }

    /** The answers, in the order of the requests. */
    List<WriteResult> results() {
        return results;
    }

    /** What is to be logged and applied, new rows with the numbers from {@code firstNumber} on; empty if nothing changes. */
    List<Write> writes(int firstNumber) {
        List<Write> writes = new ArrayList<>(fates.size());
        int number = firstNumber;
        for (Map.Entry<String, Fate> entry : fates.entrySet()) {
            Fate fate = entry.getValue();
            if (fate.upserted != null) {
                writes.add(new Write.Upsert(number++, fate.before, fate.upserted));
            } else if (fate.updated != null) {
                writes.add(new Write.Update(fate.before, entry.getKey(), fate.updated, fate.expiresAtMs));
            } else if (!fate.exists && fate.before >= 0) {
                writes.add(new Write.Delete(fate.before, entry.getKey()));
            }
        }
        return writes;
    }

    private Fate fate(String id) {
        return fates.computeIfAbsent(id, i -> new Fate(current.numberOf(i), visible.numberOf(i) >= 0));
    }
}
