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
import dev.shaula.storage.Write;
import dev.shaula.vectors.CodeScratch;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.RowFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What is computed from the log: rows, ids, tombstones and graph. Applying a record uses nothing but the record, and
 * the graph depends on the rows and their order only, so a replay, here or on another machine, ends in the same state.
 * For one thread; {@link #snapshot} is for all.
 *
 * <p>A record is applied without linking: its rows can be found at once, as searches measure what the graph does not
 * know one by one. {@link #link} follows, a step at a time.
 */
final class ShardState {
    /** At the start nothing else wants the cores. */
    private static final Parallel COMMON_POOL = new Parallel() {
        @Override
        public <W> void run(int n, Supplier<W> workers, Piece<W> piece) {
            ThreadLocal<W> worker = ThreadLocal.withInitial(workers);
            IntStream.range(0, n).parallel().forEach(i -> piece.run(worker.get(), i));
        }
    };

    private final CollectionConfig config;
    private final PayloadStore payloads;
    private final CodedRows rows;
    private final IdTable ids;
    private final HnswBuilder builder;
    private LiveRows live;
    private MetadataIndex index;
    private long sequence;

    private ShardState(
            CollectionConfig config,
            PayloadStore payloads,
            CodedRows rows,
            IdTable ids,
            HnswGraph graph,
            LiveRows live,
            long sequence) {
        this.config = config;
        this.payloads = payloads;
        this.rows = rows;
        this.ids = ids;
        this.builder = new HnswBuilder(graph, config.efConstruction());
        this.live = live;
        this.index = MetadataIndex.unbuilt(List.of(), live.rows());
        this.sequence = sequence;
    }

    /** Without rows, before the record after {@code sequence}. */
    static ShardState empty(CollectionConfig config, PayloadStore payloads, long sequence) {
        return new ShardState(
                config,
                payloads,
                new CodedRows(config.metric(), config.dimensions(), config.effectiveQuantization()),
                new IdTable(),
                HnswGraph.empty(config.m()),
                LiveRows.NONE,
                sequence);
    }

    /** As {@link ShardSnapshot#writeTo} left it. */
    static ShardState readFrom(
            LittleEndianInput in, RowFile file, CollectionConfig config, PayloadStore payloads, long sequence)
            throws IOException {
        in.readInt("dimensions", config.dimensions(), config.dimensions());
        in.readInt("metric", config.metric().formatCode(), config.metric().formatCode());
        int count = in.readInt("rows", 0, Integer.MAX_VALUE);
        LiveRows live = LiveRows.readFrom(in, count);
        IdTable ids = new IdTable();
        for (int ordinal = 0; ordinal < count; ordinal++) {
            byte[] id = new byte[in.readInt("bytes of an id", 1, Limits.MAX_ID_BYTES)];
            in.readBytes(id, 0, id.length);
            ids.add(id);
        }
        RowFile.Reading rows = file.read(config.dimensions(), count, in);
        HnswGraph graph = HnswGraph.readFrom(in, config.m(), count);
        CodedRows coded = new CodedRows(config.metric(), rows.rows(), config.effectiveQuantization());
        encode(coded, graph.size(), COMMON_POOL);
        return new ShardState(config, payloads, coded, ids, graph, live, sequence);
    }

    /** Number of the last record applied. */
    long sequence() {
        return sequence;
    }

    /** Rows, live or not: the ordinal of the next. */
    int rows() {
        return rows.count();
    }

    /** Rows that wait to be linked and fill whole steps. */
    int linkable() {
        return config.hnsw()
                ? HnswBuilder.fullSteps(rows.count()) - builder.graph().size()
                : 0;
    }

    void apply(LogRecord record) {
        int[] dead = new int[record.writes().size()];
        int deadCount = 0;
        List<Metadata> added = new ArrayList<>(record.writes().size());
        for (Write write : record.writes()) {
            switch (write) {
                case Write.Upsert upsert -> {
                    append(upsert);
                    added.add(upsert.point().metadata());
                    if (upsert.replaces() >= 0) {
                        dead[deadCount++] = upsert.replaces();
                    }
                }
                case Write.Delete delete -> dead[deadCount++] = delete.ordinal();
            }
        }
        live = live.next(rows.count(), dead, deadCount);
        index = index.append(added);
        sequence = record.sequence();
    }

    /** Links the next {@code steps} steps, or as many as there are rows for. */
    void link(int steps, Parallel parallel) {
        int size = builder.graph().size() + Math.min(linkable(), steps * HnswBuilder.step());
        while (builder.graph().size() < size) {
            int next = builder.graph().size() + HnswBuilder.step();
            encode(rows, next, parallel);
            CodedRows.View view = rows.view();
            builder.add(next, () -> view.approximate(new CodeScratch(config.dimensions())), parallel);
        }
    }

    /** Makes the codes that walking a graph of {@code linked} rows takes. */
    private static void encode(CodedRows rows, int linked, Parallel parallel) {
        for (int pieces = rows.plan(linked); pieces > 0; pieces = rows.plan(linked)) {
            parallel.run(pieces, rows::scratch, (scratch, piece) -> rows.encode(piece, scratch));
        }
    }

    ShardSnapshot snapshot() {
        return new ShardSnapshot(config, sequence, rows.view(), builder.graph(), live, ids, index, payloads);
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

    private void append(Write.Upsert upsert) {
        int ordinal = rows.append(upsert.point().vector());
        int named = ids.add(upsert.point().id().getBytes(StandardCharsets.UTF_8));
        if (ordinal != upsert.ordinal() || named != ordinal) {
            throw new IllegalStateException("log gives ordinal " + upsert.ordinal() + " to \""
                    + upsert.point().id() + "\", the state would give " + ordinal);
        }
    }
}
