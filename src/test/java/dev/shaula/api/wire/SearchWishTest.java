package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import org.junit.jupiter.api.Test;

class SearchWishTest {
    @Test
    void shouldWidenEfSearchToTwiceTopKAndTakeEfAtItsWord() {
        assertThat(width(10, 0, 0)).isEqualTo(100);
        assertThat(width(10, 12, 0)).isEqualTo(20);
        assertThat(width(100, 100, 0)).isEqualTo(200);
        assertThat(width(10, 500, 36)).isEqualTo(36);
        assertThat(width(100, 0, 36)).isEqualTo(100);
        assertThat(width(100, 0, 120)).isEqualTo(120);
    }

    @Test
    void shouldRefuseAnEfBeyondTheLimit() {
        int beyond = Limits.MAX_EF + 1;
        assertThatThrownBy(() -> width(10, 0, beyond))
                .isInstanceOf(VectorDbException.class)
                .hasMessageContaining("ef: expected 1 to " + Limits.MAX_EF + ", got " + beyond);
        assertThatThrownBy(() -> width(10, 0, -1)).hasMessageContaining("ef: expected");
        assertThatThrownBy(() -> width(10, beyond, 0)).hasMessageContaining("ef_search: expected");
    }

    private static int width(int topK, int efSearch, int ef) {
        return new SearchWish(topK, efSearch, ef, false, null)
                .toSearch(new float[] {1}, null, false, false, QueryDefaults.NONE)
                .ef();
    }
}
