package dev.shaula.shard;

import dev.shaula.vectors.Scorer;

/** Counts the distances that another scorer measures. */
final class CountingScorer implements Scorer {
    private final Scorer scorer;
    private long count;

    CountingScorer(Scorer scorer) {
        this.scorer = scorer;
    }

    long count() {
        return count;
    }

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
        count++;
        return scorer.distance(ordinal);
    }

    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        count += n;
        scorer.distances(ordinals, n, out);
    }

    @Override
    public float between(int a, int b) {
        count++;
        return scorer.between(a, b);
    }
}
