package dev.shaula.collection;

import dev.shaula.model.Ack;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;

/**
 * One collection: the only type that doors speak to for vectors. Every method may be called from any thread, event
 * loops included, and never blocks. Answers arrive on a thread of the engine (shard or search pool), never on the
 * caller's: a door that writes to a connection switches back to its event loop.
 *
 * <p>Failures are {@link dev.shaula.model.VectorDbException}s for what the caller can act on; anything else is a fault
 * of the server. After {@link CollectionRegistry#drop} every call fails with NOT_FOUND.
 */
public interface VectorCollection {

    CollectionInfo info();

    /**
     * Stores a stream of points of any length, with as much demand as the shards grant: the source is asked for one
     * slice (bounded in count and bytes), and for the next only when the slice is acknowledged.
     *
     * @return one result per slice, in order; {@link WriteResult#count} is the number of points of the slice. On a bad
     *     point, or when the source fails, the stream fails after everything before it is stored and reported; a bad
     *     point is named by its position in the stream, counted from 0.
     */
    Multi<WriteResult> upsert(Multi<Point> points, Ack ack);

    /**
     * Stores a list as one request: all points are checked before any is stored. The last of several points with one
     * id wins. Each shard applies its part as one unit.
     *
     * @param points at least one
     * @return the number of points stored ({@code points.size()}, duplicates included)
     */
    Uni<WriteResult> upsert(List<Point> points, Ack ack);

    /** Deletes by id; {@link WriteResult#missing} lists the ids that were not there. */
    Uni<WriteResult> delete(List<String> ids, Ack ack);

    /** The nearest points, closest first, of equal ones the newest of a shard first; empty when nothing matches. */
    Uni<List<ScoredPoint>> search(SearchRequest request);

    /** Several searches under one admission; one list per request, in request order. */
    Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests);

    /**
     * Keeps an answer true while points are written: the first item turns an empty answer into the present one, each
     * later one turns the answer that the subscriber got last into the newest. At the sequence numbers of an item the
     * answer is exactly what an exact search of those states would give. Nothing is emitted while the answer stays the
     * same, and nothing without demand: a slow subscriber gets fewer and larger changes, and its subscription holds two
     * answers at most, however long it waits.
     *
     * <p>Runs until it is cancelled. Fails with INVALID on a bad vector, with OVERLOADED or TOO_LARGE when its answers
     * would need more heap than there is for live queries, with NOT_FOUND when the collection is dropped.
     */
    Multi<LiveChange> subscribe(LiveQuery query);

    /** The point with this id as the newest published snapshot has it. */
    Uni<Optional<Point>> get(String id);

    /** Completes when everything acknowledged so far is in a checkpoint on disk. */
    Uni<Void> commit();
}
