package dev.shaula.shard;

import dev.shaula.hnsw.Parallel;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Helps shard threads to link: a fixed number of threads that take pieces beside the shard's own. As soon as a search
 * wants a core they step back, and the shard goes on alone; since the graph does not depend on who linked it, this
 * changes only the time. Thread-safe.
 */
final class LinkPool implements Parallel, AutoCloseable {
    private final int helpers;
    private final BooleanSupplier coresWanted;
    private final ThreadPoolExecutor executor;

    /**
     * @param helpers threads beside the shard's own, 0 or more
     * @param coresWanted asked between pieces: true makes helpers leave
     */
    LinkPool(int helpers, BooleanSupplier coresWanted) {
        this.helpers = helpers;
        this.coresWanted = coresWanted;
        int threads = Math.max(1, helpers);
        this.executor = new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                BackgroundThreads.withLongTurns("shaula-link-"));
        // Started by a thread that mends, they would be as nice as it is.
        executor.prestartAllCoreThreads();
    }

    @Override
    public <W> void run(int n, Supplier<W> workers, Piece<W> piece) {
        Round<W> round = new Round<>(n, workers, piece);
        for (int i = Math.min(helpers, n / 4); i > 0; i--) {
            executor.execute(() -> round.help(coresWanted));
        }
        round.work(() -> false);
        round.finish();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    /** One call of {@link #run}: pieces are handed out by a counter. */
    private static final class Round<W> {
        private final int n;
        private final Supplier<W> workers;
        private final Piece<W> piece;
        private final AtomicInteger next = new AtomicInteger();
        private final Lock lock = new ReentrantLock();
        private final Condition helperLeft = lock.newCondition();
        private int helping;
        private boolean over;
        private volatile @Nullable Throwable failure;

        Round(int n, Supplier<W> workers, Piece<W> piece) {
            this.n = n;
            this.workers = workers;
            this.piece = piece;
        }

        void help(BooleanSupplier leave) {
            if (leave.getAsBoolean() || !enter()) {
                return;
            }
            try {
                work(leave);
            } finally {
                exit();
            }
        }

        private void exit() {
            lock.lock();
            try {
                helping--;
                helperLeft.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /** False when the round is over: a helper that comes late, from another shard's round, must not be waited for. */
        private boolean enter() {
            lock.lock();
            try {
                if (!over) {
                    helping++;
                }
                return !over;
            } finally {
                lock.unlock();
            }
        }

        void work(BooleanSupplier leave) {
            try {
                W worker = workers.get();
                int i = next.getAndIncrement();
                while (i < n) {
                    piece.run(worker, i);
                    // A piece once taken must be run, so leaving comes before taking.
                    i = leave.getAsBoolean() ? n : next.getAndIncrement();
                }
            } catch (Throwable e) {
                failure = e;
                next.set(n);
            }
        }

        void finish() {
            lock.lock();
            try {
                over = true;
                while (helping > 0) {
                    // Not interruptible: the pieces under way write to pages of this batch.
                    helperLeft.awaitUninterruptibly();
                }
            } finally {
                lock.unlock();
            }
            Throwable e = failure;
            if (e != null) {
                throw e instanceof RuntimeException r ? r : new IllegalStateException("linking failed", e);
            }
        }
    }
}
