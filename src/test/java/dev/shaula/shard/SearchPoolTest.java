package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import dev.shaula.model.VectorDbException;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import io.smallrye.mutiny.helpers.test.UniAssertSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
class SearchPoolTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private final SearchPool pool = new SearchPool(1, 3, Duration.ofHours(1));
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final AtomicInteger ran = new AtomicInteger();

    @AfterEach
    void end() {
        letGo.countDown();
        pool.close();
    }

    private UniAssertSubscriber<String> holdTheThread() throws InterruptedException {
        UniAssertSubscriber<String> holder = pool.submit(scratch -> {
                    started.countDown();
                    awaitLetGo();
                    return "held";
                })
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create());
        started.await();
        return holder;
    }

    private void awaitLetGo() {
        boolean waiting = true;
        while (waiting) {
            try {
                letGo.await();
                waiting = false;
            } catch (InterruptedException e) {
                // a search is not interruptible either
            }
        }
    }

    private UniAssertSubscriber<Integer> search() {
        return pool.submit(scratch -> ran.incrementAndGet()).subscribe().withSubscriber(UniAssertSubscriber.create());
    }

    @Test
    void shouldRefuseAtOnceWhenTheQueueIsFull() throws Exception {
        assertThat(pool.isBusy()).isFalse();
        holdTheThread();
        assertThat(pool.isBusy()).isTrue();
        List<UniAssertSubscriber<Integer>> queued = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            queued.add(search());
        }
        assertThat(pool.queued()).isEqualTo(3);
        UniAssertSubscriber<Integer> refused = search();
        refused.assertFailedWith(VectorDbException.class, "3 searches are waiting already");
        assertThat(((VectorDbException) refused.getFailure()).kind()).isEqualTo(VectorDbException.Kind.OVERLOADED);
        letGo.countDown();
        queued.forEach(search -> search.awaitItem(PATIENCE));
        assertThat(ran).hasValue(3);
    }

    @Test
    void shouldRefuseUncomputedWhatIsLate() throws Exception {
        holdTheThread();
        long soon = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
        UniAssertSubscriber<Integer> late = pool.submit(soon, scratch -> ran.incrementAndGet())
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create());
        UniAssertSubscriber<Integer> patient = search();
        while (System.nanoTime() - soon < 0) {
            Thread.onSpinWait();
        }
        letGo.countDown();
        late.awaitFailure(PATIENCE).assertFailedWith(VectorDbException.class, "its turn came after its deadline");
        assertThat(((VectorDbException) late.getFailure()).kind()).isEqualTo(VectorDbException.Kind.OVERLOADED);
        patient.awaitItem(PATIENCE).assertItem(1);
        assertThat(pool.late()).isEqualTo(1);
    }

    /** A search of half a second is under way and one more waits: a third has no answer within 10 ms. */
    @Test
    void shouldRefuseAtOnceWhatCannotBeInTime() throws Exception {
        pool.submit(scratch -> {
                    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
                    while (System.nanoTime() - until < 0) {
                        Thread.onSpinWait();
                    }
                    return ran.incrementAndGet();
                })
                .await()
                .atMost(PATIENCE);
        holdTheThread();
        UniAssertSubscriber<Integer> patient = search();
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(10);
        pool.submit(deadline, scratch -> ran.incrementAndGet())
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create())
                .assertFailedWith(VectorDbException.class, "those that wait already take about");
        assertThat(pool.queued()).as("it was not even queued").isEqualTo(1);
        letGo.countDown();
        patient.awaitItem(PATIENCE).assertItem(2);
    }

    @Test
    void shouldRefuseWhatWaitedTooLongWithoutADeadline() throws Exception {
        try (SearchPool hasty = new SearchPool(1, 3, Duration.ofMillis(1))) {
            CountDownLatch begun = new CountDownLatch(1);
            do { // the thread may itself come to its first search too late
                hasty.submit(scratch -> {
                            begun.countDown();
                            awaitLetGo();
                            return "held";
                        })
                        .subscribe()
                        .with(held -> {}, refused -> {});
            } while (!begun.await(10, TimeUnit.MILLISECONDS));
            UniAssertSubscriber<Integer> waiting = hasty.submit(scratch -> ran.incrementAndGet())
                    .subscribe()
                    .withSubscriber(UniAssertSubscriber.create());
            long due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2);
            while (System.nanoTime() - due < 0) {
                Thread.onSpinWait();
            }
            letGo.countDown();
            waiting.awaitFailure(PATIENCE).assertFailedWith(VectorDbException.class, "deadline");
            assertThat(ran).hasValue(0);
        }
    }

    @Test
    void shouldNeverRunASearchWhoseCallerHasGone() throws Exception {
        holdTheThread();
        UniAssertSubscriber<Integer> gone = search();
        UniAssertSubscriber<Integer> stays = search();
        gone.cancel();
        assertThat(pool.queued()).as("the place of the one that left is free").isEqualTo(1);
        letGo.countDown();
        stays.awaitItem(PATIENCE).assertItem(1);
        gone.assertNotTerminated();
    }

    @Test
    void shouldStopASearchThatRunsWhenItsCallerGoes() throws Exception {
        FloatRows rows = new FloatRows(2);
        for (int i = 0; i < 10_000; i++) {
            rows.append(new float[] {i, 1});
        }
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows.view());
        scorer.query(new float[] {0, 0});
        CountDownLatch stopped = new CountDownLatch(1);
        UniAssertSubscriber<Integer> endless = pool.<Integer>submit(scratch -> {
                    started.countDown();
                    try {
                        while (true) {
                            scratch.searcher.scan(10_000, scorer, 10, null);
                        }
                    } catch (CancellationException e) {
                        stopped.countDown();
                        throw e;
                    }
                })
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create());
        started.await();
        endless.cancel();
        assertThat(stopped.await(30, TimeUnit.SECONDS)).isTrue();
        search().awaitItem(PATIENCE).assertItem(1);
        endless.assertNotTerminated();
    }

    @Test
    void shouldPassOnAFailureAndGoOn() {
        pool.submit(scratch -> {
                    throw new IllegalStateException("unreadable row");
                })
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create())
                .awaitFailure(PATIENCE)
                .assertFailedWith(IllegalStateException.class, "unreadable row");
        search().awaitItem(PATIENCE).assertItem(1);
    }

    /** Nobody may wait for ever because the service stops. */
    @Test
    void shouldAnswerThoseThatWaitWhenItIsClosed() throws Exception {
        UniAssertSubscriber<String> running = holdTheThread();
        UniAssertSubscriber<Integer> queued = search();
        pool.close();
        queued.awaitFailure(PATIENCE).assertFailedWith(VectorDbException.class, "stopping");
        assertThat(((VectorDbException) queued.getFailure()).kind()).isEqualTo(VectorDbException.Kind.UNAVAILABLE);
        search().awaitFailure(PATIENCE).assertFailedWith(VectorDbException.class, "stopping");
        letGo.countDown();
        running.awaitItem(PATIENCE).assertItem("held");
        assertThat(ran).hasValue(0);
    }
}
