package dev.shaula.shard;

import dev.shaula.hnsw.Parallel;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.Point;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.CheckpointFile;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.Write;
import dev.shaula.vectors.RowFile;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** A shard's state without its log and its thread: the caller applies batches, and searches snapshots. */
@NullMarked
final class HeapShard {
    private final HeapPayloads payloads = new HeapPayloads();
    private final CollectionConfig config;
    private ShardState state;
    private Consumer<LogRecord> onApplied = record -> {};

    HeapShard(CollectionConfig config) {
        this.config = config;
        state = ShardState.empty(config, payloads, -1);
    }

    ShardSnapshot snapshot() {
        return state.snapshot();
    }

    LocalShard.Held hold() {
        ShardSnapshot s = snapshot();
        if (!s.generation().enter()) {
            throw new IllegalStateException("the newest generation is retired");
        }
        return new LocalShard.Held(s);
    }

    /** Calls back after each record, on the thread that applies it. */
    void onApplied(Consumer<LogRecord> callback) {
        onApplied = callback;
    }

    /** Applies the requests as one batch, as a drain of the mailbox would; returns the answers. */
    List<WriteResult> apply(List<WriteRequest> requests) {
        WriteBatch batch = new WriteBatch(snapshot());
        requests.forEach(batch::add);
        List<Write> writes = batch.writes(state.nextNumber());
        if (!writes.isEmpty()) {
            writes.forEach(payloads::put);
            LogRecord record = new LogRecord(state.sequence() + 1, writes);
            state.apply(record);
            onApplied.accept(record);
        }
        return batch.results();
    }

    void upsert(List<Point> points) {
        apply(List.of(upsertOf(points)));
    }

    /** Declares indexes over what follows; nothing may be there yet. */
    void index(List<FieldIndex> indexes) {
        state.index(MetadataIndex.unbuilt(indexes, 0));
    }

    /** Links what fills whole steps, as the shard's thread does between batches. */
    void link() {
        link(Parallel.NONE);
    }

    void link(Parallel parallel) {
        while (state.linkable() > 0) {
            state.link(1, parallel);
        }
    }

    /** Takes dead rows out of the graph as far as that is due. */
    void repair() {
        while (state.repairDue()) {
            state.repair(Parallel.NONE);
        }
    }

    ShardState state() {
        return state;
    }

    /** Makes a new generation; {@code meanwhile} is done three times, between and before its steps. */
    void compact(Runnable meanwhile) {
        Compaction compaction = new Compaction(snapshot(), state.droppable());
        meanwhile.run();
        compaction.copy(this::snapshot, () -> false);
        meanwhile.run();
        compaction.takeGraph(snapshot());
        meanwhile.run();
        state = compaction.finish(state, snapshot());
    }

    /** Writes a checkpoint into {@code directory} and goes on with what is read from it. */
    void checkpointAndReload(Path directory) throws IOException {
        ShardSnapshot snapshot = snapshot();
        Path rows = directory.resolve("rows-" + snapshot.generation().number());
        CheckpointFile file =
                CheckpointFile.write(directory, snapshot.sequence(), out -> snapshot.writeTo(out, new RowFile(rows)));
        state = file.read((in, version) -> ShardState.readFrom(
                in, version, generation -> new RowFile(rows), config, payloads, snapshot.sequence()));
    }

    void delete(List<String> ids) {
        apply(List.of(deleteOf(ids)));
    }

    static WriteRequest upsertOf(List<Point> points) {
        return WriteRequest.upsert(points, Ack.INDEXED, nobody());
    }

    static WriteRequest deleteOf(List<String> ids) {
        return WriteRequest.delete(ids, null, Ack.INDEXED, nobody());
    }

    static WriteRequest deleteIf(List<String> ids, Filter condition) {
        return WriteRequest.delete(ids, FilterEvaluator.compile(condition), Ack.INDEXED, nobody());
    }

    private static UniEmitter<? super WriteResult> nobody() {
        AtomicReference<@Nullable UniEmitter<? super WriteResult>> answer = new AtomicReference<>();
        Uni.createFrom().<WriteResult>emitter(answer::set).subscribe().with(result -> {});
        UniEmitter<? super WriteResult> emitter = answer.get();
        if (emitter == null) {
            throw new AssertionError("an emitter is made on subscription");
        }
        return emitter;
    }
}
