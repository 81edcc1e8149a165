package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.model.SearchExplanation.Plan;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What holds of the planner's choices whatever is searched. */
@NullMarked
class SearchPlannerTest {
    private static SearchPlanner.Task anyTask(Random random) {
        int rows = 1 + (int) Math.exp(random.nextDouble(Math.log(1e8)));
        int matches = 1 + (int) Math.min(rows - 1, rows * Math.exp(-random.nextDouble(8)));
        int k = Math.min(matches, 1 + (int) Math.exp(random.nextDouble(Math.log(5_000))));
        int ef = Math.max(20 + random.nextInt(400), 2 * k);
        double nodes = 1 + random.nextInt(2) * random.nextDouble(4);
        return new SearchPlanner.Task(rows, matches, k, ef, 16, false, random.nextBoolean(), nodes);
    }

    @Test
    void shouldGiveAPlainWalkUpOnlyWhereAScanIsCheapOrMatchesByChanceAreSure() {
        Random random = new Random(5);
        int sure = 0;
        int cheap = 0;
        for (int i = 0; i < 20_000; i++) {
            SearchPlanner.Task task = anyTask(random);
            SearchPlanner.Sift sift = SearchPlanner.sift(task);
            if (sift == null) {
                continue;
            }
            assertThat(sift.wanted()).as("%s", task).isGreaterThanOrEqualTo(GraphSearcher.kept(task.k()));
            assertThat(sift.likely()).as("%s", task).isBetween(task.ef(), sift.most());
            if (sift.least() == 1) {
                double share = (double) task.matches() / task.rows();
                int glance = Math.min(sift.glance(), task.ef());
                assertThat(Math.pow(1 - share, glance)).as("%s", task).isLessThan(0.001);
                sure++;
            } else if (sift.least() > 1) {
                assertThat(task.coded()).as("%s", task).isTrue();
                assertThat(sift.most() * task.nodes())
                        .as("%s: a wider walk never glances", task)
                        .isLessThanOrEqualTo(GraphSearcher.MOST_GLANCING);
                assertThat(task.matches()).as("%s", task).isLessThanOrEqualTo(5 * Math.max(task.ef(), 100) * task.m());
                cheap++;
            }
        }
        assertThat(sure).isGreaterThan(1_000);
        assertThat(cheap).isGreaterThan(100);
    }

    @Test
    void shouldScanWhateverFewMatchesThereAre() {
        Random random = new Random(6);
        for (int i = 0; i < 20_000; i++) {
            SearchPlanner.Task task = anyTask(random);
            Plan plan = SearchPlanner.choose(task).plan();
            if (task.matches() <= Math.max(1_000, 2 * task.k())) {
                assertThat(plan).as("%s", task).isEqualTo(Plan.SCAN);
            } else if (task.matches() == task.rows()) {
                assertThat(plan).as("%s", task).isIn(Plan.WALK, Plan.SCAN);
            }
        }
    }
}
