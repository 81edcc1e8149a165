package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against sets of neighbours that are written at once. */
@NullMarked
class WaysBackTest {
    private static final int ROOM = 4;

    @ParameterizedTest
    @ValueSource(ints = {1, 13, 207, 5_000, 70_000})
    void shouldLeadToEverythingThatLivesWhereThereIsRoom(int nodes) {
        long seed = 71;
        Random random = new Random(seed);
        EdgePages edges = new EdgePages(EdgePages.View.empty(ROOM));
        edges.append(nodes);
        List<TreeSet<Integer>> wanted = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            wanted.add(new TreeSet<>());
        }
        WaysBack ways = new WaysBack(nodes);
        while (!ways.isDue()) {
            int from = random.nextInt(nodes);
            int to = random.nextInt(nodes);
            ways.add(from, to);
            if (isLive(from) && isLive(to)) {
                wanted.get(from).add(to);
            }
        }
        int steps = drain(ways, edges);
        assertThat(steps).as("seed %d", seed).isEqualTo(Math.ceilDiv(nodes / 4_096 + 1, 8));
        for (int node = 0; node < nodes; node++) {
            TreeSet<Integer> all = wanted.get(node);
            assertThat(edges.read(node, 0))
                    .as("seed %d, node %d", seed, node)
                    .hasSize(Math.min(ROOM, all.size()))
                    .containsExactly(all.stream().limit(ROOM).mapToInt(i -> i).toArray());
        }
    }

    @Test
    void shouldTakeNodesThatCameAfterItWasMade() {
        EdgePages edges = new EdgePages(EdgePages.View.empty(ROOM));
        edges.append(50_000);
        WaysBack ways = new WaysBack(10);
        ways.add(49_999, 1);
        ways.add(1, 49_999);
        drain(ways, edges);
        assertThat(edges.read(49_999, 0)).containsExactly(1);
        assertThat(edges.read(1, 0)).containsExactly(49_999);
    }

    @Test
    void shouldLeavePublishedPagesAsTheyWere() {
        EdgePages edges = new EdgePages(EdgePages.View.empty(ROOM));
        edges.append(100);
        EdgePages.View published = edges.publish();
        WaysBack ways = new WaysBack(100);
        ways.add(8, 9);
        drain(ways, edges);
        assertThat(published.page(8)[published.offset(8)]).isEqualTo(HnswGraph.NONE);
        assertThat(edges.read(8, 0)).containsExactly(9);
    }

    private static int drain(WaysBack ways, EdgePages edges) {
        int steps = 0;
        do {
            ways.drain(edges, 0, WaysBackTest::isLive);
            steps++;
        } while (!ways.isEmpty() || ways.isDue());
        return steps;
    }

    private static boolean isLive(int node) {
        return node % 5 != 2;
    }
}
