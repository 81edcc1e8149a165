package dev.shaula.shard;

import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import dev.shaula.payload.RowOrder;
import dev.shaula.storage.PayloadStore;
import dev.shaula.vectors.FloatRows;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A reading of a published snapshot. It keeps the rows, ids and payloads of the snapshot, which later ones share, and
 * the list of what was selected; not the graph, whose pages would otherwise live on in two versions.
 */
final class SnapshotReading implements ShardReading {
    /** Rows whose metadata is fetched together: 8 MB of it at most. */
    private static final int BLOCK = 128;

    /** What is let go at the end. */
    private record Source(
            OrderedRows ordinals,
            @Nullable RowOrder order,
            FloatRows.View rows,
            IdTable ids,
            RowStamps stamps,
            PayloadStore payloads) {

        byte[] key(int ordinal) {
            byte[] id = ids.idBytes(ordinal);
            if (order == null) {
                return id;
            }
            byte[] value = order.key(ordinal);
            byte[] key = Arrays.copyOf(value, value.length + id.length);
            System.arraycopy(id, 0, key, value.length, id.length);
            return key;
        }
    }

    private final ScrollRequest request;
    private final SearchPool pool;
    private final int count;
    private final long orderBytes;
    private volatile @Nullable Source source;

    /** Whose rows must stay in memory until the last use has ended: of the reading itself, and of each read. */
    private final LocalShard.Held held;

    private final AtomicInteger uses = new AtomicInteger(1);
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Evaluates the filter on this thread, one of the search pool.
     *
     * @param held let go when this is closed, or when this throws
     */
    SnapshotReading(LocalShard.Held held, ScrollRequest request, SearchPool pool) {
        ShardSnapshot snapshot = held.snapshot();
        this.held = held;
        this.request = request;
        this.pool = pool;
        IdTable ids = snapshot.ids();
        RowOrder order = request.by() == null ? null : orderOf(snapshot, request.by());
        int[] selected = snapshot.select(request.filter());
        OrderedRows ordinals = switch (request.order()) {
            case ID -> OrderedRows.sorted(selected, ids::compare);
            case INSERTION -> OrderedRows.asGiven(selected);
            case RANDOM -> OrderedRows.shuffled(selected, new SplittableRandom());
            case FIELD -> OrderedRows.sorted(selected, byValue(Objects.requireNonNull(order), ids));
        };
        this.count = selected.length;
        this.orderBytes = order == null ? 0 : order.heapBytes();
        this.source =
                new Source(ordinals, order, snapshot.rows().floats(), ids, snapshot.stamps(), snapshot.payloads());
    }

    private static RowOrder orderOf(ShardSnapshot snapshot, ScrollRequest.Field by) {
        RowOrder order = snapshot.index().order(by.name(), by.descending());
        if (order != null) {
            return order;
        }
        String field = "order_by: the index on \"" + by.name() + "\"";
        throw snapshot.index().isBuilding(by.name())
                ? VectorDbException.unavailable(field + " is still being built; try again when it is ready")
                : VectorDbException.invalid(
                        field + " is missing: expected one of keyword, integer, float, boolean or datetime");
    }

    private static OrderedRows.Order byValue(RowOrder order, IdTable ids) {
        return (a, b) -> {
            int byValue = order.compare(a, b);
            return byValue != 0 ? byValue : ids.compare(a, b);
        };
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public long heapBytes() {
        return 64 + 4L * count + orderBytes;
    }

    @Override
    public Uni<List<byte[]>> keys(int from, int n) {
        return onPool(s -> {
            int[] ordinals = s.ordinals.range(from, clampedEnd(from, n));
            List<byte[]> found = new ArrayList<>(ordinals.length);
            for (int ordinal : ordinals) {
                found.add(s.key(ordinal));
            }
            return found;
        });
    }

    @Override
    public Uni<List<StoredPoint>> points(int from, int n, long maxBytes) {
        return onPool(s -> {
            int end = clampedEnd(from, n);
            List<StoredPoint> points = new ArrayList<>(Math.min(BLOCK, end - from));
            long bytes = 0;
            for (int at = from; at < end && bytes < maxBytes; at += BLOCK) {
                bytes = readBlock(s, s.ordinals.range(at, Math.min(end, at + BLOCK)), points, bytes, maxBytes);
            }
            return points;
        });
    }

    private long readBlock(Source s, int[] ordinals, List<StoredPoint> points, long before, long maxBytes) {
        Metadata[] metadata =
                request.includeMetadata() ? s.payloads.getAll(ordinals, ordinals.length) : new Metadata[0];
        long bytes = before;
        for (int i = 0; i < ordinals.length && bytes < maxBytes; i++) {
            StoredPoint point = new StoredPoint(
                    s.ids.id(ordinals[i]),
                    request.includeVector() ? s.rows.row(ordinals[i]) : null,
                    request.includeMetadata() ? metadata[i] : null,
                    s.stamps.expiresAtMs(ordinals[i]),
                    request.includeVersion() ? s.stamps.version(ordinals[i]) : Point.NO_VERSION);
            points.add(point);
            bytes += point.heapBytes();
        }
        return bytes;
    }

    private int clampedEnd(int from, int n) {
        return (int) Math.min(count, (long) from + n);
    }

    private <T> Uni<T> onPool(Function<Source, T> read) {
        return pool.submit(scratch -> {
            if (!use()) {
                throw VectorDbException.notFound("the reading is closed");
            }
            try {
                return read.apply(Objects.requireNonNull(source));
            } finally {
                release();
            }
        });
    }

    /** False once it is closed and nobody reads any more. */
    private boolean use() {
        return uses.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
    }

    private void release() {
        if (uses.decrementAndGet() == 0) {
            source = null;
            held.close();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release();
        }
    }
}
