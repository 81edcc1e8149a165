package dev.shaula.collection;

import dev.shaula.model.Filter.Value;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Brings the groups of shards together. A group that is among the nearest of all is among the nearest of the shard with
 * its nearest point, so all groups are known; but a shard where it is far from the query may have left out points that
 * are among its nearest. Where that can be, the group is searched once more in all shards.
 */
final class GroupMerge {
    private GroupMerge() {}

    /** @param search of the whole collection, used for groups of which points may lack */
    static Uni<List<SearchGroup>> of(
            GroupRequest request,
            List<List<SearchGroup>> parts,
            Function<SearchRequest, Uni<List<ScoredPoint>>> search) {
        List<SearchGroup> merged = merge(request, parts);
        return Multi.createFrom()
                .iterable(merged)
                .onItem()
                .transformToUni(group -> mayLack(request, parts, group.value())
                        ? search.apply(request.searchOf(group.value())).map(points -> whole(group, points))
                        : Uni.createFrom().item(group))
                .concatenate()
                .collect()
                .asList();
    }

    private static List<SearchGroup> merge(GroupRequest request, List<List<SearchGroup>> parts) {
        Map<Value, List<ScoredPoint>> points = new LinkedHashMap<>();
        parts.forEach(part -> part.forEach(group ->
                points.computeIfAbsent(group.value(), v -> new ArrayList<>()).addAll(group.points())));
        return points.entrySet().stream()
                .map(entry -> new SearchGroup(entry.getKey(), nearest(entry.getValue(), request.size())))
                .sorted(Comparator.comparingDouble(SearchGroup::score).reversed())
                .limit(request.groups())
                .toList();
    }

    private static List<ScoredPoint> nearest(List<ScoredPoint> points, int n) {
        return points.stream()
                .sorted(Comparator.comparingDouble(ScoredPoint::score).reversed())
                .limit(n)
                .toList();
    }

    /** Whether a shard had so many nearer groups that it did not speak of this one. */
    private static boolean mayLack(GroupRequest request, List<List<SearchGroup>> parts, Value value) {
        return request.size() > 1
                && parts.stream()
                        .anyMatch(part -> part.size() == request.groups()
                                && part.stream()
                                        .noneMatch(group -> group.value().equals(value)));
    }

    /** Points may have been deleted since the group was found; it stays as it was then. */
    private static SearchGroup whole(SearchGroup group, List<ScoredPoint> points) {
        return points.size() < group.points().size() ? group : new SearchGroup(group.value(), points);
    }
}
