package dev.shaula.shard;

import dev.shaula.hnsw.HnswBuilder;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.hnsw.Parallel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Links what was written and takes what died out of the graph, one step at a time, beside the shard's thread: while a
 * step runs, the shard writes, syncs and answers. What a step made is published on the shard's thread.
 *
 * <p>Writes must not run away from the graph, since searches measure what is not linked one by one. After a drain they
 * wait until about two steps' worth is unlinked, or until one step more was made than came in, whichever is sooner: so
 * the next batch is synced beside the last steps of the one before, and a long replay's rest shrinks while writes go on.
 * And they wait while the graph would have to be mended around too many dead rows.
 *
 * <p>For the shard's thread.
 */
final class GraphSteps {
    /** Rows that may wait to be linked while writes do not: one step that is being made, and the one behind it. */
    private static final int MAX_UNLINKED = 2 * HnswBuilder.step();

    private final Host host;
    private final Parallel parallel;
    private final Executor linking;
    private final Executor mending;
    /** Who wants to know when no step is under way. */
    private final List<Runnable> waiting = new ArrayList<>();

    private @Nullable CompletableFuture<HnswGraph> running;
    private boolean repairsNext;
    private boolean over;
    /** Steps of linking to be made before the next drain. */
    private int owedSteps;
    /** Dead rows around which the graph is not mended, as it was before the step under way, and writes since. */
    private int unmended;

    /** The shard whose graph it is. */
    interface Host {
        ShardState state();

        /** False while the graph is somebody else's, or for good. */
        boolean mayTouchGraph();

        /** Does something on the shard's thread; from any thread. */
        void onThread(Runnable action);

        /** Does something on the shard's thread and publishes the state after it; if it fails, the shard stops writing. */
        void guard(Runnable step);

        /** There may be more to do. */
        void resume();
    }

    /**
     * @param parallel helps with each step
     * @param linking runs the steps that link
     * @param mending runs those that take out what died
     */
    GraphSteps(Host host, Parallel parallel, Executor linking, Executor mending) {
        this.host = host;
        this.parallel = parallel;
        this.linking = linking;
        this.mending = mending;
    }

    /** Begins the next step if there is one to be made and none under way. Linking and repairing take turns. */
    void advance() {
        if (over || running != null || !host.mayTouchGraph()) {
            return;
        }
        ShardState state = host.state();
        boolean links = state.linkable() > 0;
        boolean repairs = state.repairDue();
        owedSteps = links ? owedSteps : 0;
        unmended = state.unmended();
        if (links && !(repairs && repairsNext)) {
            repairsNext = true;
            owedSteps = Math.max(0, owedSteps - 1);
            host.guard(() -> begin(state.beginLink(parallel), linking));
        } else if (repairs) {
            repairsNext = false;
            host.guard(() -> begin(state.beginRepair(parallel), mending));
        }
    }

    private void begin(Supplier<HnswGraph> step, Executor executor) {
        CompletableFuture<HnswGraph> begun = CompletableFuture.supplyAsync(step, executor);
        running = begun;
        begun.whenComplete((made, e) -> host.onThread(() -> end(begun)));
    }

    private void end(CompletableFuture<HnswGraph> ended) {
        if (over) {
            return; // taken by finish
        }
        running = null;
        host.guard(() -> host.state().take(made(ended)));
        List<Runnable> now = List.copyOf(waiting);
        waiting.clear();
        now.forEach(Runnable::run);
        host.resume();
    }

    private static HnswGraph made(CompletableFuture<HnswGraph> step) {
        try {
            return step.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** To be called after each drain, of so many writes, and after whatever else is written. */
    void wrote(int writes) {
        if (writes == 0) {
            return;
        }
        unmended += writes;
        int toMake = Math.ceilDiv(Math.max(0, host.state().linkable() - MAX_UNLINKED), HnswBuilder.step());
        owedSteps = Math.max(owedSteps, Math.min(writes / HnswBuilder.step() + 1, toMake));
    }

    /** True while writes are to wait for a step that is under way. */
    boolean behind() {
        return running != null && (owedSteps > 0 || unmended > host.state().mostUnmended());
    }

    /** True if the graph belongs to no step. */
    boolean areAtRest() {
        return running == null;
    }

    /** Does something with the graph once no step is under way, perhaps at once. */
    void whenAtRest(Runnable action) {
        if (running == null) {
            action.run();
        } else {
            waiting.add(action);
        }
    }

    /** Begins no more steps, and blocks until the last one is part of the state. */
    void finish() {
        over = true;
        waiting.clear();
        CompletableFuture<HnswGraph> last = running;
        running = null;
        if (last != null) {
            host.guard(() -> host.state().take(made(last)));
        }
    }
}
