package dev.shaula.shard;

import dev.shaula.model.IndexStatus;
import dev.shaula.payload.IndexBuild;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.PayloadStore;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Builds the indexes of a shard from the stored metadata, one build after the other, beside writes and searches. The
 * shard's thread begins them and takes what they found; reading and sorting happen on another. If one fails, filters go
 * on without that index, and the next change of the indexes tries again.
 */
final class IndexBuilds {
    private static final Logger LOG = Logger.getLogger(IndexBuilds.class);
    /** Rows read at once: 16 MB of metadata at most. */
    private static final int BLOCK = 256;

    private final String shard;
    private final Change change;
    private final Executor executor;
    private volatile @Nullable IndexBuild running;
    private volatile boolean stopped;

    /** Changes the shard's indexes on its thread and then hands out what they are. */
    interface Change {
        void apply(UnaryOperator<MetadataIndex> how, Consumer<MetadataIndex> then);
    }

    IndexBuilds(String shard, Change change, Executor executor) {
        this.shard = shard;
        this.change = change;
        this.executor = executor;
    }

    /**
     * Begins what is to be built, unless a build is under way, which will. On the shard's thread.
     *
     * @param payloads of the state that the index is of
     */
    void begin(MetadataIndex index, Supplier<PayloadStore> payloads) {
        if (running != null || stopped) {
            return;
        }
        IndexBuild build = index.nextBuild();
        if (build != null) {
            running = build;
            // As things stand now: what is changed from now on, the index is told of.
            PayloadStore now = payloads.get();
            executor.execute(() -> run(build, now, payloads));
        }
    }

    private void run(IndexBuild build, PayloadStore payloads, Supplier<PayloadStore> later) {
        long startedNs = System.nanoTime();
        try {
            read(build, payloads);
        } catch (RuntimeException | Error e) {
            if (!isRunning(build)) {
                return;
            }
            running = null;
            if (!stopped) {
                LOG.errorf(e, "%s: building %s failed; filters go on without", shard, build.indexes());
            }
            return;
        }
        if (stopped) {
            return;
        }
        // Looked at on the shard's thread: rows may have been numbered anew meanwhile, and then this build is void.
        change.apply(index -> isRunning(build) ? index.with(build) : index, index -> {
            if (isRunning(build)) {
                running = null;
                LOG.infof(
                        "%s: built %s over %d rows in %d ms",
                        shard, build.indexes(), build.end(), (System.nanoTime() - startedNs) / 1_000_000);
                begin(index, later);
            }
        });
    }

    /** Forgets what is under way, since the rows have other ordinals now, and begins anew. On the shard's thread. */
    void restart(MetadataIndex index, Supplier<PayloadStore> payloads) {
        running = null;
        begin(index, payloads);
    }

    @SuppressWarnings("ReferenceEquality") // this very build, not one that is like it
    private boolean isRunning(IndexBuild build) {
        return running == build;
    }

    private void read(IndexBuild build, PayloadStore payloads) {
        int[] rows = new int[BLOCK];
        for (int from = 0; from < build.end() && !stopped; from += BLOCK) {
            int n = Math.min(BLOCK, build.end() - from);
            for (int i = 0; i < n; i++) {
                rows[i] = from + i;
            }
            for (var metadata : payloads.getAll(rows, n)) {
                build.add(metadata);
            }
        }
        build.finish();
    }

    /** As the snapshot has it, with what the running build has done. Any thread. */
    List<IndexStatus> status(MetadataIndex index) {
        IndexBuild build = running;
        return index.status().stream()
                .map(status ->
                        build == null || status.ready() || !build.indexes().contains(status.index())
                                ? status
                                : new IndexStatus(
                                        status.index(),
                                        status.indexedRows() + build.rows(),
                                        status.totalRows(),
                                        false,
                                        status.heapBytes()))
                .toList();
    }

    /** Ends what is under way as soon as it looks up. */
    void stop() {
        stopped = true;
    }
}
