package dev.shaula.api.doors;

import com.google.protobuf.Message;
import com.google.protobuf.Value;
import dev.shaula.api.grpc.GrpcClient;
import dev.shaula.api.grpc.v1.Condition;
import dev.shaula.api.grpc.v1.CountRequest;
import dev.shaula.api.grpc.v1.CountResponse;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.CreateCollectionResponse;
import dev.shaula.api.grpc.v1.CreateIndexRequest;
import dev.shaula.api.grpc.v1.DeleteRequest;
import dev.shaula.api.grpc.v1.DeleteResponse;
import dev.shaula.api.grpc.v1.DropIndexRequest;
import dev.shaula.api.grpc.v1.FacetRequest;
import dev.shaula.api.grpc.v1.FacetResponse;
import dev.shaula.api.grpc.v1.FieldIndex;
import dev.shaula.api.grpc.v1.GetRequest;
import dev.shaula.api.grpc.v1.GetResponse;
import dev.shaula.api.grpc.v1.IndexesResponse;
import dev.shaula.api.grpc.v1.ListIndexesRequest;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.PointVersion;
import dev.shaula.api.grpc.v1.ScoredPoint;
import dev.shaula.api.grpc.v1.ScrollOrder;
import dev.shaula.api.grpc.v1.ScrollRequest;
import dev.shaula.api.grpc.v1.ScrollResponse;
import dev.shaula.api.grpc.v1.SearchGroupsRequest;
import dev.shaula.api.grpc.v1.SearchGroupsResponse;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.ShardExplanation;
import dev.shaula.api.grpc.v1.UpdateMetadataRequest;
import dev.shaula.api.grpc.v1.UpdateMetadataResponse;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import dev.shaula.api.wire.Floats;
import dev.shaula.model.Metric;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** gRPC, vectors as bytes. */
final class GrpcBytesDoor implements FullDoor {
    private final GrpcClient client;

    GrpcBytesDoor(GrpcClient client) {
        this.client = client;
    }

    private <Q extends Message, A extends Message> A call(String method, Q question, A answer) {
        try {
            return client.call(method, question, answer);
        } catch (StatusRuntimeException e) {
            throw refused(e);
        }
    }

    /** All messages of a stream. */
    private <Q extends Message, A extends Message> List<A> stream(String method, Q question, A answer) {
        List<A> messages = new ArrayList<>();
        try {
            client.stream(method, question, answer).forEachRemaining(messages::add);
            return messages;
        } catch (StatusRuntimeException e) {
            throw refused(e);
        }
    }

    private static Refused refused(StatusRuntimeException e) {
        Status status = e.getStatus();
        int http = switch (status.getCode()) {
            case INVALID_ARGUMENT -> 400;
            case NOT_FOUND -> 404;
            case ALREADY_EXISTS -> 409;
            default -> throw e;
        };
        return new Refused(http, String.valueOf(status.getDescription()));
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
        SearchRequest request = question(collection, query).build();
        return call("shaula.v1.Vectors/Search", request, SearchResponse.getDefaultInstance()).getResultsList().stream()
                .map(hit -> new Hit(
                        hit.getId(),
                        hit.getScore(),
                        hit.getMetadataJson(),
                        boxed(Floats.unpack(hit.getVector().asReadOnlyByteBuffer()))))
                .toList();
    }

    private static SearchRequest.Builder question(String collection, Query query) {
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
        return request;
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
    public void create(String collection, int dimensions, Metric metric, List<String> indexes) {
        CreateCollectionRequest request = CreateCollectionRequest.newBuilder()
                .setName(collection)
                .setDimensions(dimensions)
                .setMetric(dev.shaula.api.grpc.v1.Metric.valueOf("METRIC_" + metric.name()))
                .addAllIndexes(indexes.stream().map(GrpcBytesDoor::index).toList())
                .build();
        call("shaula.v1.Collections/Create", request, CreateCollectionResponse.getDefaultInstance());
    }

    private static FieldIndex index(String index) {
        int colon = index.indexOf(':');
        return FieldIndex.newBuilder()
                .setField(index.substring(0, colon))
                .setType(index.substring(colon + 1))
                .build();
    }

    @Override
    public void createIndex(String collection, String index) {
        CreateIndexRequest request = CreateIndexRequest.newBuilder()
                .setCollection(collection)
                .setIndex(index(index))
                .build();
        call("shaula.v1.Collections/CreateIndex", request, IndexesResponse.getDefaultInstance());
    }

    @Override
    public void dropIndex(String collection, String field) {
        DropIndexRequest request = DropIndexRequest.newBuilder()
                .setCollection(collection)
                .setField(field)
                .build();
        call("shaula.v1.Collections/DropIndex", request, IndexesResponse.getDefaultInstance());
    }

    @Override
    public List<String> indexes(String collection) {
        ListIndexesRequest request =
                ListIndexesRequest.newBuilder().setCollection(collection).build();
        return call("shaula.v1.Collections/ListIndexes", request, IndexesResponse.getDefaultInstance())
                .getIndexesList()
                .stream()
                .map(status -> status.getIndex().getField() + ":"
                        + status.getIndex().getType() + ":" + status.getReady() + ":" + status.getIndexedRows())
                .toList();
    }

    @Override
    public Written upsertIf(String collection, List<Conditional> records) {
        UpsertRequest.Builder request = UpsertRequest.newBuilder().setCollection(collection);
        for (Conditional each : records) {
            Point.Builder point = Point.newBuilder()
                    .setId(each.row().id())
                    .setVector(GrpcClient.packed(each.row().vector()))
                    .setMetadataJson(each.row().metadata());
            String condition = each.condition();
            if (condition != null && Character.isLetter(condition.charAt(0))) {
                point.setCondition(Condition.valueOf("CONDITION_" + condition.toUpperCase(Locale.ROOT)));
            } else if (condition != null) {
                point.setIfVersion(Long.parseLong(condition));
            }
            request.addPoints(point);
        }
        UpsertResponse answer = call("shaula.v1.Vectors/Upsert", request.build(), UpsertResponse.getDefaultInstance());
        return new Written(
                answer.getCount(),
                List.of(),
                versions(answer.getAppliedList()),
                versions(answer.getRefusedList()),
                answer.getSequencesList());
    }

    private static Map<String, @Nullable Long> versions(List<PointVersion> points) {
        Map<String, @Nullable Long> versions = new TreeMap<>();
        points.forEach(point -> versions.put(point.getId(), point.hasVersion() ? point.getVersion() : null));
        return versions;
    }

    @Override
    public Written delete(String collection, Target target) {
        DeleteRequest.Builder request =
                DeleteRequest.newBuilder().setCollection(collection).addAllIds(target.ids());
        if (target.filter() != null) {
            request.setFilterJson(target.filter());
        }
        DeleteResponse answer = call("shaula.v1.Vectors/Delete", request.build(), DeleteResponse.getDefaultInstance());
        return new Written(answer.getCount(), answer.getMissingList(), Map.of(), Map.of(), answer.getSequencesList());
    }

    @Override
    public Written update(String collection, Target target, Change change) {
        UpdateMetadataRequest.Builder request = UpdateMetadataRequest.newBuilder()
                .setCollection(collection)
                .addAllIds(target.ids())
                .addAllDelete(change.delete());
        if (target.filter() != null) {
            request.setFilterJson(target.filter());
        }
        if (change.set() != null) {
            request.setSetJson(change.set());
        }
        if (change.replace() != null) {
            request.setReplaceJson(change.replace());
        }
        if (change.ttl() != null) {
            request.setTtlSeconds(change.ttl());
        }
        UpdateMetadataResponse answer =
                call("shaula.v1.Vectors/UpdateMetadata", request.build(), UpdateMetadataResponse.getDefaultInstance());
        return new Written(answer.getCount(), answer.getMissingList(), Map.of(), Map.of(), answer.getSequencesList());
    }

    private static List<Versioned> versioned(List<ScoredPoint> results) {
        return results.stream()
                .map(hit -> new Versioned(hit.getId(), hit.getScore(), hit.getVersion()))
                .toList();
    }

    @Override
    public List<Versioned> searchVersions(String collection, Query query) {
        SearchRequest request =
                question(collection, query).setIncludeVersion(true).build();
        return versioned(call("shaula.v1.Vectors/Search", request, SearchResponse.getDefaultInstance())
                .getResultsList());
    }

    @Override
    public Explained explain(String collection, Query query) {
        SearchRequest request = question(collection, query)
                .setIncludeVersion(true)
                .setExplain(true)
                .build();
        SearchResponse answer = call("shaula.v1.Vectors/Search", request, SearchResponse.getDefaultInstance());
        ShardExplanation shard = answer.getExplain(0);
        return new Explained(
                versioned(answer.getResultsList()),
                shard.getPlanList(),
                shard.getRows(),
                shard.getMatches(),
                shard.getUnindexedList());
    }

    @Override
    public List<Group> groups(String collection, Query query, String field, int groups, int size) {
        SearchGroupsRequest request = SearchGroupsRequest.newBuilder()
                .setSearch(question(collection, query).setIncludeVersion(true))
                .setGroupBy(field)
                .setGroupLimit(groups)
                .setGroupSize(size)
                .build();
        return call("shaula.v1.Vectors/SearchGroups", request, SearchGroupsResponse.getDefaultInstance())
                .getGroupsList()
                .stream()
                .map(group -> new Group(text(group.getValue()), versioned(group.getResultsList())))
                .toList();
    }

    private static String text(Value value) {
        return switch (value.getKindCase()) {
            case NUMBER_VALUE -> Double.toString(value.getNumberValue());
            case STRING_VALUE -> value.getStringValue();
            case BOOL_VALUE -> Boolean.toString(value.getBoolValue());
            default -> "null";
        };
    }

    @Override
    public Counted facet(String collection, String field, @Nullable String filter, int limit) {
        FacetRequest.Builder request = FacetRequest.newBuilder()
                .setCollection(collection)
                .setField(field)
                .setLimit(limit);
        if (filter != null) {
            request.setFilterJson(filter);
        }
        FacetResponse answer = call("shaula.v1.Vectors/Facet", request.build(), FacetResponse.getDefaultInstance());
        return new Counted(
                answer.getValuesList().stream()
                        .map(facet -> text(facet.getValue()) + "=" + facet.getCount())
                        .toList(),
                answer.getDistinct());
    }

    @Override
    public long count(String collection, @Nullable String filter) {
        CountRequest.Builder request = CountRequest.newBuilder().setCollection(collection);
        if (filter != null) {
            request.setFilterJson(filter);
        }
        return call("shaula.v1.Vectors/Count", request.build(), CountResponse.getDefaultInstance())
                .getCount();
    }

    @Override
    public List<Read> read(String collection, Reading reading) {
        ScrollRequest.Builder request = ScrollRequest.newBuilder()
                .setCollection(collection)
                .setWithoutVectors(true)
                .setMetadataAsJson(true)
                .setIncludeVersion(true)
                .setLimit(reading.limit());
        if (reading.filter() != null) {
            request.setFilterJson(reading.filter());
        }
        switch (reading.order()) {
            case "id" -> request.setOrder(ScrollOrder.SCROLL_ORDER_ID);
            case "random" -> request.setOrder(ScrollOrder.SCROLL_ORDER_RANDOM);
            default -> {
                boolean descending = reading.order().startsWith("-");
                request.setOrderBy(reading.order().substring(descending ? 1 : 0))
                        .setDescending(descending);
            }
        }
        List<Read> points = new ArrayList<>();
        stream("shaula.v1.Vectors/Scroll", request.build(), ScrollResponse.getDefaultInstance())
                .forEach(page -> page.getPointsList()
                        .forEach(point ->
                                points.add(new Read(point.getId(), point.getVersion(), point.getMetadataJson()))));
        return points;
    }

    @Override
    public void close() {
        client.close();
    }
}
