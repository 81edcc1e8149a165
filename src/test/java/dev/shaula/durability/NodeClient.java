package dev.shaula.durability;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import java.util.List;
import java.util.Optional;

/**
 * One connection to a node in another process; every call waits for its answer. A refusal is a
 * {@link dev.shaula.model.VectorDbException}; a connection that breaks is an {@link java.io.UncheckedIOException}, after
 * which nobody knows what became of the last call. For one thread.
 */
interface NodeClient extends AutoCloseable {
    /** In place of an {@code ef}. */
    int EXACT = 0;

    void create(CollectionConfig config);

    void upsert(String collection, List<Point> points);

    void delete(String collection, List<String> ids);

    /** Returns when a checkpoint holds everything acknowledged before. */
    void commit(String collection);

    /** Returns when the backup {@code name} of the collection is complete. */
    void backup(String collection, String name);

    /** Makes the collection {@code as} from that of the backup. */
    void restore(String backup, String collection, String as);

    void deleteBackup(String name);

    void drop(String collection);

    Optional<Point> get(String collection, String id);

    /**
     * The {@code k} nearest without vectors and metadata, closest first.
     *
     * @param ef candidates that the walk of the graph keeps; {@link #EXACT} for none: every row is measured
     */
    List<ScoredPoint> search(String collection, float[] vector, int k, int ef);

    /** Live points, as the collection itself counts them. */
    long count(String collection);

    @Override
    void close();
}
