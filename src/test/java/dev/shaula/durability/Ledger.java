package dev.shaula.durability;

import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * What a client knows: of each id the last state that was acknowledged, and the one that was sent and not answered. A
 * point's vector and metadata follow from its id and version, so that any copy can be checked. Each id belongs to one
 * writer, which waits for its answers; other threads may read. Versions of an id only grow, deletions included.
 */
final class Ledger {
    private final int dimensions;
    private final long seed;
    private final ConcurrentNavigableMap<String, Entry> entries = new ConcurrentSkipListMap<>();
    private final List<Change> history = Collections.synchronizedList(new ArrayList<>());

    /** The state of an id: a version, live or deleted. Version 0 is: never there. */
    record State(int version, boolean live) {
        static final State NEVER = new State(0, false);
    }

    /** One request: what becomes of some ids, all of them written or all of them deleted. */
    record Change(boolean deletes, Map<String, State> after) {
        Change {
            after = Map.copyOf(after);
        }

        List<String> ids() {
            return List.copyOf(after.keySet());
        }
    }

    private static final class Entry {
        private volatile State acknowledged = State.NEVER;
        private volatile @Nullable State sent;
    }

    Ledger(int dimensions, long seed) {
        this.dimensions = dimensions;
        this.seed = seed;
    }

    List<String> ids() {
        return List.copyOf(entries.keySet());
    }

    /** The ids that begin with {@code prefix}, whose last character is not the largest there is. */
    List<String> idsOf(String prefix) {
        char last = prefix.charAt(prefix.length() - 1);
        String end = prefix.substring(0, prefix.length() - 1) + (char) (last + 1);
        return List.copyOf(entries.subMap(prefix, end).keySet());
    }

    List<String> liveIds() {
        return ids().stream().filter(id -> acknowledged(id).live()).toList();
    }

    /** Every change that was acknowledged, or found after a crash, in an order in which it may be done again. */
    List<Change> history() {
        synchronized (history) {
            return List.copyOf(history);
        }
    }

    State acknowledged(String id) {
        Entry entry = entries.get(id);
        return entry == null ? State.NEVER : entry.acknowledged;
    }

    /** What was sent for this id and never answered; null if nothing is in doubt. */
    @Nullable
    State doubt(String id) {
        Entry entry = entries.get(id);
        return entry == null ? null : entry.sent;
    }

    /** Makes the next change of these ids; to be called before it is sent. */
    Change send(List<String> ids, boolean deletes) {
        Map<String, State> after = new HashMap<>();
        for (String id : ids) {
            Entry entry = entries.computeIfAbsent(id, i -> new Entry());
            State next = new State(entry.acknowledged.version() + 1, !deletes);
            entry.sent = next;
            after.put(id, next);
        }
        return new Change(deletes, after);
    }

    /** The answer has come. */
    void acknowledge(Change change) {
        change.after().forEach((id, state) -> {
            Entry entry = entry(id);
            entry.acknowledged = state;
            entry.sent = null;
        });
        history.add(change);
    }

    /** What was in doubt has been looked up: it happened, or it did not and never will. */
    void settle(String id, boolean happened) {
        Entry entry = entry(id);
        State sent = entry.sent;
        entry.sent = null;
        if (sent != null && happened) {
            entry.acknowledged = sent;
            history.add(new Change(!sent.live(), Map.of(id, sent)));
        }
    }

    private Entry entry(String id) {
        Entry entry = entries.get(id);
        if (entry == null) {
            throw new IllegalArgumentException("id: nothing was ever sent for " + id);
        }
        return entry;
    }

    /** The point that an id is in a version. */
    Point point(String id, int version) {
        return new Point(id, vector(id, version), Metadata.ofJson("{\"version\":" + version + "}"));
    }

    List<Point> points(Change change) {
        return change.after().entrySet().stream()
                .map(e -> point(e.getKey(), e.getValue().version()))
                .toList();
    }

    /** Around one of 20 centres, so that neighbours mean something. */
    float[] vector(String id, int version) {
        Random random = new Random(seed + 31L * id.hashCode() + 1_000_003L * version);
        random.nextInt(); // the first numbers of similar seeds are similar
        Random centre = new Random(seed + random.nextInt(20));
        float[] vector = new float[dimensions];
        for (int d = 0; d < dimensions; d++) {
            vector[d] = (float) (centre.nextGaussian() + 0.7 * random.nextGaussian());
        }
        return vector;
    }
}
