package dev.shaula.shard;

import dev.shaula.model.LiveQuery;
import dev.shaula.model.VectorDbException;
import dev.shaula.storage.LogRecord;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.BackPressureStrategy;
import io.smallrye.mutiny.subscription.MultiEmitter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The live queries of a shard. The shard's thread hands over each published state with the ids that were written, a
 * few microseconds for a batch, and nothing at all while nobody watches; the comparing is done in rounds on search
 * threads, two milliseconds at a time, so that searches get their turn. While a round runs, what is handed over gathers
 * as a list of ids and the newest state: a round that comes late does the work of many. Thread-safe.
 */
final class LiveQueries {
    /** More written ids than this are not remembered: the next round then searches instead of comparing. */
    private static final int MOST_IDS = 1 << 16;
    /** A step goes back to the pool after the query that it has come to by then, so that searches get their turn. */
    private static final long STEP_NS = 2_000_000;

    /** Runs a task on a thread that may search, some time; a task that will never run is dropped with a reason. */
    interface Threads {
        void run(Consumer<SearchScratch> task, Consumer<VectorDbException> dropped);
    }

    private final Threads threads;
    private final LiveBudget budget;
    private final Supplier<LocalShard.Held> newest;
    private final CopyOnWriteArrayList<Watch> watches = new CopyOnWriteArrayList<>();

    private List<String> written = new ArrayList<>();
    private boolean tooMany;
    private @Nullable ShardSnapshot handedOver;
    private boolean running;
    private boolean again;
    private @Nullable VectorDbException closed;

    /** @param newest holds the newest published state; asked on any thread */
    LiveQueries(Threads threads, LiveBudget budget, Supplier<LocalShard.Held> newest) {
        this.threads = threads;
        this.budget = budget;
        this.newest = newest;
    }

    /** One live query and who takes its answers. */
    private final class Watch {
        private final LiveState state;
        private final LiveBudget.Share share = budget.share();
        private final MultiEmitter<? super LiveAnswer> emitter;

        Watch(LiveQuery query, MultiEmitter<? super LiveAnswer> emitter) {
            this.state = new LiveState(query);
            this.emitter = emitter;
        }

        void advance(LiveRound round, SearchScratch scratch) {
            if (emitter.isCancelled()) {
                return;
            }
            try {
                LiveAnswer before = state.answer();
                if (before == null) {
                    // Not the state of the round: nothing was handed over while nobody watched.
                    try (LocalShard.Held held = newest.get()) {
                        state.search(held.snapshot(), scratch);
                    }
                } else {
                    state.advance(round, scratch);
                }
                LiveAnswer after = state.answer();
                if (after != null && (before == null || before.sequence() != after.sequence())) {
                    share.hold(state.heapBytes());
                    emitter.emit(after);
                }
            } catch (RuntimeException e) {
                emitter.fail(e);
            }
        }

        void leave() {
            watches.remove(this);
            share.close();
        }
    }

    /**
     * The answers to {@code query}, the first as soon as it is found and then one for each state that a round comes to.
     * Who does not take them gets the newest only. Fails with UNAVAILABLE when the shard is closed.
     */
    Multi<LiveAnswer> watch(LiveQuery query) {
        return Multi.createFrom()
                .emitter(
                        emitter -> {
                            Watch watch = new Watch(query, emitter);
                            emitter.onTermination(watch::leave);
                            VectorDbException reason = enter(watch);
                            if (reason != null) {
                                emitter.fail(reason);
                            }
                        },
                        BackPressureStrategy.LATEST);
    }

    private @Nullable VectorDbException enter(Watch watch) {
        synchronized (this) {
            if (closed != null) {
                return closed;
            }
            watches.add(watch);
            again = true;
        }
        wake();
        return null;
    }

    /** A record was applied and published as {@code snapshot}. For the shard's thread. */
    void published(ShardSnapshot snapshot, LogRecord record) {
        // Whoever enters after this look reads a state that holds the record: it was published before.
        if (watches.isEmpty()) {
            return;
        }
        synchronized (this) {
            handedOver = snapshot;
            tooMany |= written.size() + record.writes().size() > MOST_IDS;
            if (tooMany) {
                written = new ArrayList<>();
            } else {
                record.writes().forEach(write -> written.add(write.writtenId()));
            }
        }
        wake();
    }

    /** Fails every live query, and those that come. */
    void close(VectorDbException reason) {
        synchronized (this) {
            closed = reason;
            handedOver = null;
            written = new ArrayList<>();
        }
        watches.forEach(watch -> watch.emitter.fail(reason));
    }

    private void wake() {
        synchronized (this) {
            if (running || closed != null) {
                return;
            }
            running = true;
        }
        threads.run(this::round, this::close);
    }

    private void round(SearchScratch scratch) {
        List<Watch> all;
        @Nullable ShardSnapshot to;
        List<String> ids;
        boolean everything;
        synchronized (this) {
            again = false;
            all = List.copyOf(watches);
            to = handedOver;
            ids = written;
            everything = tooMany;
            handedOver = null;
            written = new ArrayList<>();
            tooMany = false;
        }
        LocalShard.Held held;
        try {
            held = hold(to);
        } catch (VectorDbException e) {
            close(e);
            return;
        }
        // A newer state than the one that was handed over may hold records of which nothing has been said yet.
        boolean search = everything || (to != null && !held.snapshot().equals(to));
        LiveRound round = search ? LiveRound.ofEverything(held.snapshot()) : LiveRound.of(held.snapshot(), ids);
        step(round, held, all, 0, scratch);
    }

    /** The state that was handed over, or the newest if there is none or its rows are being given back. */
    private LocalShard.Held hold(@Nullable ShardSnapshot handed) {
        return handed != null && handed.enter() ? new LocalShard.Held(handed) : newest.get();
    }

    private void step(LiveRound round, LocalShard.Held held, List<Watch> all, int from, SearchScratch scratch) {
        long startNs = System.nanoTime();
        int at = from;
        while (at < all.size() && System.nanoTime() - startNs < STEP_NS) {
            all.get(at++).advance(round, scratch);
        }
        if (at < all.size()) {
            int to = at;
            threads.run(next -> step(round, held, all, to, next), reason -> {
                held.close();
                close(reason);
            });
            return;
        }
        held.close();
        synchronized (this) {
            running = false;
            if (handedOver == null && !again) {
                return;
            }
        }
        wake();
    }
}
