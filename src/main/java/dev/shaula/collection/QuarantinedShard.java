package dev.shaula.collection;

import dev.shaula.model.Ack;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.MemoryUse;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.shard.LiveAnswer;
import dev.shaula.shard.Shard;
import dev.shaula.shard.ShardBackup;
import dev.shaula.shard.ShardReading;
import dev.shaula.shard.ShardStatus;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stands where a damaged shard would, or one that is not open yet: refuses every call by name. A search that would need
 * it fails instead of answering from the rest as if that were all.
 */
final class QuarantinedShard implements Shard {
    private final String message;
    private final String failure;

    private QuarantinedShard(String name, String reason, String message) {
        this.failure = name + ": " + reason;
        this.message = message;
    }

    /** For good. */
    static QuarantinedShard damaged(String name, String reason) {
        return new QuarantinedShard(name, reason, "shard " + name + " is quarantined: " + reason);
    }

    /** Until it is there. */
    static QuarantinedShard opening(String name, Instant since) {
        String reason = "still opening since " + since.truncatedTo(ChronoUnit.SECONDS);
        return new QuarantinedShard(name, reason, "shard " + name + " is " + reason + "; try again later");
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> points, Ack ack) {
        return refuse();
    }

    @Override
    public Uni<WriteResult> upsertIf(List<Point> points, List<Precondition> conditions, Ack ack) {
        return refuse();
    }

    @Override
    public Uni<WriteResult> update(List<String> ids, @Nullable Filter condition, MetadataChange change, Ack ack) {
        return refuse();
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return refuse();
    }

    @Override
    public Uni<WriteResult> deleteIf(List<String> ids, Filter condition, Ack ack) {
        return refuse();
    }

    @Override
    public Uni<List<ScoredPoint>> search(SearchRequest request) {
        return refuse();
    }

    @Override
    public Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests) {
        return refuse();
    }

    @Override
    public Uni<ExplainedSearch> explain(SearchRequest request) {
        return refuse();
    }

    @Override
    public Uni<List<SearchGroup>> group(GroupRequest request) {
        return refuse();
    }

    @Override
    public Uni<Optional<Point>> get(String id) {
        return refuse();
    }

    @Override
    public Uni<Long> count(@Nullable Filter filter) {
        return refuse();
    }

    @Override
    public Uni<Map<Filter.Value, Long>> facet(String field, @Nullable Filter filter) {
        return refuse();
    }

    @Override
    public Uni<ShardReading> read(ScrollRequest request) {
        return refuse();
    }

    @Override
    public Uni<Void> createIndex(FieldIndex index) {
        return Uni.createFrom().voidItem(); // what it would do lies in the manifest, not here
    }

    @Override
    public Uni<Void> dropIndex(FieldIndex index) {
        return Uni.createFrom().voidItem();
    }

    @Override
    public List<IndexStatus> indexes() {
        return List.of();
    }

    @Override
    public Multi<LiveAnswer> watch(LiveQuery query) {
        return Multi.createFrom().failure(() -> VectorDbException.unavailable(message));
    }

    @Override
    public Uni<Void> commit() {
        return Uni.createFrom().voidItem();
    }

    @Override
    public Uni<ShardBackup> backup(Path directory) {
        return refuse();
    }

    @Override
    public ShardStatus status() {
        return new ShardStatus(0, 0, MemoryUse.NONE, 0, failure);
    }

    @Override
    public Uni<Void> close() {
        return Uni.createFrom().voidItem();
    }

    private <T> Uni<T> refuse() {
        return Uni.createFrom().failure(() -> VectorDbException.unavailable(message));
    }
}
