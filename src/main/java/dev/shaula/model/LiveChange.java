package dev.shaula.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What leads from one answer of a {@link LiveQuery} to a later one: first take out every point that leaves or moves,
 * then put in those that enter or move at their ranks, in the order of the events.
 *
 * @param sequences last log record of each shard that the later answer holds, in the order of shards
 * @param events leaves first, then enters and moves by ascending rank; empty only in the first change of a live query
 */
public record LiveChange(List<Long> sequences, List<LiveEvent> events) {
    public LiveChange {
        sequences = List.copyOf(sequences);
        events = List.copyOf(events);
    }

    /** The fewest leaves, and moves for what does not stay in order, that turn {@code before} into {@code after}. */
    public static List<LiveEvent> between(List<ScoredPoint> before, List<ScoredPoint> after) {
        Map<String, Integer> rankBefore = ranks(before);
        List<LiveEvent> events = new ArrayList<>();
        Set<String> stays = new HashSet<>();
        after.forEach(point -> stays.add(point.id()));
        before.stream()
                .filter(point -> !stays.contains(point.id()))
                .forEach(point -> events.add(new LiveEvent.Leave(point.id())));
        int last = -1;
        for (int rank = 0; rank < after.size(); rank++) {
            ScoredPoint point = after.get(rank);
            Integer from = rankBefore.get(point.id());
            if (from == null) {
                events.add(new LiveEvent.Enter(rank, point));
            } else if (from < last || !point.isSameAs(before.get(from))) {
                events.add(new LiveEvent.Move(rank, point));
            } else {
                last = from;
            }
        }
        return events;
    }

    /** The answer after this change, given the one before. */
    public List<ScoredPoint> applyTo(List<ScoredPoint> before) {
        Set<String> gone = new HashSet<>();
        for (LiveEvent event : events) {
            switch (event) {
                case LiveEvent.Leave leave -> gone.add(leave.id());
                case LiveEvent.Move move -> gone.add(move.point().id());
                case LiveEvent.Enter enter -> {}
            }
        }
        List<ScoredPoint> after = new ArrayList<>(before);
        after.removeIf(point -> gone.contains(point.id()));
        for (LiveEvent event : events) {
            switch (event) {
                case LiveEvent.Leave leave -> {}
                case LiveEvent.Move move -> after.add(move.rank(), move.point());
                case LiveEvent.Enter enter -> after.add(enter.rank(), enter.point());
            }
        }
        return after;
    }

    private static Map<String, Integer> ranks(List<ScoredPoint> points) {
        Map<String, Integer> ranks = HashMap.newHashMap(points.size());
        for (int i = 0; i < points.size(); i++) {
            ranks.put(points.get(i).id(), i);
        }
        return ranks;
    }
}
