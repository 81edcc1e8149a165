package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rankings by distances that are off by a known spread, against the true order. */
@NullMarked
class MatchRankingTest {
    private static final int K = 10;

    /** Gives each row a distance, and counts. */
    private static final class Given implements Scorer {
        private final float[] distances;
        private final @Nullable Scorer walker;
        private int measured;

        Given(float[] distances, @Nullable Scorer walker) {
            this.distances = distances;
            this.walker = walker;
        }

        @Override
        public void query(float[] vector) {}

        @Override
        public void queryRow(int ordinal) {}

        @Override
        public float distance(int ordinal) {
            measured++;
            return distances[ordinal];
        }

        @Override
        public void distances(int[] ordinals, int n, float[] out) {
            for (int i = 0; i < n; i++) {
                out[i] = distance(ordinals[i]);
            }
        }

        @Override
        public float error() {
            return 0;
        }

        @Override
        public float between(int a, int b) {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable Scorer walker() {
            return walker;
        }
    }

    private static float[] off(float[] truth, double spread, Random random) {
        float[] off = truth.clone();
        for (int i = 0; i < off.length; i++) {
            off[i] += (float) (spread * random.nextGaussian());
        }
        return off;
    }

    /** With distances from {@code least} to {@code least + 1}, evenly: with a wide spread most rows are in the crowd. */
    @ParameterizedTest
    @CsvSource({"1, 0.001, 0.0001, 400", "10, 0.03, 0.001, 5000", "1000, 0.2, 0.01, 10000", "1, 0, 0, 200"})
    void shouldFindTheNearestHoweverCloseTheOthersAre(double least, double coarse, double fine, int most) {
        Random random = new Random(17);
        int rows = 10_007;
        int linked = 9_800;
        double hits = 0;
        int looks = 0;
        MatchRanking ranking = new MatchRanking();
        for (int query = 0; query < 20; query++) {
            float[] truth = new float[rows];
            for (int i = 0; i < rows; i++) {
                truth[i] = (float) (least + random.nextDouble());
            }
            long[] accepted = new long[(rows + 63) >>> 6];
            IntStream.range(0, rows).filter(i -> random.nextBoolean()).forEach(i -> accepted[i >>> 6] |= 1L << i);
            Given exact = new Given(truth, null);
            Given scorer = new Given(off(truth, fine, random), new Given(off(truth, coarse, random), null));
            ranking.scan(new MatchRanking.Matching(linked, rows, accepted), scorer, exact, true, K);
            double[] expected = IntStream.range(0, rows)
                    .filter(i -> (accepted[i >>> 6] & 1L << i) != 0)
                    .mapToDouble(i -> truth[i])
                    .sorted()
                    .limit(K)
                    .toArray();
            assertThat(ranking.count()).isEqualTo(K);
            for (int i = 0; i < K; i++) {
                assertThat(accepted[ranking.ordinal(i) >>> 6] & 1L << ranking.ordinal(i))
                        .isNotZero();
                assertThat(ranking.distance(i)).isEqualTo(truth[ranking.ordinal(i)]);
                hits += ranking.distance(i) <= expected[K - 1] ? 1 : 0;
            }
            looks = Math.max(looks, exact.measured);
        }
        assertThat(hits / (20 * K)).isGreaterThanOrEqualTo(0.95);
        assertThat(looks).isLessThanOrEqualTo(most);
    }

    @ParameterizedTest
    @CsvSource({"0, 10", "3, 10", "4000, 4000", "700, 350"})
    void shouldFindAllThereAreWhenAskedForMore(int matches, int k) {
        float[] truth = new float[5_000];
        Arrays.setAll(new double[truth.length], i -> truth[i] = (i * 7_919) % 5_000);
        long[] accepted = new long[(truth.length + 63) >>> 6];
        IntStream.range(1_000, 1_000 + matches).forEach(i -> accepted[i >>> 6] |= 1L << i);
        MatchRanking ranking = new MatchRanking();
        ranking.scan(
                new MatchRanking.Matching(truth.length, truth.length, accepted),
                new Given(truth, null),
                new Given(truth, null),
                true,
                k);
        float[] expected = Arrays.copyOfRange(truth, 1_000, 1_000 + matches);
        Arrays.sort(expected);
        assertThat(ranking.count()).isEqualTo(Math.min(k, matches));
        for (int i = 0; i < ranking.count(); i++) {
            assertThat(ranking.distance(i)).isEqualTo(expected[i]);
        }
    }

    /** Nearest rows at every so many places: spread evenly, all together, and all in one of the groups that are looked at first. */
    @ParameterizedTest
    @CsvSource({"1", "2", "7", "63", "188", "189", "190", "378"})
    void shouldFindTheNearestWhereverTheyLie(int apart) {
        int rows = 10_007;
        float[] truth = new float[rows];
        Arrays.setAll(new double[rows], i -> truth[i] = 1_000 + (i * 7_919L) % rows);
        IntStream.range(0, rows / apart).limit(300).forEach(i -> truth[i * apart] = (i * 101L) % 307);
        long[] accepted = new long[(rows + 63) >>> 6];
        Arrays.fill(accepted, -1);
        MatchRanking ranking = new MatchRanking();
        Given exact = new Given(truth, null);
        Given same = new Given(truth, new Given(truth, null));
        ranking.scan(new MatchRanking.Matching(rows, rows, accepted), same, exact, true, K);
        float[] expected = truth.clone();
        Arrays.sort(expected);
        for (int i = 0; i < K; i++) {
            assertThat(ranking.distance(i)).isEqualTo(expected[i]);
        }
        assertThat(exact.measured)
                .as("well separated neighbours cost a few looks")
                .isLessThanOrEqualTo(64);
    }
}
