package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class MatchCacheTest {
    private static final int ROWS = 6_400;

    private final MatchCache cache = new MatchCache();
    private int found;

    private Matches ask(Filter filter) {
        return cache.get(filter, () -> {
            found++;
            return new Matches(new long[ROWS / 64], 0, ROWS, 0, List.of());
        });
    }

    private static Filter equal(int n) {
        return new Filter.Compare("n", Op.EQ, new Value.Num(n));
    }

    @Test
    void shouldFindAgainWhatIsEqualAndNotIdentical() {
        Matches first = ask(equal(1));
        assertThat(ask(equal(1))).isSameAs(first);
        assertThat(ask(equal(2))).isNotSameAs(first);
        assertThat(found).isEqualTo(2);
    }

    @Test
    void shouldHoldAFewHoweverManyAreAsked() {
        IntStream.range(0, 10_000).forEach(n -> ask(equal(n)));
        assertThat(found).isEqualTo(10_000);
        assertThat(cache.heapBytes()).isBetween(ROWS / 8L, 16 * (ROWS / 8L + 1_024));
        Matches last = ask(equal(9_999));
        assertThat(ask(equal(9_999))).isSameAs(last);
    }

    @Test
    void shouldNotKeepALongFilter() {
        List<Value> values =
                IntStream.range(0, 1_000).<Value>mapToObj(Value.Num::new).toList();
        ask(new Filter.In("n", values));
        ask(new Filter.In("n", values));
        assertThat(found).isEqualTo(2);
        assertThat(cache.heapBytes()).isZero();
    }
}
