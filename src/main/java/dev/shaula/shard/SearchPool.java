package dev.shaula.shard;

import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Threads for searches, as many as there are cores: a search is all arithmetic and memory, so more threads would only
 * take turns. The queue is bounded in number and in time: when it is full, or would be left only after the search's
 * deadline, a search is refused at once with OVERLOADED; one whose turn comes after its deadline all the same is refused
 * then, uncomputed. One whose caller has gone leaves the queue uncomputed, and if it runs it stops some nodes on.
 * Thread-safe.
 */
final class SearchPool implements AutoCloseable {
    private static final int MEAN_OF = 16;

    private final ThreadPoolExecutor executor;
    private final AtomicInteger running = new AtomicInteger();
    private final int queueCapacity;
    private final int threads;
    private final long longestWaitNs;
    /** Mean time of a task, of which the last counts a sixteenth. */
    private final AtomicLong meanNs = new AtomicLong();

    private final LongAdder late = new LongAdder();
    private final LongAdder cancelled = new LongAdder();
    private final ThreadLocal<SearchScratch> scratch = ThreadLocal.withInitial(SearchScratch::new);

    /** @param longestWait how long a search without a deadline may wait */
    SearchPool(int threads, int queueCapacity, Duration longestWait) {
        this.threads = threads;
        this.longestWaitNs = longestWait.toNanos();
        this.queueCapacity = queueCapacity;
        executor = new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(queueCapacity),
                Thread.ofPlatform().name("shaula-search-", 0).daemon().factory());
        executor.prestartAllCoreThreads();
    }

    /** Runs {@code search} on one of the threads; cancelling the subscription drops it while it waits or runs. */
    <T> Uni<T> submit(Function<SearchScratch, T> search) {
        return submit(SearchRequest.NO_DEADLINE, search);
    }

    /** As {@link #submit(Function)}, for an answer that is of no use after {@code deadlineNs}. */
    <T> Uni<T> submit(long deadlineNs, Function<SearchScratch, T> search) {
        return Uni.createFrom().emitter(emitter -> {
            long now = System.nanoTime();
            long latest = now + longestWaitNs;
            if (deadlineNs != SearchRequest.NO_DEADLINE && deadlineNs - latest < 0) {
                latest = deadlineNs;
            }
            Task<T> task = new Task<>(search, latest, emitter);
            emitter.onTermination(task::leave);
            long wait = expectedWaitNs();
            if (now + wait - latest >= 0) {
                late.increment();
                task.refuse(VectorDbException.overloaded("search: expected an answer within "
                        + millis(latest - now) + " ms, but those that wait already take about " + millis(wait)
                        + " ms; nothing was computed, try again later"));
                return;
            }
            try {
                executor.execute(task);
            } catch (RejectedExecutionException e) {
                task.refuse(
                        executor.isShutdown()
                                ? stopping()
                                : VectorDbException.overloaded(
                                        "search: " + queueCapacity + " searches are waiting already; try again later"));
            }
        });
    }

    /** Until a task that came now would be done; 0 while nobody waits. */
    private long expectedWaitNs() {
        int waiting = executor.getQueue().size();
        return waiting == 0 ? 0 : meanNs.get() * (waiting + 1) / threads;
    }

    private static long millis(long ns) {
        return TimeUnit.NANOSECONDS.toMillis(ns);
    }

    private static VectorDbException stopping() {
        return VectorDbException.unavailable("search: the server is stopping");
    }

    /** A search and who waits for it. */
    private final class Task<T> implements Runnable, BooleanSupplier {
        private final Function<SearchScratch, T> search;
        /** When it must have begun. */
        private final long latestNs;

        private final UniEmitter<? super T> emitter;
        private volatile boolean gone;

        Task(Function<SearchScratch, T> search, long latestNs, UniEmitter<? super T> emitter) {
            this.search = search;
            this.latestNs = latestNs;
            this.emitter = emitter;
        }

        @Override
        public void run() {
            if (gone) {
                return;
            }
            long start = System.nanoTime();
            if (start - latestNs >= 0) {
                late.increment();
                refuse(VectorDbException.overloaded(
                        "search: its turn came after its deadline; nothing was computed, try again later"));
                return;
            }
            T result;
            SearchScratch mine = scratch.get();
            mine.stopWhen(this);
            running.incrementAndGet();
            try {
                result = search.apply(mine);
            } catch (Throwable e) {
                if (gone) {
                    cancelled.increment();
                } else {
                    emitter.fail(e);
                }
                return;
            } finally {
                running.decrementAndGet();
                mine.stopWhen(null);
                long took = System.nanoTime() - start;
                meanNs.updateAndGet(mean -> mean + (took - mean) / MEAN_OF);
            }
            emitter.complete(result);
        }

        /** The caller has gone: gives its place in the queue to another. */
        void leave() {
            gone = true;
            if (executor.remove(this)) {
                cancelled.increment();
            }
        }

        @Override
        public boolean getAsBoolean() {
            return gone;
        }

        void refuse(VectorDbException reason) {
            emitter.fail(reason);
        }
    }

    /** Whether a search runs or waits right now. */
    boolean isBusy() {
        return running.get() > 0 || !executor.getQueue().isEmpty();
    }

    /** How many left the queue, or were stopped, because their callers had gone. */
    long cancelled() {
        return cancelled.sum();
    }

    /** How many were refused because of their deadline or the longest wait. */
    long late() {
        return late.sum();
    }

    int queued() {
        return executor.getQueue().size();
    }

    /** Refuses what waits and what comes from now on; a search under way is answered. */
    @Override
    public void close() {
        for (Runnable waiting : executor.shutdownNow()) {
            if (waiting instanceof Task<?> task) {
                task.refuse(stopping());
            }
        }
    }
}
