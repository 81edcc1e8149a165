package dev.shaula.shard;

import dev.shaula.hnsw.HnswBuilder;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.hnsw.Parallel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.Write;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.nio.charset.StandardCharsets;

/**
 * What is computed from the log: rows, ids, tombstones and graph. Applying a record uses nothing but the record, so a
 * replay, here or on another machine, ends in the same state. For one thread; {@link #snapshot} is for all.
 */
final class ShardState {
    private final CollectionConfig config;
    private final PayloadStore payloads;
    private final FloatRows rows;
    private final IdTable ids = new IdTable();
    private final HnswBuilder builder;
    private LiveRows live = LiveRows.NONE;
    private long sequence;

    ShardState(CollectionConfig config, PayloadStore payloads, long sequence) {
        this.config = config;
        this.payloads = payloads;
        this.sequence = sequence;
        this.rows = new FloatRows(config.dimensions());
        this.builder = new HnswBuilder(HnswGraph.empty(config.m()), config.efConstruction());
    }

    /** Number of the last record applied. */
    long sequence() {
        return sequence;
    }

    /** Rows, live or not: the ordinal of the next. */
    int rows() {
        return rows.count();
    }

    void apply(LogRecord record, Parallel parallel) {
        int[] dead = new int[record.writes().size()];
        int deadCount = 0;
        for (Write write : record.writes()) {
            switch (write) {
                case Write.Upsert upsert -> {
                    append(upsert);
                    if (upsert.replaces() >= 0) {
                        dead[deadCount++] = upsert.replaces();
                    }
                }
                case Write.Delete delete -> dead[deadCount++] = delete.ordinal();
            }
        }
        live = live.next(rows.count(), dead, deadCount);
        if (config.hnsw()) {
            FloatRows.View view = rows.view();
            builder.add(rows.count(), () -> new FloatScorer(config.metric(), view), parallel);
        }
        sequence = record.sequence();
    }

    ShardSnapshot snapshot() {
        return new ShardSnapshot(config, sequence, rows.view(), builder.graph(), live, ids, payloads);
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
