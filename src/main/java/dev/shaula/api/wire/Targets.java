package dev.shaula.api.wire;

import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

/** Finds the collection that a request speaks of, or makes the one that an upsert needs. Any thread. */
@ApplicationScoped
public class Targets {
    private final CollectionRegistry registry;

    Targets(CollectionRegistry registry) {
        this.registry = registry;
    }

    /** The collection of this name or alias. @throws VectorDbException NOT_FOUND if there is none */
    public VectorCollection require(String name) {
        return registry.require(name);
    }

    /** Dimensions of a collection, 0 if there is none yet. @throws VectorDbException (invalid) if there can be none */
    public int dimensions(String name) {
        return registry.find(name).map(found -> found.config().dimensions()).orElseGet(() -> possible(name));
    }

    private static int possible(String name) {
        try {
            return CollectionConfig.of(name, 1).dimensions() - 1;
        } catch (VectorDbException e) {
            throw VectorDbException.invalid("collection: " + e.getMessage());
        }
    }

    /** The collection, made with default options if it does not exist. */
    public Uni<VectorCollection> findOrCreate(String name, int dimensions) {
        return registry.find(name)
                .map(found -> Uni.createFrom().item(found))
                .orElseGet(() -> registry.create(CollectionConfig.of(name, dimensions))
                        .map(CollectionRegistry.Created::collection));
    }
}
