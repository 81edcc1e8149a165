package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;

/** Counts what a search measures, whatever it expands at once. */
final class CountingDistances implements Scorer {
    private final Scorer scorer;
    int measured;

    CountingDistances(Scorer scorer) {
        this.scorer = scorer;
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
        measured++;
        return scorer.distance(ordinal);
    }

    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        measured += n;
        scorer.distances(ordinals, n, out);
    }

    @Override
    public float error() {
        return scorer.error();
    }

    @Override
    public float between(int a, int b) {
        return scorer.between(a, b);
    }
}
