package dev.shaula.shard;

import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.RocksShardStore;
import dev.shaula.storage.Write;
import io.smallrye.mutiny.Uni;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A shard of this process: a worker verticle with a thread of its own. Everything that changes the shard happens on
 * that thread; searches read the published snapshot on the search pool and meet the writer nowhere.
 *
 * <p>A batch forms by itself: while one is synced and linked, the next gathers in the mailbox. One log append, with
 * one sync, covers it; then rows, tombstones and links; then one swap publishes it; then the answers.
 */
public final class LocalShard implements Shard {
    private static final Logger LOG = Logger.getLogger(LocalShard.class);
    private static final long MAX_BATCH_BYTES = 16L << 20;

    private final String name;
    private final CollectionConfig config;
    private final Path directory;
    private final ShardRuntime runtime;
    private final Mailbox mailbox = new Mailbox();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Writer writer;

    private volatile @Nullable ShardSnapshot snapshot;
    private volatile @Nullable String deploymentId;
    private volatile @Nullable RuntimeException broken;

    private LocalShard(String name, CollectionConfig config, Path directory, ShardRuntime runtime) {
        this.name = name;
        this.config = config;
        this.directory = directory;
        this.runtime = runtime;
        this.writer = new Writer(new WriteBrake(runtime.settings().maxWritesPerSecond()));
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
            runtime.vertx().deployVerticle(shard.writer, options).onComplete(deployed -> {
                if (deployed.succeeded()) {
                    shard.deploymentId = deployed.result();
                    emitter.complete(shard);
                } else {
                    emitter.fail(deployed.cause());
                }
            });
        });
    }

    @Override
    public Uni<WriteResult> upsert(List<Point> points, Ack ack) {
        return Uni.createFrom().emitter(emitter -> {
            if (ShardRuntime.nativeMemoryBytes() >= runtime.settings().memoryLimitBytes()) {
                emitter.fail(VectorDbException.storageFull("vectors fill the memory limit of "
                        + runtime.settings().memoryLimitBytes() + " bytes; nothing of this write was stored"));
            } else {
                submit(WriteRequest.upsert(points, ack, emitter));
            }
        });
    }

    @Override
    public Uni<WriteResult> delete(List<String> ids, Ack ack) {
        return Uni.createFrom().emitter(emitter -> submit(WriteRequest.delete(ids, ack, emitter)));
    }

    @Override
    public Uni<List<ScoredPoint>> search(SearchRequest request) {
        return runtime.searchPool().submit(scratch -> current().search(request, scratch));
    }

    @Override
    public Uni<Optional<Point>> get(String id) {
        return runtime.searchPool().submit(scratch -> current().get(id));
    }

    @Override
    public Uni<Void> commit() {
        return onWriter(writer::commit);
    }

    @Override
    public ShardStatus status() {
        ShardSnapshot s = current();
        return new ShardStatus(s.count(), s.sequence(), s.memoryBytes(), mailbox.bytes());
    }

    @Override
    public Uni<Void> close() {
        return Uni.createFrom().emitter(emitter -> {
            mailbox.close();
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

    /** The newest published state. */
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
                writer.drain();
                if (!mailbox.isEmpty()) {
                    schedule();
                }
            });
        }
    }

    private Uni<Void> onWriter(Runnable action) {
        return Uni.createFrom()
                .emitter(emitter -> writer.onThread(() -> {
                    try {
                        action.run();
                        emitter.complete(null);
                    } catch (RuntimeException e) {
                        emitter.fail(e);
                    }
                }));
    }

    /** The verticle: every method runs on the shard's one thread, {@link #onThread} apart. */
    private final class Writer extends AbstractVerticle {
        private final WriteBrake brake;
        private @Nullable RocksShardStore store;
        private @Nullable ShardState state;

        Writer(WriteBrake brake) {
            this.brake = brake;
        }

        void onThread(Runnable action) {
            context.runOnContext(ignored -> action.run());
        }

        @Override
        public void start() {
            RocksShardStore opened = RocksShardStore.open(directory, runtime.storeOptions(), runtime.storage());
            store = opened;
            ShardState recovered = new ShardState(config, opened, RocksShardStore.BEFORE_FIRST);
            opened.replay(recovered.sequence(), record -> recovered.apply(record, runtime.linkPool()));
            state = recovered;
            snapshot = recovered.snapshot();
        }

        @Override
        public void stop() {
            while (!mailbox.isEmpty()) {
                drain();
            }
            if (store != null) {
                store.close();
            }
        }

        void commit() {
            store().sync();
        }

        void drain() {
            List<WriteRequest> requests =
                    mailbox.drain(brake.limit(runtime.settings().maxBatchWrites()), MAX_BATCH_BYTES);
            if (!requests.isEmpty()) {
                write(requests);
            }
        }

        private void write(List<WriteRequest> requests) {
            RuntimeException reason = broken;
            if (reason != null) {
                fail(requests, VectorDbException.unavailable(name + ": stopped writing after " + reason));
                return;
            }
            try {
                WriteBatch batch = new WriteBatch(current());
                requests.forEach(batch::add);
                List<Write> writes = batch.writes(state().rows());
                LogRecord record = writes.isEmpty() ? null : new LogRecord(state().sequence() + 1, writes);
                if (record != null) {
                    store().append(record);
                }
                answer(requests, batch.results(), Ack.DURABLE);
                if (record != null) {
                    apply(record);
                    brake.pause(writes.size());
                }
                answer(requests, batch.results(), Ack.INDEXED);
            } catch (VectorDbException e) {
                refuse(requests, e);
            } catch (RuntimeException e) {
                LOG.errorf(e, "%s: stops writing", name);
                broken = e;
                fail(requests, VectorDbException.unavailable(name + ": stopped writing after " + e));
            }
        }

        private void apply(LogRecord record) {
            state().apply(record, runtime.linkPool());
            snapshot = state().snapshot();
        }

        /** Deletes must work on a full disk, and must not fail because they shared a batch with inserts. */
        private void refuse(List<WriteRequest> requests, VectorDbException e) {
            List<WriteRequest> deletes = new ArrayList<>();
            List<WriteRequest> others = new ArrayList<>();
            requests.forEach(r -> (r.upserts().isEmpty() ? deletes : others).add(r));
            fail(others, e);
            if (e.kind() == VectorDbException.Kind.STORAGE_FULL && !others.isEmpty() && !deletes.isEmpty()) {
                write(deletes);
            } else {
                fail(deletes, e);
            }
        }

        private void answer(List<WriteRequest> requests, List<WriteResult> results, Ack reached) {
            for (int i = 0; i < requests.size(); i++) {
                if (requests.get(i).ack() == reached) {
                    requests.get(i).answer().complete(results.get(i));
                }
            }
        }

        private void fail(List<WriteRequest> requests, VectorDbException e) {
            requests.forEach(r -> r.answer().fail(e));
        }

        private RocksShardStore store() {
            return require(store);
        }

        private ShardState state() {
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
