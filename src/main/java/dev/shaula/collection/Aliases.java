package dev.shaula.collection;

import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Second names of collections, which can be moved from one to another. {@link CollectionRegistry#find} resolves a name
 * once, so a request works on one collection from its beginning to its end; every request that begins after an answer
 * of {@link #set} or {@link #delete} sees the change. A name is a collection or an alias, never both, and an alias
 * never stands for another alias. Every method may be called from any thread and never blocks.
 */
public interface Aliases {

    /** Alias to collection, in alias order; immutable. */
    Map<String, String> all();

    /** The aliases of one collection, in order. */
    default List<String> of(String collection) {
        return byCollection().getOrDefault(collection, List.of());
    }

    /** The aliases, in order, of every collection that has any. */
    default Map<String, List<String>> byCollection() {
        Map<String, List<String>> aliases = new HashMap<>();
        all().forEach((alias, collection) ->
                aliases.computeIfAbsent(collection, c -> new ArrayList<>()).add(alias));
        return aliases;
    }

    /**
     * Creates an alias or moves it to another collection; completes when that is on disk.
     *
     * @throws VectorDbException (as a failure) INVALID for a bad name, NOT_FOUND if there is no such collection,
     *     CONFLICT if a collection has the alias's name or there are too many aliases
     */
    Uni<Void> set(String alias, String collection);

    /** Deletes an alias, not its collection; fails with NOT_FOUND if there is none. */
    Uni<Void> delete(String alias);
}
