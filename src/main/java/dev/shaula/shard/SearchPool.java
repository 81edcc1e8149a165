package dev.shaula.shard;

import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Threads for searches, as many as there are cores: a search is all arithmetic and memory, so more threads would only
 * take turns. The queue is bounded; when it is full a search is refused at once with OVERLOADED. One whose caller
 * has gone, by hanging up or at its deadline, leaves the queue uncomputed, and if it runs it stops at the next node.
 * Thread-safe.
 */
final class SearchPool implements AutoCloseable {
    private final ThreadPoolExecutor executor;
    private final AtomicInteger running = new AtomicInteger();
    private final int queueCapacity;
    private final ThreadLocal<SearchScratch> scratch = ThreadLocal.withInitial(SearchScratch::new);

    SearchPool(int threads, int queueCapacity) {
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
        return Uni.createFrom().emitter(emitter -> {
            Task<T> task = new Task<>(search, emitter);
            emitter.onTermination(task::leave);
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

    private static VectorDbException stopping() {
        return VectorDbException.unavailable("search: the server is stopping");
    }

    /** A search and who waits for it. */
    private final class Task<T> implements Runnable, BooleanSupplier {
        private final Function<SearchScratch, T> search;
        private final UniEmitter<? super T> emitter;
        private volatile boolean gone;

        Task(Function<SearchScratch, T> search, UniEmitter<? super T> emitter) {
            this.search = search;
            this.emitter = emitter;
        }

        @Override
        public void run() {
            if (gone) {
                return;
            }
            T result;
            SearchScratch mine = scratch.get();
            mine.stopWhen(this);
            running.incrementAndGet();
            try {
                result = search.apply(mine);
            } catch (Throwable e) {
                if (!gone) {
                    emitter.fail(e);
                }
                return;
            } finally {
                running.decrementAndGet();
                mine.stopWhen(null);
            }
            emitter.complete(result);
        }

        /** The caller has gone: gives its place in the queue to another. */
        void leave() {
            gone = true;
            executor.remove(this);
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
