package dev.shaula.shard;

import dev.shaula.model.StoredPoint;
import io.smallrye.mutiny.Uni;
import java.util.List;

/**
 * The points of a shard that one {@link dev.shaula.model.ScrollRequest} asks for, in its order, as they were when it
 * began: the point at a position is the same however often it is read and whatever is written meanwhile. All methods
 * may be called from any thread and none blocks.
 */
public interface ShardReading extends AutoCloseable {

    /** Points of the whole reading. */
    int count();

    /** Heap that the reading holds until it is closed, in bytes, apart from what the shard holds anyway. */
    long heapBytes();

    /**
     * By what the points from position {@code from} on are ordered: bytes whose unsigned order is that of the reading,
     * also beside those of another shard. In the order of ids they are the ids, in UTF-8.
     *
     * @param from 0 or more
     * @return {@code n} of them, fewer at the end
     */
    Uni<List<byte[]>> keys(int from, int n);

    /**
     * The points from position {@code from} on.
     *
     * @param maxBytes no point follows once those before take as much
     * @return at most {@code n} of them, and at least one unless {@code n} is 0 or the end is reached
     */
    Uni<List<StoredPoint>> points(int from, int n, long maxBytes);

    /** Lets go of what the reading holds. A page that is under way is still answered; later ones may fail. */
    @Override
    void close();
}
