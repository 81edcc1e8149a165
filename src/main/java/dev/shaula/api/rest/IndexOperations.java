package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.Targets;
import dev.shaula.api.wire.TextFields;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import jakarta.enterprise.context.ApplicationScoped;

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
        exchange.answer(Targets.dropIndexes(collection, exchange.param("field", ""), exchange.param("type", ""))
                .map(left -> Answer.ok(Answers.indexes(left))));
    }
}
