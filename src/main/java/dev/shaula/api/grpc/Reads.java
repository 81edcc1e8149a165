package dev.shaula.api.grpc;

import com.google.protobuf.NullValue;
import com.google.protobuf.Value;
import dev.shaula.api.grpc.v1.FacetRequest;
import dev.shaula.api.grpc.v1.FacetResponse;
import dev.shaula.api.grpc.v1.FacetValue;
import dev.shaula.api.grpc.v1.LiveChange;
import dev.shaula.api.grpc.v1.LiveEvent;
import dev.shaula.api.grpc.v1.RankedPoint;
import dev.shaula.api.grpc.v1.ScoredPoint;
import dev.shaula.api.grpc.v1.ScrollRequest;
import dev.shaula.api.grpc.v1.ScrollResponse;
import dev.shaula.api.grpc.v1.SearchGroup;
import dev.shaula.api.grpc.v1.SearchGroupsRequest;
import dev.shaula.api.grpc.v1.SearchGroupsResponse;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.ShardExplanation;
import dev.shaula.api.wire.QueryDefaults;
import dev.shaula.api.wire.SearchWish;
import dev.shaula.model.Facets;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.ScrollRequest.Field;
import dev.shaula.model.ScrollRequest.Order;
import dev.shaula.model.SearchExplanation;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Messages of reads to model records, and what was found back. Any thread. */
final class Reads {
    private Reads() {}

    static dev.shaula.model.SearchRequest search(SearchRequest request, QueryDefaults defaults) {
        float[] vector = VectorFields.of(request.getVector(), request.getValuesList(), "");
        int k = orDefault(request.getTopK(), dev.shaula.model.SearchRequest.DEFAULT_K);
        Double threshold = request.hasThreshold() ? request.getThreshold() : null;
        boolean metadata = !request.hasIncludeMetadata() || request.getIncludeMetadata();
        Filter filter = Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson());
        return new SearchWish(
                        k, clamped(request.getEfSearch()), clamped(request.getEf()), request.getExact(), threshold)
                .toSearch(vector, filter, request.getIncludeVectors(), metadata, defaults)
                .withVersion(request.getIncludeVersion());
    }

    private static int orDefault(int unsigned, int otherwise) {
        return unsigned == 0 ? otherwise : clamped(unsigned);
    }

    /** An unsigned number that does not fit an int is beyond every limit. */
    private static int clamped(int unsigned) {
        return unsigned < 0 ? Integer.MAX_VALUE : unsigned;
    }

    static List<ScoredPoint> found(List<dev.shaula.model.ScoredPoint> results, boolean asJson) {
        return results.stream().map(result -> found(result, asJson)).toList();
    }

    private static ScoredPoint found(dev.shaula.model.ScoredPoint result, boolean asJson) {
        ScoredPoint.Builder out = ScoredPoint.newBuilder().setId(result.id()).setScore(result.score());
        float[] vector = result.vector();
        if (vector != null) {
            out.setVector(VectorFields.packed(vector));
        }
        Metadata metadata = result.metadata();
        if (metadata != null && asJson) {
            out.setMetadataJson(metadata.toString());
        } else if (metadata != null) {
            out.setMetadata(Structs.fromJson(metadata.json()));
        }
        if (result.version() != Point.NO_VERSION) {
            out.setVersion(result.version());
        }
        return out.build();
    }

    static List<ShardExplanation> explained(List<SearchExplanation> shards) {
        return shards.stream().map(Reads::explained).toList();
    }

    private static ShardExplanation explained(SearchExplanation shard) {
        return ShardExplanation.newBuilder()
                .addAllPlan(shard.plan().stream()
                        .map(plan -> plan.name().toLowerCase(Locale.ROOT))
                        .toList())
                .setRows(shard.rows())
                .setMatches(shard.matches())
                .setRowsTested(shard.tested())
                .addAllUnindexed(shard.unindexed())
                .setPredictedDistances(shard.predictedDistances())
                .setDistances(shard.distances())
                .setFilterUs(shard.filterNs() / 1_000)
                .setSearchUs(shard.searchNs() / 1_000)
                .setFetchUs(shard.fetchNs() / 1_000)
                .build();
    }

    static GroupRequest groups(SearchGroupsRequest request, dev.shaula.model.SearchRequest search) {
        refuseExplain(request.getSearch());
        return new GroupRequest(
                search,
                request.getGroupBy(),
                orDefault(request.getGroupLimit(), GroupRequest.DEFAULT_GROUPS),
                orDefault(request.getGroupSize(), GroupRequest.DEFAULT_SIZE));
    }

    private static void refuseExplain(SearchRequest search) {
        if (search.getExplain()) {
            throw VectorDbException.invalid("explain: expected only in Search and SearchStream");
        }
    }

    static SearchGroupsResponse grouped(List<dev.shaula.model.SearchGroup> groups, boolean asJson) {
        SearchGroupsResponse.Builder out = SearchGroupsResponse.newBuilder();
        for (dev.shaula.model.SearchGroup group : groups) {
            out.addGroups(SearchGroup.newBuilder()
                    .setValue(value(group.value()))
                    .addAllResults(found(group.points(), asJson)));
        }
        return out.build();
    }

    private static Value value(Filter.Value value) {
        Value.Builder out = Value.newBuilder();
        switch (value) {
            case Filter.Value.Text t -> out.setStringValue(t.text());
            case Filter.Value.Num n -> out.setNumberValue(n.number());
            case Filter.Value.Bool b -> out.setBoolValue(b.bool());
            case Filter.Value.Null n -> out.setNullValue(NullValue.NULL_VALUE);
        }
        return out.build();
    }

    static LiveQuery live(SearchRequest request, dev.shaula.model.SearchRequest search) {
        refuseExplain(request);
        return LiveQuery.of(search);
    }

    static LiveChange changed(dev.shaula.model.LiveChange change, boolean asJson) {
        return LiveChange.newBuilder()
                .addAllSequences(change.sequences())
                .addAllEvents(change.events().stream()
                        .map(event -> event(event, asJson))
                        .toList())
                .build();
    }

    private static LiveEvent event(dev.shaula.model.LiveEvent event, boolean asJson) {
        LiveEvent.Builder out = LiveEvent.newBuilder();
        switch (event) {
            case dev.shaula.model.LiveEvent.Leave leave -> out.setLeave(leave.id());
            case dev.shaula.model.LiveEvent.Enter enter -> out.setEnter(ranked(enter.rank(), enter.point(), asJson));
            case dev.shaula.model.LiveEvent.Move move -> out.setMove(ranked(move.rank(), move.point(), asJson));
        }
        return out.build();
    }

    private static RankedPoint ranked(int rank, dev.shaula.model.ScoredPoint point, boolean asJson) {
        return RankedPoint.newBuilder()
                .setRank(rank)
                .setPoint(found(point, asJson))
                .build();
    }

    static dev.shaula.model.FacetRequest facet(FacetRequest request) {
        if (request.getField().isEmpty()) {
            throw VectorDbException.invalid("field: expected a string, got nothing");
        }
        return new dev.shaula.model.FacetRequest(
                request.getField(),
                Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson()),
                orDefault(request.getLimit(), dev.shaula.model.FacetRequest.DEFAULT_LIMIT));
    }

    static FacetResponse counted(Facets facets) {
        return FacetResponse.newBuilder()
                .addAllValues(facets.facets().stream()
                        .map(facet -> FacetValue.newBuilder()
                                .setValue(value(facet.value()))
                                .setCount(facet.count())
                                .build())
                        .toList())
                .setDistinct(facets.distinct())
                .build();
    }

    static dev.shaula.model.ScrollRequest scroll(ScrollRequest request) {
        Field by = request.getOrderBy().isEmpty() ? null : new Field(request.getOrderBy(), request.getDescending());
        if (by == null && request.getDescending()) {
            throw VectorDbException.invalid("descending: expected only with order_by");
        }
        return new dev.shaula.model.ScrollRequest(
                order(request, by),
                by,
                Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson()),
                !request.getWithoutVectors(),
                !request.getWithoutMetadata(),
                request.getIncludeVersion());
    }

    private static Order order(ScrollRequest request, @Nullable Field by) {
        Order order = switch (request.getOrder()) {
            case SCROLL_ORDER_UNSPECIFIED -> by == null ? Order.INSERTION : Order.FIELD;
            case SCROLL_ORDER_INSERTION -> Order.INSERTION;
            case SCROLL_ORDER_ID -> Order.ID;
            case SCROLL_ORDER_RANDOM -> Order.RANDOM;
            case UNRECOGNIZED ->
                throw VectorDbException.invalid(
                        "order: expected SCROLL_ORDER_INSERTION, SCROLL_ORDER_ID or SCROLL_ORDER_RANDOM, got another number");
        };
        if (by != null && order != Order.FIELD) {
            throw VectorDbException.invalid("order: expected nothing beside order_by");
        }
        return order;
    }

    static ScrollResponse scrolled(List<StoredPoint> points, boolean asJson) {
        ScrollResponse.Builder out = ScrollResponse.newBuilder();
        points.forEach(point -> out.addPoints(Messages.stored(point, asJson)));
        return out.build();
    }
}
