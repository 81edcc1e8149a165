package dev.shaula.shard;

import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.Write;
import dev.shaula.vectors.CodeScratch;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.RowFile;
import dev.shaula.vectors.Scorer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One immutable state of a shard, after the log record {@link #sequence}: the same query gives the same answer for as
 * long as somebody holds it. Plain synchronous code; searches read payloads from disk and so belong on the search pool.
 */
final class ShardSnapshot {
    static final int DEFAULT_EF = 100;
    /** Below this many rows, reading them all costs less than walking a graph to the same recall. */
    private static final int SCAN_ROWS = 1_000;
    /** A walk that may return only a small share of what it meets loses to scanning just that share. */
    private static final double SCAN_SELECTIVITY = 0.3;

    private final CollectionConfig config;
    private final long sequence;
    private final Generation generation;
    private final CodedRows.View rows;
    private final RowNumbers numbers;
    private final HnswGraph graph;
    private final int walkable;
    private final LiveRows live;
    private final IdTable ids;
    private final PayloadStore payloads;

    /** @param walkable rows that a search may meet: all but the dead that were taken out of the graph */
    ShardSnapshot(
            CollectionConfig config,
            long sequence,
            Generation generation,
            CodedRows.View rows,
            RowNumbers numbers,
            HnswGraph graph,
            int walkable,
            LiveRows live,
            IdTable ids,
            PayloadStore payloads) {
        this.config = config;
        this.sequence = sequence;
        this.generation = generation;
        this.rows = rows;
        this.numbers = numbers;
        this.graph = graph;
        this.walkable = walkable;
        this.live = live;
        this.ids = ids;
        this.payloads = payloads;
    }

    /** Number of the last log record that is part of this state. */
    long sequence() {
        return sequence;
    }

    /** To be entered by whoever reads and is not the shard's thread. */
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
        return filter == null ? live.count() : cardinality(matching(filter));
    }

    /** The rows of the live points that the filter accepts, ascending. */
    int[] select(@Nullable Filter filter) {
        long[] bits = filter == null ? live.toBitmap() : matching(filter);
        int[] ordinals = new int[cardinality(bits)];
        int n = 0;
        for (int w = 0; w < bits.length; w++) {
            for (long word = bits[w]; word != 0; word &= word - 1) {
                ordinals[n++] = (w << 6) + Long.numberOfTrailingZeros(word);
            }
        }
        return ordinals;
    }

    PayloadStore payloads() {
        return payloads;
    }

    /** Native and heap bytes of rows and edges. */
    long memoryBytes() {
        return rows.memoryBytes() + graph.memoryBytes() + ids.heapBytes();
    }

    /** The {@code k} nearest live points that the filter accepts: always {@code k} of them if so many exist. */
    List<ScoredPoint> search(SearchRequest request, SearchScratch scratch) {
        return toPoints(find(request, scratch), request.includeVector(), request.includeMetadata());
    }

    Hits find(SearchRequest request, SearchScratch scratch) {
        long[] accepted = live.bits();
        int acceptedCount = live.count();
        if (request.filter() != null) {
            accepted = matching(request.filter());
            acceptedCount = cardinality(accepted);
        }
        if (acceptedCount == 0) {
            return new Hits(new int[0], new float[0]);
        }
        int n = find(request, accepted, acceptedCount, scratch);
        return toHits(scratch.searcher, Math.min(n, request.k()), request.minScore());
    }

    /** Writes everything but the payloads, which have their own store; the rows go to {@code file}. */
    void writeTo(LittleEndianOutput out, RowFile file) throws IOException {
        out.writeInt(config.dimensions());
        out.writeInt(config.metric().formatCode());
        out.writeInt(generation.number());
        out.writeInt(live.rows());
        numbers.writeTo(out);
        live.writeTo(out);
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
                : Optional.of(new Point(id, rows.floats().row(ordinal), payloads.get(numbers.numberOf(ordinal))));
    }

    /** What log and payload store know a live point by; -1 if there is none. */
    int numberOf(String id) {
        int ordinal = ordinalOf(id);
        return ordinal < 0 ? Write.NONE : numbers.numberOf(ordinal);
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
        return payloads.get(numbers.numberOf(ordinal));
    }

    private int find(SearchRequest request, long @Nullable [] accepted, int acceptedCount, SearchScratch scratch) {
        CodeScratch codes = scratch.codes(config.dimensions());
        GraphSearcher searcher = scratch.searcher;
        Scorer exact = rows.exact(codes);
        int k = Math.min(request.k(), acceptedCount);
        boolean scan = request.exact()
                || !config.hnsw()
                || acceptedCount <= Math.max(SCAN_ROWS, 2 * k)
                || acceptedCount < SCAN_SELECTIVITY * walkable;
        if (!scan) {
            // At ef = k the k-th result is a guess, and the contract promises good recall without a parameter.
            int ef = request.ef() > 0 ? Math.max(request.ef(), k + k / 2) : Math.max(DEFAULT_EF, 2 * k);
            Scorer scorer = rows.approximate(codes);
            scorer.query(request.vector());
            int n = searcher.search(graph, live.rows(), scorer, k, ef, accepted);
            if (n >= k) {
                return rows.coded() ? rescored(searcher, exact, request.vector(), k) : n;
            }
        }
        exact.query(request.vector());
        return searcher.scan(live.rows(), exact, k, accepted);
    }

    /** Of what the codes call the nearest, a fifth more than is wanted is measured exactly: the order is its own. */
    private static int rescored(GraphSearcher searcher, Scorer exact, float[] query, int k) {
        exact.query(query);
        searcher.rescore(exact, GraphSearcher.kept(k));
        return k;
    }

    private long[] matching(Filter filter) {
        FilterEvaluator evaluator = FilterEvaluator.compile(filter);
        long[] candidates = live.toBitmap();
        long[] matches = evaluator.test(Metadata.EMPTY) ? candidates.clone() : new long[candidates.length];
        payloads.forEach((number, metadata) -> {
            int ordinal = numbers.ordinalOf(number);
            if (ordinal >= 0 && ordinal < live.rows() && live.isLive(ordinal)) {
                long bit = 1L << ordinal;
                if (evaluator.test(metadata)) {
                    matches[ordinal >>> 6] |= bit;
                } else {
                    matches[ordinal >>> 6] &= ~bit;
                }
            }
        });
        return matches;
    }

    private static int cardinality(long[] bits) {
        int n = 0;
        for (long word : bits) {
            n += Long.bitCount(word);
        }
        return n;
    }

    private Hits toHits(GraphSearcher searcher, int n, float minScore) {
        Metric metric = config.metric();
        int[] ordinals = new int[n];
        float[] scores = new float[n];
        int kept = 0;
        for (int i = 0; i < n; i++) {
            float score = metric.score(searcher.distance(i));
            if (score >= minScore) {
                ordinals[kept] = searcher.ordinal(i);
                scores[kept++] = score;
            }
        }
        return kept == n
                ? new Hits(ordinals, scores)
                : new Hits(Arrays.copyOf(ordinals, kept), Arrays.copyOf(scores, kept));
    }

    private Metadata[] metadataOf(Hits hits) {
        int[] wanted = Arrays.stream(hits.ordinals()).map(numbers::numberOf).toArray();
        return payloads.getAll(wanted, wanted.length);
    }

    List<ScoredPoint> toPoints(Hits hits, boolean withVector, boolean withMetadata) {
        Metadata[] metadata = withMetadata ? metadataOf(hits) : new Metadata[0];
        List<ScoredPoint> points = new ArrayList<>(hits.count());
        for (int i = 0; i < hits.count(); i++) {
            int ordinal = hits.ordinals()[i];
            points.add(new ScoredPoint(
                    ids.id(ordinal),
                    hits.scores()[i],
                    withVector ? rows.floats().row(ordinal) : null,
                    withMetadata ? metadata[i] : null));
        }
        return points;
    }
}
