package dev.shaula.collection;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.NullMarked;

/** Runs what it was given when the test says so, on the test's thread. */
@NullMarked
final class ByHand implements Executor {
    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
        queue.add(task);
    }

    int waiting() {
        return queue.size();
    }

    void runOne() {
        queue.remove().run();
    }

    void runAll() {
        while (!queue.isEmpty()) {
            runOne();
        }
    }
}
