package dev.shaula.collection;

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
import dev.shaula.shard.LiveAnswer;
import dev.shaula.shard.Shard;
import dev.shaula.shard.ShardBackup;
import dev.shaula.shard.ShardReading;
import dev.shaula.shard.ShardStatus;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Stands for a shard that takes long to open: refuses every call until it is there, and hands every call on from then on. */
final class LateShard implements Shard {
    private final CompletableFuture<Shard> opening;
    private final Shard absent;

    /**
     * @param opening completes with the shard, or with what stands for it if it is damaged
     * @param absent answers until then
     */
    LateShard(CompletableFuture<Shard> opening, Shard absent) {
        this.opening = opening;
        this.absent = absent;
    }

    /** Calls back once the shard is there. */
    void whenOpen(Runnable callback) {
        opening.thenRun(callback);
    }

    private Shard now() {
        return opening.getNow(absent);
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> points, Ack ack) {
        return now().upsert(points, ack);
    }

    @Override
    public Uni<WriteResult> upsertIf(List<Point> points, List<Precondition> conditions, Ack ack) {
        return now().upsertIf(points, conditions, ack);
    }

    @Override
    public Uni<WriteResult> update(List<String> ids, @Nullable Filter condition, MetadataChange change, Ack ack) {
        return now().update(ids, condition, change, ack);
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return now().delete(ids, ack);
    }

    @Override
    public Uni<WriteResult> deleteIf(List<String> ids, Filter condition, Ack ack) {
        return now().deleteIf(ids, condition, ack);
    }

    @Override
    public Uni<List<ScoredPoint>> search(SearchRequest request) {
        return now().search(request);
    }

    @Override
    public Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests) {
        return now().searchAll(requests);
    }

    @Override
    public Uni<ExplainedSearch> explain(SearchRequest request) {
        return now().explain(request);
    }

    @Override
    public Uni<List<SearchGroup>> group(GroupRequest request) {
        return now().group(request);
    }

    @Override
    public Uni<Optional<Point>> get(String id) {
        return now().get(id);
    }

    @Override
    public Uni<Long> count(@Nullable Filter filter) {
        return now().count(filter);
    }

    @Override
    public Uni<Map<Filter.Value, Long>> facet(String field, @Nullable Filter filter) {
        return now().facet(field, filter);
    }

    @Override
    public Uni<ShardReading> read(ScrollRequest request) {
        return now().read(request);
    }

    @Override
    public Uni<Void> createIndex(FieldIndex index) {
        return now().createIndex(index);
    }

    @Override
    public Uni<Void> dropIndex(FieldIndex index) {
        return now().dropIndex(index);
    }

    @Override
    public List<IndexStatus> indexes() {
        return now().indexes();
    }

    @Override
    public Multi<LiveAnswer> watch(LiveQuery query) {
        return now().watch(query);
    }

    @Override
    public Uni<Void> commit() {
        return now().commit();
    }

    @Override
    public Uni<ShardBackup> backup(Path directory) {
        return now().backup(directory);
    }

    @Override
    public ShardStatus status() {
        return now().status();
    }

    /** Does not wait for a shard that is not there yet: it is closed when it comes. */
    @Override
    public Uni<Void> close() {
        if (opening.isDone()) {
            return now().close();
        }
        opening.thenAccept(shard -> shard.close().subscribe().with(closed -> {}));
        return Uni.createFrom().voidItem();
    }
}
