package dev.shaula.api.rest;

import dev.shaula.api.wire.QueryDocument;
import dev.shaula.api.wire.QueryRequest;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.VectorDbException;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;

/** Live queries as server-sent events. */
@ApplicationScoped
class LiveOperations {
    private final CollectionRegistry registry;
    private final HttpConfig config;

    LiveOperations(CollectionRegistry registry, HttpConfig config) {
        this.registry = registry;
        this.config = config;
    }

    /** The query is a parameter, for an {@code EventSource} can send nothing else. */
    void get(Exchange exchange) {
        QueryDocument document = new QueryDocument(config.queryDefaults());
        byte[] json = exchange.param("query", "").getBytes(StandardCharsets.UTF_8);
        try {
            document.feed(json, 0, json.length);
            start(exchange, document.finish());
        } finally {
            document.close();
        }
    }

    void post(Exchange exchange) {
        exchange.smallBody(new QueryDocument(config.queryDefaults()))
                .subscribe()
                .with(request -> exchange.attempt(() -> start(exchange, request)), exchange::fail);
    }

    private void start(Exchange exchange, QueryRequest request) {
        if (request.groups() != null) {
            throw VectorDbException.invalid("group_by: expected only in a query that is answered once");
        }
        LiveQuery query = LiveQuery.of(request.search());
        new LiveStream(exchange, request.vectors())
                .start(registry.require(request.collection()).subscribe(query));
    }
}
