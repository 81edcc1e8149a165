package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.hnsw.HnswBuilder;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.hnsw.Parallel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.storage.CheckpointFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both threads are queues here, so that the test decides what comes between what. */
@NullMarked
class GraphStepsTest {
    private static final int STEP = HnswBuilder.step();
    private static final int DIMENSIONS = 16;
    private static final CollectionConfig CONFIG =
            new CollectionConfig("things", DIMENSIONS, Metric.COSINE, 1, 8, 40, true);

    private final List<Point> all = new RandomVectors(DIMENSIONS, 3).points("p", 50 * STEP);
    private final HeapShard shard = new HeapShard(CONFIG);
    private final Host host = new Host();
    private final Queue<Runnable> beside = new ArrayDeque<>();
    private final GraphSteps steps = new GraphSteps(host, Parallel.NONE, beside::add, beside::add);
    private int written;

    private final class Host implements GraphSteps.Host {
        private final Queue<Runnable> thread = new ArrayDeque<>();
        private final List<RuntimeException> failures = new ArrayList<>();
        private boolean lent;

        @Override
        public ShardState state() {
            return shard.state();
        }

        @Override
        public boolean mayTouchGraph() {
            return !lent;
        }

        @Override
        public void onThread(Runnable action) {
            thread.add(action);
        }

        @Override
        public void guard(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException e) {
                failures.add(e);
            }
        }

        @Override
        public void resume() {
            thread.add(steps::advance);
        }
    }

    @Test
    void shouldTakeWritesAndAnswerSearchesWhileAStepIsUnderWay() {
        write(STEP);
        steps.advance();
        assertThat(steps.areAtRest()).isFalse();
        write(STEP / 2);
        shard.delete(List.of("p0"));
        assertThat(shard.snapshot().count()).isEqualTo(STEP + STEP / 2 - 1);
        assertThat(graph().size()).as("nothing is published that is not made").isZero();
        runAll();
        assertThat(graph().size()).isEqualTo(STEP);
        assertThat(host.failures).isEmpty();
    }

    @Test
    void shouldMakeTheGraphThatOneThreadMakes(@TempDir Path directory) throws IOException {
        HeapShard alone = new HeapShard(CONFIG);
        for (int i = 0; i < 20; i++) {
            List<Point> points = points(i * 70, 70);
            alone.upsert(points);
            alone.link();
            shard.upsert(points);
            steps.wrote(70);
            steps.advance();
            if (i % 3 == 0) {
                runAll();
            }
        }
        runAll();
        assertThat(bytes(directory, graph()))
                .isEqualTo(bytes(directory, alone.snapshot().graph()));
    }

    @Test
    void shouldNotHoldUpWritesThatTheGraphKeepsUpWith() {
        for (int i = 0; i < 4 * STEP; i++) {
            write(1);
            steps.advance();
            if (shard.state().linkable() == 2 * STEP) {
                runAll();
            }
            assertThat(steps.behind()).isFalse();
        }
    }

    @Test
    void shouldHoldUpTheNextWritesUntilTwoStepsAreLeftOfALargeBatch() {
        write(8 * STEP);
        steps.advance();
        while (steps.behind()) {
            runOneStep();
        }
        assertThat(shard.state().linkable()).isEqualTo(3 * STEP); // of which one step is under way
        assertThat(steps.areAtRest()).isFalse();
    }

    @Test
    void shouldTakeSmallWritesBetweenStepsOfALongRest() {
        shard.upsert(points(0, 40 * STEP)); // as a replay leaves it
        written = 40 * STEP;
        steps.advance();
        for (int i = 1; i <= 30; i++) {
            write(10);
            assertThat(steps.behind()).isTrue();
            runOneStep();
            assertThat(steps.behind()).as("one step more than came in").isFalse();
        }
        assertThat(shard.state().linkable()).isLessThan(14 * STEP);
    }

    @Test
    void shouldHoldUpWritesWhenRepairsFallBehind() {
        write(20 * STEP);
        steps.advance();
        runAll();
        List<String> ids = points(0, 10 * STEP).stream().map(Point::id).toList();
        shard.delete(ids);
        steps.wrote(ids.size());
        steps.advance();
        assertThat(steps.behind()).isTrue();
        while (steps.behind()) {
            runOneStep();
        }
        runAll();
        assertThat(shard.state().repairDue()).isFalse();
        assertThat(steps.areAtRest()).isTrue();
    }

    /** Each dead row takes a neighbour from about 14 others, and looking after them one by one took over 500 steps. */
    @Test
    void shouldMendAroundManyThatDieTogetherInFewSteps() {
        write(50 * STEP);
        steps.advance();
        runAll();
        int made = 0;
        for (int from = 0; from < 25 * STEP; from += 100) {
            List<String> ids = points(from, 100).stream().map(Point::id).toList();
            shard.delete(ids);
            steps.wrote(ids.size());
            steps.advance();
            for (; steps.behind(); made++) {
                runOneStep();
            }
            assertThat(shard.state().unmended())
                    .as("dead rows that walks meet")
                    .isLessThanOrEqualTo(shard.state().mostUnmended() + ids.size());
        }
        for (; !steps.areAtRest(); made++) {
            runOneStep();
        }
        assertThat(shard.state().repairDue()).isFalse();
        assertThat(made).isLessThan(150);
    }

    @Test
    void shouldGiveTheGraphAwayOnlyBetweenSteps() {
        write(2 * STEP);
        steps.advance();
        List<Integer> found = new ArrayList<>();
        steps.whenAtRest(() -> {
            host.lent = true;
            found.add(graph().size());
        });
        assertThat(found).isEmpty();
        runAll();
        assertThat(found).containsExactly(STEP);
        assertThat(graph().size()).as("no step begins while it is lent").isEqualTo(STEP);
        assertThat(steps.behind()).isFalse();
        host.lent = false;
        steps.advance();
        runAll();
        assertThat(graph().size()).isEqualTo(2 * STEP);
    }

    @Test
    void shouldHoldTheLastStepWhenItIsFinished() {
        Executor direct = Runnable::run;
        GraphSteps closing = new GraphSteps(host, Parallel.NONE, direct, direct);
        write(STEP);
        closing.advance();
        assertThat(graph().size()).isZero();
        closing.finish();
        assertThat(graph().size()).isEqualTo(STEP);
        host.thread.remove().run();
        assertThat(host.failures).as("what comes late changes nothing").isEmpty();
    }

    @Test
    void shouldReportAStepThatFails() {
        Executor refusing = step -> {
            throw new IllegalStateException("no thread");
        };
        GraphSteps failing = new GraphSteps(host, Parallel.NONE, refusing, refusing);
        write(STEP);
        failing.advance();
        assertThat(host.failures).hasSize(1);
        assertThat(failing.behind()).isFalse();
    }

    private void write(int points) {
        shard.upsert(points(written, points));
        written += points;
        steps.wrote(points);
    }

    private void runOneStep() {
        beside.remove().run();
        runThread();
    }

    private void runAll() {
        runThread();
        while (!beside.isEmpty()) {
            runOneStep();
        }
    }

    private void runThread() {
        while (!host.thread.isEmpty()) {
            host.thread.remove().run();
        }
    }

    private HnswGraph graph() {
        return shard.snapshot().graph();
    }

    private static byte[] bytes(Path directory, HnswGraph graph) throws IOException {
        return Files.readAllBytes(
                CheckpointFile.write(directory, 0, graph::writeTo).path());
    }

    private List<Point> points(int from, int n) {
        return all.subList(from, from + n);
    }
}
