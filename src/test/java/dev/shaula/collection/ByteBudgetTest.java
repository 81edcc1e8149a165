package dev.shaula.collection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
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
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
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

    @Test
    void shouldLeaveHalfOfWhatIsFreeToOthersHoweverGreedyAnAccountIs() {
        ByteBudget node = new ByteBudget(120);
        ByteBudget.Account greedy = node.account(120);
        List<ByteBudget.Waiter> asked = acquire(greedy, null, 200);
        assertThat(granted(asked)).isEqualTo(60);
        ByteBudget.Account second = node.account(120);
        assertThat(granted(acquire(second, null, 200))).isEqualTo(30);
        assertThat(granted(acquire(node.account(120), null, 200))).isEqualTo(15);
        assertThat(node.used()).isEqualTo(105);
        ByteBudget.release(asked);
        assertThat(greedy.used()).isZero();
        assertThat(greedy.waitingBytes()).isZero();
    }

    @Test
    void shouldHoldAnAccountToItsLimitWithoutStoppingOthers() {
        ByteBudget node = new ByteBudget(100);
        ByteBudget.Account narrow = node.account(10);
        ByteBudget.Account wide = node.account(100);
        List<ByteBudget.Waiter> first = acquire(narrow, null, 12);
        List<ByteBudget.Waiter> other = acquire(wide, null, 5);
        assertThat(granted(first)).isEqualTo(10);
        assertThat(granted(other)).isEqualTo(5);
        other.getFirst().release();
        assertThat(granted(first)).as("the room is not of its account").isEqualTo(10);
        first.getFirst().release();
        assertThat(granted(first)).isEqualTo(11);
    }

    @Test
    void shouldHoldAnAccountToItsPlaces() {
        ByteBudget node = new ByteBudget(100);
        List<ByteBudget.Waiter> asked = acquire(node.account(100, 3), null, 5);
        assertThat(granted(asked)).isEqualTo(3);
        asked.getFirst().release();
        assertThat(granted(asked)).isEqualTo(4);
    }

    @Test
    void shouldCountAShareByItsPlacesAndTakeSomeBack() {
        ByteBudget node = new ByteBudget(1_000);
        ByteBudget.Account account = node.account(500, 4);
        ByteBudget.Waiter first = account.acquire(null, 30, 3);
        ByteBudget.Waiter next = account.acquire(null, 20, 2);
        assertThat(first.isGranted()).isTrue();
        assertThat(next.isGranted()).isFalse();

        first.giveBack(10, 1);
        assertThat(next.isGranted()).isTrue();
        assertThat(node.used()).isEqualTo(40);
        first.release();
        assertThat(node.used()).isEqualTo(20);
        next.release();
        assertThat(node.used()).isZero();
    }

    @Test
    void shouldCallASenderBackWhereItSays() {
        ByHand home = new ByHand();
        ByteBudget.Account account = new ByteBudget(100).account(10);
        ByteBudget.Waiter all = account.acquire(null, 10);
        List<String> called = new ArrayList<>();
        account.acquire(new Sender(home), 10).onGranted(() -> called.add("granted"));

        all.release();
        assertThat(called).isEmpty();
        home.runAll();
        assertThat(called).containsExactly("granted");
    }

    @Test
    void shouldHoldASenderToItsLimitOverAllAccounts() {
        ByteBudget node = new ByteBudget(100, 10);
        ByteBudget.Account one = node.account(100);
        ByteBudget.Account two = node.account(100);
        Sender greedy = new Sender();
        Sender modest = new Sender();
        List<ByteBudget.Waiter> first = acquire(one, greedy, 8);
        List<ByteBudget.Waiter> second = acquire(two, greedy, 8);
        assertThat(granted(first) + granted(second)).isEqualTo(10);
        assertThat(granted(acquire(one, modest, 3))).isEqualTo(3);
        assertThat(granted(acquire(two, modest, 3))).isEqualTo(3);
        first.getFirst().release();
        assertThat(granted(second))
                .as("what it gave back in one account it may have in the other")
                .isEqualTo(3);
    }

    @Test
    void shouldGrantOneShareThatIsLargerThanTheLimits() {
        ByteBudget node = new ByteBudget(100, 10);
        ByteBudget.Account account = node.account(10);
        Sender sender = new Sender();
        ByteBudget.Waiter large = account.acquire(sender, 20);
        ByteBudget.Waiter next = account.acquire(sender, 1);
        assertThat(large.isGranted()).isTrue();
        assertThat(next.isGranted()).isFalse();
        large.release();
        assertThat(next.isGranted()).isTrue();
    }

    @Test
    void shouldGiveTurnsToAccountsAndInThemToSenders() {
        ByteBudget node = new ByteBudget(8);
        ByteBudget.Waiter held = node.acquire(8);
        List<String> order = new ArrayList<>();
        ByteBudget.Account one = node.account(8);
        Sender many = new Sender();
        for (int i = 0; i < 3; i++) {
            one.acquire(many, 1).onGranted(() -> order.add("many"));
        }
        one.acquire(new Sender(), 1).onGranted(() -> order.add("few"));
        node.account(8).acquire(new Sender(), 1).onGranted(() -> order.add("other"));
        assertThat(order).isEmpty();
        held.release();
        assertThat(order).containsExactly("many", "other", "few", "many");
    }

    /** A hundred that ask for four bytes and a hundred that ask for 32, each again when it has had its share. */
    @Test
    void shouldGiveSendersEquallyManyBytesHoweverSmallTheirShares() {
        assertThat(Arrays.stream(hadOfAccount((waiter, bytes) -> {})).boxed())
                .allSatisfy(bytes -> assertThat(bytes).isBetween(320 - 64, 320 + 64));
    }

    /** Those that ask for 32 use 16 of them, and are charged no more than that. */
    @Test
    void shouldNotChargeASenderForWhatItGaveBack() {
        assertThat(Arrays.stream(hadOfAccount((waiter, bytes) -> {
                            if (bytes == 32) {
                                waiter.giveBack(16, 0);
                            }
                        }))
                        .boxed())
                .allSatisfy(bytes -> assertThat(bytes).isBetween(320 - 64, 320 + 64));
    }

    /** Bytes that each of 200 senders kept when all together kept 320 each. */
    private static int[] hadOfAccount(BiConsumer<ByteBudget.Waiter, Integer> granted) {
        int[] had = new int[200];
        ByteBudget.Account account = new ByteBudget(10_000).account(128);
        ByteBudget.Waiter held = account.acquire(null, 128);
        for (int i = 0; i < had.length; i++) {
            int who = i;
            askAgainAndAgain(account, new Sender(), i % 2 == 0 ? 4 : 32, waiter -> {
                granted.accept(waiter, who % 2 == 0 ? 4 : 32);
                had[who] += (int) waiter.bytes();
                return Arrays.stream(had).sum() < 200 * 320;
            });
        }
        held.release();
        return had;
    }

    /** A connection with several streams: what one gives back is not charged to the one that waits already. */
    @Test
    void shouldRefundASenderThatWaitsAgain() {
        ByteBudget.Account account = new ByteBudget(10_000).account(100);
        Sender refunded = new Sender();
        Sender other = new Sender();
        List<String> order = new ArrayList<>();
        ByteBudget.Waiter first = account.acquire(refunded, 90);
        account.acquire(other, 10);
        account.acquire(other, 50).onGranted(() -> order.add("other"));
        account.acquire(refunded, 50).onGranted(() -> order.add("refunded"));
        first.giveBack(88, 0);
        assertThat(order).isEqualTo(List.of("refunded"));
    }

    /** The line of a sender that had much waits for those that had less, but there are always new ones. */
    @Test
    void shouldServeASenderAgainThoughAnEndlessRowOfNewOnesHadLess() {
        ByteBudget.Account account = new ByteBudget(10_000).account(100);
        Sender large = new Sender();
        ByteBudget.Waiter held = account.acquire(large, 100);
        AtomicInteger newcomers = new AtomicInteger();
        ByteBudget.Waiter again = account.acquire(large, 100);
        for (int i = 0; i < 3; i++) {
            comeNew(account, () -> !again.isGranted() && newcomers.incrementAndGet() < 100_000);
        }
        held.release();
        assertThat(again.isGranted()).isTrue();
        assertThat(newcomers).hasValueBetween(100, 10_000);
    }

    private static void comeNew(ByteBudget.Account account, BooleanSupplier more) {
        askAgainAndAgain(account, new Sender(), 1, waiter -> {
            if (more.getAsBoolean()) {
                comeNew(account, more);
            }
            return false;
        });
    }

    private static void askAgainAndAgain(
            ByteBudget.Account account, Sender sender, int bytes, Predicate<ByteBudget.Waiter> whetherMore) {
        ByteBudget.Waiter waiter = account.acquire(sender, bytes);
        waiter.onGranted(() -> {
            boolean more = whetherMore.test(waiter);
            waiter.release();
            if (more) {
                askAgainAndAgain(account, sender, bytes, whetherMore);
            }
        });
    }

    private static List<ByteBudget.Waiter> acquire(ByteBudget.Account account, @Nullable Sender sender, int times) {
        return IntStream.range(0, times)
                .mapToObj(i -> account.acquire(sender, 1))
                .toList();
    }

    private static long granted(List<ByteBudget.Waiter> waiters) {
        return waiters.stream().filter(ByteBudget.Waiter::isGranted).count();
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
        ByteBudget shared = new ByteBudget(100, 60);
        List<ByteBudget.Account> accounts = List.of(shared.common(), shared.account(30), shared.account(100));
        List<Sender> senders = List.of(new Sender(), new Sender());
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
                        ByteBudget.Account account = accounts.get(random.nextInt(accounts.size()));
                        ByteBudget.Waiter waiter = account.acquire(senders.get(random.nextInt(2)), bytes);
                        int counted = Math.min(bytes, account == shared.common() ? 100 : 25);
                        AtomicBoolean left = new AtomicBoolean();
                        waiter.onGranted(() -> {
                            grants.incrementAndGet();
                            if (left.compareAndSet(false, true)) {
                                most.accumulateAndGet(inUse.addAndGet(counted), Math::max);
                                inUse.addAndGet(-counted);
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
        assertThat(senders).allMatch(sender -> sender.used == 0);
        assertThat(accounts).allMatch(account -> account.used() == 0 && account.waitingBytes() == 0);
        assertThat(grants.get()).isBetween(threads * rounds / 3, threads * rounds);
        assertThat(most.get()).isLessThanOrEqualTo(100);
    }
}
