package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.CountDocument;
import dev.shaula.api.wire.FacetDocument;
import dev.shaula.api.wire.ScrollBody;
import dev.shaula.api.wire.ScrollDocument;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.VectorCollection;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

/** Reading a collection without a query vector. */
@ApplicationScoped
class ReadingOperations {
    private final CollectionRegistry registry;

    ReadingOperations(CollectionRegistry registry) {
        this.registry = registry;
    }

    void scroll(Exchange exchange) {
        VectorCollection collection = registry.require(exchange.tail());
        exchange.answerOrCancel(exchange.smallBody(new ScrollDocument()).chain(body -> scroll(collection, body)));
    }

    private static Uni<Answer> scroll(VectorCollection collection, ScrollBody body) {
        return switch (body) {
            case ScrollBody.First first ->
                collection.scroll(first.request(), first.limit()).map(page -> Answer.ok(Answers.scrolled(page)));
            case ScrollBody.Next next ->
                collection.scroll(next.cursor(), next.limit()).map(page -> Answer.ok(Answers.scrolled(page)));
            case ScrollBody.Close close ->
                collection.closeScroll(close.cursor()).map(done -> Answer.ok(Answers.success()));
        };
    }

    void facet(Exchange exchange) {
        VectorCollection collection = registry.require(exchange.tail());
        exchange.answerOrCancel(exchange.smallBody(new FacetDocument())
                .chain(collection::facet)
                .map(facets -> Answer.ok(Answers.facets(facets))));
    }

    void export(Exchange exchange) {
        new Export(exchange).start(registry.require(exchange.tail()));
    }

    void count(Exchange exchange) {
        VectorCollection collection = registry.require(exchange.tail());
        exchange.answerOrCancel(exchange.smallBody(new CountDocument())
                .chain(body -> collection.count(body.filter()))
                .map(count -> Answer.ok(Answers.counted(count))));
    }
}
