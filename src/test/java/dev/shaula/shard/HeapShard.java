package dev.shaula.shard;

import dev.shaula.hnsw.Parallel;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.payload.IndexBuild;
import dev.shaula.payload.MetadataEditor;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.CheckpointFile;
import dev.shaula.storage.IndexFile;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.Write;
import dev.shaula.vectors.RowFile;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** A shard's state without its log and its thread: the caller applies batches, and searches snapshots. */
@NullMarked
final class HeapShard {
    private final HeapPayloads payloads = new HeapPayloads();
    private final CollectionConfig config;
    private ShardState state;
    private Consumer<LogRecord> onApplied = record -> {};
    private long nowMs;

    HeapShard(CollectionConfig config) {
        this.config = config;
        state = ShardState.empty(config, payloads, -1);
    }

    ShardSnapshot snapshot() {
        return state.snapshot();
    }

    LocalShard.Held hold() {
        ShardSnapshot s = snapshot();
        if (!s.enter()) {
            throw new IllegalStateException("the newest generation is retired");
        }
        return new LocalShard.Held(s);
    }

    /** Sets the clock, which begins at 0. */
    void now(long ms) {
        nowMs = ms;
    }

    /** Calls back after each record, on the thread that applies it. */
    void onApplied(Consumer<LogRecord> callback) {
        onApplied = callback;
    }

    /** Applies the requests as one drain of the mailbox would; returns the answers. */
    List<WriteResult> apply(List<WriteRequest> requests) {
        List<WriteResult> results = new ArrayList<>();
        for (List<WriteRequest> part : WriteBatch.parts(requests)) {
            WriteBatch batch = new WriteBatch(snapshot(), nowMs);
            part.forEach(batch::add);
            write(batch.writes(state.nextNumber()));
            results.addAll(batch.results());
        }
        return results;
    }

    private void write(List<Write> writes) {
        if (!writes.isEmpty()) {
            LogRecord record = new LogRecord(state.sequence() + 1, writes);
            payloads.put(record);
            state.apply(record);
            onApplied.accept(record);
        }
    }

    /** Deletes what has expired, as the shard's thread does. */
    void removeExpired() {
        ShardSnapshot now = snapshot();
        write(Arrays.stream(state.expiries().expired(nowMs, Integer.MAX_VALUE))
                .<Write>mapToObj(row -> new Write.Delete(now.numbers().numberOf(row), now.id(row)))
                .toList());
    }

    /** Builds the indexes that are to be built; {@code meanwhile} is done between reading the metadata and taking it. */
    void buildIndexes(Runnable meanwhile) {
        for (IndexBuild build = state.index().nextBuild();
                build != null;
                build = state.index().nextBuild()) {
            int[] rows = IntStream.range(0, build.end()).toArray();
            List.of(state.payloads().getAll(rows, rows.length)).forEach(build::add);
            build.finish();
            meanwhile.run();
            state.index(state.index().with(build));
        }
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
        IndexFile indexes = new IndexFile(
                directory,
                snapshot.sequence(),
                snapshot.generation().number(),
                snapshot.index().rows());
        indexes.write(snapshot.index()::writeTo);
        state = file.read((in, version) -> ShardState.readFrom(
                in, version, generation -> new RowFile(rows), config, payloads, snapshot.sequence()));
        state.index(
                indexes.read(in -> MetadataIndex.readFrom(in, snapshot.index().rows()))
                        .orElseThrow());
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

    static WriteRequest upsertIf(List<Point> points, List<Precondition> conditions) {
        return WriteRequest.upsert(points, conditions, Ack.INDEXED, nobody());
    }

    static WriteRequest updateOf(List<String> ids, @Nullable Filter condition, MetadataChange change) {
        FilterEvaluator evaluator = condition == null ? null : FilterEvaluator.compile(condition);
        return WriteRequest.update(
                new WriteRequest.Update(ids, evaluator, new MetadataEditor(change)), Ack.INDEXED, nobody());
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
