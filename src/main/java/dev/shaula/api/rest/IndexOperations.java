package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.TextFields;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Multi;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** The indexes on metadata of one collection. */
@ApplicationScoped
class IndexOperations {
    private final CollectionRegistry registry;

    IndexOperations(CollectionRegistry registry) {
        this.registry = registry;
    }

    void list(Exchange exchange) {
        exchange.send(
                Answer.ok(Answers.indexes(registry.require(exchange.tail()).indexes())));
    }

    void create(Exchange exchange) {
        VectorCollection collection = registry.require(exchange.tail());
        exchange.answer(exchange.smallBody(new TextFields("field", "type"))
                .map(fields -> new FieldIndex(
                        TextFields.require(fields, "field"), Kind.fromWireName(TextFields.require(fields, "type"))))
                .chain(collection::createIndex)
                .map(done -> Answer.of(201, Answers.indexes(collection.indexes()))));
    }

    /** All of a field, or only the one of a type. */
    void drop(Exchange exchange) {
        VectorCollection collection = registry.require(exchange.tail());
        String field = exchange.param("field", "");
        String type = exchange.param("type", "");
        List<FieldIndex> wanted = collection.indexes().stream()
                .map(IndexStatus::index)
                .filter(index -> index.field().equals(field))
                .filter(index -> type.isEmpty() || index.kind() == Kind.fromWireName(type))
                .toList();
        if (wanted.isEmpty()) {
            throw VectorDbException.notFound("field: \"" + field + "\" has no such index");
        }
        exchange.answer(Multi.createFrom()
                .iterable(wanted)
                .onItem()
                .transformToUniAndConcatenate(collection::dropIndex)
                .collect()
                .last()
                .map(done -> Answer.ok(Answers.indexes(collection.indexes()))));
    }
}
