package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All collections of this server. Every method may be called from any thread and never blocks.
 */
public interface CollectionRegistry {

    /** What {@link #create} found or made. */
    record Created(VectorCollection collection, boolean alreadyExisted) {}

    /**
     * Creates a collection, or finds the one of this name if its dimensions and metric are equal. 16 shards,
     * which the clients always ask for, leave the number to the server (see {@code shaula.shards}); other wishes are
     * honoured up to 64. The rest of an existing collection's shape is kept as it is.
     *
     * @throws VectorDbException (as a failure) CONFLICT, with "already exists" in its text, if the name is taken by a
     *     collection of other dimensions or metric, or by an alias
     */
    default Uni<Created> create(CollectionConfig config) {
        return create(config, List.of());
    }

    /**
     * As {@link #create(CollectionConfig)}, with indexes from the first point on: the collection and their declaration are
     * on disk together. One that exists keeps the indexes it has.
     *
     * @param indexes at most {@link dev.shaula.model.Limits#MAX_INDEXES}, or it fails with INVALID
     */
    Uni<Created> create(CollectionConfig config, List<FieldIndex> indexes);

    /** The collection of this name, or the one that the alias of this name stands for now. */
    Optional<VectorCollection> find(String name);

    /** As {@link #find}, but throws NOT_FOUND if there is none. */
    default VectorCollection require(String name) {
        return find(name).orElseThrow(() -> VectorDbException.notFound("collection \"" + name + "\" does not exist"));
    }

    /** In name order. */
    List<VectorCollection> list();

    /**
     * Deletes a collection with its data. Fails with NOT_FOUND if there is none, with CONFLICT if it has aliases, so
     * that what they stand for never vanishes by accident, or if {@code name} is itself an alias.
     */
    Uni<Void> drop(String name);

    /** {@link VectorCollection#commit} on all. */
    Uni<Void> commitAll();

    Aliases aliases();

    Backups backups();

    /**
     * What does not serve, or serves without taking writes: shards that failed to open, were found damaged or failed
     * later, as {@code collection/shard: reason}, and collections and aliases that cannot be read. Empty when all is well.
     */
    List<String> damage();

    /** True once every collection found on disk is open for reading and writing. */
    boolean ready();

    /** The bounds of this node that are in force, by name; a name ends in its unit. */
    default Map<String, Long> bounds() {
        return Map.of();
    }
}
