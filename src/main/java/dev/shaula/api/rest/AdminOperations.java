package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.collection.CollectionRegistry;
import jakarta.enterprise.context.ApplicationScoped;

/** What is under {@code /admin} and writes checkpoints. */
@ApplicationScoped
class AdminOperations {
    private final CollectionRegistry registry;

    AdminOperations(CollectionRegistry registry) {
        this.registry = registry;
    }

    void commit(Exchange exchange) {
        exchange.answer(registry.commitAll().map(done -> Answer.ok(Answers.success())));
    }

    void save(Exchange exchange) {
        String name = exchange.tail();
        exchange.answer(registry.require(name).commit().map(done -> Answer.ok(Answers.success(name))));
    }
}
