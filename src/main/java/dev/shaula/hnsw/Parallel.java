package dev.shaula.hnsw;

import java.util.function.Supplier;

/**
 * Runs independent pieces of work on as many threads as are free. How many took part never changes a result, only the
 * time it takes.
 */
public interface Parallel {

    /** The calling thread alone. */
    Parallel NONE = new Parallel() {
        @Override
        public <W> void run(int n, Supplier<W> workers, Piece<W> piece) {
            W worker = workers.get();
            for (int i = 0; i < n; i++) {
                piece.run(worker, i);
            }
        }
    };

    /**
     * Calls {@code piece} once for every index below {@code n} and returns when all are done.
     *
     * @param workers called once by each thread that takes part: its scratch space
     * @throws RuntimeException the first that a piece threw, after the others have ended
     */
    <W> void run(int n, Supplier<W> workers, Piece<W> piece);

    /** One piece of work. */
    @FunctionalInterface
    interface Piece<W> {
        void run(W worker, int index);
    }
}
