package dev.shaula.shard;

import dev.shaula.model.LiveQuery;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.vectors.Scorer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer of one shard to one live query, carried from state to state. Only what was written is compared with it:
 * every match as near as {@link #bound} is known, so a row that is written enters, or it does not matter. Some more
 * than {@code k} are known, so that it takes many deletes among the nearest before the shard is searched again.
 *
 * <p>For one thread at a time.
 */
final class LiveState {
    private static final int LEAST_SPARE = 8;

    /** A known match, ordered as a scan orders them: by distance, of equal ones the newest row first. */
    private record Entry(float distance, int ordinal, ScoredPoint point) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            // Adding zero makes one of both zeros, as in the keys of a scan.
            int byDistance = Float.compare(distance + 0f, other.distance + 0f);
            return byDistance != 0 ? byDistance : Integer.compare(other.ordinal, ordinal);
        }
    }

    private final LiveQuery query;
    private final @Nullable FilterEvaluator filter;
    private final int capacity;
    /** Every match that is not farther than {@link #bound}, closest first. */
    private List<Entry> known = List.of();
    /** The farthest match that was known when the last one was given up; null if every match is known. */
    private @Nullable Entry bound;

    private @Nullable LiveAnswer answer;
    private long searches;
    /** Of the rows that the ordinals of {@link #known} name. */
    private int generation;

    LiveState(LiveQuery query) {
        this.query = query;
        this.filter = query.filter() == null ? null : FilterEvaluator.compile(query.filter());
        this.capacity = query.k() + Math.max(LEAST_SPARE, query.k() / 2);
    }

    /** The answer as it is now; null before the first {@link #search}. */
    @Nullable
    LiveAnswer answer() {
        return answer;
    }

    /** How often the whole shard was searched. */
    long searches() {
        return searches;
    }

    /**
     * Heap that this state holds, in bytes, near enough for a budget; the points count twice, for a subscriber that does
     * not read keeps an older answer alive.
     */
    long heapBytes() {
        long bytes = 256 + 4L * query.vector().length;
        for (Entry entry : known) {
            bytes += 2 * (48 + entry.point().heapBytes());
        }
        return bytes;
    }

    /** Finds the answer in {@code snapshot} anew. */
    void search(ShardSnapshot snapshot, SearchScratch scratch) {
        searches++;
        SearchRequest wish = query.search(capacity);
        Hits hits = snapshot.find(wish, scratch);
        List<ScoredPoint> points = snapshot.toPoints(hits, wish);
        Scorer scorer = snapshot.scorer(query.vector(), scratch);
        List<Entry> found = new ArrayList<>(hits.count());
        for (int i = 0; i < hits.count(); i++) {
            int ordinal = hits.ordinals()[i];
            found.add(new Entry(scorer.distance(ordinal), ordinal, points.get(i)));
        }
        known = found;
        generation = snapshot.generation().number();
        bound = found.size() < capacity ? null : found.getLast();
        publish(snapshot.sequence());
    }

    /** Brings the answer to the state of {@code round}, unless it is there or further. */
    void advance(LiveRound round, SearchScratch scratch) {
        LiveAnswer before = answer;
        if (before != null && before.sequence() >= round.snapshot().sequence()) {
            return;
        }
        if (before == null
                || round.everything()
                || generation != round.snapshot().generation().number()) {
            search(round.snapshot(), scratch);
            return;
        }
        List<Entry> came = arrivals(round, scratch);
        boolean loses =
                known.stream().anyMatch(entry -> round.touches(entry.point().id()));
        if (loses || !came.isEmpty()) {
            merge(round, came);
        }
        if (bound != null && known.size() < query.k()) {
            search(round.snapshot(), scratch);
        } else {
            publish(round.snapshot().sequence());
        }
    }

    private void merge(LiveRound round, List<Entry> came) {
        List<Entry> next = new ArrayList<>(known.size() + came.size());
        for (Entry entry : known) {
            if (!round.touches(entry.point().id())) {
                next.add(entry);
            }
        }
        next.addAll(came);
        next.sort(null);
        if (next.size() > capacity) {
            next.subList(capacity, next.size()).clear();
            bound = next.getLast();
        }
        known = next;
    }

    /** What was written and is near enough to be known. */
    private List<Entry> arrivals(LiveRound round, SearchScratch scratch) {
        ShardSnapshot snapshot = round.snapshot();
        int[] ordinals = round.ordinals();
        if (ordinals.length == 0) {
            return List.of();
        }
        float[] distances = round.distances();
        snapshot.scorer(query.vector(), scratch).distances(ordinals, ordinals.length, distances);
        List<Entry> came = new ArrayList<>();
        for (int i = 0; i < ordinals.length; i++) {
            if (isNear(distances[i], ordinals[i])
                    && snapshot.score(distances[i]) >= query.minScore()
                    && (filter == null || filter.test(round.metadata(i)))) {
                came.add(new Entry(distances[i], ordinals[i], point(round, i)));
            }
        }
        return came;
    }

    private boolean isNear(float distance, int ordinal) {
        Entry farthest = bound;
        return farthest == null
                || distance < farthest.distance()
                || (distance == farthest.distance() && ordinal >= farthest.ordinal());
    }

    private ScoredPoint point(LiveRound round, int i) {
        int ordinal = round.ordinals()[i];
        return new ScoredPoint(
                round.snapshot().id(ordinal),
                round.snapshot().score(round.distances()[i]),
                query.includeVector() ? round.snapshot().vector(ordinal) : null,
                query.includeMetadata() ? round.metadata(i) : null);
    }

    private void publish(long sequence) {
        List<ScoredPoint> points =
                known.stream().limit(query.k()).map(Entry::point).toList();
        LiveAnswer before = answer;
        if (before == null) {
            answer = new LiveAnswer(sequence, 0, points);
        } else if (isSame(before.points(), points)) {
            answer = new LiveAnswer(sequence, before.version(), before.points());
        } else {
            answer = new LiveAnswer(sequence, before.version() + 1, points);
        }
    }

    private static boolean isSame(List<ScoredPoint> a, List<ScoredPoint> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!a.get(i).isSameAs(b.get(i))) {
                return false;
            }
        }
        return true;
    }
}
