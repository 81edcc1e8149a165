package dev.shaula.api.rest;

import dev.shaula.api.wire.AdminAnswers;
import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.TextFields;
import dev.shaula.collection.Backups;
import dev.shaula.collection.CollectionRegistry;
import jakarta.enterprise.context.ApplicationScoped;

/** Backups and restores, under {@code /admin}. They go on if the client does not wait for the answer. */
@ApplicationScoped
class BackupOperations {
    private final CollectionRegistry registry;

    BackupOperations(CollectionRegistry registry) {
        this.registry = registry;
    }

    void create(Exchange exchange) {
        exchange.answer(exchange.smallBody(new TextFields("collection", "name"))
                .map(fields -> new Backups.Request(fields.get("collection"), fields.get("name")))
                .chain(request -> registry.backups().create(request))
                .map(info -> Answer.of(201, AdminAnswers.backedUp(info))));
    }

    void list(Exchange exchange) {
        exchange.answer(registry.backups().list().map(infos -> Answer.ok(AdminAnswers.backups(infos))));
    }

    void delete(Exchange exchange) {
        String name = exchange.tail();
        exchange.answer(registry.backups().delete(name).map(done -> Answer.ok(Answers.success(name))));
    }

    void restore(Exchange exchange) {
        exchange.answer(exchange.smallBody(new TextFields("backup", "collection", "as"))
                .map(fields -> new Backups.Restoration(
                        TextFields.require(fields, "backup"), fields.get("collection"), fields.get("as")))
                .chain(wish -> registry.backups().restore(wish))
                .map(infos -> Answer.of(201, AdminAnswers.restored(infos))));
    }
}
