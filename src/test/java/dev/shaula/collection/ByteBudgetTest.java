package dev.shaula.collection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class ByteBudgetTest {
    private final ByteBudget budget = new ByteBudget(10);

    @Test
    void shouldGrantAtOnceWhileThereIsRoom() {
        assertThat(budget.acquire(4).isGranted()).isTrue();
        assertThat(budget.acquire(6).isGranted()).isTrue();
        assertThat(budget.used()).isEqualTo(10);
        assertThat(budget.acquire(1).isGranted()).isFalse();
    }

    @Test
    void shouldServeTheLineInOrderAndLetNobodyOvertake() {
        List<String> granted = new ArrayList<>();
        ByteBudget.Waiter first = budget.acquire(8);
        budget.acquire(5).onGranted(() -> granted.add("large"));
        budget.acquire(1).onGranted(() -> granted.add("small"));
        assertThat(granted).as("2 bytes are free, but the small one came later").isEmpty();
        assertThat(budget.waiting()).isEqualTo(2);
        first.release();
        assertThat(granted).containsExactly("large", "small");
        assertThat(budget.used()).isEqualTo(6);
    }

    @Test
    void shouldLetARequestBeyondTheCapacityGoAlone() {
        ByteBudget.Waiter small = budget.acquire(1);
        ByteBudget.Waiter giant = budget.acquire(1_000);
        ByteBudget.Waiter after = budget.acquire(1);
        assertThat(giant.isGranted()).isFalse();
        small.release();
        assertThat(giant.isGranted()).isTrue();
        assertThat(after.isGranted()).isFalse();
        assertThat(budget.used()).isEqualTo(10);
        giant.release();
        assertThat(after.isGranted()).isTrue();
        assertThat(budget.used()).isEqualTo(1);
    }

    @Test
    void shouldServeTheNextWhenTheFirstLeavesTheLine() {
        ByteBudget.Waiter held = budget.acquire(6);
        ByteBudget.Waiter large = budget.acquire(9);
        ByteBudget.Waiter small = budget.acquire(4);
        large.release();
        assertThat(small.isGranted()).isTrue();
        assertThat(large.isGranted()).isFalse();
        assertThat(budget.used()).isEqualTo(10);
        large.release();
        small.release();
        small.release();
        held.release();
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldCallBackOnceWhetherSetBeforeOrAfterTheGrant() {
        AtomicInteger calls = new AtomicInteger();
        ByteBudget.Waiter held = budget.acquire(10);
        held.onGranted(calls::incrementAndGet);
        assertThat(calls).hasValue(1);
        budget.acquire(3).onGranted(calls::incrementAndGet);
        assertThat(calls).hasValue(1);
        held.release();
        assertThat(calls).hasValue(2);
    }

    /** As when a shard refuses at once all that has waited for it: each refusal grants the next. */
    @Test
    void shouldNotNestCallbacksThatGiveBackAtOnce() {
        ByteBudget.Waiter held = budget.acquire(10);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            int number = i;
            ByteBudget.Waiter waiter = budget.acquire(10);
            waiter.onGranted(() -> {
                order.add(number);
                waiter.release();
            });
        }
        held.release();
        assertThat(order).hasSize(50_000).isSorted();
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldServeTheOthersWhenACallbackThrows() {
        ByteBudget.Waiter held = budget.acquire(10);
        budget.acquire(5).onGranted(() -> {
            throw new IllegalStateException("thrown by a callback");
        });
        AtomicInteger calls = new AtomicInteger();
        budget.acquire(5).onGranted(calls::incrementAndGet);
        try {
            held.release();
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("thrown by a callback");
        }
        assertThat(calls).hasValue(1);
    }

    @Test
    void shouldLeakNothingWhenGrantsAndDeparturesRace() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        System.out.println("seed " + seed);
        ByteBudget shared = new ByteBudget(100);
        AtomicLong inUse = new AtomicLong();
        AtomicLong most = new AtomicLong();
        AtomicInteger grants = new AtomicInteger();
        int threads = 4;
        int rounds = 30_000;
        CountDownLatch done = new CountDownLatch(threads);
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int t = 0; t < threads; t++) {
                Random random = new Random(seed + t);
                pool.execute(() -> {
                    for (int i = 0; i < rounds; i++) {
                        int bytes = 1 + random.nextInt(120);
                        ByteBudget.Waiter waiter = shared.acquire(bytes);
                        AtomicBoolean left = new AtomicBoolean();
                        waiter.onGranted(() -> {
                            grants.incrementAndGet();
                            if (left.compareAndSet(false, true)) {
                                most.accumulateAndGet(inUse.addAndGet(Math.min(bytes, 100)), Math::max);
                                inUse.addAndGet(-Math.min(bytes, 100));
                                waiter.release();
                            }
                        });
                        if (random.nextBoolean() && left.compareAndSet(false, true)) {
                            waiter.release();
                        }
                    }
                    done.countDown();
                });
            }
            assertThat(done.await(60, TimeUnit.SECONDS)).as("no hang").isTrue();
        }
        assertThat(shared.used()).isZero();
        assertThat(shared.waiting()).isZero();
        assertThat(grants.get()).isBetween(threads * rounds / 3, threads * rounds);
        assertThat(most.get()).isLessThanOrEqualTo(100);
    }
}
