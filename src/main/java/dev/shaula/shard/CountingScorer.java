package dev.shaula.shard;

import dev.shaula.vectors.Scorer;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts the distances that another scorer measures. */
record CountingScorer(Scorer scorer, LongAdder count) implements Scorer {
    @Override
    public void query(float[] vector) {
        scorer.query(vector);
    }

    @Override
    public void queryRow(int ordinal) {
        scorer.queryRow(ordinal);
    }

    @Override
    public float distance(int ordinal) {
        count.increment();
        return scorer.distance(ordinal);
    }

    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        count.add(n);
        scorer.distances(ordinals, n, out);
    }

    @Override
    public float between(int a, int b) {
        count.increment();
        return scorer.between(a, b);
    }

    @Override
    public float error() {
        return scorer.error();
    }

    @Override
    public @Nullable Scorer walker() {
        Scorer walker = scorer.walker();
        return walker == null ? null : new CountingScorer(walker, count);
    }

    @Override
    public int walkerRows() {
        return scorer.walkerRows();
    }
}
