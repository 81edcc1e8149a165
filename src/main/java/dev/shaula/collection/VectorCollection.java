package dev.shaula.collection;

import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.Facets;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollPage;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One collection: the only type that doors speak to for vectors. Every method may be called from any thread, event
 * loops included, and never blocks. Answers arrive on a thread of the engine (shard or search pool), never on the
 * caller's: a door that writes to a connection switches back to its event loop.
 *
 * <p>Failures are {@link dev.shaula.model.VectorDbException}s for what the caller can act on; anything else is a fault
 * of the server. After {@link CollectionRegistry#drop} every call fails with NOT_FOUND.
 */
public interface VectorCollection {

    /** What was decided when the collection was made; costs nothing. */
    CollectionConfig config();

    /** What it holds now; asks every shard. */
    CollectionInfo info();

    /**
     * This collection as one connection writes to it: what is written through the result counts against the part of
     * the write budget that a connection may have.
     */
    default VectorCollection sentBy(Sender sender) {
        return this;
    }

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

    /**
     * Stores those points of a list whose condition holds when the point's turn comes. Of several requests that a point's
     * condition cannot all let through, one gets through. The answer names the points that were written and those that
     * were not, each with its version. Each shard applies its part as one unit.
     *
     * @param points at least one, no id twice
     * @param conditions one for each point
     */
    Uni<WriteResult> upsertIf(List<Point> points, List<Precondition> conditions, Ack ack);

    /**
     * Changes the metadata of points and leaves their vectors and rows alone. Goes through the ids 256 at a time; each
     * shard changes its part of those as one unit, or refuses it with INVALID if what became of one of them were larger
     * than {@link dev.shaula.model.Limits#MAX_METADATA_BYTES}. {@link WriteResult#missing} lists the ids that were not
     * there. On a failure, which says how many were changed, the same call may be made again.
     */
    Uni<WriteResult> update(List<String> ids, MetadataChange change, Ack ack);

    /**
     * Changes the metadata of every point that the filter accepts, both as the collection stands when the call begins and
     * when the point's turn comes. As {@link #update(List, MetadataChange, Ack)}, beside other writes.
     *
     * @return {@link WriteResult#count}: how many were changed, or were so already
     */
    Uni<WriteResult> update(Filter filter, MetadataChange change, Ack ack);

    /** Deletes by id; {@link WriteResult#missing} lists the ids that were not there. */
    Uni<WriteResult> delete(List<String> ids, Ack ack);

    /**
     * Deletes every point that the filter accepts, both as the collection stands when the call begins and when the
     * point's turn comes: what is written to meanwhile, so that it no longer matches, stays. Goes through the matches
     * 1,024 at a time, in bounded memory, beside other writes.
     *
     * @return {@link WriteResult#count}: how many were deleted; on a failure, which says how many, calling again deletes
     *     the rest
     */
    Uni<WriteResult> delete(Filter filter, Ack ack);

    /** The nearest points, closest first, of equal ones the newest of a shard first; empty when nothing matches. */
    Uni<List<ScoredPoint>> search(SearchRequest request);

    /**
     * The nearest groups, closest first, of equal ones in the order of shards, each with its nearest points: as many as
     * are wanted whenever so many exist. With {@code exact} in the request exactly those; otherwise a group or a point
     * may give way to a slightly farther one, as in {@link #search}. Every shard is read at one moment or two.
     */
    Uni<List<SearchGroup>> group(GroupRequest request);

    /** As {@link #search}, and how each shard did it; a little slower, since distances are counted. */
    Uni<ExplainedSearch> explain(SearchRequest request);

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

    /** How many points a filter accepts, exactly; all of them for null. */
    Uni<Long> count(@Nullable Filter filter);

    /**
     * The most frequent values of a field, counted exactly. Fails with INVALID if there are more than
     * {@link dev.shaula.model.Limits#MAX_FACET_VALUES} different values in a shard.
     */
    Uni<Facets> facet(FacetRequest request);

    /**
     * Every point that the request's filter accepts, each once, as the collection stood when the stream was subscribed
     * to (each shard at one moment; shards are asked side by side), whatever is written meanwhile. Reads on only as
     * the subscriber asks: at most a page of 512 points or 1 MiB lies between.
     *
     * <p>Fails with OVERLOADED if the node keeps too many scrolls already, with NOT_FOUND if the subscriber asked for
     * nothing for 2 minutes.
     */
    Multi<StoredPoint> scroll(ScrollRequest request);

    /**
     * The first page of a reading as {@link #scroll(ScrollRequest)} gives it. Its cursor holds the state of the
     * collection, for as long as pages are asked for at most 2 minutes apart.
     *
     * @param limit points of the page, 1 to {@link dev.shaula.model.Limits#MAX_SCROLL_LIMIT}; fewer come where they
     *     would take more than 8 MiB
     * @return fails with OVERLOADED if the node keeps too many scrolls already
     */
    Uni<ScrollPage> scroll(ScrollRequest request, int limit);

    /** The page after the one that the cursor came with; fails with NOT_FOUND if the cursor has expired. */
    Uni<ScrollPage> scroll(String cursor, int limit);

    /** Lets go of what a cursor holds before it expires; does nothing if there is nothing any more. */
    Uni<Void> closeScroll(String cursor);

    /**
     * Declares an index on a field of the metadata; does nothing if it is there. Completes when the declaration is on
     * disk; the index is built in the background, and used when it covers everything.
     *
     * <p>Fails with INVALID if there are {@link dev.shaula.model.Limits#MAX_INDEXES} already, with CONFLICT while
     * another change of the collection's indexes is under way.
     */
    Uni<Void> createIndex(FieldIndex index);

    /** Drops an index; does nothing if there is none. Fails as {@link #createIndex}. */
    Uni<Void> dropIndex(FieldIndex index);

    /** The indexes and how far they are built, in order of their declaration. */
    List<IndexStatus> indexes();

    /** Completes when everything acknowledged so far is in a checkpoint on disk. */
    Uni<Void> commit();
}
