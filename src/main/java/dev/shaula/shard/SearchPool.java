package dev.shaula.shard;

import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Threads for searches, as many as there are cores: a search is all arithmetic and memory, so more threads would only
 * take turns. The queue is bounded; when it is full a search is refused at once with OVERLOADED, and one whose caller
 * has gone is dropped before it starts. Thread-safe.
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

    /** Runs {@code search} on one of the threads; cancelling the subscription drops it while it waits. */
    <T> Uni<T> submit(Function<SearchScratch, T> search) {
        return Uni.createFrom().emitter(emitter -> {
            AtomicBoolean gone = new AtomicBoolean();
            emitter.onTermination(() -> gone.set(true));
            try {
                executor.execute(() -> {
                    if (gone.get()) {
                        return;
                    }
                    T result;
                    running.incrementAndGet();
                    try {
                        result = search.apply(scratch.get());
                    } catch (Throwable e) {
                        emitter.fail(e);
                        return;
                    } finally {
                        running.decrementAndGet();
                    }
                    emitter.complete(result);
                });
            } catch (RejectedExecutionException e) {
                emitter.fail(VectorDbException.overloaded(
                        "search: " + queueCapacity + " searches are waiting already; try again later"));
            }
        });
    }

    /** Whether a search runs or waits right now. */
    boolean isBusy() {
        return running.get() > 0 || !executor.getQueue().isEmpty();
    }

    int queued() {
        return executor.getQueue().size();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
