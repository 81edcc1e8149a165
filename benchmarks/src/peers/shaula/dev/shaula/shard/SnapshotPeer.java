package dev.shaula.shard;

import dev.shaula.hnsw.Parallel;
import dev.shaula.memory.NativeMemory;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Quantization;
import dev.shaula.model.SearchRequest;
import dev.shaula.sidebyside.MatrixFile;
import dev.shaula.sidebyside.Peer;
import dev.shaula.sidebyside.PeerServer;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.VersionedPayloads;
import dev.shaula.storage.Write;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Shaula's engine as a peer: what a shard does with a log record and a query, by the classes that a shard uses and in
 * the package where they are, without log, disk and pools. Records of {@value #BATCH} points are applied and linked in
 * steps; a search is {@link ShardSnapshot#find}.
 */
public final class SnapshotPeer implements Peer {
    /** As many points as a shard drains from its mailbox at once. */
    private static final int BATCH = 1_024;

    private final Map<String, String> setup;
    private ShardState state;
    private ShardSnapshot snapshot;

    private SnapshotPeer(Map<String, String> setup) {
        this.setup = setup;
        this.state = emptyState(1);
        this.snapshot = state.snapshot();
    }

    public static void main(String[] args) {
        PeerServer.serve(args, SnapshotPeer::new);
    }

    @Override
    public void build(MatrixFile base, int threads) {
        state = emptyState(base.columns());
        snapshot = state.snapshot();
        // What an earlier build left off the heap goes when the collector finds it, and must not be counted with this
        // one.
        System.gc();
        try (LinkPool pool = new LinkPool(threads - 1, () -> false)) {
            for (int first = 0; first < base.rows(); first += BATCH) {
                state.apply(record(base, first, Math.min(base.rows(), first + BATCH)));
                state.link(Integer.MAX_VALUE / BATCH, threads == 1 ? Parallel.NONE : pool);
            }
        }
        snapshot = state.snapshot();
    }

    @Override
    public Searcher searcher() {
        SearchScratch scratch = new SearchScratch();
        return (query, k, ef, out) -> {
            Hits hits = snapshot.find(
                    new SearchRequest(query, k, ef, false, Float.NEGATIVE_INFINITY, null, false, false), scratch);
            System.arraycopy(hits.ordinals(), 0, out, 0, hits.count());
            return hits.count();
        };
    }

    @Override
    public Map<String, Long> memory() {
        long all = snapshot.memory().totalBytes();
        long offHeap = Math.min(all, NativeMemory.allocatedBytes());
        return Map.of("off-heap", offHeap, "heap", all - offHeap);
    }

    /** The only place that knows how a collection is configured. */
    private ShardState emptyState(int dimensions) {
        Metric metric = PeerServer.required(setup, "metric").equals("cosine") ? Metric.COSINE : Metric.EUCLIDEAN;
        Quantization quantization = Quantization.parse("quantization", PeerServer.required(setup, "quantization"));
        int m = Integer.parseInt(PeerServer.required(setup, "m"));
        int efConstruction = Integer.parseInt(PeerServer.required(setup, "ef-construction"));
        return ShardState.empty(
                new CollectionConfig("side-by-side", dimensions, metric, 1, m, efConstruction, true, quantization),
                NO_PAYLOADS,
                0);
    }

    private static LogRecord record(MatrixFile base, int from, int to) {
        List<Write> writes = new ArrayList<>(to - from);
        for (int row = from; row < to; row++) {
            writes.add(new Write.Upsert(
                    row, Write.NONE, new Point(Integer.toString(row), base.floats(row), Metadata.EMPTY)));
        }
        return new LogRecord(to, writes);
    }

    private static final VersionedPayloads NO_PAYLOADS = new VersionedPayloads() {
        @Override
        public Metadata get(int number, long version) {
            return Metadata.EMPTY;
        }

        @Override
        public Metadata[] getAll(int[] numbers, long[] versions, int n) {
            Metadata[] none = new Metadata[n];
            Arrays.fill(none, Metadata.EMPTY);
            return none;
        }

        @Override
        public void forEachVersion(VersionConsumer consumer) {}

        @Override
        public void drop(int[] numbers, long[] versions, int n) {}
    };
}
