package dev.shaula.shard;

import dev.shaula.model.Filter.Value;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.SearchGroup;
import dev.shaula.payload.FieldValues;
import dev.shaula.payload.ValueCounts;
import dev.shaula.vectors.Scorer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The search of one snapshot for the nearest groups. A search for the nearest points grows until enough groups are among
 * them; where that does not happen soon, since few points belong to most groups or few groups exist, an index tells
 * which groups there are, and what is missing is looked for by name, or every match is measured.
 *
 * <p>Exact where the search is: the groups are then those of the nearest points of each, in the order of these, and each
 * has its nearest points. Otherwise groups and points may be missed as points are by a search, but never their number.
 */
final class GroupSearch {
    /** Points of the first search, at least. */
    private static final int FIRST = 64;
    /** Points of the last search whose points are read, at most, unless many groups are wanted. */
    private static final int LAST = 2_048;

    private static final int GROWTH = 4;
    /** So many values an index may name before it costs less to measure all matches. */
    private static final int MOST_VALUES = 10_000;

    private final ShardSnapshot snapshot;
    private final GroupRequest request;
    private final Matches matches;

    GroupSearch(ShardSnapshot snapshot, GroupRequest request, Matches matches) {
        this.snapshot = snapshot;
        this.request = request;
        this.matches = matches;
    }

    List<SearchGroup> run(SearchScratch scratch) {
        long wanted = (long) request.groups() * request.size();
        int last = Math.clamp(2 * wanted, LAST, Limits.MAX_TOP_K);
        int k = Math.clamp(GROWTH * wanted, FIRST, last);
        while (true) {
            Hits hits = snapshot.find(request.search().withK(k), scratch);
            Map<Value, List<Integer>> groups = groupsOf(hits);
            if (hits.count() < k || isComplete(groups)) {
                return toGroups(groups, hits);
            }
            if (k == last) {
                return complete(toGroups(groups, hits), scratch);
            }
            k = Math.min(last, GROWTH * k);
        }
    }

    /** The positions of the hits of each group, groups and hits closest first. */
    private Map<Value, List<Integer>> groupsOf(Hits hits) {
        Map<Value, List<Integer>> groups = new LinkedHashMap<>();
        FieldValues values = new FieldValues(request.field());
        Metadata[] metadata = snapshot.payloads().getAll(hits.ordinals(), hits.count());
        for (int i = 0; i < hits.count(); i++) {
            for (Value value : values.of(metadata[i])) {
                if (isGroup(value) && (groups.containsKey(value) || groups.size() < request.groups())) {
                    List<Integer> members = groups.computeIfAbsent(value, v -> new ArrayList<>());
                    if (members.size() < request.size()) {
                        members.add(i);
                    }
                }
            }
        }
        return groups;
    }

    private static boolean isGroup(Value value) {
        return !(value instanceof Value.Null);
    }

    private boolean isComplete(Map<Value, List<Integer>> groups) {
        return groups.size() == request.groups()
                && groups.values().stream().allMatch(members -> members.size() == request.size());
    }

    private List<SearchGroup> toGroups(Map<Value, List<Integer>> groups, Hits hits) {
        List<SearchGroup> found = new ArrayList<>(groups.size());
        groups.forEach((value, members) -> {
            int[] ordinals = members.stream().mapToInt(i -> hits.ordinals()[i]).toArray();
            float[] scores = new float[ordinals.length];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = hits.scores()[members.get(i)];
            }
            found.add(toGroup(value, new Hits(ordinals, scores)));
        });
        return found;
    }

    private SearchGroup toGroup(Value value, Hits hits) {
        return new SearchGroup(value, snapshot.toPoints(hits, request.search()));
    }

    /** When the nearest points were not enough. */
    private List<SearchGroup> complete(List<SearchGroup> found, SearchScratch scratch) {
        ValueCounts known = snapshot.index().countValues(request.field(), matches.bits(), MOST_VALUES);
        Set<Value> exist = known == null || known.others().length > 0
                ? null
                : new HashSet<>(known.counts().keySet());
        boolean all = found.size() == request.groups() || (exist != null && isAll(exist, found));
        boolean indexed = exist != null || snapshot.index().knows(request.field());
        return all && indexed ? fill(found, known, scratch) : measureAll(scratch);
    }

    private static boolean isAll(Set<Value> exist, List<SearchGroup> found) {
        exist.remove(new Value.Null());
        return exist.size() == found.size();
    }

    /** The groups are found, and what they lack is looked for in each. */
    private List<SearchGroup> fill(List<SearchGroup> found, @Nullable ValueCounts known, SearchScratch scratch) {
        List<SearchGroup> full = new ArrayList<>(found.size());
        for (SearchGroup group : found) {
            int members = group.points().size();
            boolean whole = members == request.size()
                    || (known != null && known.counts().getOrDefault(group.value(), Long.MAX_VALUE) == members);
            full.add(whole ? group : toGroup(group.value(), snapshot.find(request.searchOf(group.value()), scratch)));
        }
        return full;
    }

    // --- every match ------------------------------------------------------------------------------------------

    private record Member(int ordinal, float distance) {}

    /** Farthest first. */
    private static final Comparator<Member> FARTHEST = Comparator.comparingDouble(Member::distance)
            .thenComparingInt(member -> -member.ordinal())
            .reversed();

    /**
     * Reads the metadata of all matches, twice: for the groups, of which only the nearest are remembered, and for the
     * points of those.
     */
    private List<SearchGroup> measureAll(SearchScratch scratch) {
        Scorer scorer = snapshot.scorer(request.search().vector(), scratch);
        Map<Value, Float> nearest = nearestGroups(scorer);
        Map<Value, PriorityQueue<Member>> members = new HashMap<>();
        nearest.keySet().forEach(value -> members.put(value, new PriorityQueue<>(FARTHEST)));
        forEachValue(scorer, (value, ordinal, distance) -> {
            PriorityQueue<Member> group = members.get(value);
            if (group != null) {
                group.add(new Member(ordinal, distance));
                if (group.size() > request.size()) {
                    group.remove();
                }
            }
        });
        return nearest.keySet().stream()
                .map(value -> toGroup(value, toHits(members.get(value))))
                .toList();
    }

    private Map<Value, Float> nearestGroups(Scorer scorer) {
        Map<Value, Float> nearest = new HashMap<>();
        forEachValue(scorer, (value, ordinal, distance) -> {
            nearest.merge(value, distance, Math::min);
            if (nearest.size() > GROWTH * request.groups()) {
                keepNearest(nearest);
            }
        });
        return keepNearest(nearest);
    }

    /** Leaves as many as are wanted; returns them, closest first. */
    private Map<Value, Float> keepNearest(Map<Value, Float> groups) {
        Map<Value, Float> kept = new LinkedHashMap<>();
        groups.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .limit(request.groups())
                .forEach(entry -> kept.put(entry.getKey(), entry.getValue()));
        groups.keySet().retainAll(kept.keySet());
        return kept;
    }

    private interface Visitor {
        void visit(Value value, int ordinal, float distance);
    }

    /** Each value of each match that is near enough. */
    private void forEachValue(Scorer scorer, Visitor visitor) {
        FieldValues values = new FieldValues(request.field());
        matches.forEachMetadata(snapshot.payloads(), (row, metadata) -> {
            Set<Value> found = values.of(metadata);
            if (!found.isEmpty()) {
                float distance = scorer.distance(row);
                if (snapshot.score(distance) >= request.search().minScore()) {
                    found.stream().filter(GroupSearch::isGroup).forEach(value -> visitor.visit(value, row, distance));
                }
            }
        });
    }

    private Hits toHits(@Nullable PriorityQueue<Member> members) {
        List<Member> sorted = new ArrayList<>(members == null ? List.of() : members);
        sorted.sort(FARTHEST.reversed());
        int[] ordinals = sorted.stream().mapToInt(Member::ordinal).toArray();
        float[] scores = new float[ordinals.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = snapshot.score(sorted.get(i).distance());
        }
        return new Hits(ordinals, scores);
    }
}
