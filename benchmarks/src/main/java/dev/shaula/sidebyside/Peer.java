package dev.shaula.sidebyside;

import java.nio.file.Path;
import java.util.Map;

/**
 * One library under measurement, as {@link PeerServer} drives it. Rows keep their numbers. All methods but those of
 * {@link Searcher} are called by one thread.
 */
public interface Peer {

    /** Indexes all rows, with so many threads. */
    void build(MatrixFile base, int threads) throws Exception;

    /** Keeps the built index at {@code path}, a file or a directory, for {@link #open}. */
    default void save(Path path) throws Exception {}

    /** Opens what an earlier process saved. @return false if there is nothing, or if this library keeps nothing */
    default boolean open(Path path) throws Exception {
        return false;
    }

    /** A new searcher for one thread, on the index as it is. */
    Searcher searcher() throws Exception;

    /** Bytes of the index by part. */
    Map<String, Long> memory() throws Exception;

    /** Searches for one thread. */
    @FunctionalInterface
    interface Searcher {
        /**
         * Writes the numbers of up to {@code k} rows, nearest first.
         *
         * @return how many
         */
        int search(float[] query, int k, int ef, int[] out) throws Exception;
    }
}
