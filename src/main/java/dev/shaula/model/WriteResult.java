package dev.shaula.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The answer to an accepted write: everything it reports is as durable and as visible as the {@link Ack} asked for.
 *
 * @param count points written or deleted
 * @param missing ids of a delete or a change of metadata that were not there, in request order; empty for an upsert
 * @param applied of a conditional upsert, the points that were written with the versions they have now, in no order
 * @param refused of a conditional upsert, the points that were not, with the versions they had, in no order
 * @param sequences of each shard, in their order, the last log record that this answer stands for: of the write itself,
 *     or of the state in which it found nothing to change; {@link #UNTOUCHED} for a shard that it did not reach. A state
 *     whose numbers are as large, as {@link LiveChange#sequences} tells them, holds the write
 */
public record WriteResult(
        long count,
        List<String> missing,
        List<PointVersion> applied,
        List<PointVersion> refused,
        List<Long> sequences) {
    /** Smaller than the number of every log record, so that any state is as new. */
    public static final long UNTOUCHED = -1;

    /** The answer to a write without conditions whose place in the log is not known yet. */
    public WriteResult(long count, List<String> missing) {
        this(count, missing, List.of(), List.of());
    }

    /** The answer to a write whose place in the log is not known yet. */
    public WriteResult(long count, List<String> missing, List<PointVersion> applied, List<PointVersion> refused) {
        this(count, missing, applied, refused, List.of());
    }

    public WriteResult withMissing(List<String> newMissing) {
        return new WriteResult(count, newMissing, applied, refused, sequences);
    }

    public WriteResult withSequences(List<Long> newSequences) {
        return new WriteResult(count, missing, applied, refused, newSequences);
    }

    /** The larger number of each shard; the other list if one is empty. */
    public static List<Long> latest(List<Long> some, List<Long> others) {
        if (some.isEmpty() || others.isEmpty()) {
            return some.isEmpty() ? others : some;
        }
        List<Long> all = new ArrayList<>(some.size());
        for (int shard = 0; shard < some.size(); shard++) {
            all.add(Math.max(some.get(shard), others.get(shard)));
        }
        return all;
    }
}
