package dev.shaula.shard;

import dev.shaula.model.Ack;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A part of a collection, with one writer. {@link LocalShard} keeps it in this process; a shard on another machine
 * would answer to the same methods. All may be called from any thread and none blocks; answers arrive on a thread of
 * the shard or of the search pool.
 */
public interface Shard {

    /**
     * Stores points as one unit, replacing those of equal id; of several with one id the last wins. They must have been
     * checked: lengths, finite elements, id bytes. The points are the shard's until the answer.
     */
    Uni<WriteResult> upsert(List<Point> points, Ack ack);

    /**
     * As {@link #upsert}, but only those points whose condition holds when the shard comes to them; the answer names both
     * kinds, with their versions.
     *
     * @param conditions one for each point; no id may stand twice
     */
    Uni<WriteResult> upsertIf(List<Point> points, List<Precondition> conditions, Ack ack);

    /**
     * Changes the metadata of points as one unit: not at all if what became of one of them were larger than
     * {@link dev.shaula.model.Limits#MAX_METADATA_BYTES}. What stays as it was is not written.
     *
     * @param condition only what it accepts when the shard comes to it is changed, the rest counts as missing; null for
     *     all
     */
    Uni<WriteResult> update(List<String> ids, @Nullable Filter condition, MetadataChange change, Ack ack);

    /** Deletes as one unit. */
    Uni<WriteResult> delete(List<String> ids, Ack ack);

    /**
     * As {@link #delete}, but only what the filter accepts when the shard comes to it; the rest counts as missing.
     */
    Uni<WriteResult> deleteIf(List<String> ids, Filter condition, Ack ack);

    /** The {@code k} best of this shard, closest first. */
    Uni<List<ScoredPoint>> search(SearchRequest request);

    /**
     * {@link #search} for each of some requests, at least one; the answers are in their order. Those that have to read all
     * rows read them together. The earliest of their deadlines is that of all.
     */
    Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests);

    /** As {@link #search}, and how it was done: {@link ExplainedSearch#shards} has one element. */
    Uni<ExplainedSearch> explain(SearchRequest request);

    /** The nearest groups of this shard, closest first, each with its nearest points. */
    Uni<List<SearchGroup>> group(GroupRequest request);

    Uni<Optional<Point>> get(String id);

    /** How many points a filter accepts, exactly; all of them for null. */
    Uni<Long> count(@Nullable Filter filter);

    /** How many of the points that a filter accepts have each value of a field; null for all points. */
    Uni<Map<Filter.Value, Long>> facet(String field, @Nullable Filter filter);

    /** Begins a reading of the points that the request's filter accepts, as the shard stands now. */
    Uni<ShardReading> read(ScrollRequest request);

    /**
     * Declares an index on metadata, which is built in the background and used when it covers everything; does nothing
     * if it is there. An index is not part of the log: whoever opens a shard declares its indexes.
     */
    Uni<Void> createIndex(FieldIndex index);

    /** Drops an index; does nothing if there is none. */
    Uni<Void> dropIndex(FieldIndex index);

    /** The indexes and how far they are built, in order of their declaration. */
    List<IndexStatus> indexes();

    /**
     * The answers to a live query: the first as soon as it is found, then one for each later state that it was brought
     * to, which may be the one after many writes. Each is the exact answer at its sequence number. Who does not take
     * them gets the newest only. Fails with OVERLOADED or TOO_LARGE when its answers would need more heap than there is
     * for them, with UNAVAILABLE when the shard is closed.
     */
    Multi<LiveAnswer> watch(LiveQuery query);

    /** Completes when everything acknowledged so far is synced and checkpointed. */
    Uni<Void> commit();

    /**
     * Writes a checkpoint, then copies the shard as it stands at the last record of the copied log. Writes and searches
     * go on. One backup of a shard at a time: a second fails with CONFLICT. On a failure the directory may be left.
     *
     * @param directory for the copy, on this machine; must not exist, its parent must
     */
    Uni<ShardBackup> backup(Path directory);

    ShardStatus status();

    /** Answers what was accepted, then releases files and threads. A second call does nothing. */
    Uni<Void> close();
}
