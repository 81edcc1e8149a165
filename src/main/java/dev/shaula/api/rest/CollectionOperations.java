package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.CreateDocument;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.CollectionInfo;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

/** Everything under {@code /collections}. */
@ApplicationScoped
class CollectionOperations {
    private final CollectionRegistry registry;

    CollectionOperations(CollectionRegistry registry) {
        this.registry = registry;
    }

    void create(Exchange exchange) {
        exchange.answer(exchange.smallBody(new CreateDocument())
                .chain(request -> registry.create(request.config(), request.indexes()))
                .map(made -> Answer.of(
                        made.alreadyExisted() ? 200 : 201,
                        Answers.created(made.collection().info(), made.alreadyExisted()))));
    }

    void list(Exchange exchange) {
        exchange.send(Answer.ok(Answers.listed(
                registry.list().stream().map(VectorCollection::info).toList(),
                registry.aliases().byCollection())));
    }

    void describe(Exchange exchange) {
        CollectionInfo info = registry.require(exchange.tail()).info();
        exchange.send(Answer.ok(
                Answers.described(info, registry.aliases().of(info.config().name()))));
    }

    void drop(Exchange exchange) {
        String name = exchange.tail();
        Uni<Void> dropped = registry.drop(name);
        exchange.answer(dropped.map(done -> Answer.ok(Answers.success(name))));
    }
}
