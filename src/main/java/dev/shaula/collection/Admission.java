package dev.shaula.collection;

import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of writes that may be in flight: what all writes of the node share, and of that what one collection and one
 * sender may have. A stream is slowed by it; a request that comes as a whole cannot be, so it waits a bounded time, in a
 * line of bounded length, and is then refused, with nothing of it stored.
 *
 * @param budget bytes of writes in flight, from before they reach a mailbox until they are answered
 * @param account the part of it for one collection
 * @param sender who writes; null for nobody in particular
 * @param slice bounds of a slice of a stream
 * @param longestWait how long a whole request waits
 * @param times of the writes of the node, from their admission to their answer
 */
record Admission(
        ByteBudget budget,
        ByteBudget.Account account,
        @Nullable Sender sender,
        UpsertStream.Bounds slice,
        Duration longestWait,
        WriteTimes times) {

    /** For writes that have no account. */
    Admission(ByteBudget budget, UpsertStream.Bounds slice, Duration longestWait) {
        this(budget, budget.common(), null, slice, longestWait, new WriteTimes());
    }

    /**
     * For the writes to one more collection.
     *
     * @param limit bytes that it has in flight at most
     * @param places points of streams, and whole requests, that it has in flight at most. What is beyond would not be
     *     written any sooner, only wait inside instead of outside
     */
    Admission ofCollection(long limit, int places) {
        return new Admission(budget, budget.account(limit, places), null, slice, longestWait, times);
    }

    /** The same for the writes of one sender. */
    Admission of(Sender writer) {
        return new Admission(budget, account, writer, slice, longestWait, times);
    }

    /** Asks for a share for so many points of a stream; a whole request counts as one. */
    ByteBudget.Waiter acquire(long bytes, int points) {
        return account.acquire(sender, bytes, points);
    }

    /** Runs {@code write} once there is room for {@code bytes}; a write once begun is finished, heard or not. */
    <T> Uni<T> admit(long bytes, Supplier<Uni<T>> write) {
        return Uni.createFrom().emitter(emitter -> new Request<T>(write, emitter).enter(bytes));
    }

    private final class Request<T> {
        private final UniEmitter<? super T> emitter;
        /**
         * The write with its points, until it begins or is given up. Taking it settles which of grant, end of patience
         * and the caller's leaving came first. The timer leads here for the whole {@link #longestWait}, cancelled or
         * not, and must not hold points for as long.
         */
        private final AtomicReference<@Nullable Supplier<Uni<T>>> waiting;

        private volatile @Nullable ScheduledFuture<?> patience;

        Request(Supplier<Uni<T>> write, UniEmitter<? super T> emitter) {
            this.waiting = new AtomicReference<>(write);
            this.emitter = emitter;
        }

        void enter(long bytes) {
            boolean crowded = account.crowded();
            ByteBudget.Waiter waiter = acquire(bytes, 1);
            emitter.onTermination(() -> {
                if (settle() != null) {
                    waiter.release();
                }
            });
            waiter.onGranted(() -> begin(waiter));
            if (crowded) {
                giveUp(waiter);
            } else if (waiting.get() != null) {
                patience = Infrastructure.getDefaultWorkerPool()
                        .schedule(() -> giveUp(waiter), longestWait.toMillis(), TimeUnit.MILLISECONDS);
                if (waiting.get() == null) {
                    stopTimer();
                }
            }
        }

        private @Nullable Supplier<Uni<T>> settle() {
            Supplier<Uni<T>> write = waiting.getAndSet(null);
            stopTimer();
            return write;
        }

        private void stopTimer() {
            ScheduledFuture<?> timer = patience;
            if (timer != null) {
                timer.cancel(false);
            }
        }

        private void begin(ByteBudget.Waiter waiter) {
            Supplier<Uni<T>> write = settle();
            if (write == null) {
                return;
            }
            long begunNs = System.nanoTime();
            Uni.createFrom()
                    .deferred(write::get)
                    .onTermination()
                    .invoke(waiter::release)
                    .invoke(() -> times.record(System.nanoTime() - begunNs))
                    .subscribe()
                    .with(emitter::complete, emitter::fail);
        }

        private void giveUp(ByteBudget.Waiter waiter) {
            if (settle() != null) {
                waiter.release();
                emitter.fail(VectorDbException.overloaded("writes in flight: expected at most " + account.limit()
                        + " bytes of a collection, " + budget.senderLimit() + " of a connection and "
                        + budget.capacity() + " of the node, got " + account.used() + " of the collection and "
                        + budget.used() + " of the node; nothing of this write was stored, try again later"));
            }
        }
    }
}
