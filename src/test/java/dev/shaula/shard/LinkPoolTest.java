package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class LinkPoolTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void shouldRunEachPieceExactlyOnceWhileCoresAreWantedNowAndThen(int helpers) {
        AtomicInteger asked = new AtomicInteger();
        try (LinkPool pool = new LinkPool(helpers, () -> asked.incrementAndGet() % 5 == 0)) {
            for (int round = 0; round < 500; round++) {
                int n = round % 67;
                AtomicIntegerArray runs = new AtomicIntegerArray(n);
                AtomicInteger workers = new AtomicInteger();
                pool.run(n, workers::incrementAndGet, (worker, i) -> runs.incrementAndGet(i));
                for (int i = 0; i < n; i++) {
                    assertThat(runs.get(i)).isEqualTo(1);
                }
                assertThat(workers.get()).isBetween(1, helpers + 1);
            }
        }
    }

    @Test
    void shouldTakeHelpersWhileNobodyElseWantsTheCores() {
        try (LinkPool pool = new LinkPool(2, () -> false)) {
            CyclicBarrier all = new CyclicBarrier(3);
            // Three pieces that wait for each other end only if three threads take part.
            pool.run(12, Object::new, (worker, i) -> {
                if (i < 3) {
                    meet(all);
                }
            });
        }
    }

    @Test
    void shouldSendHelpersAwayWhenCoresAreWanted() {
        AtomicBoolean wanted = new AtomicBoolean();
        AtomicInteger afterwards = new AtomicInteger();
        CyclicBarrier both = new CyclicBarrier(2);
        Thread shard = Thread.currentThread();
        try (LinkPool pool = new LinkPool(1, wanted::get)) {
            pool.run(1_000, Object::new, (worker, i) -> {
                if (i < 2) {
                    meet(both);
                    wanted.set(true);
                    meet(both);
                } else if (!Thread.currentThread().equals(shard)) {
                    afterwards.incrementAndGet();
                }
            });
            assertThat(afterwards)
                    .as("pieces of the helper after it was to leave")
                    .hasValue(0);
            pool.run(
                    100,
                    Object::new,
                    (worker, i) -> assertThat(Thread.currentThread()).isSameAs(shard));
        }
    }

    @Test
    void shouldPassOnWhatAPieceThrewAndThenServeTheNextRound() {
        try (LinkPool pool = new LinkPool(2, () -> false)) {
            for (int bad : new int[] {0, 7, 99}) {
                AtomicInteger running = new AtomicInteger();
                assertThatThrownBy(() -> pool.run(100, Object::new, (worker, i) -> {
                            running.incrementAndGet();
                            try {
                                if (i == bad) {
                                    throw new IllegalArgumentException("piece " + i);
                                }
                            } finally {
                                running.decrementAndGet();
                            }
                        }))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("piece " + bad);
                assertThat(running).as("pieces still under way").hasValue(0);
            }
            assertThatThrownBy(() -> pool.run(9, Object::new, (worker, i) -> {
                        throw new AssertionError("broken invariant");
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasRootCauseMessage("broken invariant");
            AtomicInteger runs = new AtomicInteger();
            pool.run(50, Object::new, (worker, i) -> runs.incrementAndGet());
            assertThat(runs).hasValue(50);
        }
    }

    /** The only helper is held in one shard's round; another shard's round must end without it. */
    @Test
    void shouldNotWaitForAHelperOfAnotherShard() throws Exception {
        CyclicBarrier bothIn = new CyclicBarrier(2);
        CountDownLatch letGo = new CountDownLatch(1);
        try (LinkPool pool = new LinkPool(1, () -> false);
                ExecutorService shards = Executors.newSingleThreadExecutor()) {
            CountDownLatch held = new CountDownLatch(2);
            Future<?> first = shards.submit(() -> pool.run(8, Object::new, (worker, i) -> {
                if (i < 2) {
                    meet(bothIn);
                    held.countDown();
                    await(letGo);
                }
            }));
            await(held);
            AtomicInteger runs = new AtomicInteger();
            pool.run(1_000, Object::new, (worker, i) -> runs.incrementAndGet());
            assertThat(runs).hasValue(1_000);
            assertThat(first).isNotDone();
            letGo.countDown();
            first.get(30, TimeUnit.SECONDS);
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("the others did not come", e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
