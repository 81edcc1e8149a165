package dev.shaula.shard;

import dev.shaula.model.Metadata;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What all live queries of a shard have to look at to come to one state of it: the points that were written or deleted
 * since the state of the last round. For one thread at a time.
 */
final class LiveRound {
    private final ShardSnapshot snapshot;
    private final boolean everything;
    private final Set<String> changed;
    private final int[] ordinals;
    private final @Nullable Metadata[] metadata;
    private final float[] distances;

    private LiveRound(ShardSnapshot snapshot, boolean everything, Set<String> changed, int[] ordinals) {
        this.snapshot = snapshot;
        this.everything = everything;
        this.changed = changed;
        this.ordinals = ordinals;
        this.metadata = new Metadata[ordinals.length];
        this.distances = new float[ordinals.length];
    }

    /** To {@code snapshot}, when {@code ids} were written or deleted; more than those may be named. */
    static LiveRound of(ShardSnapshot snapshot, Collection<String> ids) {
        Set<String> changed = new HashSet<>(ids);
        int[] ordinals = changed.stream()
                .mapToInt(snapshot::ordinalOf)
                .filter(ordinal -> ordinal >= 0)
                .sorted()
                .toArray();
        return new LiveRound(snapshot, false, changed, ordinals);
    }

    /** To {@code snapshot}, when it is not known what was written. */
    static LiveRound ofEverything(ShardSnapshot snapshot) {
        return new LiveRound(snapshot, true, Set.of(), new int[0]);
    }

    ShardSnapshot snapshot() {
        return snapshot;
    }

    boolean everything() {
        return everything;
    }

    /** Whether the point with this id was written or deleted. */
    boolean touches(String id) {
        return changed.contains(id);
    }

    /** Rows of the points that were written and live, ascending. */
    int[] ordinals() {
        return ordinals;
    }

    /** Room for a distance to each of {@link #ordinals}. */
    float[] distances() {
        return distances;
    }

    /** Metadata of the {@code i}-th of {@link #ordinals}, read once for all queries. */
    Metadata metadata(int i) {
        Metadata known = metadata[i];
        if (known == null) {
            known = snapshot.metadata(ordinals[i]);
            metadata[i] = known;
        }
        return known;
    }
}
