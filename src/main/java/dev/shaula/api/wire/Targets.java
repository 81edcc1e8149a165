package dev.shaula.api.wire;

import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.Sender;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Finds the collection that a request speaks of, or makes the one that an upsert needs, and writes to it. Any thread. */
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

    /** Stores what an upsert brings, into the collection that it names or makes; {@code sender} is who sent it. */
    public Uni<WriteResult> upsert(UpsertRequest request, Sender sender) {
        List<Point> points = request.points();
        return findOrCreate(request.collection(), points.getFirst().vector().length)
                .map(found -> found.sentBy(sender))
                .chain(found -> request.conditions().isEmpty()
                        ? found.upsert(points, request.ack())
                        : found.upsertIf(points, request.conditions(), request.ack()));
    }

    /** Deletes the points of a target. */
    public Uni<WriteResult> delete(PointsTarget target) {
        VectorCollection found = require(target.collection());
        return target.filter() == null
                ? found.delete(target.ids(), target.ack())
                : found.delete(target.filter(), target.ack());
    }

    /** Changes the metadata of the points of a target. */
    public Uni<WriteResult> update(MetadataRequest request) {
        PointsTarget target = request.target();
        VectorCollection found = require(target.collection());
        return target.filter() == null
                ? found.update(target.ids(), request.change(), target.ack())
                : found.update(target.filter(), request.change(), target.ack());
    }

    /**
     * Drops the indexes of a field, or only the one of a kind.
     *
     * @param type wire name of the kind, empty for all
     * @throws VectorDbException NOT_FOUND if there is no such index
     */
    public static Uni<List<IndexStatus>> dropIndexes(VectorCollection collection, String field, String type) {
        List<FieldIndex> wanted = collection.indexes().stream()
                .map(IndexStatus::index)
                .filter(index -> index.field().equals(field))
                .filter(index -> type.isEmpty() || index.kind() == FieldIndex.Kind.fromWireName(type))
                .toList();
        if (wanted.isEmpty()) {
            throw VectorDbException.notFound("field: \"" + Text.shortened(field) + "\" has no such index");
        }
        return Multi.createFrom()
                .iterable(wanted)
                .onItem()
                .transformToUniAndConcatenate(collection::dropIndex)
                .collect()
                .last()
                .map(done -> collection.indexes());
    }
}
