package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whether anything fails or is missed; times belong to the long form, on a machine that does nothing else. */
class SearchUnderInsertsIT {
    @Test
    void shouldFindEveryRowThatWasAcknowledgedBeforeTheSearch() throws Exception {
        SearchUnderInserts.Settings settings =
                new SearchUnderInserts.Settings(Path.of("shaula"), 64, 2_000, 2_000, 3, 1, 100, 100);

        List<SearchUnderInserts.Pair> pairs = new SearchUnderInserts(settings).run();

        assertThat(pairs.getFirst().loaded().checked()).isGreaterThan(50);
        assertThat(pairs.getFirst().loaded().inserted()).isPositive();
    }
}
