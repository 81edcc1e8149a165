package dev.shaula.api.doors;

import com.google.protobuf.Message;
import dev.shaula.api.grpc.GrpcClient;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.CreateCollectionResponse;
import dev.shaula.api.grpc.v1.DeleteRequest;
import dev.shaula.api.grpc.v1.DeleteResponse;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import dev.shaula.api.wire.Floats;
import dev.shaula.model.Metric;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;

/** gRPC, vectors as bytes. */
final class GrpcBytesDoor implements Door {
    private final GrpcClient client;

    GrpcBytesDoor(GrpcClient client) {
        this.client = client;
    }

    private <Q extends Message, A extends Message> A call(String method, Q question, A answer) {
        try {
            return client.call(method, question, answer);
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            int http = switch (status.getCode()) {
                case INVALID_ARGUMENT -> 400;
                case NOT_FOUND -> 404;
                case ALREADY_EXISTS -> 409;
                default -> throw e;
            };
            throw new Refused(http, String.valueOf(status.getDescription()));
        }
    }

    @Override
    public void create(String collection, int dimensions, Metric metric) {
        CreateCollectionRequest request = CreateCollectionRequest.newBuilder()
                .setName(collection)
                .setDimensions(dimensions)
                .setMetric(dev.shaula.api.grpc.v1.Metric.valueOf("METRIC_" + metric.name()))
                .build();
        call("shaula.v1.Collections/Create", request, CreateCollectionResponse.getDefaultInstance());
    }

    @Override
    public void upsert(String collection, List<Row> records) {
        UpsertRequest.Builder request = UpsertRequest.newBuilder().setCollection(collection);
        for (Row point : records) {
            request.addPoints(Point.newBuilder()
                    .setId(point.id())
                    .setVector(GrpcClient.packed(point.vector()))
                    .setMetadataJson(point.metadata()));
        }
        call("shaula.v1.Vectors/Upsert", request.build(), UpsertResponse.getDefaultInstance());
    }

    @Override
    public List<Hit> search(String collection, Query query) {
        SearchRequest.Builder request = SearchRequest.newBuilder()
                .setCollection(collection)
                .setVector(GrpcClient.packed(query.vector()))
                .setTopK(query.topK())
                .setEf(query.ef())
                .setExact(query.exact())
                .setIncludeVectors(query.withVectors())
                .setMetadataAsJson(true);
        if (query.threshold() != null) {
            request.setThreshold(query.threshold());
        }
        if (query.filter() != null) {
            request.setFilterJson(query.filter());
        }
        return call("shaula.v1.Vectors/Search", request.build(), SearchResponse.getDefaultInstance())
                .getResultsList()
                .stream()
                .map(hit -> new Hit(
                        hit.getId(),
                        hit.getScore(),
                        hit.getMetadataJson(),
                        boxed(Floats.unpack(hit.getVector().asReadOnlyByteBuffer()))))
                .toList();
    }

    private static List<Float> boxed(float[] vector) {
        List<Float> out = new ArrayList<>();
        for (float element : vector) {
            out.add(element);
        }
        return out;
    }

    @Override
    public Row get(String collection, String id) {
        GetRequest request = GetRequest.newBuilder()
                .setCollection(collection)
                .addIds(id)
                .setMetadataAsJson(true)
                .build();
        GetResponse answer = call("shaula.v1.Vectors/Get", request, GetResponse.getDefaultInstance());
        if (answer.getPointsCount() == 0) {
            throw new Refused(404, "Vector not found");
        }
        Point point = answer.getPoints(0);
        return new Row(point.getId(), Floats.unpack(point.getVector().asReadOnlyByteBuffer()), point.getMetadataJson());
    }

    @Override
    public List<String> delete(String collection, List<String> ids) {
        DeleteRequest request = DeleteRequest.newBuilder()
                .setCollection(collection)
                .addAllIds(ids)
                .build();
        return call("shaula.v1.Vectors/Delete", request, DeleteResponse.getDefaultInstance())
                .getMissingList();
    }

    @Override
    public void close() {
        client.close();
    }
}
