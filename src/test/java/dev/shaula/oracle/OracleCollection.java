package dev.shaula.oracle;

import dev.shaula.collection.VectorCollection;
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
import dev.shaula.model.MemoryUse;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Metric;
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
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One collection in a map, searched by comparing with every row in double precision. */
public final class OracleCollection implements VectorCollection {
    /** Points of a stream that are stored together. */
    public static final int SLICE = 100;

    private final CollectionConfig config;
    private final Instant createdAt = Instant.now();
    private final LinkedHashMap<String, Point> points = new LinkedHashMap<>();

    public OracleCollection(CollectionConfig config) {
        this.config = config;
    }

    @Override
    public CollectionConfig config() {
        return config;
    }

    @Override
    public synchronized CollectionInfo info() {
        return new CollectionInfo(
                config, points.size(), createdAt, new MemoryUse(4L * config.dimensions() * points.size(), 0, 0, 0));
    }

    @Override
    public Multi<WriteResult> upsert(Multi<Point> stream, Ack ack) {
        return stream.group().intoLists().of(SLICE).onItem().transformToUniAndConcatenate(slice -> upsert(slice, ack));
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> batch, Ack ack) {
        return Uni.createFrom().item(() -> {
            synchronized (this) {
                batch.forEach(point -> points.putLast(point.id(), point));
            }
            return new WriteResult(batch.size(), List.of());
        });
    }

    /** Not part of the oracle: what writes do is compared with a model of its own. */
    @Override
    public Uni<WriteResult> upsertIf(List<Point> batch, List<Precondition> conditions, Ack ack) {
        return Uni.createFrom().failure(UnsupportedOperationException::new);
    }

    /** Not part of the oracle, as {@link #upsertIf}. */
    @Override
    public Uni<WriteResult> update(List<String> ids, MetadataChange change, Ack ack) {
        return Uni.createFrom().failure(UnsupportedOperationException::new);
    }

    /** Not part of the oracle, as {@link #upsertIf}. */
    @Override
    public Uni<WriteResult> update(Filter filter, MetadataChange change, Ack ack) {
        return Uni.createFrom().failure(UnsupportedOperationException::new);
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return Uni.createFrom().item(() -> {
            synchronized (this) {
                List<String> missing =
                        ids.stream().filter(id -> points.remove(id) == null).toList();
                return new WriteResult(ids.size() - missing.size(), missing);
            }
        });
    }

    @Override
    public Uni<WriteResult> delete(Filter filter, Ack ack) {
        return delete(accepted(filter).stream().map(Point::id).toList(), ack);
    }

    @Override
    public Uni<List<ScoredPoint>> search(SearchRequest request) {
        return Uni.createFrom().item(() -> nearest(request));
    }

    @Override
    public Uni<ExplainedSearch> explain(SearchRequest request) {
        return search(request).map(points -> new ExplainedSearch(points, List.of()));
    }

    @Override
    public Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests) {
        return Uni.createFrom().item(() -> requests.stream().map(this::nearest).toList());
    }

    /** Not part of the oracle: a live query is compared with {@link #nearest} at each state. */
    @Override
    public Multi<LiveChange> subscribe(LiveQuery query) {
        return Multi.createFrom().failure(UnsupportedOperationException::new);
    }

    @Override
    public synchronized Uni<Optional<Point>> get(String id) {
        return Uni.createFrom().item(Optional.ofNullable(points.get(id)));
    }

    @Override
    public Uni<Long> count(@Nullable Filter filter) {
        return Uni.createFrom().item(() -> (long) accepted(filter).size());
    }

    @Override
    public Uni<Facets> facet(FacetRequest request) {
        return Uni.createFrom().item(() -> {
            Map<Filter.Value, Long> counts = accepted(request.filter()).stream()
                    .flatMap(point -> OracleFilter.values(request.field(), point.metadata()).stream())
                    .collect(Collectors.groupingBy(value -> value, Collectors.counting()));
            List<Facets.Facet> facets = counts.entrySet().stream()
                    .map(e -> new Facets.Facet(e.getKey(), e.getValue()))
                    .sorted(Comparator.comparingLong((Facets.Facet f) -> -f.count())
                            .thenComparing(f -> f.value().toString()))
                    .limit(request.limit())
                    .toList();
            return new Facets(facets, counts.size());
        });
    }

    private synchronized List<Point> accepted(@Nullable Filter filter) {
        return points.values().stream()
                .filter(point -> filter == null || OracleFilter.matches(filter, point.metadata()))
                .toList();
    }

    @Override
    public Multi<StoredPoint> scroll(ScrollRequest request) {
        return Multi.createFrom().deferred(() -> Multi.createFrom().iterable(read(request)));
    }

    /** What a reading that begins now must give. */
    public List<StoredPoint> read(ScrollRequest request) {
        List<Point> found = new ArrayList<>(accepted(request.filter()));
        if (request.by() != null) {
            throw new UnsupportedOperationException("an oracle knows no indexes, whose kind decides on the order");
        }
        if (request.order() == ScrollRequest.Order.ID) {
            found.sort((a, b) -> Arrays.compareUnsigned(
                    a.id().getBytes(StandardCharsets.UTF_8), b.id().getBytes(StandardCharsets.UTF_8)));
        }
        if (request.order() == ScrollRequest.Order.RANDOM) {
            Collections.shuffle(found);
        }
        return found.stream()
                .map(point -> new StoredPoint(
                        point.id(),
                        request.includeVector() ? point.vector() : null,
                        request.includeMetadata() ? point.metadata() : null))
                .toList();
    }

    @Override
    public Uni<ScrollPage> scroll(ScrollRequest request, int limit) {
        throw new UnsupportedOperationException("an oracle reads everything at once");
    }

    @Override
    public Uni<ScrollPage> scroll(String cursor, int limit) {
        throw new UnsupportedOperationException("an oracle reads everything at once");
    }

    @Override
    public Uni<Void> closeScroll(String cursor) {
        return Uni.createFrom().voidItem();
    }

    @Override
    public Uni<Void> createIndex(FieldIndex index) {
        return Uni.createFrom().voidItem(); // an index changes no answer
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
    public Uni<Void> commit() {
        return Uni.createFrom().voidItem();
    }

    @Override
    public Uni<List<SearchGroup>> group(GroupRequest request) {
        return Uni.createFrom().item(() -> groups(request));
    }

    /** All groups, closest first, whatever number is wanted; of each the nearest points. */
    public synchronized List<SearchGroup> groups(GroupRequest request) {
        Map<Filter.Value, List<ScoredPoint>> groups = new LinkedHashMap<>();
        for (ScoredPoint point : nearest(request.search(), Integer.MAX_VALUE)) {
            Metadata metadata = Objects.requireNonNull(points.get(point.id())).metadata();
            for (Filter.Value value : OracleFilter.values(request.field(), metadata)) {
                if (!(value instanceof Filter.Value.Null)) {
                    List<ScoredPoint> members = groups.computeIfAbsent(value, v -> new ArrayList<>());
                    if (members.size() < request.size()) {
                        members.add(point);
                    }
                }
            }
        }
        return groups.entrySet().stream()
                .map(entry -> new SearchGroup(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** The answer that is right by definition. */
    public List<ScoredPoint> nearest(SearchRequest request) {
        return nearest(request, request.k());
    }

    private synchronized List<ScoredPoint> nearest(SearchRequest request, int k) {
        return points.values().stream()
                .filter(point -> request.filter() == null || OracleFilter.matches(request.filter(), point.metadata()))
                .map(point -> scored(point, request))
                .filter(point -> point.score() >= request.minScore())
                .sorted(Comparator.comparingDouble((ScoredPoint point) -> -point.score()))
                .limit(k)
                .toList();
    }

    private ScoredPoint scored(Point point, SearchRequest request) {
        float score = (float) score(config.metric(), request.vector(), point.vector());
        return new ScoredPoint(
                point.id(),
                score,
                request.includeVector() ? point.vector() : null,
                request.includeMetadata() ? point.metadata() : null);
    }

    private static double score(Metric metric, float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
            squares += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return switch (metric) {
            case COSINE -> aa == 0 || bb == 0 ? 0 : dot / Math.sqrt(aa * bb);
            case DOT -> dot;
            case EUCLIDEAN -> 1 / (1 + squares);
        };
    }
}
