package dev.shaula.shard;

import dev.shaula.model.Point;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.storage.Write;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns the requests of one drain into the fewest writes with the same outcome: each id is looked up once and written
 * at most once, whatever happens to it in between.
 */
final class WriteBatch {
    /** What becomes of an id: {@code point} is its last value, null if its last fate is to be deleted. */
    private static final class Fate {
        private final int before;
        private @Nullable Point point;

        Fate(int before) {
            this.before = before;
        }
    }

    private final ShardSnapshot current;
    private final Map<String, Fate> fates = new LinkedHashMap<>();
    private final List<WriteResult> results = new ArrayList<>();

    /** @param current the state that the batch is applied to */
    WriteBatch(ShardSnapshot current) {
        this.current = current;
    }

    /** Adds a request behind the others. */
    void add(WriteRequest request) {
        for (Point point : request.upserts()) {
            fate(point.id()).point = point;
        }
        List<String> missing = new ArrayList<>();
        int deleted = 0;
        for (String id : request.deletes()) {
            Fate fate = fates.get(id);
            boolean exists = fate == null ? current.numberOf(id) >= 0 : fate.point != null;
            if (exists && holds(request.condition(), id, fate)) {
                fate(id).point = null;
                deleted++;
            } else {
                missing.add(id);
            }
        }
        results.add(new WriteResult(request.upserts().size() + deleted, missing));
    }

    /** Whether a condition holds of a point as it is after the requests before. */
    private boolean holds(@Nullable FilterEvaluator condition, String id, @Nullable Fate fate) {
        if (condition == null) {
            return true;
        }
        Point changed = fate == null ? null : fate.point;
        return condition.test(changed == null ? current.metadataOf(id) : changed.metadata());
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
            if (fate.point != null) {
                writes.add(new Write.Upsert(number++, fate.before, fate.point));
            } else if (fate.before >= 0) {
                writes.add(new Write.Delete(fate.before, entry.getKey()));
            }
        }
        return writes;
    }

    private Fate fate(String id) {
        return fates.computeIfAbsent(id, i -> new Fate(current.numberOf(i)));
    }
}
