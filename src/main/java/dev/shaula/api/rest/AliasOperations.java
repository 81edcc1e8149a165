package dev.shaula.api.rest;

import dev.shaula.api.wire.AdminAnswers;
import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.TextFields;
import dev.shaula.collection.CollectionRegistry;
import jakarta.enterprise.context.ApplicationScoped;

/** Everything under {@code /aliases}. */
@ApplicationScoped
class AliasOperations {
    private final CollectionRegistry registry;

    AliasOperations(CollectionRegistry registry) {
        this.registry = registry;
    }

    void list(Exchange exchange) {
        exchange.send(Answer.ok(AdminAnswers.aliases(registry.aliases().all())));
    }

    void set(Exchange exchange) {
        exchange.answer(exchange.smallBody(new TextFields("alias", "collection"))
                .chain(fields -> {
                    String alias = TextFields.require(fields, "alias");
                    String collection = TextFields.require(fields, "collection");
                    return registry.aliases()
                            .set(alias, collection)
                            .map(done -> Answer.ok(AdminAnswers.aliasSet(alias, collection)));
                }));
    }

    void delete(Exchange exchange) {
        String alias = exchange.tail();
        exchange.answer(registry.aliases().delete(alias).map(done -> Answer.ok(Answers.success(alias))));
    }
}
