package dev.shaula.collection;

import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import io.smallrye.mutiny.operators.AbstractMulti;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * The points {@code 0 .. count - 1}, each delivered by an executor when it is asked for, and what was asked of it. With
 * a direct executor it delivers inside the request, with a pool from other threads, with a queue when the test says so.
 */
@NullMarked
final class PointSource extends AbstractMulti<Point> {
    private final int count;
    private final int badPoint;
    private final @Nullable Throwable failure;
    private final Executor executor;

    final AtomicInteger requested = new AtomicInteger();
    final AtomicInteger mostOutstanding = new AtomicInteger();
    volatile boolean cancelled;
    private final AtomicInteger outstanding = new AtomicInteger();

    private PointSource(int count, int badPoint, @Nullable Throwable failure, Executor executor) {
        this.count = count;
        this.badPoint = badPoint;
        this.failure = failure;
        this.executor = executor;
    }

    static PointSource of(int count, Executor executor) {
        return new PointSource(count, -1, null, executor);
    }

    /** As {@link #of}, with a point that no collection takes. */
    static PointSource withBadPoint(int count, int badPoint, Executor executor) {
        return new PointSource(count, badPoint, null, executor);
    }

    /** As {@link #of}, then a failure instead of the end. */
    static PointSource failingAfter(int count, Throwable failure, Executor executor) {
        return new PointSource(count, -1, failure, executor);
    }

    static Point point(int number) {
        return new Point(Integer.toString(number), new float[] {number}, Metadata.EMPTY);
    }

    @Override
    public void subscribe(MultiSubscriber<? super Point> subscriber) {
        Delivery delivery = new Delivery(subscriber);
        subscriber.onSubscribe(delivery);
        if (count == 0) {
            delivery.end();
        }
    }

    private final class Delivery implements Flow.Subscription {
        private final MultiSubscriber<? super Point> subscriber;
        private final AtomicInteger next = new AtomicInteger();

        Delivery(MultiSubscriber<? super Point> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            requested.addAndGet((int) n);
            mostOutstanding.accumulateAndGet(outstanding.addAndGet((int) n), Math::max);
            for (int i = 0; i < n; i++) {
                executor.execute(this::deliver);
            }
        }

        private void deliver() {
            int number = next.getAndIncrement();
            if (number >= count || cancelled) {
                return;
            }
            outstanding.decrementAndGet();
            subscriber.onItem(
                    number == badPoint
                            ? new Point(Integer.toString(number), new float[] {Float.NaN}, Metadata.EMPTY)
                            : point(number));
            if (number == count - 1) {
                end();
            }
        }

        void end() {
            if (cancelled) {
                return;
            }
            if (failure != null) {
                subscriber.onFailure(failure);
            } else {
                subscriber.onCompletion();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }
}
