package dev.shaula.shard;

import dev.shaula.hnsw.HnswBuilder;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.hnsw.Parallel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.OrdinalMap;
import dev.shaula.payload.IndexMove;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.FloatRows;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A new generation of a shard, without rows that are dead and taken out of the graph, made beside searches and writes.
 * Ordinals are never overwritten in place, for snapshots and checkpoints share them; so what stays is copied:
 *
 * <ol>
 *   <li>{@link #copy} takes rows and ids from published snapshots, in rounds, until few have come since;
 *   <li>{@link #takeGraph} takes the graph, and makes the codes it is walked on, while the shard neither links nor mends;
 *   <li>{@link #finish}, on the shard's thread, adds what came since, some milliseconds' worth.
 * </ol>
 *
 * Writes that come meanwhile are applied to the old generation and carried over. One call at a time, from any thread.
 */
final class Compaction {
    /** Rows that may be left for the shard's thread: 6 MB at 1,536 dimensions, about 2 ms, and 2 to 5 for 1-bit codes. */
    private static final int FEW = 1_024;
    /** Rounds after which the rest is left to the shard's thread all the same: rows come as fast as they are copied. */
    private static final int MOST_ROUNDS = 16;

    private final OrdinalMap map;
    private final CodedRows rows;
    private final IdTable ids = new IdTable();
    private final IndexMove indexes;
    private int copied;
    private @Nullable Taken taken;

    /** What goes with the graph; {@code live} and {@code stamps} are of the snapshot as it was before the move. */
    private record Taken(
            HnswBuilder builder,
            RowNumbers numbers,
            LiveRows live,
            long[] movedLive,
            RowStamps stamps,
            RowStamps movedStamps) {}

    /** @param dropped bit set for each row of {@code from} that is to be dropped, all of them dead */
    Compaction(ShardSnapshot from, long[] dropped) {
        this.map = new OrdinalMap(dropped, from.rows().count());
        this.indexes = new IndexMove(map);
        CollectionConfig config = from.config();
        this.rows = new CodedRows(config.metric(), config.dimensions(), config.effectiveQuantization());
    }

    /** Copies what is published and what will have been by then, until little is left or {@code cancelled}. */
    void copy(Supplier<ShardSnapshot> published, BooleanSupplier cancelled) {
        for (int round = 0; round < MOST_ROUNDS && !cancelled.getAsBoolean(); round++) {
            ShardSnapshot newest = published.get();
            if (newest.rows().count() - copied <= FEW) {
                break;
            }
            copy(newest, cancelled);
        }
        encode(published.get().graph().size());
    }

    private void encode(int linked) {
        ShardState.encode(rows, Math.min(rows.count(), map.staying(linked)), Parallel.NONE);
    }

    private void copy(ShardSnapshot newest, BooleanSupplier cancelled) {
        FloatRows.View from = newest.rows().floats();
        while (copied < from.count() && !((copied & 1023) == 0 && cancelled.getAsBoolean())) {
            if (map.newOrdinal(copied) != OrdinalMap.DROPPED) {
                rows.appendFrom(from, copied);
                ids.add(newest.ids().idBytes(copied));
            }
            copied++;
        }
    }

    /** Takes graph, numbers, stamps and tombstones of {@code held}, whose graph is the shard's until {@link #finish}. */
    void takeGraph(ShardSnapshot held) {
        copy(held, () -> false);
        indexes.prepare(held.index());
        HnswGraph graph = held.graph().moved(map);
        encode(held.graph().size());
        LiveRows live = held.live();
        long[] movedLive = map.move(live.toBitmap(), live.rows());
        taken = new Taken(
                ShardState.builder(graph, movedLive, held.config()),
                held.numbers().after(map, held.rows().count()),
                live,
                movedLive,
                held.stamps(),
                held.stamps().moved(map));
    }

    /** The shard's state without the dropped rows. */
    ShardState finish(ShardState state, ShardSnapshot newest) {
        Taken t = taken;
        if (t == null) {
            throw new IllegalStateException("finish before takeGraph");
        }
        copy(newest, () -> false);
        RowStamps stamps = newest.stamps().moved(map, t.stamps(), t.movedStamps());
        LiveRows live = liveNow(t, newest.live());
        return state.next(rows, t.numbers(), ids, t.builder(), live, stamps, indexes.apply(state.index()));
    }

    /** Only what changed since the graph was taken is looked at row by row. */
    private LiveRows liveNow(Taken t, LiveRows now) {
        long[] before = t.live().toBitmap();
        long[] after = now.toBitmap();
        int count = map.staying(now.rows());
        long[] moved = Arrays.copyOf(t.movedLive(), (count + 63) >>> 6);
        for (int w = 0; w < after.length; w++) {
            long changed = after[w] ^ (w < before.length ? before[w] : 0);
            for (; changed != 0; changed &= changed - 1) {
                int ordinal = map.newOrdinal((w << 6) + Long.numberOfTrailingZeros(changed));
                moved[ordinal >>> 6] ^= 1L << ordinal;
            }
        }
        return new LiveRows(now.count() == count ? null : moved, count, now.count());
    }
}
