package dev.shaula.shard;

import dev.shaula.hnsw.HnswGraph;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.Limits;
import dev.shaula.model.MemoryUse;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchExplanation;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.payload.FacetCounter;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.payload.ValueCounts;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.Write;
import dev.shaula.vectors.CodeScratch;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.FloatBatch;
import dev.shaula.vectors.RowFile;
import dev.shaula.vectors.Scorer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One immutable state of a shard, after the log record {@link #sequence}: the same query gives the same answer for as
 * long as somebody holds it. Plain synchronous code; searches read payloads from disk and so belong on the search pool.
 */
final class ShardSnapshot {
    private final CollectionConfig config;
    private final long sequence;
    private final Generation generation;
    private final PayloadEpoch epoch;
    private final CodedRows.View rows;
    private final RowNumbers numbers;
    private final HnswGraph graph;
    private final LiveRows live;
    private final RowStamps stamps;
    private final IdTable ids;
    private final MetadataIndex index;
    private final PayloadStore payloads;
    /** What was last asked for by {@link #at}. */
    private volatile @Nullable Moment moment;

    /** This state from {@code fromMs} on and before {@code untilMs}. */
    private record Moment(long fromMs, long untilMs, ShardSnapshot snapshot) {}

    private final MatchCache matchCache = new MatchCache();

    ShardSnapshot(
            CollectionConfig config,
            long sequence,
            Generation generation,
            PayloadEpoch epoch,
            CodedRows.View rows,
            RowNumbers numbers,
            HnswGraph graph,
            LiveRows live,
            RowStamps stamps,
            IdTable ids,
            MetadataIndex index,
            PayloadStore payloads) {
        this.config = config;
        this.sequence = sequence;
        this.generation = generation;
        this.epoch = epoch;
        this.rows = rows;
        this.numbers = numbers;
        this.graph = graph;
        this.live = live;
        this.stamps = stamps;
        this.ids = ids;
        this.index = index;
        this.payloads = payloads;
    }

    /** Number of the last log record that is part of this state. */
    long sequence() {
        return sequence;
    }

    /** Without the points that have expired by {@code nowMs}; this if there are none. */
    ShardSnapshot at(long nowMs) {
        Moment last = moment;
        if (last == null || nowMs < last.fromMs || nowMs >= last.untilMs) {
            last = momentAt(nowMs);
            moment = last;
        }
        return last.snapshot;
    }

    private Moment momentAt(long nowMs) {
        int[] expired = stamps.expiries().expired(nowMs, Integer.MAX_VALUE);
        if (expired.length == 0) {
            return new Moment(Long.MIN_VALUE, stamps.expiries().next(), this);
        }
        LiveRows left = live.next(live.rows(), expired, expired.length);
        ShardSnapshot then = new ShardSnapshot(
                config, sequence, generation, epoch, rows, numbers, graph, left, stamps, ids, index, payloads);
        return new Moment(nowMs, stamps.expiries().nextAfter(nowMs), then);
    }

    /** Begins to read, for whoever is not the shard's thread; false if a newer state is published already. */
    boolean enter() {
        if (!generation.enter()) {
            return false;
        }
        if (!epoch.enter()) {
            generation.exit();
            return false;
        }
        return true;
    }

    /** Ends what {@link #enter} began. */
    void exit() {
        epoch.exit();
        generation.exit();
    }

    PayloadEpoch epoch() {
        return epoch;
    }

    Generation generation() {
        return generation;
    }

    CollectionConfig config() {
        return config;
    }

    CodedRows.View rows() {
        return rows;
    }

    RowNumbers numbers() {
        return numbers;
    }

    IdTable ids() {
        return ids;
    }

    RowStamps stamps() {
        return stamps;
    }

    LiveRows live() {
        return live;
    }

    HnswGraph graph() {
        return graph;
    }

    /** Live points. */
    int count() {
        return live.count();
    }

    /** Live points that the filter accepts; all for null. */
    int count(@Nullable Filter filter) {
        return matching(filter).count();
    }

    /** How many of the live points that the filter accepts have each value of a field; from an index if one knows. */
    Map<Filter.Value, Long> facet(String field, @Nullable Filter filter) {
        FacetCounter counter = new FacetCounter(field);
        Matches matches = matching(filter);
        ValueCounts known = index.countValues(field, matches.bits(), Limits.MAX_FACET_VALUES);
        if (known == null) {
            matches.forEachMetadata(payloads, (row, metadata) -> counter.add(metadata));
        } else {
            counter.add(known.counts());
            Matches.forEachMetadata(known.others(), payloads, (row, metadata) -> counter.add(metadata));
        }
        return counter.counts();
    }

    /** The nearest groups of live points that the filter accepts: as many as are wanted if so many exist. */
    List<SearchGroup> group(GroupRequest request, SearchScratch scratch) {
        return new GroupSearch(this, request, matching(request.search().filter())).run(scratch);
    }

    /** The rows of the live points that the filter accepts, ascending. */
    int[] select(@Nullable Filter filter) {
        return matching(filter).ordinals();
    }

    PayloadStore payloads() {
        return payloads;
    }

    MetadataIndex index() {
        return index;
    }

    /** Native and heap memory of this state, shared with others. */
    MemoryUse memory() {
        return new MemoryUse(
                rows.floats().memoryBytes(),
                rows.codeBytes(),
                graph.memoryBytes(),
                ids.heapBytes() + stamps.heapBytes() + index.heapBytes() + matchCache.heapBytes());
    }

    /** The {@code k} nearest live points that the filter accepts: always {@code k} of them if so many exist. */
    List<ScoredPoint> search(SearchRequest request, SearchScratch scratch) {
        return search(request, matching(request.filter()), scratch);
    }

    /** The same among the matches of its filter. */
    List<ScoredPoint> search(SearchRequest request, Matches matches, SearchScratch scratch) {
        return toPoints(toHits(searchOf(request, matches).run(scorers(scratch), scratch), request), request);
    }

    /** The same, and how it was found; counting distances makes it a little slower. */
    ExplainedSearch explain(SearchRequest request, SearchScratch scratch) {
        long startedNs = System.nanoTime();
        Matches matches = matching(request.filter());
        long matchedNs = System.nanoTime();
        LongAdder distances = new LongAdder();
        MatchSearch.Outcome outcome =
                searchOf(request, matches).run(scorers(scratch).counting(distances), scratch);
        long foundNs = System.nanoTime();
        List<ScoredPoint> points = toPoints(toHits(outcome, request), request);
        SearchExplanation explanation = new SearchExplanation(
                outcome.plans(),
                live.count(),
                matches.count(),
                matches.tested(),
                matches.unindexed(),
                outcome.predicted(),
                distances.sum(),
                matchedNs - startedNs,
                foundNs - matchedNs,
                System.nanoTime() - foundNs);
        return new ExplainedSearch(points, List.of(explanation));
    }

    Hits find(SearchRequest request, SearchScratch scratch) {
        return toHits(searchOf(request, matching(request.filter())).run(scorers(scratch), scratch), request);
    }

    /** Whether a search would measure all matches of its filter exactly, and so can share that with others. */
    boolean scans(SearchRequest request, Matches matches) {
        return searchOf(request, matches).scansExactly(rows.coded());
    }

    /**
     * The answers of {@link #search} to several requests of one filter, all of which {@link #scans}, from one reading of
     * the matches.
     *
     * @param requests at most {@link FloatBatch#MOST}
     */
    List<List<ScoredPoint>> scan(List<SearchRequest> requests, Matches matches, SearchScratch scratch) {
        FloatBatch batch = rows.exactBatch(scratch.codes(config.dimensions()));
        int[] k = new int[requests.size()];
        for (int q = 0; q < k.length; q++) {
            batch.query(q, requests.get(q).vector());
            k[q] = searchOf(requests.get(q), matches).k();
        }
        scratch.batch.scan(live.rows(), batch, k, matches.bits());
        List<List<ScoredPoint>> answers = new ArrayList<>(k.length);
        for (int q = 0; q < k.length; q++) {
            answers.add(toPoints(toHits(scratch.foundTogether(q), requests.get(q)), requests.get(q)));
        }
        return answers;
    }

    private MatchSearch.Scorers scorers(SearchScratch scratch) {
        CodeScratch codes = scratch.codes(config.dimensions());
        return new MatchSearch.Scorers(rows.approximate(codes), rows.exact(codes), rows.coded());
    }

    private MatchSearch searchOf(SearchRequest request, Matches matches) {
        return new MatchSearch(request, config.metric(), matches, live, graph, config.hnsw());
    }

    /** Writes everything but the payloads, which have their own store; the rows go to {@code file}. */
    void writeTo(LittleEndianOutput out, RowFile file) throws IOException {
        out.writeInt(config.dimensions());
        out.writeInt(config.metric().formatCode());
        out.writeInt(generation.number());
        out.writeInt(live.rows());
        numbers.writeTo(out);
        live.writeTo(out);
        stamps.writeTo(out);
        for (int ordinal = 0; ordinal < live.rows(); ordinal++) {
            byte[] id = ids.idBytes(ordinal);
            out.writeInt(id.length);
            out.writeBytes(id, 0, id.length);
        }
        file.write(rows.floats(), out);
        graph.writeTo(out);
    }

    /** The point with this id, if it is live. */
    Optional<Point> get(String id) {
        int ordinal = ordinalOf(id);
        return ordinal < 0
                ? Optional.empty()
                : Optional.of(new Point(
                        id,
                        rows.floats().row(ordinal),
                        payloads.get(ordinal),
                        Expiry.at(stamps.expiresAtMs(ordinal)),
                        stamps.version(ordinal)));
    }

    /** The version of a live point, {@link Point#NO_VERSION} if there is none. */
    long versionOf(String id) {
        int ordinal = ordinalOf(id);
        return ordinal < 0 ? Point.NO_VERSION : stamps.version(ordinal);
    }

    /** When a live point expires, in milliseconds since 1970; {@link Expiry#NEVER_MS} for never. */
    long expiresAtMs(String id) {
        return stamps.expiresAtMs(ordinalOf(id));
    }

    /** What log and payload store know a live point by; -1 if there is none. */
    int numberOf(String id) {
        int ordinal = ordinalOf(id);
        return ordinal < 0 ? Write.NONE : numbers.numberOf(ordinal);
    }

    /** The metadata of a live point. */
    Metadata metadataOf(String id) {
        return payloads.get(ordinalOf(id));
    }

    /** The row of a live point; -1 if there is none. */
    int ordinalOf(String id) {
        int ordinal = ids.find(id.getBytes(StandardCharsets.UTF_8), live.rows());
        return ordinal >= 0 && live.isLive(ordinal) ? ordinal : -1;
    }

    // --- what live queries compare ------------------------------------------------------------------------------

    /** Exact distances of rows of this state from {@code query}; in use until the next search with this scratch. */
    Scorer scorer(float[] query, SearchScratch scratch) {
        Scorer scorer = rows.exact(scratch.codes(config.dimensions()));
        scorer.query(query);
        return scorer;
    }

    float score(float distance) {
        return config.metric().score(distance);
    }

    String id(int ordinal) {
        return ids.id(ordinal);
    }

    float[] vector(int ordinal) {
        return rows.floats().row(ordinal);
    }

    Metadata metadata(int ordinal) {
        return payloads.get(ordinal);
    }

    Matches matching(@Nullable Filter filter) {
        return filter == null
                ? Matches.all(live)
                : matchCache.get(filter, () -> Matches.find(filter, index, live, payloads));
    }

    private Hits toHits(MatchSearch.Found outcome, SearchRequest request) {
        Metric metric = config.metric();
        int n = Math.min(outcome.count(), request.k());
        int[] ordinals = new int[n];
        float[] scores = new float[n];
        int kept = 0;
        for (int i = 0; i < n; i++) {
            float score = metric.score(outcome.distance(i));
            if (score >= request.minScore()) {
                ordinals[kept] = outcome.ordinal(i);
                scores[kept++] = score;
            }
        }
        return kept == n
                ? new Hits(ordinals, scores)
                : new Hits(Arrays.copyOf(ordinals, kept), Arrays.copyOf(scores, kept));
    }

    /** What {@code wish} wants of each hit. */
    List<ScoredPoint> toPoints(Hits hits, SearchRequest wish) {
        boolean withMetadata = wish.includeMetadata();
        Metadata[] metadata = withMetadata ? payloads.getAll(hits.ordinals(), hits.count()) : new Metadata[0];
        List<ScoredPoint> points = new ArrayList<>(hits.count());
        for (int i = 0; i < hits.count(); i++) {
            int ordinal = hits.ordinals()[i];
            points.add(new ScoredPoint(
                    ids.id(ordinal),
                    hits.scores()[i],
                    wish.includeVector() ? rows.floats().row(ordinal) : null,
                    withMetadata ? metadata[i] : null,
                    wish.includeVersion() ? stamps.version(ordinal) : Point.NO_VERSION));
        }
        return points;
    }
}
