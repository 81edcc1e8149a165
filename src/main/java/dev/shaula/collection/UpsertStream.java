package dev.shaula.collection;

import dev.shaula.model.Point;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.operators.AbstractMulti;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Slices a stream of points and writes one slice after the other, all the back-pressure there is between a socket and
 * a shard. The source is asked for one point at a time, and for none while the node's byte budget has no room or two
 * slices are full: one being written and one being gathered. So demand outstanding is at most one point, and a stream
 * holds at most {@code 2 x} the slice bounds. A share of the budget is for twice as many points as the last slice had:
 * for one of a trickle, for dozens of a stream that always has more at hand. What of it is not used goes back when the
 * slice is written.
 *
 * <p>A slice is closed when it is full, when the source ends, or when the source has nothing at hand and nothing is
 * being written: slices grow with the pace of the source by themselves, and a slow trickle is answered at once. No
 * timer is involved.
 *
 * <p>Signals may come from any thread; they are serialised by a work counter, as in every operator of Mutiny.
 */
final class UpsertStream extends AbstractMulti<WriteResult> {
    /**
     * Points of one share at most. A hundred streams that take turns at a full budget point by point would write slices
     * of a few points each, and a slice costs as much as twenty points: an answer, and several changes of threads.
     */
    private static final int MOST_OF_A_SHARE = 32;

    private final Multi<Point> source;
    private final Bounds bounds;
    private final ByteBudget.Shares budget;
    private final Writer writer;

    /**
     * Bounds of one slice.
     *
     * @param points most points
     * @param bytes of heap; one point more may exceed it
     */
    record Bounds(int points, long bytes) {}

    /** Checks and writes points. */
    interface Writer {
        /** Throws if the point at this position of the stream is not to be stored. */
        void check(Point point, long position);

        Uni<WriteResult> write(List<Point> slice);

        /** A slice whose first point was admitted at {@code sinceNs} is stored. */
        default void stored(long sinceNs) {}
    }

    /** @param budget what every point takes a share of */
    UpsertStream(Multi<Point> source, Bounds bounds, ByteBudget.Shares budget, Writer writer) {
        this.source = source;
        this.bounds = bounds;
        this.budget = budget;
        this.writer = writer;
    }

    @Override
    public void subscribe(MultiSubscriber<? super WriteResult> downstream) {
        Slicer slicer = new Slicer(downstream);
        downstream.onSubscribe(slicer);
        source.subscribe().withSubscriber(slicer);
    }

    /** Both ends of one subscription. Fields without {@code volatile} are touched inside {@link #work} only. */
    private final class Slicer implements MultiSubscriber<Point>, Flow.Subscription {
        private final MultiSubscriber<? super WriteResult> downstream;
        private final AtomicInteger signals = new AtomicInteger();
        private final AtomicLong demand = new AtomicLong();

        private volatile Flow.@Nullable Subscription upstream;
        /** A point that has come and is not yet in a slice. */
        private volatile @Nullable Point arrived;

        private volatile boolean sourceDone;
        private volatile @Nullable Throwable sourceFailure;
        private volatile boolean cancelled;
        /** Nothing more is wanted of the source, even if it only introduces itself from now on. */
        private volatile boolean stopped;

        private volatile @Nullable WriteResult written;
        private volatile @Nullable Throwable writeFailure;

        private List<Point> slice = new ArrayList<>();
        private List<ByteBudget.Waiter> shares = new ArrayList<>();
        /** What the last share has room for still. */
        private long shareBytes;

        private int sharePoints;
        private int lastSlice;
        private long sliceBytes;
        private long sliceSinceNs;
        private long position;
        private boolean asked;
        private boolean awaitsGrant;
        private boolean writing;
        private boolean finished;

        Slicer(MultiSubscriber<? super WriteResult> downstream) {
            this.downstream = downstream;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            upstream = subscription;
            if (stopped) {
                subscription.cancel();
            }
            signal();
        }

        @Override
        public void onItem(Point point) {
            arrived = point;
            signal();
        }

        @Override
        public void onFailure(Throwable failure) {
            sourceFailure = failure;
            sourceDone = true;
            signal();
        }

        @Override
        public void onCompletion() {
            sourceDone = true;
            signal();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                stopped = true;
                cancelSource();
                onFailure(new IllegalArgumentException("request: expected 1 or more, got " + n));
                return;
            }
            demand.updateAndGet(d -> d + n < 0 ? Long.MAX_VALUE : d + n);
            signal();
        }

        @Override
        public void cancel() {
            cancelled = true;
            stopped = true;
            signal();
        }

        private void signal() {
            if (signals.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            do {
                work();
                seen = signals.addAndGet(-seen);
            } while (seen != 0);
        }

        private void work() {
            if (finished) {
                return;
            }
            if (cancelled) {
                finish(null);
                return;
            }
            takeWritten();
            takeArrived();
            if (finished) {
                return;
            }
            if (!writing && isClosed()) {
                write();
            }
            if (!writing && slice.isEmpty() && arrived == null && sourceDone) {
                finish(sourceFailure);
                return;
            }
            askForMore();
        }

        private void takeWritten() {
            Throwable failure = writeFailure;
            if (failure != null) {
                finish(failure);
                return;
            }
            WriteResult result = written;
            if (result != null) {
                written = null;
                writing = false;
                downstream.onItem(result);
            }
        }

        /** Moves a point that has come into the slice, once the budget has room for it. */
        private void takeArrived() {
            Point point = arrived;
            if (point == null || finished) {
                return;
            }
            long bytes = point.heapBytes();
            if (!awaitsGrant) {
                asked = false;
                try {
                    writer.check(point, position);
                } catch (RuntimeException e) {
                    stopAt(e);
                    return;
                }
                if (sharePoints == 0 || shareBytes < bytes) {
                    awaitShare(bytes);
                }
            }
            if (!awaitsGrant || shares.getLast().isGranted()) {
                awaitsGrant = false;
                arrived = null;
                position++;
                if (slice.isEmpty()) {
                    sliceSinceNs = System.nanoTime();
                }
                slice.add(point);
                sliceBytes += bytes;
                shareBytes -= bytes;
                sharePoints--;
            }
        }

        /** Asks for a share for a point and for as many more as the source seems to have at hand. */
        private void awaitShare(long bytes) {
            keepUsed();
            long room = Math.max(1, (bounds.bytes() - sliceBytes) / bytes);
            long points = Math.min(Math.min(2L * lastSlice, MOST_OF_A_SHARE), bounds.points() - slice.size());
            sharePoints = (int) Math.clamp(points, 1, room);
            awaitsGrant = true;
            ByteBudget.Waiter share = budget.acquire(sharePoints * bytes, sharePoints);
            shareBytes = Math.max(bytes, share.bytes());
            shares.add(share);
            if (!share.isGranted()) {
                share.onGranted(this::signal);
            }
        }

        /** Gives back what the last share has room for still. */
        private void keepUsed() {
            if (sharePoints > 0) {
                shares.getLast().giveBack(shareBytes, sharePoints);
            }
            sharePoints = 0;
            shareBytes = 0;
        }

        /** A bad point ends the stream, after the answer to everything before it. */
        private void stopAt(RuntimeException badPoint) {
            stopped = true;
            arrived = null;
            sourceFailure = badPoint;
            sourceDone = true;
            cancelSource();
        }

        private void cancelSource() {
            Flow.Subscription from = upstream;
            if (from != null) {
                from.cancel();
            }
        }

        private boolean isFull() {
            return slice.size() >= bounds.points() || sliceBytes >= bounds.bytes();
        }

        /**
         * Whether the slice is to be written now. A source that delivers while it is asked has more at hand; one that
         * stays silent, or that the budget keeps waiting, gets its answer instead.
         */
        private boolean isClosed() {
            return !slice.isEmpty() && demand.get() > 0 && (isFull() || sourceDone || asked || awaitsGrant);
        }

        private void write() {
            demand.updateAndGet(d -> d == Long.MAX_VALUE ? d : d - 1);
            if (!awaitsGrant) {
                keepUsed();
            }
            List<Point> points = slice;
            lastSlice = points.size();
            slice = new ArrayList<>();
            sliceBytes = 0;
            long sinceNs = sliceSinceNs;
            List<ByteBudget.Waiter> held = shares;
            shares = new ArrayList<>();
            if (awaitsGrant) {
                // The last share is that of the point still waiting.
                shares.add(held.removeLast());
            }
            writing = true;
            // The shares go back whatever becomes of this stream: a write once begun is finished.
            writer.write(points)
                    .onTermination()
                    .invoke(() -> ByteBudget.release(held))
                    .subscribe()
                    .with(
                            result -> {
                                writer.stored(sinceNs);
                                written = result;
                                signal();
                            },
                            failure -> {
                                writeFailure = failure;
                                signal();
                            });
        }

        private void askForMore() {
            Flow.Subscription from = upstream;
            if (from == null || asked || sourceDone || arrived != null || isFull()) {
                return;
            }
            asked = true;
            // A source with something at hand answers inside this call: the signal is then worked off by our caller's
            // loop, which finds the point before it finds the slice closed.
            from.request(1);
            signals.incrementAndGet();
        }

        private void finish(@Nullable Throwable failure) {
            finished = true;
            stopped = true;
            ByteBudget.release(shares);
            if (!sourceDone) {
                cancelSource();
            }
            slice = List.of();
            arrived = null;
            if (cancelled) {
                return;
            }
            if (failure != null) {
                downstream.onFailure(failure);
            } else {
                downstream.onCompletion();
            }
        }
    }
}
