package dev.shaula.shard;

import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.payload.MetadataEditor;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.RocksShardStore;
import dev.shaula.storage.ShardLog;
import dev.shaula.storage.StorageErrors;
import dev.shaula.storage.VersionedPayloads;
import dev.shaula.storage.Write;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A shard of this process: a worker verticle with a thread of its own. Everything that changes the shard happens on
 * that thread; searches read the published snapshot on the search pool and meet the writer nowhere.
 *
 * <p>A batch forms by itself: while one is synced, the next gathers in the mailbox. One log append, with one sync,
 * covers it; then rows and tombstones; then one swap publishes it; then the answers. The links follow beside the next
 * batch, in steps that are published one by one. What is published and not linked yet is found by measuring it.
 */
public final class LocalShard implements Shard {
    private static final Logger LOG = Logger.getLogger(LocalShard.class);
    private static final long MAX_BATCH_BYTES = 16L << 20;
    /** A replay of so many records takes well under a second, whatever the clock says. */
    private static final long CHECKPOINT_RECORDS = 4_096;
    /** Versions of metadata that wait to be dropped while writes come; as many rows are deleted at once. */
    private static final int MAX_REPLACED = 1_024;
    /**
     * Between two releases of the rows' files. Reading all of 100,000 rows of 1,536 floats again costs 10,000 page faults,
     * some 30 ms: 0.3 % of one core.
     */
    private static final long RELEASE_MS = 10_000;
    /** Expired points removed between two drains. */
    private static final int EXPIRED_AT_ONCE = 1_024;

    private static final long EXPIRY_RETRY_MS = 1_000;
    private static final long MAX_EXPIRY_SLEEP_MS = 60_000;
    private static final long NO_TIMER = -1;

    private final String name;
    private final CollectionConfig config;
    private final Path directory;
    private final ShardRuntime runtime;
    private final Mailbox mailbox = new Mailbox();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Writer writer;
    private final LiveQueries live;
    /** Who waits for a backup; null while none is taken. */
    private final AtomicReference<@Nullable CompletableFuture<ShardBackup>> backup = new AtomicReference<>();

    private volatile @Nullable ShardSnapshot snapshot;
    private volatile @Nullable String deploymentId;
    private volatile @Nullable Throwable broken;

    private LocalShard(String name, CollectionConfig config, Path directory, ShardRuntime runtime) {
        this.name = name;
        this.config = config;
        this.directory = directory;
        this.runtime = runtime;
        this.writer = new Writer(new WriteBrake(runtime.settings().maxWritesPerSecond()));
        this.live = new LiveQueries(runtime::runForLiveQueries, runtime.liveBudget(), this::hold);
    }

    /**
     * Opens or creates a shard; the result comes when it has recovered and can be searched.
     *
     * @param name for messages and threads, as {@code collection/0}
     * @param directory for its files, created if missing
     */
    public static Uni<Shard> open(String name, CollectionConfig config, Path directory, ShardRuntime runtime) {
        return Uni.createFrom().emitter(emitter -> {
            LocalShard shard = new LocalShard(name, config, directory, runtime);
            DeploymentOptions options = new DeploymentOptions()
                    .setThreadingModel(ThreadingModel.WORKER)
                    .setWorkerPoolName("shaula-shard-" + name)
                    .setWorkerPoolSize(1);
            // On a thread without a Vert.x context: deployed from a door's event loop, the shard would be the child of
            // the HTTP server's verticle, and would be gone before its collection is closed.
            Thread.startVirtualThread(() -> runtime.vertx()
                    .deployVerticle(shard.writer, options)
                    .onComplete(deployed -> {
                        if (deployed.succeeded()) {
                            shard.deploymentId = deployed.result();
                            emitter.complete(shard);
                        } else {
                            emitter.fail(deployed.cause());
                        }
                    }));
        });
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> points, Ack ack) {
        return upsertIf(points, List.of(), ack);
    }

    @Override
    public Uni<WriteResult> upsertIf(List<Point> points, List<Precondition> conditions, Ack ack) {
        return Uni.createFrom().emitter(emitter -> {
            if (ShardRuntime.nativeMemoryBytes() >= runtime.settings().memoryLimitBytes()) {
                emitter.fail(VectorDbException.storageFull("vectors fill the memory limit of "
                        + runtime.settings().memoryLimitBytes() + " bytes; nothing of this write was stored"));
            } else {
                submit(WriteRequest.upsert(points, conditions, ack, emitter));
            }
        });
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return Uni.createFrom().emitter(emitter -> submit(WriteRequest.delete(ids, null, ack, emitter)));
    }

    @Override
    public Uni<WriteResult> deleteIf(List<String> ids, Filter condition, Ack ack) {
        FilterEvaluator evaluator = FilterEvaluator.compile(condition);
        return Uni.createFrom().emitter(emitter -> submit(WriteRequest.delete(ids, evaluator, ack, emitter)));
    }

    @Override
    public Uni<WriteResult> update(List<String> ids, @Nullable Filter condition, MetadataChange change, Ack ack) {
        WriteRequest.Update update = new WriteRequest.Update(
                ids, condition == null ? null : FilterEvaluator.compile(condition), new MetadataEditor(change));
        return Uni.createFrom().emitter(emitter -> submit(WriteRequest.update(update, ack, emitter)));
    }

    @Override
    public Uni<List<ScoredPoint>> search(SearchRequest request) {
        return runtime.searchPool().submit(request.deadlineNs(), scratch -> read(s -> s.search(request, scratch)));
    }

    @Override
    public Uni<List<List<ScoredPoint>>> searchAll(List<SearchRequest> requests) {
        return Uni.createFrom().deferred(() -> nextTurn(new SharedSearch(requests)));
    }

    private Uni<List<List<ScoredPoint>>> nextTurn(SharedSearch search) {
        return runtime.searchPool()
                .submit(
                        search.deadlineNs(),
                        scratch -> read(s -> {
                            search.turn(s, scratch);
                            return search.isDone();
                        }))
                .chain(done -> done ? Uni.createFrom().item(search.answers()) : nextTurn(search));
    }

    @Override
    public Uni<ExplainedSearch> explain(SearchRequest request) {
        return runtime.searchPool().submit(request.deadlineNs(), scratch -> read(s -> s.explain(request, scratch)));
    }

    @Override
    public Uni<List<SearchGroup>> group(GroupRequest request) {
        long deadlineNs = request.search().deadlineNs();
        return runtime.searchPool().submit(deadlineNs, scratch -> read(s -> s.group(request, scratch)));
    }

    @Override
    public Uni<Optional<Point>> get(String id) {
        return runtime.searchPool().submit(scratch -> read(s -> s.get(id)));
    }

    @Override
    public Uni<Long> count(@Nullable Filter filter) {
        return runtime.searchPool().submit(scratch -> read(s -> (long) s.count(filter)));
    }

    @Override
    public Uni<Map<Filter.Value, Long>> facet(String field, @Nullable Filter filter) {
        return runtime.searchPool().submit(scratch -> read(s -> s.facet(field, filter)));
    }

    @Override
    public Uni<ShardReading> read(ScrollRequest request) {
        SearchPool pool = runtime.searchPool();
        return pool.submit(scratch -> {
            Held held = hold();
            try {
                return new SnapshotReading(held, request, pool);
            } catch (RuntimeException | Error e) {
                held.close();
                throw e;
            }
        });
    }

    @Override
    public Uni<Void> createIndex(FieldIndex index) {
        return onWriter(() -> writer.changeIndex(all -> all.with(index)));
    }

    @Override
    public Uni<Void> dropIndex(FieldIndex index) {
        return onWriter(() -> writer.changeIndex(all -> all.without(index)));
    }

    @Override
    public List<IndexStatus> indexes() {
        return writer.indexing.status(current().index());
    }

    private Uni<Void> onWriter(Runnable change) {
        return Uni.createFrom().emitter(emitter -> {
            if (mailbox.isClosed()) {
                emitter.fail(VectorDbException.unavailable(name + ": is closed"));
                return;
            }
            writer.onThread(() -> {
                try {
                    change.run();
                    emitter.complete(null);
                } catch (RuntimeException e) {
                    emitter.fail(e);
                }
            });
        });
    }

    @Override
    public Multi<LiveAnswer> watch(LiveQuery query) {
        return live.watch(query);
    }

    @Override
    public Uni<Void> commit() {
        return Uni.createFrom()
                .emitter(emitter ->
                        writer.onThread(() -> writer.commit(current().sequence())
                                .whenComplete((reached, e) -> {
                                    if (e == null) {
                                        emitter.complete(null);
                                    } else {
                                        emitter.fail(cause(e));
                                    }
                                })));
    }

    @Override
    public Uni<ShardBackup> backup(Path target) {
        return Uni.createFrom().emitter(emitter -> {
            CompletableFuture<ShardBackup> answer = new CompletableFuture<>();
            answer.whenComplete((done, e) -> {
                backup.compareAndSet(answer, null);
                if (e == null) {
                    emitter.complete(done);
                } else {
                    emitter.fail(cause(e));
                }
            });
            if (!backup.compareAndSet(null, answer)) {
                answer.completeExceptionally(VectorDbException.conflict(name + ": a backup is being taken already"));
            } else if (mailbox.isClosed()) { // asked after the answer is where stop() finds it
                answer.completeExceptionally(VectorDbException.unavailable(name + ": is closed"));
            } else {
                writer.onThread(() -> writer.backup(target).whenComplete((done, e) -> {
                    if (e == null) {
                        answer.complete(done);
                    } else {
                        answer.completeExceptionally(e);
                    }
                }));
            }
        });
    }

    /** What a stage of a future wrapped. */
    private static Throwable cause(Throwable e) {
        return e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
    }

    @Override
    public ShardStatus status() {
        ShardSnapshot s = current().at(runtime.nowMs());
        return new ShardStatus(s.count(), s.sequence(), s.memory(), mailbox.bytes(), failure());
    }

    private @Nullable String failure() {
        Throwable reason = broken;
        return reason == null ? null : name + ": stopped writing after " + reason;
    }

    @Override
    public Uni<Void> close() {
        return Uni.createFrom().emitter(emitter -> {
            mailbox.close();
            writer.brake.release();
            String id = deploymentId;
            deploymentId = null;
            if (id == null) {
                emitter.complete(null);
            } else {
                runtime.vertx().undeploy(id).onComplete(done -> {
                    if (done.succeeded()) {
                        emitter.complete(null);
                    } else {
                        emitter.fail(done.cause());
                    }
                });
            }
        });
    }

    private <T> T read(Function<ShardSnapshot, T> reading) {
        try (Held held = hold()) {
            return reading.apply(held.snapshot());
        }
    }

    /** The newest published state without what has expired, to be let go when it has been read. */
    Held hold() {
        Held held = holdAll();
        ShardSnapshot all = held.snapshot();
        ShardSnapshot visible = all.at(runtime.nowMs());
        if (visible.count() < all.count()) {
            schedule(); // to have it removed
        }
        return new Held(visible);
    }

    /** The newest published state, to be let go when it has been read. */
    private Held holdAll() {
        ShardSnapshot s = current();
        while (!s.enter()) {
            ShardSnapshot next = current(); // the next one is published before a generation or an epoch is retired
            if (next == s) {
                throw VectorDbException.unavailable(name + ": is closed");
            }
            s = next;
        }
        return new Held(s);
    }

    /** A snapshot whose rows stay in memory until it is closed, whatever becomes of the shard. */
    record Held(ShardSnapshot snapshot) implements AutoCloseable {
        @Override
        public void close() {
            snapshot.exit();
        }
    }

    /** The newest published state, for the shard's thread and for its counts; others read through {@link #hold}. */
    ShardSnapshot current() {
        ShardSnapshot s = snapshot;
        if (s == null) {
            throw VectorDbException.unavailable(name + ": is still recovering");
        }
        return s;
    }

    private void submit(WriteRequest request) {
        if (mailbox.put(request)) {
            schedule();
        } else {
            request.answer().fail(closedError());
        }
    }

    private VectorDbException closedError() {
        return VectorDbException.unavailable(name + ": is closed; nothing of this write was stored");
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            writer.onThread(() -> {
                scheduled.set(false);
                if (writer.turn()) {
                    schedule();
                }
            });
        }
    }

    /** The verticle: every method runs on the shard's one thread, {@link #onThread} apart. */
    private final class Writer extends AbstractVerticle implements Compactor.Host, GraphSteps.Host {
        private final WriteBrake brake;
        private volatile boolean stopped;
        private long expiryTimer = NO_TIMER;
        private long expiryWakeMs;
        private long expireNotBeforeMs = Long.MIN_VALUE;

        private final IndexBuilds indexing = new IndexBuilds(name, this::takeBuild, runtime.indexExecutor());
        private @Nullable RocksShardStore store;
        private @Nullable ShardState state;
        private @Nullable Checkpoints checkpoints;
        private final AtomicReference<CompletableFuture<Long>> checkpointing =
                new AtomicReference<>(CompletableFuture.completedFuture(ShardLog.BEFORE_FIRST));
        /** For the shard's thread. */
        private CompletableFuture<?> releasing = CompletableFuture.completedFuture(null);

        /** Number of the last log record that a checkpoint holds. */
        private volatile long checkpointed;

        private volatile int checkpointedGeneration;
        private volatile long openedAtSequence;
        private final Compactor compactor = new Compactor(name, this, runtime.compactionExecutor());
        private final GraphSteps steps =
                new GraphSteps(this, runtime.linkPool(), runtime.linkExecutor(), runtime.mendExecutor());

        Writer(WriteBrake brake) {
            this.brake = brake;
        }

        @Override
        public void onThread(Runnable action) {
            context.runOnContext(ignored -> action.run());
        }

        @Override
        public void start() throws IOException {
            RocksShardStore opened = RocksShardStore.open(directory, runtime.storeOptions(), runtime.storage());
            try {
                state = recover(opened);
            } catch (IOException | RuntimeException | Error e) {
                opened.close(); // stop() is not called for what has not started
                throw e;
            }
            store = opened;
            // Served from here on: what is not linked yet is measured one by one, and linked between writes.
            publish();
            long everyMs = runtime.settings().checkpointInterval().toMillis();
            vertx.setPeriodic(everyMs, ignored -> checkpointInBackground());
            vertx.setPeriodic(RELEASE_MS, ignored -> releaseFloats());
            // Last, since threads that this one starts, such as the event loop of the timers, would have them, too.
            BackgroundThreads.takeLongTurns();
            schedule();
        }

        private ShardState recover(RocksShardStore opened) throws IOException {
            Checkpoints found = new Checkpoints(name, directory.resolve("checkpoints"));
            checkpoints = found;
            ShardState recovered = found.load(config, opened, opened);
            checkpointed = recovered.sequence();
            checkpointedGeneration = recovered.snapshot().generation().number();
            opened.replay(recovered.sequence(), recovered::apply);
            openedAtSequence = recovered.sequence();
            return recovered;
        }

        @Override
        public void stop() {
            stopped = true;
            indexing.stop();
            live.close(VectorDbException.unavailable(name + ": is closed"));
            while (!mailbox.isEmpty()) {
                drain();
            }
            steps.finish();
            try {
                checkpointing.get().exceptionally(e -> checkpointed).join();
                checkpoint(current());
            } catch (RuntimeException e) {
                // Nothing is lost: the log holds it, and the next start replays it.
                LOG.warnf(e, "%s: no checkpoint at the end", name);
            }
            if (store != null) {
                store.close();
            }
            compactor.giveBackAll();
            CompletableFuture<ShardBackup> waiting = backup.get();
            if (waiting != null) {
                waiting.completeExceptionally(VectorDbException.unavailable(name + ": was closed during a backup"));
            }
        }

        /** Writes what waits unless the graph is too far behind, and says whether there is more to do at once. */
        boolean turn() {
            if (stopped) {
                return false; // a turn that was due when the shard was closed
            }
            if (codesDue()) {
                drain();
                guard(() -> state().encodeStep(runtime.linkPool()));
                return true;
            }
            if (steps.areAtRest()) {
                compactor.startIfDue(runtime.settings().memoryLimitBytes() - ShardRuntime.nativeMemoryBytes());
            }
            steps.advance();
            boolean expiring = false;
            if (!steps.behind()) {
                steps.wrote(drain());
                expiring = expire();
                steps.advance();
            }
            dropReplaced();
            if (store().lastSequence() - checkpointed >= CHECKPOINT_RECORDS) {
                checkpointInBackground();
            }
            return (expiring || !mailbox.isEmpty()) && !steps.behind();
        }

        private boolean codesDue() {
            return broken == null && state().codesDue();
        }

        @Override
        public boolean mayTouchGraph() {
            return broken == null && !compactor.holdsGraph() && !state().codesDue();
        }

        @Override
        public void whenGraphRests(Runnable action) {
            steps.whenAtRest(action);
        }

        /** Metadata that no state needs any more goes in bulk, or when there is nothing else to do. */
        private void dropReplaced() {
            int replaced = state().replacedPayloads();
            if (broken == null && (replaced >= MAX_REPLACED || (replaced > 0 && mailbox.isEmpty()))) {
                compactor.endEpoch();
            }
        }

        @Override
        public PayloadEpoch nextEpoch() {
            PayloadEpoch last = state().nextEpoch();
            publish();
            return last;
        }

        @Override
        public long openedAtSequence() {
            return openedAtSequence;
        }

        /** Deletes some of what has expired, as anybody's delete; says whether there is more to do at once. */
        private boolean expire() {
            long nowMs = runtime.nowMs();
            if (hasExpired(nowMs)) {
                try {
                    remove(state().expiries().expired(nowMs, EXPIRED_AT_ONCE));
                } catch (VectorDbException e) {
                    LOG.warnf("%s: expired points are hidden, but could not be removed: %s", name, e.getMessage());
                    expireNotBeforeMs = nowMs + EXPIRY_RETRY_MS;
                } catch (RuntimeException | Error e) {
                    stopWriting(e);
                }
            }
            wakeAtExpiry(nowMs);
            return hasExpired(nowMs);
        }

        private boolean hasExpired(long nowMs) {
            return broken == null
                    && nowMs >= expireNotBeforeMs
                    && state().expiries().next() <= nowMs;
        }

        private void remove(int[] rows) {
            ShardSnapshot now = current();
            List<Write> deletes = new ArrayList<>(rows.length);
            for (int row : rows) {
                deletes.add(new Write.Delete(now.numbers().numberOf(row), now.id(row)));
            }
            LogRecord record = new LogRecord(state().sequence() + 1, deletes);
            store().append(record);
            apply(record);
            steps.wrote(rows.length);
        }

        /** The clock may be set, so that nothing is slept through for long; who reads looks at the clock anyway. */
        private void wakeAtExpiry(long nowMs) {
            long nextMs = state().expiries().next();
            if (broken != null || stopped || nextMs == Expiry.NEVER_MS) {
                return;
            }
            long delayMs = Math.clamp(Math.max(nextMs, expireNotBeforeMs) - nowMs, 1, MAX_EXPIRY_SLEEP_MS);
            if (expiryTimer != NO_TIMER && nowMs + delayMs >= expiryWakeMs) {
                return;
            }
            vertx.cancelTimer(expiryTimer);
            expiryWakeMs = nowMs + delayMs;
            expiryTimer = vertx.setTimer(delayMs, due -> {
                expiryTimer = NO_TIMER;
                schedule();
            });
        }

        private int drain() {
            List<WriteRequest> requests =
                    mailbox.drain(brake.limit(runtime.settings().maxBatchWrites()), MAX_BATCH_BYTES);
            if (!requests.isEmpty()) {
                WriteBatch.parts(requests).forEach(this::write);
                mailbox.settled();
            }
            return requests.stream().mapToInt(WriteRequest::size).sum();
        }

        @Override
        public ShardSnapshot current() {
            return LocalShard.this.current();
        }

        @Override
        public VersionedPayloads payloads() {
            return store();
        }

        @Override
        public void replace(ShardState next) {
            state = next;
            publish();
            indexing.restart(next.index(), state()::payloads);
            checkpointInBackground();
        }

        @Override
        public void resume() {
            schedule();
        }

        @Override
        public boolean isOver() {
            return stopped || broken != null;
        }

        /** Does a step of work on the state and publishes it. */
        @Override
        public void guard(Runnable step) {
            if (broken != null) {
                return;
            }
            try {
                step.run();
                publish();
            } catch (RuntimeException | Error e) {
                // An error too: whoever waits must hear of it, and what is half applied must not be built upon.
                stopWriting(e);
            }
        }

        private void write(List<WriteRequest> requests) {
            Throwable reason = broken;
            if (reason != null) {
                fail(requests, VectorDbException.unavailable(name + ": stopped writing after " + reason));
                return;
            }
            long startedNs = System.nanoTime();
            List<WriteRequest> taken = new ArrayList<>(requests);
            try {
                WriteBatch batch = new WriteBatch(current(), runtime.nowMs());
                taken.removeIf(request -> !take(request, batch));
                List<Write> writes = batch.writes(state().nextNumber());
                LogRecord record = writes.isEmpty() ? null : new LogRecord(state().sequence() + 1, writes);
                if (record == null) {
                    store().settle();
                } else {
                    store().append(record);
                }
                long sequence = record == null ? state().sequence() : record.sequence();
                answer(taken, batch.results(), sequence, Ack.DURABLE);
                if (record != null) {
                    apply(record);
                    brake.pause(writes.size(), startedNs);
                }
                answer(taken, batch.results(), sequence, Ack.INDEXED);
            } catch (VectorDbException e) {
                refuse(taken, e);
            } catch (RuntimeException | Error e) {
                // An error too: whoever waits must hear of it, and what is half applied must not be built upon.
                stopWriting(e);
                fail(requests, VectorDbException.unavailable(name + ": stopped writing after " + e));
            }
        }

        /** False if the request cannot be done, and is answered. */
        private boolean take(WriteRequest request, WriteBatch batch) {
            try {
                batch.add(request);
                return true;
            } catch (VectorDbException e) {
                fail(List.of(request), e);
                return false;
            }
        }

        private void apply(LogRecord record) {
            state().apply(record);
            publish();
            live.published(current().at(runtime.nowMs()), record);
            indexing.begin(state().index(), state()::payloads);
        }

        /** From the thread that built: puts the build where searches see it. */
        private void takeBuild(UnaryOperator<MetadataIndex> change, Consumer<MetadataIndex> then) {
            onThread(() -> {
                if (!stopped) {
                    state().index(change.apply(state().index()));
                    publish();
                    then.accept(state().index());
                }
            });
        }

        /** Changes the indexes, publishes them, and begins to build what that leaves to be built. */
        void changeIndex(UnaryOperator<MetadataIndex> change) {
            state().index(change.apply(state().index()));
            publish();
            indexing.begin(state().index(), state()::payloads);
        }

        private void publish() {
            snapshot = state().snapshot();
        }

        private void stopWriting(Throwable e) {
            LOG.errorf(e, "%s: stops writing", name);
            broken = e;
        }

        /** Writes a checkpoint of what is published now, unless one is being written already. */
        CompletableFuture<Long> checkpointInBackground() {
            CompletableFuture<Long> running = checkpointing.get();
            if (!running.isDone()) {
                return running;
            }
            if (isCheckpointed(current()) && require(checkpoints).keepsIndexesOf(current())) {
                return CompletableFuture.completedFuture(checkpointed);
            }
            Held wanted = holdAll();
            CompletableFuture<Long> started = CompletableFuture.supplyAsync(
                            () -> checkpoint(wanted.snapshot()), runtime.checkpointExecutor())
                    .whenComplete((done, e) -> wanted.close());
            checkpointing.set(started);
            started.whenComplete((done, e) -> {
                if (e != null) {
                    LOG.errorf(e, "%s: the checkpoint failed; the log keeps everything, it will be tried again", name);
                }
            });
            return started;
        }

        /** Lets the system count what searches have read of the rows' files as its own again; not on the shard's thread. */
        private void releaseFloats() {
            if (releasing.isDone() && !stopped) {
                ShardSnapshot from = current();
                releasing = CompletableFuture.runAsync(() -> from.rows().releaseFloats(), runtime.checkpointExecutor());
            }
        }

        /** Completes when a checkpoint holds everything up to {@code sequence}, which must be published. */
        CompletableFuture<Long> commit(long sequence) {
            // The one that is under way may have begun before.
            return checkpointInBackground()
                    .thenComposeAsync(
                            reached ->
                                    reached >= sequence ? CompletableFuture.completedFuture(reached) : commit(sequence),
                            this::onThread);
        }

        CompletableFuture<ShardBackup> backup(Path target) {
            return commit(current().sequence()).thenComposeAsync(reached -> copy(target), this::onThread);
        }

        /** In the place of a checkpoint, so that none trims the log or deletes a file meanwhile, and the end waits for it. */
        private CompletableFuture<ShardBackup> copy(Path target) {
            CompletableFuture<Long> running = checkpointing.get();
            if (!running.isDone()) {
                return running.exceptionally(e -> checkpointed)
                        .thenComposeAsync(ignored -> copy(target), this::onThread);
            }
            CompletableFuture<ShardBackup> copied =
                    CompletableFuture.supplyAsync(() -> copyNow(target), runtime.checkpointExecutor());
            checkpointing.set(copied.handle((done, e) -> checkpointed));
            return copied;
        }

        private ShardBackup copyNow(Path target) {
            try {
                return require(checkpoints).backup(checkpointed, store(), target);
            } catch (IOException e) {
                throw StorageErrors.of(target, "a backup", e);
            }
        }

        private boolean isCheckpointed(ShardSnapshot wanted) {
            return wanted.sequence() == checkpointed && wanted.generation().number() == checkpointedGeneration;
        }

        private long checkpoint(ShardSnapshot wanted) {
            try {
                if (!isCheckpointed(wanted)) {
                    require(checkpoints).write(wanted, store());
                    checkpointed = wanted.sequence();
                    checkpointedGeneration = wanted.generation().number();
                }
                require(checkpoints).writeIndexes(wanted);
                return checkpointed;
            } catch (IOException e) {
                throw StorageErrors.of(directory, "a checkpoint", e);
            }
        }

        /** Deletes must work on a full disk, and must not fail because they shared a batch with inserts. */
        private void refuse(List<WriteRequest> requests, VectorDbException e) {
            List<WriteRequest> deletes = new ArrayList<>();
            List<WriteRequest> others = new ArrayList<>();
            requests.forEach(r -> (r.deletes() ? deletes : others).add(r));
            fail(others, e);
            if (e.kind() == VectorDbException.Kind.STORAGE_FULL && !others.isEmpty() && !deletes.isEmpty()) {
                write(deletes);
            } else {
                fail(deletes, e);
            }
        }

        private void answer(List<WriteRequest> requests, List<WriteResult> results, long sequence, Ack reached) {
            List<Long> sequences = List.of(sequence);
            for (int i = 0; i < requests.size(); i++) {
                if (requests.get(i).ack() == reached) {
                    mailbox.answering(requests.get(i));
                    requests.get(i).answer().complete(results.get(i).withSequences(sequences));
                }
            }
        }

        private void fail(List<WriteRequest> requests, VectorDbException e) {
            requests.forEach(r -> {
                mailbox.answering(r);
                r.answer().fail(e);
            });
        }

        private RocksShardStore store() {
            return require(store);
        }

        @Override
        public ShardState state() {
            return require(state);
        }

        private <T> T require(@Nullable T started) {
            if (started == null) {
                throw new IllegalStateException(name + ": is not open");
            }
            return started;
        }
    }
}
