package dev.shaula.shard;

import dev.shaula.storage.ShardLog;
import dev.shaula.storage.VersionedPayloads;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Makes a new generation of a shard when enough of its rows are dead: what part of a {@link Compaction} is done beside
 * the shard's thread, what on it, and what becomes of the old generation. For the shard's thread.
 */
final class Compactor {
    private static final Logger LOG = Logger.getLogger(Compactor.class);
    private static final int ORPHANS_AT_ONCE = 1_024;
    /** After a failure the next attempt waits for so many log records. */
    private static final long RECORDS_AFTER_FAILURE = 4_096;

    private final String name;
    private final Host host;
    private final ExecutorService executor;
    private @Nullable Compaction running;
    private boolean holdsGraph;
    private long notBefore = ShardLog.BEFORE_FIRST;

    /** The shard that is compacted. */
    interface Host {
        /** The newest published state; from any thread. */
        ShardSnapshot current();

        ShardState state();

        VersionedPayloads payloads();

        /** Publishes the same state in a new epoch of metadata; returns the epoch that ended. */
        PayloadEpoch nextEpoch();

        /** The last log record that was there when the shard was opened; from any thread. */
        long openedAtSequence();

        /** Publishes another generation of the same state and goes on with it. */
        void replace(ShardState next);

        /** Does something on the shard's thread; from any thread. */
        void onThread(Runnable action);

        /** Does something on the shard's thread after which, if it fails, the shard must not write on. */
        void guard(Runnable step);

        /** Does something on the shard's thread, on which this is called, once no step of linking or mending is under way. */
        void whenGraphRests(Runnable action);

        /** The graph may be linked and mended again. */
        void resume();

        /** True once the shard is closing or has stopped writing; from any thread. */
        boolean isOver();
    }

    Compactor(String name, Host host, ExecutorService executor) {
        this.name = name;
        this.host = host;
        this.executor = executor;
    }

    /** True while the graph is taken over: it must be neither linked nor mended. */
    boolean holdsGraph() {
        return holdsGraph;
    }

    /** Begins if there is reason to, and nothing under way; the graph must be at rest. */
    void startIfDue(long freeBytes) {
        ShardState state = host.state();
        if (running != null || host.isOver() || state.sequence() < notBefore || !state.compactionDue()) {
            return;
        }
        ShardSnapshot from = host.current();
        if (from.rows().memoryBytes() > freeBytes) {
            return;
        }
        Compaction started = new Compaction(from, state.droppable());
        running = started;
        inBackground(
                () -> started.copy(host::current, host::isOver), () -> host.whenGraphRests(() -> takeGraph(started)));
    }

    private void takeGraph(Compaction compaction) {
        holdsGraph = true;
        ShardSnapshot held = host.current();
        inBackground(
                () -> {
                    compaction.takeGraph(held);
                    compaction.copy(host::current, host::isOver);
                },
                () -> switchTo(compaction));
    }

    /** The one moment at which the shard's thread works for a compaction. */
    private void switchTo(Compaction compaction) {
        ShardSnapshot last = host.current();
        ShardState next = compaction.finish(host.state(), last);
        host.replace(next);
        // An older generation that is still read needs what is dropped with this one.
        Generation now = next.snapshot().generation();
        now.enter();
        last.generation().retire(() -> {
            giveBack(last);
            now.exit();
        });
        int rows = host.current().rows().count();
        LOG.infof("%s: dropped %d dead rows, %d rows stay", name, last.rows().count() - rows, rows);
        end();
    }

    private void end() {
        running = null;
        holdsGraph = false;
        host.resume();
    }

    /** Does {@code work} beside the shard's thread, then {@code next} on it. */
    private void inBackground(Runnable work, Runnable next) {
        CompletableFuture.runAsync(work, executor)
                .whenCompleteAsync(
                        (done, e) -> {
                            if (e == null && !host.isOver()) {
                                host.guard(next);
                            } else {
                                abandon(e);
                            }
                        },
                        host::onThread);
    }

    private void abandon(@Nullable Throwable e) {
        if (e != null) {
            notBefore = host.state().sequence() + RECORDS_AFTER_FAILURE;
            LOG.errorf(e, "%s: dead rows could not be dropped; it will be tried again", name);
        }
        end();
    }

    /** When the shard is closed: gives its memory back once running searches have ended. */
    void giveBackAll() {
        ShardSnapshot last = host.current();
        last.generation().retire(() -> giveBack(last));
    }

    /** Called by whoever reads the generation last. */
    private void giveBack(ShardSnapshot last) {
        try {
            executor.execute(() -> {
                last.rows().discard();
                if (!host.isOver()) {
                    dropOrphans();
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debugf("%s: closing; the memory goes with the process", name);
        }
    }

    /**
     * Drops metadata of rows that no generation has any more, and versions that were replaced before the shard was opened:
     * both also where a crash left them.
     */
    private void dropOrphans() {
        ShardSnapshot now = host.current();
        VersionedPayloads payloads = host.payloads();
        try {
            PayloadEpoch orphans = new PayloadEpoch();
            payloads.forEachVersion((number, version, metadata) -> {
                if (isOrphan(now, number, version)) {
                    orphans.replaced(number, version);
                }
            });
            drop(payloads, orphans);
        } catch (RuntimeException e) {
            LOG.debugf("%s: metadata of dropped rows stays until rows are dropped again: %s", name, e);
        }
    }

    private boolean isOrphan(ShardSnapshot now, int number, long version) {
        int ordinal = now.numbers().ordinalOf(number);
        if (ordinal < 0 || ordinal >= now.rows().count()) {
            return ordinal < 0;
        }
        // A later version than this state knows belongs to a write that has come since.
        return version < now.stamps().payloadVersion(ordinal)
                && now.stamps().version(ordinal) <= host.openedAtSequence();
    }

    private void drop(VersionedPayloads payloads, PayloadEpoch dropped) {
        for (int from = 0; from < dropped.replaced() && !host.isOver(); from += ORPHANS_AT_ONCE) {
            int to = Math.min(dropped.replaced(), from + ORPHANS_AT_ONCE);
            payloads.drop(
                    Arrays.copyOfRange(dropped.numbers(), from, to),
                    Arrays.copyOfRange(dropped.versions(), from, to),
                    to - from);
        }
    }

    /** Begins a new epoch and, when nobody reads the last or one before it any more, drops what was replaced in it. */
    void endEpoch() {
        PayloadEpoch last = host.nextEpoch();
        PayloadEpoch now = host.current().epoch();
        // An older epoch that is still read needs what is dropped with this one.
        now.enter();
        last.retire(() -> {
            try {
                executor.execute(() -> {
                    try {
                        drop(host.payloads(), last);
                    } catch (RuntimeException e) {
                        LOG.debugf("%s: replaced metadata stays until rows are dropped: %s", name, e);
                    }
                });
            } catch (RejectedExecutionException e) {
                LOG.debugf("%s: closing; replaced metadata stays until rows are dropped", name);
            }
            now.exit();
        });
    }
}
