package dev.shaula.api.grpc;

import dev.shaula.api.grpc.v1.CountRequest;
import dev.shaula.api.grpc.v1.CountResponse;
import dev.shaula.api.grpc.v1.DeleteRequest;
import dev.shaula.api.grpc.v1.DeleteResponse;
import dev.shaula.api.grpc.v1.FacetRequest;
import dev.shaula.api.grpc.v1.FacetResponse;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.LiveChange;
import dev.shaula.api.grpc.v1.ScrollRequest;
import dev.shaula.api.grpc.v1.ScrollResponse;
import dev.shaula.api.grpc.v1.SearchGroupsRequest;
import dev.shaula.api.grpc.v1.SearchGroupsResponse;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.SearchStreamRequest;
import dev.shaula.api.grpc.v1.SearchStreamResponse;
import dev.shaula.api.grpc.v1.SubscribeRequest;
import dev.shaula.api.grpc.v1.UpdateMetadataRequest;
import dev.shaula.api.grpc.v1.UpdateMetadataResponse;
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
import dev.shaula.model.StoredPoint;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
        return Stream.concat(writes().stream(), reads().stream()).toList();
    }

    private List<Method<?, ?>> writes() {
        return List.of(
                new Method<UpsertRequest, UpsertResponse>(
                        path("Upsert"),
                        UpsertRequest.parser(),
                        call -> call.unary(request -> upsert(request, call.sender()))),
                new Method<UpsertStreamRequest, UpsertAck>(
                        path("UpsertStream"),
                        UpsertStreamRequest.parser(),
                        call -> new UpsertCall(call, targets, metrics).start()),
                new Method<DeleteRequest, DeleteResponse>(
                        path("Delete"), DeleteRequest.parser(), call -> call.unary(this::delete)),
                new Method<UpdateMetadataRequest, UpdateMetadataResponse>(
                        path("UpdateMetadata"),
                        UpdateMetadataRequest.parser(),
                        call -> call.unary(this::updateMetadata)));
    }

    private List<Method<?, ?>> reads() {
        return List.of(
                new Method<SearchRequest, SearchResponse>(
                        path("Search"),
                        SearchRequest.parser(),
                        call -> call.unary(request -> search(request, call.deadlineNs()))),
                new Method<SearchStreamRequest, SearchStreamResponse>(
                        path("SearchStream"),
                        SearchStreamRequest.parser(),
                        call -> new SearchStreamCall(call, request -> search(request, call.deadlineNs())).start()),
                new Method<SearchGroupsRequest, SearchGroupsResponse>(
                        path("SearchGroups"),
                        SearchGroupsRequest.parser(),
                        call -> call.unary(request -> searchGroups(request, call.deadlineNs()))),
                new Method<SubscribeRequest, LiveChange>(
                        path("Subscribe"), SubscribeRequest.parser(), call -> call.stream(this::subscribe)),
                new Method<GetRequest, GetResponse>(path("Get"), GetRequest.parser(), call -> call.unary(this::get)),
                new Method<CountRequest, CountResponse>(
                        path("Count"), CountRequest.parser(), call -> call.unary(this::count)),
                new Method<FacetRequest, FacetResponse>(
                        path("Facet"), FacetRequest.parser(), call -> call.unary(this::facet)),
                new Method<ScrollRequest, ScrollResponse>(
                        path("Scroll"), ScrollRequest.parser(), call -> call.stream(this::scroll)));
    }

    private static String path(String method) {
        return "/" + NAME + "/" + method;
    }

    private VectorCollection require(String collection) {
        return targets.require(Messages.collection(collection));
    }

    private Uni<UpsertResponse> upsert(UpsertRequest request, Sender sender) {
        targets.dimensions(Messages.collection(request.getCollection())); // refuses an impossible name before all else
        return targets.upsert(Writes.upsert(request), sender)
                .invoke(result -> metrics.upserted(result.count()))
                .map(Writes::upserted);
    }

    private Uni<DeleteResponse> delete(DeleteRequest request) {
        return targets.delete(Writes.target(request)).map(Writes::deleted);
    }

    private Uni<UpdateMetadataResponse> updateMetadata(UpdateMetadataRequest request) {
        return targets.update(Writes.update(request)).map(Writes::updated);
    }

    private Uni<SearchResponse> search(SearchRequest request, long deadlineNs) {
        VectorCollection collection = require(request.getCollection());
        dev.shaula.model.SearchRequest search = checked(request, collection).withDeadlineNs(deadlineNs);
        boolean asJson = request.getMetadataAsJson();
        if (request.getExplain()) {
            return collection
                    .explain(search)
                    .map(found -> SearchResponse.newBuilder()
                            .addAllResults(Reads.found(found.points(), asJson))
                            .addAllExplain(Reads.explained(found.shards()))
                            .build());
        }
        return collection
                .search(search)
                .map(found -> SearchResponse.newBuilder()
                        .addAllResults(Reads.found(found, asJson))
                        .build());
    }

    private dev.shaula.model.SearchRequest checked(SearchRequest request, VectorCollection collection) {
        dev.shaula.model.SearchRequest search = Reads.search(request, defaults);
        Messages.checkLength("", collection.config().dimensions(), search.vector().length);
        return search;
    }

    private Uni<SearchGroupsResponse> searchGroups(SearchGroupsRequest request, long deadlineNs) {
        SearchRequest asked = request.getSearch();
        VectorCollection collection = require(asked.getCollection());
        return collection
                .group(Reads.groups(request, checked(asked, collection).withDeadlineNs(deadlineNs)))
                .map(groups -> Reads.grouped(groups, asked.getMetadataAsJson()));
    }

    private Multi<LiveChange> subscribe(SubscribeRequest request) {
        SearchRequest asked = request.getSearch();
        VectorCollection collection = require(asked.getCollection());
        return collection
                .subscribe(Reads.live(asked, checked(asked, collection)))
                .map(change -> Reads.changed(change, asked.getMetadataAsJson()));
    }

    private Uni<GetResponse> get(GetRequest request) {
        VectorCollection collection = require(request.getCollection());
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

    private Uni<CountResponse> count(CountRequest request) {
        Filter filter = Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson());
        return require(request.getCollection())
                .count(filter)
                .map(count -> CountResponse.newBuilder().setCount(count).build());
    }

    private Uni<FacetResponse> facet(FacetRequest request) {
        return require(request.getCollection()).facet(Reads.facet(request)).map(Reads::counted);
    }

    private Multi<ScrollResponse> scroll(ScrollRequest request) {
        VectorCollection collection = require(request.getCollection());
        int rowBytes = Float.BYTES * collection.config().dimensions() + ROW_OVERHEAD;
        Multi<StoredPoint> points = collection.scroll(Reads.scroll(request));
        // As an unsigned number that does not fit a long, a limit is beyond every collection.
        Multi<StoredPoint> wanted =
                request.getLimit() <= 0 ? points : points.select().first(request.getLimit());
        return wanted.group()
                .intoLists()
                .of(Math.clamp(SCROLL_BYTES / rowBytes, 1, MAX_SCROLL_POINTS))
                .map(page -> Reads.scrolled(page, request.getMetadataAsJson()));
    }
}
