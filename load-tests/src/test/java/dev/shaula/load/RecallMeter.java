package dev.shaula.load;

import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * Adds up how many of the true neighbours the answers held. Recall counts ids, not order; an id that is given twice
 * counts once. For any number of threads.
 */
final class RecallMeter {
    private final LongAdder found = new LongAdder();
    private final LongAdder wanted = new LongAdder();

    /** @param truth ids of the nearest rows; @param answer ids as the server gave them */
    void record(Collection<String> answer, Set<String> truth) {
        found.add(answer.stream().distinct().filter(truth::contains).count());
        wanted.add(truth.size());
    }

    /** Mean recall of all answers so far, 0 to 1; NaN when there were none, which no floor accepts. */
    double mean() {
        return (double) found.sum() / wanted.sum();
    }

    /** The ids that base rows are stored under. */
    static Set<String> ids(int[] rows) {
        return Arrays.stream(rows).mapToObj(Integer::toString).collect(Collectors.toUnmodifiableSet());
    }
}
