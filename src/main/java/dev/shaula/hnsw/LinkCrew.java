package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The threads that work on one state of the rows, each with scratch of its own. Scratch is borrowed for each piece of
 * work and reused across the phases of all steps of a call; it holds scorers, and these the rows, so it must not
 * outlive the call.
 */
final class LinkCrew {
    private final Scorer.Source scorers;
    private final Parallel parallel;
    private final int step;
    private final Queue<LinkWorker> idle = new ConcurrentLinkedQueue<>();

    /** @param step most rows that a worker compares with each other */
    LinkCrew(Scorer.Source scorers, Parallel parallel, int step) {
        this.scorers = scorers;
        this.parallel = parallel;
        this.step = step;
    }

    /** Calls {@code piece} once for every index below {@code n} and returns when all are done. */
    void run(int n, Parallel.Piece<LinkWorker> piece) {
        Queue<LinkWorker> borrowed = new ConcurrentLinkedQueue<>();
        parallel.run(
                n,
                () -> {
                    LinkWorker worker = idle.poll();
                    worker = worker == null ? new LinkWorker(scorers.newScorer(), step) : worker;
                    borrowed.add(worker);
                    return worker;
                },
                piece);
        idle.addAll(borrowed);
    }
}
