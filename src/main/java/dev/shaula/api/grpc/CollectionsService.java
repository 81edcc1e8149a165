package dev.shaula.api.grpc;

import dev.shaula.api.grpc.v1.Collection;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.CreateCollectionResponse;
import dev.shaula.api.grpc.v1.CreateIndexRequest;
import dev.shaula.api.grpc.v1.DropCollectionRequest;
import dev.shaula.api.grpc.v1.DropCollectionResponse;
import dev.shaula.api.grpc.v1.DropIndexRequest;
import dev.shaula.api.grpc.v1.GetCollectionRequest;
import dev.shaula.api.grpc.v1.IndexesResponse;
import dev.shaula.api.grpc.v1.ListCollectionsRequest;
import dev.shaula.api.grpc.v1.ListCollectionsResponse;
import dev.shaula.api.grpc.v1.ListIndexesRequest;
import dev.shaula.api.wire.Targets;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.CollectionInfo;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.util.List;

/** {@code shaula.v1.Collections}. */
@Singleton
final class CollectionsService {
    static final String NAME = "shaula.v1.Collections";

    private final CollectionRegistry registry;

    CollectionsService(CollectionRegistry registry) {
        this.registry = registry;
    }

    List<Method<?, ?>> methods() {
        return List.of(
                new Method<CreateCollectionRequest, CreateCollectionResponse>(
                        path("Create"), CreateCollectionRequest.parser(), call -> call.unary(this::create)),
                new Method<ListCollectionsRequest, ListCollectionsResponse>(
                        path("List"), ListCollectionsRequest.parser(), call -> call.unary(any -> list())),
                new Method<GetCollectionRequest, Collection>(
                        path("Get"), GetCollectionRequest.parser(), call -> call.unary(this::get)),
                new Method<DropCollectionRequest, DropCollectionResponse>(
                        path("Drop"), DropCollectionRequest.parser(), call -> call.unary(this::drop)),
                new Method<CreateIndexRequest, IndexesResponse>(
                        path("CreateIndex"), CreateIndexRequest.parser(), call -> call.unary(this::createIndex)),
                new Method<ListIndexesRequest, IndexesResponse>(
                        path("ListIndexes"), ListIndexesRequest.parser(), call -> call.unary(this::listIndexes)),
                new Method<DropIndexRequest, IndexesResponse>(
                        path("DropIndex"), DropIndexRequest.parser(), call -> call.unary(this::dropIndex)));
    }

    private static String path(String method) {
        return "/" + NAME + "/" + method;
    }

    private Uni<CreateCollectionResponse> create(CreateCollectionRequest request) {
        return registry.create(Messages.config(request), Messages.indexes(request.getIndexesList()))
                .map(made -> CreateCollectionResponse.newBuilder()
                        .setCollection(described(made.collection()))
                        .setAlreadyExisted(made.alreadyExisted())
                        .build());
    }

    private Uni<ListCollectionsResponse> list() {
        return Uni.createFrom()
                .item(ListCollectionsResponse.newBuilder()
                        .addAllCollections(
                                registry.list().stream().map(this::described).toList())
                        .build());
    }

    private Uni<Collection> get(GetCollectionRequest request) {
        return Uni.createFrom().item(described(registry.require(request.getName())));
    }

    private Uni<DropCollectionResponse> drop(DropCollectionRequest request) {
        return registry.drop(request.getName()).map(done -> DropCollectionResponse.getDefaultInstance());
    }

    private Uni<IndexesResponse> createIndex(CreateIndexRequest request) {
        VectorCollection collection = registry.require(Messages.collection(request.getCollection()));
        return collection
                .createIndex(Messages.index(request.getIndex()))
                .map(done -> Messages.indexStatus(collection.indexes()));
    }

    private Uni<IndexesResponse> listIndexes(ListIndexesRequest request) {
        VectorCollection collection = registry.require(Messages.collection(request.getCollection()));
        return Uni.createFrom().item(Messages.indexStatus(collection.indexes()));
    }

    private Uni<IndexesResponse> dropIndex(DropIndexRequest request) {
        VectorCollection collection = registry.require(Messages.collection(request.getCollection()));
        return Targets.dropIndexes(collection, request.getField(), request.getType())
                .map(Messages::indexStatus);
    }

    private Collection described(VectorCollection collection) {
        CollectionInfo info = collection.info();
        return Messages.described(info, registry.aliases().of(info.config().name()));
    }
}
