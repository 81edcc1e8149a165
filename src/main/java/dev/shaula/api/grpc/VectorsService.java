package dev.shaula.api.grpc;

import dev.shaula.api.grpc.v1.CountRequest;
import dev.shaula.api.grpc.v1.CountResponse;
import dev.shaula.api.grpc.v1.DeleteRequest;
import dev.shaula.api.grpc.v1.DeleteResponse;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.ScrollRequest;
import dev.shaula.api.grpc.v1.ScrollResponse;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.SearchStreamRequest;
import dev.shaula.api.grpc.v1.SearchStreamResponse;
import dev.shaula.api.grpc.v1.UpsertAck;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import dev.shaula.api.grpc.v1.UpsertStreamRequest;
import dev.shaula.api.wire.QueryDefaults;
import dev.shaula.api.wire.Targets;
import dev.shaula.collection.Sender;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** {@code shaula.v1.Vectors}. */
@Singleton
final class VectorsService {
    static final String NAME = "shaula.v1.Vectors";
    /** Bytes of vectors in one message of a scroll, near enough: what a client's default of 4 MiB has room for. */
    private static final int SCROLL_BYTES = 256 << 10;

    private static final int ROW_OVERHEAD = 256;
    private static final int MAX_SCROLL_POINTS = 256;

    private final Targets targets;
    private final QueryDefaults defaults;
    private final GrpcMetrics metrics;

    VectorsService(Targets targets, QueryDefaults defaults, GrpcMetrics metrics) {
        this.targets = targets;
        this.defaults = defaults;
        this.metrics = metrics;
    }

    List<Method<?, ?>> methods() {
        return List.of(
                new Method<UpsertRequest, UpsertResponse>(
                        path("Upsert"),
                        UpsertRequest.parser(),
                        call -> call.unary(request -> upsert(request, call.sender()))),
                new Method<UpsertStreamRequest, UpsertAck>(
                        path("UpsertStream"),
                        UpsertStreamRequest.parser(),
                        call -> new UpsertCall(call, targets, metrics).start()),
                new Method<SearchRequest, SearchResponse>(
                        path("Search"),
                        SearchRequest.parser(),
                        call -> call.unary(request -> search(request, call.deadlineNs()))),
                new Method<SearchStreamRequest, SearchStreamResponse>(
                        path("SearchStream"),
                        SearchStreamRequest.parser(),
                        call -> new SearchStreamCall(call, request -> find(request, call.deadlineNs())).start()),
                new Method<GetRequest, GetResponse>(path("Get"), GetRequest.parser(), call -> call.unary(this::get)),
                new Method<DeleteRequest, DeleteResponse>(
                        path("Delete"), DeleteRequest.parser(), call -> call.unary(this::delete)),
                new Method<CountRequest, CountResponse>(
                        path("Count"), CountRequest.parser(), call -> call.unary(this::count)),
                new Method<ScrollRequest, ScrollResponse>(
                        path("Scroll"), ScrollRequest.parser(), call -> call.stream(this::scroll)));
    }

    private static String path(String method) {
        return "/" + NAME + "/" + method;
    }

    private Uni<UpsertResponse> upsert(UpsertRequest request, Sender sender) {
        String name = Messages.collection(request.getCollection());
        targets.dimensions(name); // refuses an impossible name before anything else
        Messages.checkCount(request.getPointsCount());
        List<Point> points = Messages.points(request.getPointsList());
        return targets.findOrCreate(name, points.getFirst().vector().length)
                .chain(collection -> collection.sentBy(sender).upsert(points, Messages.ack(request.getAck())))
                .invoke(result -> metrics.upserted(result.count()))
                .map(result -> UpsertResponse.newBuilder()
                        .setCount((int) result.count())
                        .build());
    }

    private Uni<SearchResponse> search(SearchRequest request, long deadlineNs) {
        return find(request, deadlineNs)
                .map(found -> SearchResponse.newBuilder()
                        .addAllResults(Messages.found(found, request.getMetadataAsJson()))
                        .build());
    }

    private Uni<List<ScoredPoint>> find(SearchRequest request, long deadlineNs) {
        VectorCollection collection = targets.require(Messages.collection(request.getCollection()));
        dev.shaula.model.SearchRequest search = Messages.search(request, defaults);
        Messages.checkLength("", collection.config().dimensions(), search.vector().length);
        return collection.search(search.withDeadlineNs(deadlineNs));
    }

    private Uni<GetResponse> get(GetRequest request) {
        VectorCollection collection = targets.require(Messages.collection(request.getCollection()));
        List<String> ids = Messages.ids(request.getIdsList(), Limits.MAX_GET_IDS);
        return Multi.createFrom()
                .iterable(ids)
                .onItem()
                .transformToUniAndConcatenate(collection::get)
                .collect()
                .asList()
                .map(found -> got(ids, found, request.getMetadataAsJson()));
    }

    private static GetResponse got(List<String> ids, List<Optional<Point>> found, boolean asJson) {
        GetResponse.Builder out = GetResponse.newBuilder();
        for (int i = 0; i < ids.size(); i++) {
            String id = ids.get(i);
            found.get(i)
                    .ifPresentOrElse(point -> out.addPoints(Messages.point(point, asJson)), () -> out.addMissing(id));
        }
        return out.build();
    }

    private Uni<DeleteResponse> delete(DeleteRequest request) {
        VectorCollection collection = targets.require(Messages.collection(request.getCollection()));
        List<String> ids = Messages.ids(request.getIdsList(), Limits.MAX_DELETE_IDS).stream()
                .distinct()
                .toList();
        return collection
                .delete(ids, Messages.ack(request.getAck()))
                .map(result -> DeleteResponse.newBuilder()
                        .setCount(ids.size() - result.missing().size())
                        .addAllMissing(result.missing())
                        .build());
    }

    private Uni<CountResponse> count(CountRequest request) {
        VectorCollection collection = targets.require(Messages.collection(request.getCollection()));
        Filter filter = Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson());
        return collection
                .count(filter)
                .map(count -> CountResponse.newBuilder().setCount(count).build());
    }

    private Multi<ScrollResponse> scroll(ScrollRequest request) {
        VectorCollection collection = targets.require(Messages.collection(request.getCollection()));
        int rowBytes = Float.BYTES * collection.config().dimensions() + ROW_OVERHEAD;
        return collection
                .scroll(Messages.scroll(request))
                .group()
                .intoLists()
                .of(Math.clamp(SCROLL_BYTES / rowBytes, 1, MAX_SCROLL_POINTS))
                .map(points -> Messages.scrolled(points, request.getMetadataAsJson()));
    }
}
