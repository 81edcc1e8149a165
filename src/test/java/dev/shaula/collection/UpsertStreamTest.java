package dev.shaula.collection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import io.smallrye.mutiny.operators.AbstractMulti;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class UpsertStreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long POINT_BYTES = PointSource.point(1).heapBytes();
    private static final Executor AT_ONCE = Runnable::run;

    private final ByteBudget budget = new ByteBudget(1_000 * POINT_BYTES);

    private static UpsertStream stream(Multi<Point> source, int slicePoints, ByteBudget budget, SliceRecorder writer) {
        return new UpsertStream(source, new UpsertStream.Bounds(slicePoints, Long.MAX_VALUE), budget::acquire, writer);
    }

    private static AssertSubscriber<WriteResult> subscribe(UpsertStream stream, long demand) {
        AssertSubscriber<WriteResult> subscriber = AssertSubscriber.create(demand);
        stream.subscribe().withSubscriber(subscriber);
        return subscriber;
    }

    private static List<Integer> upTo(int end) {
        return IntStream.range(0, end).boxed().toList();
    }

    private static int pointsIn(AssertSubscriber<WriteResult> subscriber) {
        return (int)
                subscriber.getItems().stream().mapToLong(WriteResult::count).sum();
    }

    private void assertAllGivenBack() {
        assertThat(budget.used()).isZero();
        assertThat(budget.waiting()).isZero();
    }

    @Test
    void shouldAskForNothingWhileOneSliceIsWrittenAndTheNextIsFull() {
        ByHand disk = new ByHand();
        PointSource source = PointSource.of(100, AT_ONCE);
        SliceRecorder writer = new SliceRecorder(disk);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 3, budget, writer), Long.MAX_VALUE);

        assertThat(source.requested).hasValue(6);
        assertThat(writer.slices).containsExactly(List.of(0, 1, 2));
        assertThat(budget.used()).isEqualTo(6 * POINT_BYTES);

        disk.runOne();
        assertThat(source.requested).hasValue(9);
        assertThat(writer.slices).endsWith(List.of(3, 4, 5));

        disk.runAll();
        answers.assertCompleted();
        assertThat(writer.written).isEqualTo(upTo(100));
        assertThat(pointsIn(answers)).isEqualTo(100);
        assertThat(writer.mostAtOnce).hasValue(1);
        assertThat(source.mostOutstanding).hasValue(1);
        assertAllGivenBack();
    }

    @Test
    void shouldAskForNothingWhileTheBudgetHasNoRoom() {
        ByteBudget small = new ByteBudget(2 * POINT_BYTES);
        ByHand disk = new ByHand();
        PointSource source = PointSource.of(7, AT_ONCE);
        SliceRecorder writer = new SliceRecorder(disk);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 50, small, writer), Long.MAX_VALUE);

        assertThat(source.requested).as("two with a share, one waiting for it").hasValue(3);
        assertThat(writer.slices).containsExactly(List.of(0, 1));

        ByteBudget.Waiter behind = small.acquire(1);
        disk.runOne();
        assertThat(small.used()).isLessThanOrEqualTo(small.capacity());
        behind.release();
        disk.runAll();
        answers.assertCompleted();
        assertThat(writer.written).isEqualTo(upTo(7));
        assertThat(small.used()).isZero();
    }

    @Test
    void shouldNotWriteWithoutDemandAndHoldOneSliceAtMost() {
        PointSource source = PointSource.of(8, AT_ONCE);
        SliceRecorder writer = new SliceRecorder(AT_ONCE);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 3, budget, writer), 0);
        assertThat(source.requested).hasValue(3);
        assertThat(writer.slices).isEmpty();

        answers.request(1);
        assertThat(answers.getItems()).hasSize(1);
        assertThat(source.requested).hasValue(6);
        answers.request(1);
        assertThat(answers.getItems()).hasSize(2);
        answers.request(1).assertCompleted();
        assertThat(writer.slices).containsExactly(List.of(0, 1, 2), List.of(3, 4, 5), List.of(6, 7));
        assertAllGivenBack();
    }

    @Test
    void shouldCloseASliceByBytesToo() {
        SliceRecorder writer = new SliceRecorder(AT_ONCE);
        UpsertStream stream = new UpsertStream(
                PointSource.of(5, AT_ONCE), new UpsertStream.Bounds(100, POINT_BYTES + 1), budget::acquire, writer);
        subscribe(stream, Long.MAX_VALUE).assertCompleted();
        assertThat(writer.slices).containsExactly(List.of(0, 1), List.of(2, 3), List.of(4));
    }

    @Test
    void shouldAnswerATrickleWithoutWaitingForMore() {
        ByHand socket = new ByHand();
        SliceRecorder writer = new SliceRecorder(AT_ONCE);
        PointSource source = PointSource.of(3, socket);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 100, budget, writer), Long.MAX_VALUE);
        for (int i = 1; i <= 3; i++) {
            assertThat(socket.waiting()).isEqualTo(1);
            socket.runOne();
            assertThat(pointsIn(answers)).isEqualTo(i);
        }
        answers.assertCompleted();
        assertThat(source.mostOutstanding).hasValue(1);
        assertAllGivenBack();
    }

    @Test
    void shouldGatherWhatArrivesDuringAWriteIntoOneSlice() {
        ByHand socket = new ByHand();
        ByHand disk = new ByHand();
        SliceRecorder writer = new SliceRecorder(disk);
        subscribe(stream(PointSource.of(6, socket), 100, budget, writer), Long.MAX_VALUE);
        for (int i = 0; i < 5; i++) {
            socket.runOne();
        }
        disk.runOne();
        assertThat(writer.slices).containsExactly(List.of(0), List.of(1, 2, 3, 4));
    }

    @Test
    void shouldTakeSharesForTwiceAsManyPointsAsTheLastSliceHad() {
        ByHand socket = new ByHand();
        ByHand disk = new ByHand();
        List<Integer> shares = new ArrayList<>();
        ByteBudget.Shares counted = (bytes, points) -> {
            shares.add(points);
            return budget.acquire(bytes, points);
        };
        UpsertStream stream = new UpsertStream(
                PointSource.of(6, socket),
                new UpsertStream.Bounds(100, Long.MAX_VALUE),
                counted,
                new SliceRecorder(disk));
        subscribe(stream, Long.MAX_VALUE);
        for (int i = 0; i < 5; i++) {
            socket.runOne();
        }
        assertThat(shares).containsExactly(1, 2, 2);
        disk.runOne();
        socket.runOne();
        assertThat(shares).containsExactly(1, 2, 2, 8);
        assertThat(budget.used()).isEqualTo((4 + 8) * POINT_BYTES);
        disk.runOne();
        assertThat(budget.used()).as("what of a share was not used").isEqualTo(POINT_BYTES);
        disk.runAll();
        assertAllGivenBack();
    }

    @Test
    void shouldCompleteAnEmptySource() {
        SliceRecorder writer = new SliceRecorder(AT_ONCE);
        subscribe(stream(PointSource.of(0, AT_ONCE), 3, budget, writer), 0).assertCompleted();
        subscribe(stream(Multi.createFrom().empty(), 3, budget, writer), 0).assertCompleted();
        assertThat(writer.slices).isEmpty();
        assertAllGivenBack();
    }

    @Test
    void shouldReportEverythingBeforeAFailureOfTheSource() {
        SliceRecorder writer = new SliceRecorder(AT_ONCE);
        PointSource source = PointSource.failingAfter(5, new IllegalStateException("reset by peer"), AT_ONCE);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 3, budget, writer), Long.MAX_VALUE);
        answers.assertFailedWith(IllegalStateException.class, "reset by peer");
        assertThat(writer.slices).containsExactly(List.of(0, 1, 2), List.of(3, 4));
        assertThat(pointsIn(answers)).isEqualTo(5);
        assertAllGivenBack();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 19})
    void shouldReportEverythingBeforeABadPointAndNameItsPosition(int bad) {
        ByHand disk = new ByHand();
        SliceRecorder writer = new SliceRecorder(disk);
        PointSource source = PointSource.withBadPoint(20, bad, AT_ONCE);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 3, budget, writer), Long.MAX_VALUE);
        disk.runAll();
        answers.assertFailedWith(VectorDbException.class, "vectors[" + bad + "].vector");
        assertThat(writer.written).isEqualTo(upTo(bad));
        assertThat(pointsIn(answers)).isEqualTo(bad);
        assertThat(source.cancelled).isTrue();
        assertAllGivenBack();
    }

    @Test
    void shouldStopAtAFailedWriteAndCancelTheSource() {
        SliceRecorder writer = new SliceRecorder(AT_ONCE, 1);
        PointSource source = PointSource.of(20, AT_ONCE);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 3, budget, writer), Long.MAX_VALUE);
        answers.assertFailedWith(VectorDbException.class, "disk is gone");
        assertThat(pointsIn(answers)).isEqualTo(3);
        assertThat(writer.slices).hasSize(2);
        assertThat(source.cancelled).isTrue();
        assertAllGivenBack();
    }

    @Test
    void shouldGiveTheBudgetBackWhenCancelledWhileGathering() {
        PointSource source = PointSource.of(20, AT_ONCE);
        AssertSubscriber<WriteResult> answers = subscribe(stream(source, 3, budget, new SliceRecorder(AT_ONCE)), 0);
        assertThat(budget.used()).isEqualTo(3 * POINT_BYTES);
        answers.cancel();
        assertThat(source.cancelled).isTrue();
        assertAllGivenBack();
    }

    @Test
    void shouldGiveTheBudgetBackWhenCancelledInTheMiddleOfAWrite() {
        ByHand disk = new ByHand();
        SliceRecorder writer = new SliceRecorder(disk);
        AssertSubscriber<WriteResult> answers =
                subscribe(stream(PointSource.of(20, AT_ONCE), 3, budget, writer), Long.MAX_VALUE);
        answers.cancel();
        assertThat(budget.used()).as("the slice under way").isEqualTo(3 * POINT_BYTES);
        disk.runAll();
        assertThat(writer.slices).hasSize(1);
        assertThat(answers.getItems()).isEmpty();
        assertAllGivenBack();
    }

    @Test
    void shouldLeaveTheLineWhenCancelledWhileWaitingForTheBudget() {
        ByteBudget.Waiter all = budget.acquire(budget.capacity());
        AssertSubscriber<WriteResult> answers =
                subscribe(stream(PointSource.of(20, AT_ONCE), 3, budget, new SliceRecorder(AT_ONCE)), 5);
        assertThat(budget.waiting()).isEqualTo(1);
        answers.cancel();
        assertThat(budget.waiting()).isZero();
        all.release();
        assertAllGivenBack();
    }

    /** A source that subscribes late, such as one behind a look-up, must hear of a cancellation that came before. */
    @Test
    void shouldCancelASourceThatComesAfterTheCancellation() {
        AtomicReference<@Nullable MultiSubscriber<? super Point>> waiting = new AtomicReference<>();
        Multi<Point> late = new AbstractMulti<>() {
            @Override
            public void subscribe(MultiSubscriber<? super Point> subscriber) {
                waiting.set(subscriber);
            }
        };
        AssertSubscriber<WriteResult> answers =
                subscribe(stream(late, 3, budget, new SliceRecorder(AT_ONCE)), Long.MAX_VALUE);
        answers.cancel();
        PointSource source = PointSource.of(5, AT_ONCE);
        MultiSubscriber<? super Point> subscriber = waiting.get();
        assertThat(subscriber).isNotNull();
        source.subscribe(subscriber);
        assertThat(source.cancelled).isTrue();
        assertThat(source.requested).hasValue(0);
        assertAllGivenBack();
    }

    @Test
    void shouldFailAndCancelTheSourceOnANonPositiveRequest() {
        PointSource source = PointSource.of(20, new ByHand());
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
        stream(source, 3, budget, new SliceRecorder(AT_ONCE)).subscribe().withSubscriber(new MultiSubscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription s) {
                subscription.set(s);
            }

            @Override
            public void onItem(WriteResult item) {}

            @Override
            public void onFailure(Throwable t) {
                failure.set(t);
            }

            @Override
            public void onCompletion() {}
        });
        Flow.Subscription s = subscription.get();
        assertThat(s).isNotNull();
        s.request(0);
        assertThat(failure.get()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("got 0");
        assertThat(source.cancelled).isTrue();
        assertAllGivenBack();
    }

    /** Three streams at a time share a budget that fits a few points, and end in every way a stream can end. */
    @Test
    void shouldWriteEachPointOnceAndInOrderUnderAnyInterleaving() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 4_000; round++) {
                ByteBudget shared = new ByteBudget((1 + random.nextInt(6)) * POINT_BYTES + random.nextInt(50));
                List<Ride> rides = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    rides.add(new Ride(random, shared, pool));
                }
                rides.forEach(Ride::start);
                for (Ride ride : rides) {
                    ride.check();
                }
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (shared.used() > 0 || shared.waiting() > 0) {
                    assertThat(System.nanoTime())
                            .as("seed %d, round %d: budget", seed, round)
                            .isLessThan(deadline);
                    Thread.onSpinWait();
                }
            }
        }
    }

    private enum End {
        COMPLETION,
        SOURCE_FAILURE,
        BAD_POINT,
        WRITE_FAILURE,
        CANCELLATION
    }

    /** One stream of a round. */
    private static final class Ride {
        private static final List<End> ENDS = List.of(End.values());

        private final End end;
        private final int count;
        private final int turn;
        private final boolean unbounded;
        private final PointSource source;
        private final SliceRecorder writer;
        private final UpsertStream stream;
        private final Executor pool;
        private final AssertSubscriber<WriteResult> answers;

        Ride(Random random, ByteBudget budget, ExecutorService pool) {
            this.pool = pool;
            end = ENDS.get(random.nextInt(ENDS.size()));
            count = 1 + random.nextInt(25);
            turn = random.nextInt(count);
            unbounded = random.nextBoolean();
            Executor socket = random.nextBoolean() ? AT_ONCE : pool;
            Executor disk = random.nextBoolean() ? AT_ONCE : pool;
            source = switch (end) {
                case SOURCE_FAILURE -> PointSource.failingAfter(count, new IllegalStateException("reset"), socket);
                case BAD_POINT -> PointSource.withBadPoint(count, turn, socket);
                default -> PointSource.of(count, socket);
            };
            writer = new SliceRecorder(disk, end == End.WRITE_FAILURE ? 0 : -1);
            stream = stream(source, 1 + random.nextInt(5), budget, writer);
            answers = AssertSubscriber.create(unbounded ? Long.MAX_VALUE : 0);
        }

        void start() {
            pool.execute(() -> stream.subscribe().withSubscriber(answers));
            answers.awaitSubscription(PATIENCE);
            if (!unbounded) {
                for (int i = 0; i <= count; i++) {
                    pool.execute(() -> answers.request(1));
                }
            }
            if (end == End.CANCELLATION) {
                pool.execute(answers::cancel);
            }
        }

        void check() {
            assertThat(source.mostOutstanding.get()).isLessThanOrEqualTo(1);
            switch (end) {
                case COMPLETION -> {
                    answers.awaitCompletion(PATIENCE);
                    assertWritten(count, count);
                }
                case SOURCE_FAILURE -> {
                    answers.awaitFailure(t -> assertThat(t).hasMessage("reset"), PATIENCE);
                    assertWritten(count, count);
                }
                case BAD_POINT -> {
                    answers.awaitFailure(t -> assertThat(t).hasMessageStartingWith("vectors[" + turn + "]"), PATIENCE);
                    assertWritten(turn, turn);
                }
                case WRITE_FAILURE -> {
                    answers.awaitFailure(t -> assertThat(t).hasMessage("disk is gone"), PATIENCE);
                    assertWritten(writer.slices.getFirst().size(), 0);
                }
                case CANCELLATION -> {
                    // A write may be under way still, so what is compared is what there was at one moment.
                    List<Integer> written = List.copyOf(writer.written);
                    assertThat(written).isEqualTo(upTo(written.size()));
                }
            }
            assertThat(writer.mostAtOnce.get()).isLessThanOrEqualTo(1);
        }

        private void assertWritten(int points, int acknowledged) {
            assertThat(writer.written).isEqualTo(upTo(points));
            assertThat(pointsIn(answers)).isEqualTo(acknowledged);
        }
    }
}
