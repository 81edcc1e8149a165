package dev.shaula.collection;

import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.Limits;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.shard.Shard;
import dev.shaula.shard.ShardBackup;
import dev.shaula.shard.ShardStatus;
import io.smallrye.mutiny.CompositeException;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A collection over its shards: checks, admits, routes by a hash of the id, fans out and merges. */
final class ShardedCollection implements VectorCollection {
    private static final Comparator<ScoredPoint> CLOSEST_FIRST =
            Comparator.comparingDouble(ScoredPoint::score).reversed();

    private final CollectionConfig config;
    private final Instant createdAt;
    private final List<Shard> shards;
    private final Admission admission;
    private final PointCheck check;
    private volatile boolean dropped;

    ShardedCollection(CollectionConfig config, Instant createdAt, List<Shard> shards, Admission admission) {
        this.config = config;
        this.createdAt = createdAt;
        this.shards = List.copyOf(shards);
        this.admission = admission;
        this.check = new PointCheck(config);
    }

    @Override
    public CollectionInfo info() {
        long count = 0;
        long bytes = 0;
        for (Shard shard : shards) {
            ShardStatus status = shard.status();
            count += status.vectorCount();
            bytes += status.memoryBytes();
        }
        return new CollectionInfo(config, count, createdAt, bytes);
    }

    /** Bytes of writes that wait in the mailboxes of its shards. */
    long queuedWriteBytes() {
        return shards.stream().mapToLong(shard -> shard.status().queuedBytes()).sum();
    }

    /** What {@link ShardStatus#failure} says of those of its shards that have failed. */
    Stream<String> failures() {
        return shards.stream().map(shard -> shard.status().failure()).flatMap(Stream::ofNullable);
    }

    @Override
    public Multi<WriteResult> upsert(Multi<Point> points, Ack ack) {
        return new UpsertStream(points, admission.slice(), admission.budget(), new UpsertStream.Writer() {
            @Override
            public void check(Point point, long position) {
                check.point(point, "vectors[" + position + "]");
            }

            @Override
            public Uni<WriteResult> write(List<Point> slice) {
                return unlessDropped(() -> storeSplit(slice, ack));
            }
        });
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> points, Ack ack) {
        return unlessDropped(() -> {
            if (points.isEmpty()) {
                throw VectorDbException.invalid("vectors: expected at least one, got none");
            }
            long bytes = 0;
            for (int i = 0; i < points.size(); i++) {
                check.point(points.get(i), "vectors[" + i + "]");
                bytes += points.get(i).heapBytes();
            }
            return admission.admit(bytes, () -> storeSplit(points, ack));
        });
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return unlessDropped(() -> {
            if (ids.size() > Limits.MAX_DELETE_IDS) {
                throw VectorDbException.invalid(
                        "ids: expected at most " + Limits.MAX_DELETE_IDS + " ids, got " + ids.size());
            }
            long bytes = 0;
            for (int i = 0; i < ids.size(); i++) {
                check.id(ids.get(i), "ids[" + i + "]");
                bytes += 64L + ids.get(i).length();
            }
            return admission
                    .admit(bytes, () -> join(split(ids, id -> id), (shard, part) -> shard.delete(part, ack)))
                    .map(result -> new WriteResult(result.count(), inOrderOf(ids, result.missing())));
        });
    }

    @Override
    public Uni<List<ScoredPoint>> search(SearchRequest request) {
        return unlessDropped(() -> {
            check.vector(request.vector(), "vector");
            if (shards.size() == 1) {
                return shards.getFirst().search(request);
            }
            List<Uni<List<ScoredPoint>>> parts =
                    shards.stream().map(shard -> shard.search(request)).toList();
            return Uni.join().all(parts).andFailFast().map(found -> merge(found, request.k()));
        });
    }

    @Override
    public Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests) {
        return unlessDropped(() -> {
            if (requests.isEmpty() || requests.size() > Limits.MAX_BATCH_QUERIES) {
                throw VectorDbException.invalid(
                        "queries: expected 1 to " + Limits.MAX_BATCH_QUERIES + ", got " + requests.size());
            }
            for (int i = 0; i < requests.size(); i++) {
                check.vector(requests.get(i).vector(), "queries[" + i + "].vector");
            }
            // A few at a time: a batch must not fill the queue that single searches wait in.
            return Multi.createFrom()
                    .iterable(requests)
                    .onItem()
                    .transformToUni(this::search)
                    .concatenate()
                    .collect()
                    .asList();
        });
    }

    @Override
    public Uni<Optional<Point>> get(String id) {
        return unlessDropped(() -> {
            check.id(id, "id");
            return shardOf(id).get(id);
        });
    }

    @Override
    public Uni<Void> commit() {
        return unlessDropped(() -> Uni.join()
                .all(shards.stream().map(Shard::commit).toList())
                .andCollectFailures()
                .onFailure(CompositeException.class)
                .transform(all -> all.getCauses().getFirst())
                .replaceWithVoid());
    }

    /** Copies every shard into a folder of its own in {@code folder}, one after the other; in the order of shards. */
    Uni<List<ShardBackup>> backup(Path folder) {
        return unlessDropped(() -> {
            List<Uni<ShardBackup>> backups = new ArrayList<>();
            for (int s = 0; s < shards.size(); s++) {
                Shard shard = shards.get(s);
                Path home = shardFolder(folder, s);
                backups.add(Uni.createFrom().deferred(() -> shard.backup(home)));
            }
            return Multi.createBy()
                    .concatenating()
                    .streams(backups.stream().map(Uni::toMulti).toList())
                    .collect()
                    .asList();
        });
    }

    /** Where shard {@code number} lies in the folder of its collection; part of the format on disk. */
    static Path shardFolder(Path folder, int number) {
        return folder.resolve("shard-%03d".formatted(number));
    }

    /** The last log record of each shard. */
    List<Long> sequences() {
        return shards.stream().map(shard -> shard.status().sequence()).toList();
    }

    /** Refuses everything from now on, answers what was accepted, and releases the shards. */
    Uni<Void> close() {
        dropped = true;
        return Uni.join()
                .all(shards.stream().map(Shard::close).toList())
                .andCollectFailures()
                .replaceWithVoid();
    }

    private <T> Uni<T> unlessDropped(Supplier<Uni<T>> call) {
        return Uni.createFrom().deferred(() -> {
            if (dropped) {
                throw VectorDbException.notFound("collection \"" + config.name() + "\" does not exist");
            }
            return call.get();
        });
    }

    private Uni<WriteResult> storeSplit(List<Point> points, Ack ack) {
        return join(split(points, Point::id), (shard, part) -> shard.upsert(part, ack));
    }

    private interface ShardWrite<T> {
        Uni<WriteResult> apply(Shard shard, List<T> part);
    }

    private <T> Uni<WriteResult> join(List<List<T>> parts, ShardWrite<T> write) {
        List<Uni<WriteResult>> answers = new ArrayList<>();
        for (int s = 0; s < parts.size(); s++) {
            if (!parts.get(s).isEmpty()) {
                answers.add(write.apply(shards.get(s), parts.get(s)));
            }
        }
        if (answers.isEmpty()) {
            return Uni.createFrom().item(new WriteResult(0, List.of()));
        }
        if (answers.size() == 1) {
            return answers.getFirst();
        }
        // Every part is awaited, so that no write of a failed request is still under way when the answer goes out.
        return Uni.join()
                .all(answers)
                .andCollectFailures()
                .onFailure(CompositeException.class)
                .transform(all -> all.getCauses().getFirst())
                .map(ShardedCollection::sum);
    }

    private static WriteResult sum(List<WriteResult> results) {
        int count = 0;
        List<String> missing = new ArrayList<>();
        for (WriteResult result : results) {
            count += result.count();
            missing.addAll(result.missing());
        }
        return new WriteResult(count, missing);
    }

    private <T> List<List<T>> split(List<T> items, Function<T, String> id) {
        if (shards.size() == 1) {
            return List.of(items);
        }
        List<List<T>> parts = new ArrayList<>();
        for (int s = 0; s < shards.size(); s++) {
            parts.add(new ArrayList<>());
        }
        for (T item : items) {
            parts.get(Routing.shardOf(id.apply(item), shards.size())).add(item);
        }
        return parts;
    }

    private Shard shardOf(String id) {
        return shards.get(Routing.shardOf(id, shards.size()));
    }

    private static List<ScoredPoint> merge(List<List<ScoredPoint>> parts, int k) {
        return parts.stream()
                .flatMap(List::stream)
                .sorted(CLOSEST_FIRST)
                .limit(k)
                .toList();
    }

    private static List<String> inOrderOf(List<String> ids, List<String> missing) {
        if (missing.isEmpty()) {
            return missing;
        }
        var left = new HashMap<String, Integer>();
        missing.forEach(id -> left.merge(id, 1, Integer::sum));
        List<String> ordered = new ArrayList<>(missing.size());
        // From the end: of an id that stands twice, the first was deleted and the later ones were missing.
        for (int i = ids.size() - 1; i >= 0; i--) {
            if (left.merge(ids.get(i), -1, Integer::sum) >= 0) {
                ordered.add(ids.get(i));
            }
        }
        return ordered.reversed();
    }
}
