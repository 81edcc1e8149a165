package dev.shaula.shard;

import dev.shaula.model.Filter;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.vectors.FloatBatch;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;

/**
 * Several searches of one shard that came together. Those that read all rows, or all that one filter accepts, read them
 * together, up to {@value FloatBatch#MOST} at a time; the others are done one by one. Work is done in turns of a few
 * milliseconds, so that a search that came alone waits for one of them and not for all of a batch; one reading of the rows
 * is never cut, though, and takes as long as its scans together. Each turn reads the snapshot of its time, as
 * searches one after another do. One turn at a time.
 */
final class SharedSearch {
    /** After so long a turn ends with what it has begun. */
    private static final long TURN_NS = 2_000_000;

    private final List<SearchRequest> requests;
    private final List<List<ScoredPoint>> answers = new ArrayList<>();
    private final BitSet answered = new BitSet();

    SharedSearch(List<SearchRequest> requests) {
        this.requests = requests;
        requests.forEach(request -> answers.add(List.of()));
    }

    /** The earliest of the requests'. */
    long deadlineNs() {
        long earliest = SearchRequest.NO_DEADLINE;
        for (SearchRequest request : requests) {
            long deadline = request.deadlineNs();
            if (deadline != SearchRequest.NO_DEADLINE
                    && (earliest == SearchRequest.NO_DEADLINE || deadline - earliest < 0)) {
                earliest = deadline;
            }
        }
        return earliest;
    }

    boolean isDone() {
        return answered.cardinality() == requests.size();
    }

    /** The answers in the order of the requests, once all are there. */
    List<List<ScoredPoint>> answers() {
        return answers;
    }

    /** Answers at least one request, and more until the turn is over. */
    void turn(ShardSnapshot snapshot, SearchScratch scratch) {
        long start = System.nanoTime();
        do {
            step(snapshot, scratch);
        } while (!isDone() && System.nanoTime() - start < TURN_NS);
    }

    private void step(ShardSnapshot snapshot, SearchScratch scratch) {
        int first = answered.nextClearBit(0);
        Matches matches = snapshot.matching(requests.get(first).filter());
        List<Integer> together = together(snapshot, matches, first);
        if (together.size() < 2) {
            answer(first, snapshot.search(requests.get(first), matches, scratch));
            return;
        }
        List<SearchRequest> shared = together.stream().map(requests::get).toList();
        List<List<ScoredPoint>> found = snapshot.scan(shared, matches, scratch);
        for (int i = 0; i < together.size(); i++) {
            answer(together.get(i), found.get(i));
        }
    }

    private void answer(int request, List<ScoredPoint> answer) {
        answers.set(request, answer);
        answered.set(request);
    }

    /** The request and those that read the same rows as it does; none if it does not read them all. */
    private List<Integer> together(ShardSnapshot snapshot, Matches matches, int first) {
        List<Integer> together = new ArrayList<>();
        if (!snapshot.scans(requests.get(first), matches)) {
            return together;
        }
        Filter filter = requests.get(first).filter();
        for (int i = first; i < requests.size() && together.size() < FloatBatch.MOST; i++) {
            SearchRequest request = requests.get(i);
            if (!answered.get(i) && Objects.equals(request.filter(), filter) && snapshot.scans(request, matches)) {
                together.add(i);
            }
        }
        return together;
    }
}
