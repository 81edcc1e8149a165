package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NearestNodesTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 12, 13, 64, 300})
    void shouldKeepTheNearestAndGiveEachOnceNearestFirst(int limit) {
        long seed = 74L + limit;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        NearestNodes nodes = new NearestNodes();
        for (int round = 0; round < 50; round++) {
            nodes.reset(limit);
            List<Long> kept = new ArrayList<>();
            Set<Long> given = new HashSet<>();
            for (int step = 0, node = 0; step < 100; step++) {
                int n = random.nextInt(20);
                int[] added = new int[n];
                float[] distances = new float[n];
                for (int i = 0; i < n; i++, node++) {
                    added[i] = node;
                    distances[i] = random.nextFloat() * 40 - 10;
                    kept.add(Keys.of(distances[i], node));
                }
                nodes.addAll(added, distances, n);
                Collections.sort(kept);
                kept.subList(Math.min(limit, kept.size()), kept.size()).clear();
                int most = 1 + random.nextInt(12);
                int width = 1 + random.nextInt(limit);
                int[] taken = new int[most];
                int count = nodes.take(most, width, taken);
                List<Long> expected = kept.stream()
                        .limit(width)
                        .filter(key -> !given.contains(key))
                        .limit(most)
                        .toList();
                assertThat(Arrays.stream(taken, 0, count).boxed())
                        .as("limit %d, width %d, most %d", limit, width, most)
                        .containsExactlyElementsOf(
                                expected.stream().map(Keys::node).toList());
                given.addAll(expected);
                long[] all = nodes.copyTo(new long[0]);
                assertThat(Arrays.stream(all, 0, nodes.size()).boxed()).containsExactlyElementsOf(kept);
            }
        }
    }
}
