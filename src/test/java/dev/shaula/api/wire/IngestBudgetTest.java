package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.VectorDbException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IngestBudgetTest {
    private static final long UNIT = 1 << 20;

    private final IngestBudget budget = new IngestBudget(10 * UNIT);
    private final List<String> woken = new ArrayList<>();

    @Test
    void shouldLetNobodyWaitBehindAConnectionThatHasItsPart() {
        IngestBudget.Account greedy = new IngestBudget.Account();
        assertThat(lease("other").hold(UNIT)).isTrue();
        IngestBudget.Lease first = lease(greedy, "first");
        assertThat(first.hold(3 * UNIT))
                .as("one body of a connection may be large")
                .isTrue();
        IngestBudget.Lease second = lease(greedy, "second");
        assertThat(second.hold(UNIT)).isFalse();
        assertThat(lease("modest").hold(2 * UNIT))
                .as("a later one of another connection")
                .isTrue();
        assertThat(woken).isEmpty();
        first.close();
        assertThat(woken).containsExactly("second");
    }

    @Test
    void shouldCostSmallBodiesNothing() {
        assertThat(lease("a").hold(IngestBudget.FREE_BYTES)).isTrue();
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldWakeWaitersInOrderOfArrival() {
        IngestBudget.Lease a = lease("a");
        IngestBudget.Lease b = lease("b");
        IngestBudget.Lease c = lease("c");
        assertThat(a.hold(9 * UNIT)).isTrue();
        assertThat(b.hold(4 * UNIT)).isFalse();
        assertThat(c.hold(UNIT)).as("no overtaking, though it would fit").isFalse();
        assertThat(budget.waiting()).isEqualTo(2);

        a.close();

        assertThat(woken).containsExactly("b", "c");
        assertThat(budget.used()).isEqualTo(5 * UNIT);
    }

    @Test
    void shouldAlwaysLetTheOldestGoOn() {
        IngestBudget.Lease a = lease("a");
        IngestBudget.Lease b = lease("b");
        assertThat(a.hold(5 * UNIT)).isTrue();
        assertThat(b.hold(5 * UNIT)).isTrue();

        assertThat(b.hold(6 * UNIT)).isFalse();
        assertThat(a.hold(10 * UNIT)).isTrue();
        a.close();
        assertThat(woken).containsExactly("b");
    }

    @Test
    void shouldForgetAWaiterThatGaveUp() {
        IngestBudget.Lease a = lease("a");
        IngestBudget.Lease b = lease("b");
        assertThat(a.hold(10 * UNIT)).isTrue();
        assertThat(b.hold(UNIT)).isFalse();
        b.close();
        a.close();
        a.close();

        assertThat(woken).isEmpty();
        assertThat(budget.used()).isZero();
    }

    @Test
    void shouldRefuseABodyThatAloneNeedsMoreThanEverything() {
        assertThatThrownBy(() -> lease("a").hold(10 * UNIT + 1))
                .isInstanceOfSatisfying(
                        VectorDbException.class, e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.TOO_LARGE))
                .hasMessageContaining("nothing was stored");
    }

    @Test
    void shouldFinishEveryBodyAndStayWithinTwiceTheBudget() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Body> open = new ArrayList<>();
        int finished = 0;
        for (int started = 0; finished < 500; ) {
            if (started < 500 && open.size() < 20) {
                started++;
                open.add(new Body(UNIT * (1 + random.nextInt(9))));
            }
            List<Body> able = open.stream().filter(body -> !body.waiting).toList();
            assertThat(able).as("someone can always go on, seed " + seed).isNotEmpty();
            Body body = able.get(random.nextInt(able.size()));
            if (body.grow()) {
                body.lease.close();
                open.remove(body);
                finished++;
            }
            assertThat(budget.used()).as("seed " + seed).isLessThanOrEqualTo(20 * UNIT);
        }
        assertThat(budget.used()).isZero();
    }

    private final class Body {
        private final long size;
        private final IngestBudget.Lease lease;
        private long held;
        private boolean waiting;

        Body(long size) {
            this.size = size;
            lease = budget.lease(new IngestBudget.Account(), () -> waiting = false);
        }

        boolean grow() {
            if (held == size) {
                return true;
            }
            held += UNIT;
            waiting = !lease.hold(held);
            return false;
        }
    }

    private IngestBudget.Lease lease(String name) {
        return lease(new IngestBudget.Account(), name);
    }

    private IngestBudget.Lease lease(IngestBudget.Account connection, String name) {
        return budget.lease(connection, () -> woken.add(name));
    }
}
