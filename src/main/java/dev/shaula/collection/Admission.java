package dev.shaula.collection;

import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What all writes of the node share: the bytes that may be in flight. A stream is slowed by it; a request that comes
 * as a whole cannot be, so it waits a bounded time and is then refused, with nothing of it stored.
 *
 * @param budget bytes of writes in flight, from before they reach a mailbox until they are answered
 * @param slice bounds of a slice of a stream
 * @param longestWait how long a whole request waits
 */
record Admission(ByteBudget budget, UpsertStream.Bounds slice, Duration longestWait) {

    /** Runs {@code write} once there is room for {@code bytes}; a write once begun is finished, heard or not. */
    <T> Uni<T> admit(long bytes, Supplier<Uni<T>> write) {
        return Uni.createFrom().emitter(emitter -> new Request<T>(write, emitter).enter(bytes));
    }

    private final class Request<T> {
        private final Supplier<Uni<T>> write;
        private final UniEmitter<? super T> emitter;
        /** Set by whichever comes first: the grant, the end of patience, or the caller's leaving. */
        private final AtomicBoolean settled = new AtomicBoolean();

        private volatile ByteBudget.@Nullable Waiter place;
        private volatile @Nullable ScheduledFuture<?> patience;

        Request(Supplier<Uni<T>> write, UniEmitter<? super T> emitter) {
            this.write = write;
            this.emitter = emitter;
        }

        void enter(long bytes) {
            ByteBudget.Waiter waiter = budget.acquire(bytes);
            place = waiter;
            emitter.onTermination(() -> {
                if (settled.compareAndSet(false, true)) {
                    waiter.release();
                }
            });
            waiter.onGranted(this::begin);
            if (!settled.get()) {
                patience = Infrastructure.getDefaultWorkerPool()
                        .schedule(() -> giveUp(waiter), longestWait.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        private void begin() {
            ByteBudget.Waiter waiter = place;
            if (waiter == null || !settled.compareAndSet(false, true)) {
                return;
            }
            ScheduledFuture<?> timer = patience;
            if (timer != null) {
                timer.cancel(false);
            }
            Uni.createFrom()
                    .deferred(write::get)
                    .onTermination()
                    .invoke(waiter::release)
                    .subscribe()
                    .with(emitter::complete, emitter::fail);
        }

        private void giveUp(ByteBudget.Waiter waiter) {
            if (settled.compareAndSet(false, true)) {
                waiter.release();
                emitter.fail(VectorDbException.overloaded("the node has " + budget.capacity()
                        + " bytes of writes in flight already; nothing of this write was stored, try again later"));
            }
        }
    }
}
