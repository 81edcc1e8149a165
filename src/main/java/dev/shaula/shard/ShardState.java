package dev.shaula.shard;

import dev.shaula.hnsw.HnswBuilder;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.hnsw.Parallel;
import dev.shaula.memory.LittleEndianInput;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.VersionedPayloads;
import dev.shaula.storage.Write;
import dev.shaula.vectors.CodeScratch;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.RowFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is computed from the log: rows, ids, tombstones and graph. Applying a record uses nothing but the record, and
 * the graph depends on the rows and their order only, so a replay, here or on another machine, ends in the same state.
 * For one thread; {@link #snapshot} is for all.
 *
 * <p>Of a collection of which rows have died this holds for all but the graph: when it is mended, and which rows were
 * dead when their turn to be linked came, depends on where batches ended. What it must find does not.
 *
 * <p>A record is applied without linking: its rows can be found at once, as searches measure all that the graph does not
 * know. Linking follows, a step at a time, for which the graph may be lent to another thread.
 */
final class ShardState {
    /** Dropping rows copies all others: at one in four, each dead row has paid for three. */
    private static final int DROPPED_ONE_IN = 4;

    private static final int MIN_DROPPED = 512;

    /**
     * Walks meet up to a quarter more nodes then. To mend a graph of a dead row in fifty looks for new neighbours for 14 nodes
     * a dead row; of one in five, for 4, as most nodes have lost several. So a delete of many rows is done in a third of the work.
     */
    private static final int UNMENDED_ONE_IN = 4;

    private static final int FEW_UNMENDED = 1_024;

    /**
     * A step mends as many nodes as take 2 to 5 ms: 64 at 1,536 dimensions, and more of shorter rows, for what a step costs
     * beside them (two changes of thread, scratch, a table of pages and the pages that its nodes share) is the same.
     */
    private static final int MENDED_DIMENSIONS = 64 * 1536;

    private static final int FEWEST_MENDED = 64;
    /** A node of few dimensions takes 5 to 10 us: its neighbours' neighbours are read all the same. */
    private static final int MOST_MENDED = 512;

    /** Pieces of 64 rows that one step encodes: about 20 ms at 1,536 dimensions on two cores. */
    private static final int PIECES_A_STEP = 16;

    private final CollectionConfig config;
    private final VersionedPayloads payloads;
    private final Generation generation;
    private final CodedRows rows;
    private final RowNumbers numbers;
    private final IdTable ids;
    /** Between the beginning of a step and its end it belongs to whoever makes the step. */
    private final HnswBuilder builder;

    private HnswGraph graph;
    private LiveRows live;
    private RowStamps stamps;
    private PayloadEpoch epoch = new PayloadEpoch();
    private MetadataIndex index;
    private long sequence;
    /** Of the codes that rows of a checkpoint wait for: pieces that are planned, and how many of them are encoded. */
    private int pieces;

    private int encoded;

    private ShardState(
            CollectionConfig config,
            VersionedPayloads payloads,
            Generation generation,
            CodedRows rows,
            RowNumbers numbers,
            IdTable ids,
            HnswBuilder builder,
            LiveRows live,
            RowStamps stamps,
            long sequence) {
        this.config = config;
        this.payloads = payloads;
        this.generation = generation;
        this.rows = rows;
        this.numbers = numbers;
        this.ids = ids;
        this.builder = builder;
        this.graph = builder.graph();
        this.live = live;
        this.stamps = stamps;
        this.index = MetadataIndex.unbuilt(List.of(), live.rows());
        this.sequence = sequence;
    }

    /** Without rows, before the record after {@code sequence}. */
    static ShardState empty(CollectionConfig config, VersionedPayloads payloads, long sequence) {
        return new ShardState(
                config,
                payloads,
                new Generation(0),
                new CodedRows(config.metric(), config.dimensions(), config.effectiveQuantization()),
                RowNumbers.ORDINALS,
                new IdTable(),
                builder(HnswGraph.empty(config.m()), null, config),
                LiveRows.NONE,
                RowStamps.EMPTY,
                sequence);
    }

    /**
     * As {@link ShardSnapshot#writeTo} left it, or its predecessor.
     *
     * @param version 1: of a shard that never dropped a row; 2: without stamps; or 3
     * @param files where the rows of each generation are
     */
    static ShardState readFrom(
            LittleEndianInput in,
            int version,
            IntFunction<RowFile> files,
            CollectionConfig config,
            VersionedPayloads payloads,
            long sequence)
            throws IOException {
        in.readInt("dimensions", config.dimensions(), config.dimensions());
        in.readInt("metric", config.metric().formatCode(), config.metric().formatCode());
        int generation = version == 1 ? 0 : in.readInt("generation", 0, Integer.MAX_VALUE);
        int count = in.readInt("rows", 0, Integer.MAX_VALUE);
        RowNumbers numbers = version == 1 ? RowNumbers.ORDINALS : RowNumbers.readFrom(in, count);
        LiveRows live = LiveRows.readFrom(in, count);
        RowStamps stamps = version < 3 ? RowStamps.unknown(count) : RowStamps.readFrom(in, count);
        IdTable ids = new IdTable();
        for (int ordinal = 0; ordinal < count; ordinal++) {
            byte[] id = new byte[in.readInt("bytes of an id", 1, Limits.MAX_ID_BYTES)];
            in.readBytes(id, 0, id.length);
            ids.add(id);
        }
        RowFile.Reading rows = files.apply(generation).read(config.dimensions(), count, in);
        HnswGraph graph = HnswGraph.readFrom(in, config.m(), count);
        CodedRows coded = new CodedRows(config.metric(), rows.rows(), config.effectiveQuantization());
        HnswBuilder builder = builder(graph, live.bits(), config);
        return new ShardState(
                config, payloads, new Generation(generation), coded, numbers, ids, builder, live, stamps, sequence);
    }

    /** The same state in the next generation. */
    ShardState next(
            CodedRows newRows,
            RowNumbers newNumbers,
            IdTable newIds,
            HnswBuilder newBuilder,
            LiveRows newLive,
            RowStamps newStamps,
            MetadataIndex newIndex) {
        ShardState next = new ShardState(
                config,
                payloads,
                new Generation(generation.number() + 1),
                newRows,
                newNumbers,
                newIds,
                newBuilder,
                newLive,
                newStamps,
                sequence);
        next.epoch = epoch;
        next.index(newIndex);
        return next;
    }

    /** What links and mends a graph of rows of this collection. */
    static HnswBuilder builder(HnswGraph graph, long @Nullable [] live, CollectionConfig config) {
        int mended = Math.clamp(MENDED_DIMENSIONS / config.dimensions(), FEWEST_MENDED, MOST_MENDED);
        return new HnswBuilder(graph, live, config.efConstruction(), mended);
    }

    /** Number of the last record applied. */
    long sequence() {
        return sequence;
    }

    /** What the next row will be known by in log and payload store. */
    int nextNumber() {
        return numbers.numberOf(rows.count());
    }

    /** Rows that wait to be linked and fill whole steps. */
    int linkable() {
        return config.hnsw() ? HnswBuilder.fullSteps(rows.count()) - graph.size() : 0;
    }

    void apply(LogRecord record) {
        int[] dead = new int[record.writes().size()];
        int deadCount = 0;
        List<Metadata> added = new ArrayList<>(record.writes().size());
        Map<Integer, Metadata> updated = new HashMap<>();
        RowStamps.Editor stamping = stamps.edit(record.sequence());
        for (Write write : record.writes()) {
            switch (write) {
                case Write.Upsert upsert -> {
                    append(upsert);
                    stamping.add(upsert.expiresAtMs());
                    added.add(upsert.point().metadata());
                    if (upsert.replaces() >= 0) {
                        dead[deadCount++] = ordinalOf(upsert.replaces());
                    }
                }
                case Write.Update update -> {
                    int row = ordinalOf(update.ordinal());
                    epoch.replaced(update.ordinal(), stamps.payloadVersion(row));
                    stamping.update(row, update.expiresAtMs());
                    updated.put(row, update.metadata());
                }
                case Write.Delete delete -> dead[deadCount++] = ordinalOf(delete.ordinal());
            }
        }
        for (int i = 0; i < deadCount; i++) {
            stamping.remove(dead[i]);
        }
        live = live.next(rows.count(), dead, deadCount);
        stamps = stamping.done();
        index = index.append(added).update(updated);
        sequence = record.sequence();
    }

    /** True until the codes of rows that a checkpoint held are made; searches measure floats meanwhile. */
    boolean codesDue() {
        return !rows.coded();
    }

    /** Makes a bounded part of these codes; to be called while {@link #codesDue}. */
    void encodeStep(Parallel parallel) {
        if (encoded == pieces) {
            pieces = rows.plan(graph.size());
            encoded = 0;
        }
        int first = encoded;
        int n = Math.min(PIECES_A_STEP, pieces - first);
        parallel.run(n, rows::scratch, (scratch, piece) -> rows.encode(first + piece, scratch));
        encoded += n;
    }

    /** Begins a new epoch of metadata, which the next snapshot belongs to; returns the one that ends. */
    PayloadEpoch nextEpoch() {
        PayloadEpoch last = epoch;
        epoch = new PayloadEpoch();
        return last;
    }

    /** Versions of metadata that were replaced in this epoch. */
    int replacedPayloads() {
        return epoch.replaced();
    }

    /** When rows expire. */
    Expiries expiries() {
        return stamps.expiries();
    }

    /** Links the next {@code steps} steps, or as many as there are rows for, on this thread. */
    void link(int steps, Parallel parallel) {
        while (codesDue()) {
            encodeStep(parallel);
        }
        for (int i = 0; i < steps && linkable() > 0; i++) {
            take(beginLink(parallel).get());
        }
    }

    /**
     * Begins the next step of linking; to be called while {@link #linkable} is not 0 and no codes are due.
     *
     * @return makes the graph with its rows, on any thread: records may be applied meanwhile, but nothing else may be
     *     asked of the graph until it was given to {@link #take}
     */
    Supplier<HnswGraph> beginLink(Parallel parallel) {
        // Dropping rows leaves a number of nodes that is no multiple of a step; the first step after it is shorter.
        int next = graph.size() + Math.min(linkable(), HnswBuilder.step());
        encode(rows, next, parallel);
        CodedRows.View view = rows.view();
        long[] bits = live.bits();
        return () -> builder.add(next, bits, () -> view.approximate(new CodeScratch(config.dimensions())), parallel);
    }

    /**
     * True if so many rows have died that the graph is to be mended, or that has begun and not ended. Not to be asked
     * between the beginning of a step and its {@link #take}.
     */
    boolean repairDue() {
        return live.bits() != null && builder.repairDue(live.countBelow(graph.size()));
    }

    /** Dead rows around which the graph has still to be mended. Not to be asked while a step is under way either. */
    int unmended() {
        return live.bits() == null ? 0 : builder.unmended(live.countBelow(graph.size()));
    }

    /** Dead rows in whose midst the graph may be before writes are held up. */
    int mostUnmended() {
        return Math.max(FEW_UNMENDED, live.count() / UNMENDED_ONE_IN);
    }

    /** Takes the next step of taking dead rows out of the graph, on this thread; to be called when {@link #repairDue}. */
    void repair(Parallel parallel) {
        take(beginRepair(parallel).get());
    }

    /**
     * As {@link #beginLink}, of taking dead rows out of the graph; to be called when {@link #repairDue}.
     *
     * @throws IllegalStateException if no row has died
     */
    Supplier<HnswGraph> beginRepair(Parallel parallel) {
        CodedRows.View view = rows.view();
        long[] bits = live.bits();
        if (bits == null) {
            throw new IllegalStateException("no row is dead");
        }
        return () -> builder.repair(bits, () -> view.approximate(new CodeScratch(config.dimensions())), parallel);
    }

    /** Ends a step: the graph that it made is part of the state. */
    void take(HnswGraph made) {
        graph = made;
    }

    /** Makes the codes that walking a graph of {@code linked} rows takes. */
    static void encode(CodedRows rows, int linked, Parallel parallel) {
        for (int pieces = rows.plan(linked); pieces > 0; pieces = rows.plan(linked)) {
            parallel.run(pieces, rows::scratch, (scratch, piece) -> rows.encode(piece, scratch));
        }
    }

    ShardSnapshot snapshot() {
        return new ShardSnapshot(
                config, sequence, generation, epoch, rows.view(), numbers, graph, live, stamps, ids, index, payloads());
    }

    /** The metadata of this state by ordinals of this generation; later states do not change it. */
    PayloadStore payloads() {
        return new OrdinalPayloads(payloads, numbers, stamps);
    }

    /** The indexes on metadata; no part of what the log determines, and so declared anew after a start. */
    MetadataIndex index() {
        return index;
    }

    /** Puts other indexes of the same rows in place. */
    void index(MetadataIndex newIndex) {
        if (newIndex.rows() != rows.count()) {
            throw new IllegalArgumentException("rows: expected " + rows.count() + ", got " + newIndex.rows());
        }
        index = newIndex;
    }

    /** True if so many rows are dead for good that a generation without them is worth its making. */
    boolean compactionDue() {
        int dead = config.hnsw() ? builder.detachedCount() : rows.count() - live.count();
        return dead >= MIN_DROPPED && dead >= rows.count() / DROPPED_ONE_IN;
    }

    /** A bit for each row that nothing needs any more: dead, and not in the graph or taken out of it. */
    long[] droppable() {
        long[] dropped = new long[(rows.count() + 63) >>> 6];
        long[] detached = builder.detached();
        int linked = graph.size();
        for (int row = 0; row < rows.count(); row++) {
            boolean unused = row >= linked || (detached[row >>> 6] & (1L << row)) != 0;
            if (unused && !live.isLive(row)) {
                dropped[row >>> 6] |= 1L << row;
            }
        }
        return dropped;
    }

    private void append(Write.Upsert upsert) {
        int ordinal = rows.append(upsert.point().vector());
        int named = ids.add(upsert.point().id().getBytes(StandardCharsets.UTF_8));
        if (numbers.numberOf(ordinal) != upsert.ordinal() || named != ordinal) {
            throw new IllegalStateException("log gives ordinal " + upsert.ordinal() + " to \""
                    + upsert.point().id() + "\", the state would give " + numbers.numberOf(ordinal));
        }
    }

    private int ordinalOf(int number) {
        int ordinal = numbers.ordinalOf(number);
        if (ordinal < 0 || ordinal >= rows.count() || !isLive(ordinal)) {
            throw new IllegalStateException("log deletes ordinal " + number + ", which is not live");
        }
        return ordinal;
    }

    /** Rows of the record that is being applied are live, but not in {@link #live} yet. */
    private boolean isLive(int ordinal) {
        return ordinal >= live.rows() || live.isLive(ordinal);
    }
}
