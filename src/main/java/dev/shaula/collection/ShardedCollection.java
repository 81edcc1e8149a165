package dev.shaula.collection;

import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.CollectionInfo.AutoIndexes;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.Facets;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Limits;
import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.MemoryUse;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.PointVersion;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollPage;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.StoredPoint;
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
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A collection over its shards: checks, admits, routes by a hash of the id, fans out and merges. */
final class ShardedCollection implements VectorCollection {
    /** What lies between a stream and its subscriber at most. */
    private static final int STREAM_POINTS = 512;

    private static final long STREAM_BYTES = 1 << 20;
    /** Requests of a batch that a shard has at a time: as many as can share the reading of its rows. */
    private static final int SEARCHED_TOGETHER = 16;
    /** Results of all shards that a batch waits to merge at a time, unless one request has more. */
    private static final int MOST_FOUND = 10_000;

    private static final int DELETE_SLICE = 1_024;
    /** Points whose metadata is changed at once: 16 MB of it at most. */
    private static final int UPDATE_SLICE = 256;

    private static final long PAGE_BYTES = 8 << 20;

    private static final Comparator<Facets.Facet> MOST_FREQUENT_FIRST = Comparator.comparingLong(Facets.Facet::count)
            .reversed()
            .thenComparing(facet -> facet.value().toString());

    private static final Comparator<ScoredPoint> CLOSEST_FIRST =
            Comparator.comparingDouble(ScoredPoint::score).reversed();

    private final CollectionConfig config;
    private final Instant createdAt;
    private final List<Shard> shards;
    private final Admission admission;
    private final PointCheck check;
    /** Knows this collection by its shards. */
    private final Scrolls scrolls;

    private final DeclaredIndexes indexes;
    private final AutoIndexing autoIndexing;
    private final AtomicBoolean dropped;

    ShardedCollection(
            CollectionConfig config,
            Instant createdAt,
            List<Shard> shards,
            Admission admission,
            Scrolls scrolls,
            DeclaredIndexes indexes) {
        this.scrolls = scrolls;
        this.indexes = indexes;
        this.config = config;
        this.createdAt = createdAt;
        this.shards = List.copyOf(shards);
        this.admission = admission;
        this.check = new PointCheck(config);
        this.dropped = new AtomicBoolean();
        this.autoIndexing = new AutoIndexing(indexes, index -> onEachShard(shard -> shard.createIndex(index)));
    }

    /** The same collection, written to under another admission. */
    private ShardedCollection(ShardedCollection same, Admission admission) {
        this.scrolls = same.scrolls;
        this.indexes = same.indexes;
        this.autoIndexing = same.autoIndexing;
        this.config = same.config;
        this.createdAt = same.createdAt;
        this.shards = same.shards;
        this.admission = admission;
        this.check = same.check;
        this.dropped = same.dropped;
    }

    @Override
    public VectorCollection sentBy(Sender sender) {
        return new ShardedCollection(this, admission.of(sender));
    }

    @Override
    public CollectionConfig config() {
        return config;
    }

    @Override
    public CollectionInfo info() {
        long count = 0;
        MemoryUse memory = MemoryUse.NONE;
        for (Shard shard : shards) {
            ShardStatus status = shard.status();
            count += status.vectorCount();
            memory = memory.plus(status.memory());
        }
        AutoIndexes own = config.autoIndexFields() == 0
                ? AutoIndexes.NONE
                : new AutoIndexes(indexes.all().automatic().size(), !indexes.looksForMore());
        return new CollectionInfo(config, count, createdAt, memory, own);
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
        return new UpsertStream(points, admission.slice(), admission::acquire, new UpsertStream.Writer() {
            @Override
            public void check(Point point, long position) {
                check.point(point, "vectors[" + position + "]");
            }

            @Override
            public Uni<WriteResult> write(List<Point> slice) {
                return unlessDropped(() -> storeSplit(slice, ack));
            }

            @Override
            public void stored(long sinceNs) {
                admission.times().record(System.nanoTime() - sinceNs);
            }
        });
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> points, Ack ack) {
        return unlessDropped(() -> admission.admit(checked(points), () -> storeSplit(points, ack)));
    }

    /** Checks the points of a request; returns their bytes. */
    private long checked(List<Point> points) {
        if (points.isEmpty()) {
            throw VectorDbException.invalid("vectors: expected at least one, got none");
        }
        long bytes = 0;
        for (int i = 0; i < points.size(); i++) {
            check.point(points.get(i), "vectors[" + i + "]");
            bytes += points.get(i).heapBytes();
        }
        return bytes;
    }

    /** A point and what must be so for it to be written. */
    private record Conditional(Point point, Precondition condition) {}

    @Override
    public Uni<WriteResult> upsertIf(List<Point> points, List<Precondition> conditions, Ack ack) {
        return unlessDropped(() -> {
            long bytes = checked(points);
            Set<String> ids = new HashSet<>();
            List<Conditional> all = new ArrayList<>(points.size());
            for (int i = 0; i < points.size(); i++) {
                if (!ids.add(points.get(i).id())) {
                    throw VectorDbException.invalid("vectors[" + i + "].id: expected each id once in a request with"
                            + " conditions, got \"" + points.get(i).id() + "\" twice");
                }
                all.add(new Conditional(points.get(i), conditions.get(i)));
            }
            return admission.admit(
                    bytes,
                    () -> autoIndexing.before(
                            () -> metadataOf(points),
                            () -> join(
                                    split(all, each -> each.point.id()),
                                    (shard, part) -> shard.upsertIf(
                                            part.stream()
                                                    .map(Conditional::point)
                                                    .toList(),
                                            part.stream()
                                                    .map(Conditional::condition)
                                                    .toList(),
                                            ack))));
        });
    }

    @Override
    public Uni<WriteResult> update(List<String> ids, MetadataChange change, Ack ack) {
        return unlessDropped(() -> {
            check.change(change);
            checkIds(ids);
            return autoIndexing
                    .before(
                            () -> List.of(change.set()),
                            () -> inSlices(
                                    Multi.createFrom().iterable(ids),
                                    UPDATE_SLICE,
                                    "updated",
                                    slice -> updateSlice(slice, null, change, ack)))
                    .map(result -> result.withMissing(inOrderOf(ids, result.missing())));
        });
    }

    @Override
    public Uni<WriteResult> update(Filter filter, MetadataChange change, Ack ack) {
        return Uni.createFrom().deferred(() -> {
            check.change(change);
            return autoIndexing.before(
                    () -> List.of(change.set()),
                    () -> inSlices(
                            idsOf(filter),
                            UPDATE_SLICE,
                            "updated",
                            ids -> updateSlice(ids, filter, change, ack).map(ShardedCollection::withoutMissing)));
        });
    }

    /** The points that a filter accepts now. */
    private Multi<String> idsOf(Filter filter) {
        return scroll(new ScrollRequest(ScrollRequest.Order.INSERTION, filter, false, false))
                .map(StoredPoint::id);
    }

    /** What was written to while a filter's points were gone through is nobody's mistake. */
    private static WriteResult withoutMissing(WriteResult slice) {
        return slice.withMissing(List.of());
    }

    /** Writes slice after slice and adds up the answers; {@code done} is what a failure says of the points before it. */
    private Uni<WriteResult> inSlices(
            Multi<String> ids, int most, String done, Function<List<String>, Uni<? extends WriteResult>> write) {
        AtomicReference<WriteResult> all = new AtomicReference<>(nothing());
        List<String> missing = new ArrayList<>();
        return ids.group()
                .intoLists()
                .of(most)
                .onItem()
                .transformToUniAndConcatenate(write)
                .invoke(result -> {
                    missing.addAll(result.missing());
                    all.updateAndGet(before -> sum(List.of(before, withoutMissing(result))));
                })
                .onFailure(VectorDbException.class)
                .transform(e -> withCount((VectorDbException) e, all.get().count(), done))
                .collect()
                .last()
                .map(last -> all.get().withMissing(missing));
    }

    private Uni<WriteResult> updateSlice(List<String> ids, @Nullable Filter filter, MetadataChange change, Ack ack) {
        long bytes = ids.stream()
                .mapToLong(id -> 64L + id.length() + change.heapBytes())
                .sum();
        return unlessDropped(() -> admission.admit(
                bytes, () -> join(split(ids, id -> id), (shard, part) -> shard.update(part, filter, change, ack))));
    }

    private void checkIds(List<String> ids) {
        if (ids.size() > Limits.MAX_DELETE_IDS) {
            throw VectorDbException.invalid(
                    "ids: expected at most " + Limits.MAX_DELETE_IDS + " ids, got " + ids.size());
        }
        for (int i = 0; i < ids.size(); i++) {
            check.id(ids.get(i), "ids[" + i + "]");
        }
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return unlessDropped(() -> {
            checkIds(ids);
            long bytes = ids.stream().mapToLong(id -> 64L + id.length()).sum();
            return admission
                    .admit(bytes, () -> join(split(ids, id -> id), (shard, part) -> shard.delete(part, ack)))
                    .map(result -> result.withMissing(inOrderOf(ids, result.missing())));
        });
    }

    @Override
    public Uni<WriteResult> delete(Filter filter, Ack ack) {
        return Uni.createFrom()
                .deferred(() -> inSlices(
                        idsOf(filter),
                        DELETE_SLICE,
                        "deleted",
                        ids -> deleteIf(ids, filter, ack).map(ShardedCollection::withoutMissing)));
    }

    private Uni<WriteResult> deleteIf(List<String> ids, Filter filter, Ack ack) {
        long bytes = ids.stream().mapToLong(id -> 64L + id.length()).sum();
        return admission.admit(
                bytes, () -> join(split(ids, id -> id), (shard, part) -> shard.deleteIf(part, filter, ack)));
    }

    private static VectorDbException withCount(VectorDbException e, long done, String what) {
        return done == 0
                ? e
                : new VectorDbException(e.kind(), "after " + done + " points were " + what + ": " + e.getMessage(), e);
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
    public Uni<List<SearchGroup>> group(GroupRequest request) {
        return unlessDropped(() -> {
            check.vector(request.search().vector(), "vector");
            return Uni.join()
                    .all(shards.stream().map(shard -> shard.group(request)).toList())
                    .andFailFast()
                    .chain(parts -> GroupMerge.of(request, parts, this::search));
        });
    }

    @Override
    public Uni<ExplainedSearch> explain(SearchRequest request) {
        return unlessDropped(() -> {
            check.vector(request.vector(), "vector");
            return Uni.join()
                    .all(shards.stream().map(shard -> shard.explain(request)).toList())
                    .andFailFast()
                    .map(parts -> new ExplainedSearch(
                            merge(parts.stream().map(ExplainedSearch::points).toList(), request.k()),
                            parts.stream()
                                    .flatMap(part -> part.shards().stream())
                                    .toList()));
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
            // A few at a time: a batch must not fill the queue that single searches wait in, nor the heap with what
            // shards find beyond the best.
            int most = requests.stream().mapToInt(SearchRequest::k).max().orElse(1);
            return Multi.createFrom()
                    .iterable(requests)
                    .group()
                    .intoLists()
                    .of(Math.clamp(MOST_FOUND / most / shards.size(), 1, SEARCHED_TOGETHER))
                    .onItem()
                    .transformToUni(this::searchTogether)
                    .concatenate()
                    .onItem()
                    .<List<ScoredPoint>>disjoint()
                    .collect()
                    .asList();
        });
    }

    private Uni<List<List<ScoredPoint>>> searchTogether(List<SearchRequest> requests) {
        if (shards.size() == 1) {
            return shards.getFirst().searchAll(requests);
        }
        return Uni.join()
                .all(shards.stream().map(shard -> shard.searchAll(requests)).toList())
                .andFailFast()
                .map(parts -> mergeAll(requests, parts));
    }

    private static List<List<ScoredPoint>> mergeAll(List<SearchRequest> requests, List<List<List<ScoredPoint>>> parts) {
        List<List<ScoredPoint>> merged = new ArrayList<>(requests.size());
        for (int i = 0; i < requests.size(); i++) {
            int request = i;
            merged.add(merge(
                    parts.stream().map(part -> part.get(request)).toList(),
                    requests.get(i).k()));
        }
        return merged;
    }

    @Override
    public Multi<LiveChange> subscribe(LiveQuery query) {
        return Multi.createFrom()
                .<LiveChange>deferred(() -> {
                    check.vector(query.vector(), "vector");
                    return dropped.get()
                            ? Multi.createFrom().failure(missing())
                            : new LiveMerge(
                                    shards.stream()
                                            .map(shard -> shard.watch(query))
                                            .toList(),
                                    query.k());
                })
                .onFailure(e -> dropped.get())
                .transform(e -> missing());
    }

    @Override
    public Uni<Optional<Point>> get(String id) {
        return unlessDropped(() -> {
            check.id(id, "id");
            return shardOf(id).get(id);
        });
    }

    @Override
    public Uni<Long> count(@Nullable Filter filter) {
        return unlessDropped(() -> Uni.join()
                .all(shards.stream().map(shard -> shard.count(filter)).toList())
                .andFailFast()
                .map(counts -> counts.stream().mapToLong(Long::longValue).sum()));
    }

    @Override
    public Uni<Facets> facet(FacetRequest request) {
        return unlessDropped(() -> Uni.join()
                .all(shards.stream()
                        .map(shard -> shard.facet(request.field(), request.filter()))
                        .toList())
                .andFailFast()
                .map(parts -> mostFrequent(parts, request.limit())));
    }

    private static Facets mostFrequent(List<Map<Filter.Value, Long>> parts, int limit) {
        Map<Filter.Value, Long> sums = new HashMap<>();
        parts.forEach(part -> part.forEach((value, count) -> sums.merge(value, count, Long::sum)));
        List<Facets.Facet> facets = sums.entrySet().stream()
                .map(entry -> new Facets.Facet(entry.getKey(), entry.getValue()))
                .sorted(MOST_FREQUENT_FIRST)
                .limit(limit)
                .toList();
        return new Facets(facets, sums.size());
    }

    @Override
    public Multi<StoredPoint> scroll(ScrollRequest request) {
        return open(request)
                .onItem()
                .transformToMulti(name -> Multi.createBy()
                        .repeating()
                        .uni(() -> new AtomicReference<Scroll.@Nullable Position>(), place -> nextStep(name, place))
                        .whilst(step -> !step.last())
                        .onItem()
                        .transformToMultiAndConcatenate(
                                step -> Multi.createFrom().iterable(step.points()))
                        .onTermination()
                        .invoke(() -> scrolls.close(shards, name)));
    }

    private Uni<Scroll.Step> nextStep(String name, AtomicReference<Scroll.@Nullable Position> place) {
        return scrolls.use(shards, name, scroll -> {
            Scroll.Position from = place.get();
            return scroll.step(from == null ? scroll.begin() : from, STREAM_POINTS, STREAM_BYTES)
                    .invoke(step -> place.set(step.next()));
        });
    }

    @Override
    public Uni<ScrollPage> scroll(ScrollRequest request, int limit) {
        return unlessDropped(() -> {
            ScrollRequest.checkLimit(limit);
            return open(request)
                    .chain(name -> scrolls.use(shards, name, scroll -> page(name, scroll, scroll.begin(), limit)));
        });
    }

    @Override
    public Uni<ScrollPage> scroll(String cursor, int limit) {
        return unlessDropped(() -> {
            ScrollRequest.checkLimit(limit);
            String name = Scrolls.nameOf(cursor);
            return scrolls.use(shards, name, scroll -> page(name, scroll, Scrolls.positionOf(cursor, scroll), limit));
        });
    }

    @Override
    public Uni<Void> closeScroll(String cursor) {
        return Uni.createFrom().voidItem().invoke(() -> scrolls.close(shards, Scrolls.nameOf(cursor)));
    }

    /** Begins a reading and has it kept; the result is its name. */
    private Uni<String> open(ScrollRequest request) {
        return unlessDropped(() -> Uni.join()
                .all(shards.stream().map(shard -> shard.read(request)).toList())
                .andFailFast()
                .map(parts -> scrolls.keep(shards, new Scroll(request.order(), parts))));
    }

    private Uni<ScrollPage> page(String name, Scroll scroll, Scroll.Position from, int limit) {
        return scroll.step(from, limit, PAGE_BYTES).map(step -> {
            if (step.last()) {
                scrolls.finish(name);
                return new ScrollPage(step.points(), scroll.total(), null);
            }
            return new ScrollPage(step.points(), scroll.total(), Scrolls.cursor(name, step.next()));
        });
    }

    @Override
    public Uni<Void> createIndex(FieldIndex index) {
        return unlessDropped(() -> indexes.add(index)
                .chain(() -> onEachShard(shard -> shard.createIndex(index)))
                .invoke(autoIndexing::refresh));
    }

    @Override
    public Uni<Void> dropIndex(FieldIndex index) {
        return unlessDropped(() -> indexes.remove(index)
                .chain(() -> onEachShard(shard -> shard.dropIndex(index)))
                .invoke(autoIndexing::refresh));
    }

    @Override
    public List<IndexStatus> indexes() {
        Map<FieldIndex, IndexStatus> sums = new LinkedHashMap<>();
        for (Shard shard : shards) {
            shard.indexes().forEach(status -> sums.merge(status.index(), status, IndexStatus::plus));
        }
        Declarations declared = indexes.all();
        return sums.values().stream()
                .sorted(Comparator.comparingInt(status -> order(declared.indexes(), status.index())))
                .map(status -> status.withAutomatic(declared.automatic().contains(status.index())))
                .toList();
    }

    /** Those that are being dropped last. */
    private static int order(List<FieldIndex> declared, FieldIndex index) {
        int at = declared.indexOf(index);
        return at < 0 ? declared.size() : at;
    }

    Declarations declarations() {
        return indexes.all();
    }

    /** Tells shards that have just been opened what the manifest says; they may have kept other indexes. */
    Uni<Void> declareIndexes() {
        List<FieldIndex> declared = indexes.all().indexes();
        List<Uni<Void>> changes = new ArrayList<>();
        for (IndexStatus status : indexes()) {
            if (!declared.contains(status.index())) {
                changes.add(onEachShard(shard -> shard.dropIndex(status.index())));
            }
        }
        declared.forEach(index -> changes.add(onEachShard(shard -> shard.createIndex(index))));
        return Multi.createFrom()
                .iterable(changes)
                .onItem()
                .transformToUniAndConcatenate(change -> change)
                .collect()
                .last();
    }

    private Uni<Void> onEachShard(Function<Shard, Uni<Void>> change) {
        return Uni.join()
                .all(shards.stream().map(change).toList())
                .andFailFast()
                .replaceWithVoid();
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
        dropped.set(true);
        scrolls.closeAll(shards);
        return Uni.join()
                .all(shards.stream().map(Shard::close).toList())
                .andCollectFailures()
                .replaceWithVoid();
    }

    private <T> Uni<T> unlessDropped(Supplier<Uni<T>> call) {
        return Uni.createFrom().deferred(() -> {
            if (dropped.get()) {
                throw missing();
            }
            return call.get();
        });
    }

    private VectorDbException missing() {
        return VectorDbException.notFound("collection \"" + config.name() + "\" does not exist");
    }

    private Uni<WriteResult> storeSplit(List<Point> points, Ack ack) {
        return autoIndexing.before(
                () -> metadataOf(points),
                () -> join(split(points, Point::id), (shard, part) -> shard.upsert(part, ack)));
    }

    private static List<Metadata> metadataOf(List<Point> points) {
        return points.stream().map(Point::metadata).toList();
    }

    private interface ShardWrite<T> {
        Uni<WriteResult> apply(Shard shard, List<T> part);
    }

    private <T> Uni<WriteResult> join(List<List<T>> parts, ShardWrite<T> write) {
        List<Uni<WriteResult>> answers = new ArrayList<>();
        for (int s = 0; s < parts.size(); s++) {
            if (!parts.get(s).isEmpty()) {
                int shard = s;
                answers.add(write.apply(shards.get(s), parts.get(s)).map(result -> ofShard(shard, result)));
            }
        }
        if (answers.isEmpty()) {
            return Uni.createFrom().item(nothing());
        }
        if (answers.size() == 1) {
            return answers.getFirst();
        }
        // Every part is awaited, so that no write of a failed request is still under way when the answer goes out.
        return Uni.join()
                .all(answers.stream().map(ShardedCollection::settled).toList())
                .andFailFast()
                .map(ShardedCollection::sumUnlessFailed);
    }

    /** The answer to a write that reached no shard. */
    private WriteResult nothing() {
        return new WriteResult(0, List.of()).withSequences(Collections.nCopies(shards.size(), WriteResult.UNTOUCHED));
    }

    /** What a shard answered as an answer of the collection, which has a sequence number for every shard. */
    private WriteResult ofShard(int shard, WriteResult result) {
        if (shards.size() == 1) {
            return result;
        }
        List<Long> sequences = new ArrayList<>(Collections.nCopies(shards.size(), WriteResult.UNTOUCHED));
        sequences.set(shard, result.sequences().getFirst());
        return result.withSequences(sequences);
    }

    /** What became of the part of one shard. */
    private record Settled(
            @Nullable WriteResult result, @Nullable Throwable failure) {}

    private static Uni<Settled> settled(Uni<WriteResult> part) {
        return part.map(result -> new Settled(result, null)).onFailure().recoverWithItem(e -> new Settled(null, e));
    }

    private static WriteResult sumUnlessFailed(List<Settled> parts) {
        List<WriteResult> done = new ArrayList<>();
        Throwable failure = null;
        for (Settled part : parts) {
            if (part.result() != null) {
                done.add(part.result());
            } else if (failure == null) {
                failure = part.failure();
            }
        }
        if (failure != null) {
            throw partly(failure, parts.size(), done);
        }
        return sum(done);
    }

    /** The failure of one shard, with what the others did: the caller has to know what is stored. */
    private static VectorDbException partly(Throwable failure, int shards, List<WriteResult> done) {
        VectorDbException.Kind kind =
                failure instanceof VectorDbException refusal ? refusal.kind() : VectorDbException.Kind.INTERNAL;
        String what = failure instanceof VectorDbException ? failure.getMessage() : "a shard failed";
        String text = done.isEmpty()
                ? what + "; no shard acknowledged its part of this write"
                : "%s; %d of %d shards did their part of this write (%d points), the rest was not acknowledged"
                        .formatted(what, done.size(), shards, sum(done).count());
        return new VectorDbException(kind, text, failure);
    }

    private static WriteResult sum(List<WriteResult> results) {
        long count = 0;
        List<String> missing = new ArrayList<>();
        List<PointVersion> applied = new ArrayList<>();
        List<PointVersion> refused = new ArrayList<>();
        List<Long> sequences = List.of();
        for (WriteResult result : results) {
            count += result.count();
            missing.addAll(result.missing());
            applied.addAll(result.applied());
            refused.addAll(result.refused());
            sequences = WriteResult.latest(sequences, result.sequences());
        }
        return new WriteResult(count, missing, applied, refused, sequences);
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

    static List<ScoredPoint> merge(List<List<ScoredPoint>> parts, int k) {
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
