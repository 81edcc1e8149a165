package dev.shaula.api.rest;

import dev.shaula.api.wire.Acks;
import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.BatchQueryDocument;
import dev.shaula.api.wire.BatchQueryRequest;
import dev.shaula.api.wire.DeleteDocument;
import dev.shaula.api.wire.Floats;
import dev.shaula.api.wire.Ids;
import dev.shaula.api.wire.MetadataDocument;
import dev.shaula.api.wire.PackedVectors;
import dev.shaula.api.wire.PointsTarget;
import dev.shaula.api.wire.QueryDocument;
import dev.shaula.api.wire.QueryParameters;
import dev.shaula.api.wire.QueryRequest;
import dev.shaula.api.wire.Targets;
import dev.shaula.api.wire.UpsertDocument;
import dev.shaula.api.wire.UpsertRequest;
import dev.shaula.api.wire.VectorForm;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.Point;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpHeaders;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.function.Function;

/** Everything under {@code /vectors}. */
@ApplicationScoped
class VectorOperations {
    private final Targets targets;
    private final HttpConfig config;

    VectorOperations(Targets targets, HttpConfig config) {
        this.targets = targets;
        this.config = config;
    }

    void upsert(Exchange exchange) {
        String type = exchange.request().getHeader(HttpHeaders.CONTENT_TYPE);
        if (type != null && type.toLowerCase(java.util.Locale.ROOT).startsWith("application/x-ndjson")) {
            String ack = exchange.param("ack", "indexed");
            new NdjsonUpsert(exchange, targets, Acks.of(ack)).start();
        } else {
            exchange.answer(exchange.body(new UpsertDocument(targets::dimensions), config.maxBody())
                    .chain(request -> upsert(exchange, request)));
        }
    }

    private Uni<Answer> upsert(Exchange exchange, UpsertRequest request) {
        String id = request.bare() ? request.points().getFirst().id() : null;
        return targets.upsert(request, exchange.sender())
                .invoke(result -> exchange.metrics().upserted(result.count()))
                .map(result -> Answer.ok(
                        request.conditions().isEmpty() ? Answers.upserted(result, id) : Answers.upsertedIf(result)));
    }

    void query(Exchange exchange) {
        exchange.answerOrCancel(exchange.sendsBytes() ? packedQuery(exchange) : jsonQuery(exchange));
    }

    private Uni<Answer> jsonQuery(Exchange exchange) {
        return exchange.smallBody(new QueryDocument(config.queryDefaults())).chain(request -> query(exchange, request));
    }

    private Uni<Answer> packedQuery(Exchange exchange) {
        QueryParameters parameters = QueryParameters.read(name -> exchange.param(name, ""));
        int dimensions = dimensions(targets.require(parameters.collection()));
        return exchange.smallBody(new PackedVectors(dimensions, 1)).chain(vectors -> {
            SearchRequest search = parameters.search(vectors.getFirst(), config.queryDefaults());
            return query(
                    exchange,
                    new QueryRequest(
                            parameters.collection(), search, parameters.vectors(), parameters.explain(), null));
        });
    }

    private Uni<Answer> query(Exchange exchange, QueryRequest asked) {
        QueryRequest request = asked.withDeadlineNs(exchange.deadlineNs());
        VectorCollection collection = targets.require(request.collection());
        checkLength("vector", collection, request.search().vector());
        if (request.groups() != null) {
            return collection.group(request.groups()).map(found -> Answer.ok(Answers.groups(found, request.vectors())));
        }
        if (request.explain()) {
            return collection
                    .explain(request.search())
                    .map(found -> Answer.ok(Answers.explained(found, request.vectors())));
        }
        return collection.search(request.search()).map(found -> Answer.ok(Answers.found(found, request.vectors())));
    }

    void batchQuery(Exchange exchange) {
        exchange.answerOrCancel(
                exchange.sendsBytes()
                        ? packedBatchQuery(exchange)
                        : exchange.smallBody(new BatchQueryDocument(config.queryDefaults()))
                                .chain(request -> batchQuery(exchange, request)));
    }

    /** One vector behind the other; the parameters hold for all. */
    private Uni<Answer> packedBatchQuery(Exchange exchange) {
        QueryParameters parameters = QueryParameters.read(name -> exchange.param(name, ""));
        int dimensions = dimensions(targets.require(parameters.collection()));
        return exchange.smallBody(new PackedVectors(dimensions, Limits.MAX_BATCH_QUERIES))
                .chain(vectors -> batchQuery(
                        exchange,
                        new BatchQueryRequest(
                                parameters.collection(),
                                vectors.stream()
                                        .map(vector -> new BatchQueryRequest.Item(
                                                null,
                                                parameters.search(vector, config.queryDefaults()),
                                                parameters.vectors(),
                                                true,
                                                true))
                                        .toList())));
    }

    private Uni<Answer> batchQuery(Exchange exchange, BatchQueryRequest request) {
        VectorCollection collection = targets.require(request.collection());
        for (int i = 0; i < request.items().size(); i++) {
            checkLength(
                    "queries[" + i + "].vector",
                    collection,
                    request.items().get(i).search().vector());
        }
        return collection
                .searchAll(request.searches(exchange.deadlineNs()))
                .map(lists -> Answer.ok(Answers.found(request.items(), lists)));
    }

    private static void checkLength(String place, VectorCollection collection, float[] vector) {
        int expected = dimensions(collection);
        if (vector.length != expected) {
            throw VectorDbException.invalid(place + ": expected " + expected + " numbers, got " + vector.length);
        }
    }

    private static int dimensions(VectorCollection collection) {
        return collection.config().dimensions();
    }

    void delete(Exchange exchange) {
        exchange.answer(exchange.smallBody(new DeleteDocument()).chain(this::delete));
    }

    private Uni<Answer> delete(PointsTarget target) {
        return targets.delete(target)
                .map(done -> Answer.ok(
                        target.filter() == null ? Answers.deleted(target.ids(), done) : Answers.deletedCount(done)));
    }

    void metadata(Exchange exchange) {
        exchange.answer(exchange.smallBody(new MetadataDocument())
                .chain(targets::update)
                .map(done -> Answer.ok(Answers.updated(done))));
    }

    void get(Exchange exchange) {
        String name = exchange.param("collection", CollectionConfig.DEFAULT_NAME);
        VectorForm form = pointForm(exchange);
        Function<Point, Answer> answer = exchange.wantsBytes()
                ? point -> Answer.bytes(Floats.pack(point.vector()).array())
                : point -> Answer.ok(Answers.point(name, point, form));
        exchange.answerOrCancel(targets.require(name)
                .get(Ids.check(exchange.tail()))
                .map(found -> found.map(answer).orElseThrow(() -> VectorDbException.notFound("Vector not found"))));
    }

    private static VectorForm pointForm(Exchange exchange) {
        VectorForm form = VectorForm.of(exchange.param("vectors", "numbers"), "vectors");
        if (form == VectorForm.NONE) {
            throw VectorDbException.invalid("vectors: expected numbers or base64, got \"none\"");
        }
        return form;
    }
}
