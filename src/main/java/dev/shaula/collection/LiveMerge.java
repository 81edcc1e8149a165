package dev.shaula.collection;

import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveEvent;
import dev.shaula.model.ScoredPoint;
import dev.shaula.shard.LiveAnswer;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.operators.AbstractMulti;
import io.smallrye.mutiny.subscription.Cancellable;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Merges the answers of shards to one live query, and tells a subscriber what changed since it was told last. Of each
 * shard only the newest answer is kept, so that a subscriber without demand costs two answers and no queue.
 *
 * <p>Signals may come from any thread; they are serialised by a work counter.
 */
final class LiveMerge extends AbstractMulti<LiveChange> {
    private final List<Multi<LiveAnswer>> shards;
    private final int k;

    LiveMerge(List<Multi<LiveAnswer>> shards, int k) {
        this.shards = shards;
        this.k = k;
    }

    @Override
    public void subscribe(MultiSubscriber<? super LiveChange> downstream) {
        Merger merger = new Merger(downstream);
        downstream.onSubscribe(merger);
        merger.start();
    }

    /** One subscription. Fields without {@code volatile} are touched inside {@link #work} only. */
    private final class Merger implements Flow.Subscription {
        private final MultiSubscriber<? super LiveChange> downstream;
        private final AtomicInteger signals = new AtomicInteger();
        private final AtomicLong demand = new AtomicLong();
        private final AtomicReferenceArray<@Nullable LiveAnswer> newest = new AtomicReferenceArray<>(shards.size());
        private final List<Cancellable> upstream = new ArrayList<>();
        private volatile @Nullable Throwable failure;
        private volatile boolean cancelled;

        private final @Nullable LiveAnswer[] merged = new LiveAnswer[shards.size()];
        private List<ScoredPoint> told = List.of();
        private boolean begun;
        private boolean finished;

        Merger(MultiSubscriber<? super LiveChange> downstream) {
            this.downstream = downstream;
        }

        void start() {
            signals.incrementAndGet(); // nothing is worked off, and nothing cancelled, while the list below grows
            for (int s = 0; s < shards.size(); s++) {
                int shard = s;
                upstream.add(shards.get(s)
                        .subscribe()
                        .with(
                                answer -> {
                                    newest.set(shard, answer);
                                    signal();
                                },
                                e -> {
                                    failure = e;
                                    signal();
                                }));
            }
            workOff(1);
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                failure = new IllegalArgumentException("request: expected 1 or more, got " + n);
            } else {
                demand.updateAndGet(d -> d + n < 0 ? Long.MAX_VALUE : d + n);
            }
            signal();
        }

        @Override
        public void cancel() {
            cancelled = true;
            signal();
        }

        private void signal() {
            if (signals.getAndIncrement() == 0) {
                workOff(1);
            }
        }

        private void workOff(int taken) {
            int seen = taken;
            do {
                work();
                seen = signals.addAndGet(-seen);
            } while (seen != 0);
        }

        private void work() {
            if (finished) {
                return;
            }
            Throwable e = failure;
            if (cancelled || e != null) {
                finished = true;
                upstream.forEach(Cancellable::cancel);
                told = List.of();
                if (!cancelled && e != null) {
                    downstream.onFailure(e);
                }
                return;
            }
            if (demand.get() > 0 && takeNewest()) {
                tell();
            }
        }

        /** Whether every shard has answered and one of them has something new. */
        private boolean takeNewest() {
            boolean isNew = !begun;
            for (int s = 0; s < merged.length; s++) {
                LiveAnswer before = merged[s];
                LiveAnswer now = newest.get(s);
                if (now == null) {
                    return false;
                }
                isNew |= before == null || before.version() != now.version();
                merged[s] = now;
            }
            return isNew;
        }

        private void tell() {
            List<Long> sequences = new ArrayList<>(merged.length);
            List<List<ScoredPoint>> parts = new ArrayList<>(merged.length);
            for (LiveAnswer answer : merged) {
                if (answer != null) {
                    sequences.add(answer.sequence());
                    parts.add(answer.points());
                }
            }
            List<ScoredPoint> answer = parts.size() == 1 ? parts.getFirst() : ShardedCollection.merge(parts, k);
            List<LiveEvent> events = LiveChange.between(told, answer);
            told = answer;
            if (events.isEmpty() && begun) {
                return;
            }
            begun = true;
            demand.updateAndGet(d -> d == Long.MAX_VALUE ? d : d - 1);
            downstream.onItem(new LiveChange(sequences, events));
        }
    }
}
