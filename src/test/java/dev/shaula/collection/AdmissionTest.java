package dev.shaula.collection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.helpers.test.UniAssertSubscriber;
import io.smallrye.mutiny.subscription.Cancellable;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class AdmissionTest {
    private final ByteBudget budget = new ByteBudget(10);
    private final Admission patient = admission(Duration.ofSeconds(60));

    private Admission admission(Duration longestWait) {
        return new Admission(budget, new UpsertStream.Bounds(10, 10), longestWait);
    }

    @Test
    void shouldHoldTheShareUntilTheWriteIsAnswered() {
        List<UniEmitter<? super String>> writes = new ArrayList<>();
        var answer = patient.admit(7, () -> Uni.createFrom().<String>emitter(writes::add))
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create());
        assertThat(budget.used()).isEqualTo(7);
        answer.assertNotTerminated();
        writes.getFirst().complete("stored");
        answer.assertItem("stored");
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldBeginWaitingWritesInOrder() {
        List<Integer> begun = new ArrayList<>();
        ByteBudget.Waiter held = budget.acquire(10);
        for (int i = 0; i < 5; i++) {
            int number = i;
            patient.admit(3, () -> {
                        begun.add(number);
                        return Uni.createFrom().nothing();
                    })
                    .subscribe()
                    .with(x -> {});
        }
        assertThat(begun).isEmpty();
        held.release();
        assertThat(begun).containsExactly(0, 1, 2);
    }

    @Test
    void shouldRefuseAfterTheLongestWaitAndBeginNothing() {
        AtomicInteger begun = new AtomicInteger();
        ByteBudget.Waiter held = budget.acquire(8);
        Uni<Integer> write =
                admission(Duration.ofMillis(20)).admit(3, () -> Uni.createFrom().item(begun.incrementAndGet()));
        assertThatThrownBy(() -> EmbeddedNode.get(write))
                .isInstanceOfSatisfying(
                        VectorDbException.class, e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.OVERLOADED))
                .hasMessageContaining("10 bytes")
                .hasMessageContaining("nothing of this write was stored");
        assertThat(budget.waiting()).isZero();
        held.release();
        assertThat(begun).hasValue(0);
        assertThat(budget.used()).isZero();
    }

    /** However many writes wait for a shard that has stopped, those to another collection go on. */
    @Test
    void shouldNotLetAStalledCollectionKeepAnotherWaiting() {
        Admission node = new Admission(new ByteBudget(100), new UpsertStream.Bounds(10, 10), Duration.ofSeconds(60));
        Admission stalled = node.ofCollection(50, 1_000);
        for (int i = 0; i < 1_000; i++) {
            stalled.admit(2, () -> Uni.createFrom().nothing()).subscribe().with(never -> {}, refused -> {});
        }
        assertThat(stalled.account().used()).isEqualTo(50);
        Admission other = node.ofCollection(50, 1_000);
        for (int i = 0; i < 1_000; i++) {
            other.admit(2, () -> Uni.createFrom().item("stored"))
                    .subscribe()
                    .withSubscriber(UniAssertSubscriber.create())
                    .assertItem("stored");
        }
    }

    /** The line of a collection is bounded: a stalled one must not fill the heap with requests that wait. */
    @Test
    void shouldRefuseAtOnceWhenTheLineOfTheCollectionIsLong() {
        Admission crowded = new Admission(new ByteBudget(100), new UpsertStream.Bounds(10, 10), Duration.ofSeconds(60))
                .ofCollection(10, 100);
        List<UniAssertSubscriber<Object>> writes = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            writes.add(crowded.admit(4, () -> Uni.createFrom().nothing())
                    .subscribe()
                    .withSubscriber(UniAssertSubscriber.create()));
        }
        assertThat(crowded.account().used()).isEqualTo(8);
        assertThat(crowded.account().waitingBytes()).isEqualTo(12);
        writes.subList(0, 5).forEach(UniAssertSubscriber::assertNotTerminated);
        writes.getLast()
                .assertFailedWith(VectorDbException.class, "expected at most 10 bytes of a collection")
                .assertFailedWith(VectorDbException.class, "nothing of this write was stored");
    }

    @Test
    void shouldLeaveTheLineWhenTheCallerGoesBeforeTheGrant() {
        AtomicInteger begun = new AtomicInteger();
        ByteBudget.Waiter held = budget.acquire(10);
        Cancellable caller = patient.admit(3, () -> Uni.createFrom().item(begun.incrementAndGet()))
                .subscribe()
                .with(x -> {});
        assertThat(budget.waiting()).isEqualTo(1);
        caller.cancel();
        assertThat(budget.waiting()).isZero();
        held.release();
        assertThat(begun).hasValue(0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldFinishAWriteOnceBegunThoughItsCallerHasGone() {
        List<UniEmitter<? super String>> writes = new ArrayList<>();
        Cancellable caller = patient.admit(7, () -> Uni.createFrom().<String>emitter(writes::add))
                .subscribe()
                .with(x -> {});
        caller.cancel();
        assertThat(budget.used()).as("the write is still under way").isEqualTo(7);
        writes.getFirst().complete("stored");
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldGiveTheShareBackWhenTheWriteCannotEvenBegin() {
        Uni<String> write = patient.admit(7, () -> {
            throw VectorDbException.storageFull("no room");
        });
        assertThatThrownBy(() -> EmbeddedNode.get(write)).hasMessage("no room");
        assertThat(budget.used()).isZero();
    }

    /** Else a node under load holds every write of the last half minute, whatever the budget says. */
    @Test
    void shouldLetGoOfAWriteThatHadToWaitOnceItIsAnswered() throws Exception {
        ByteBudget.Waiter held = budget.acquire(10);
        WeakReference<byte[]> points = admitWithPoints();
        WeakReference<byte[]> cancelled = admitWithPointsAndLeave();
        assertThat(points.refersTo(null)).isFalse();
        held.release();
        for (int i = 0; !(points.refersTo(null) && cancelled.refersTo(null)) && i < 100; i++) {
            System.gc();
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(points.refersTo(null)).as("an answered write is let go").isTrue();
        assertThat(cancelled.refersTo(null))
                .as("a write whose caller left is let go")
                .isTrue();
    }

    private WeakReference<byte[]> admitWithPoints() {
        byte[] points = new byte[1 << 20];
        patient.admit(3, () -> Uni.createFrom().item(points.length)).subscribe().with(x -> {});
        return new WeakReference<>(points);
    }

    private WeakReference<byte[]> admitWithPointsAndLeave() {
        byte[] points = new byte[1 << 20];
        patient.admit(3, () -> Uni.createFrom().item(points.length))
                .subscribe()
                .with(x -> {})
                .cancel();
        return new WeakReference<>(points);
    }

    @Test
    void shouldLeakNothingWhenGrantsDeparturesAndTimeoutsRace() throws Exception {
        Admission hasty = admission(Duration.ofMillis(1));
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        var unexpected = new ConcurrentLinkedQueue<Throwable>();
        int rounds = 20_000;
        AtomicInteger over = new AtomicInteger();
        try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
            for (int i = 0; i < rounds; i++) {
                boolean leaves = i % 3 == 0;
                Uni<Integer> write = hasty.admit(1 + i % 10, () -> {
                    begun.incrementAndGet();
                    return Uni.createFrom().emitter(e -> pool.execute(() -> e.complete(1)));
                });
                Cancellable caller = write.onTermination()
                        .invoke(over::incrementAndGet)
                        .subscribe()
                        .with(x -> answered.incrementAndGet(), e -> {
                            if (!(e instanceof VectorDbException v) || v.kind() != VectorDbException.Kind.OVERLOADED) {
                                unexpected.add(e);
                            }
                        });
                if (leaves) {
                    pool.execute(caller::cancel);
                }
                while (budget.waiting() > 50) {
                    Thread.onSpinWait();
                }
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (over.get() < rounds || budget.used() > 0 || budget.waiting() > 0) {
                assertThat(System.nanoTime()).as("every write ends").isLessThan(deadline);
                Thread.onSpinWait();
            }
        }
        assertThat(unexpected).isEmpty();
        assertThat(answered.get()).isPositive().isLessThanOrEqualTo(begun.get());
    }
}
