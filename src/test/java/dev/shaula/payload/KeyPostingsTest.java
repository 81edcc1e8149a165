package dev.shaula.payload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.OrdinalMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranges of keys against a look at every entry, with few values and with so many that there are blocks. */
@NullMarked
class KeyPostingsTest {
    private static final int KEYS = 3_000;
    /** More rows than any of the sets has. */
    private static final int END = 1 << 18;

    /** Rows with no, one or, unless {@code most} is 1, several keys, some of them twice. */
    private static List<KeyPostings.Entry> entries(Random random, int firstRow, int rows, int most) {
        List<KeyPostings.Entry> entries = new ArrayList<>();
        for (int row = firstRow; row < firstRow + rows; row++) {
            for (int n = random.nextInt(most + 1); n > 0; n--) {
                entries.add(new KeyPostings.Entry(random.nextInt(KEYS), 0, row));
            }
        }
        return entries;
    }

    private static void check(KeyPostings postings, List<KeyPostings.Entry> entries, Random random) {
        for (int i = 0; i < 60; i++) {
            long least = i == 0 ? Long.MIN_VALUE : random.nextInt(-10, KEYS);
            long most = i == 1 ? Long.MAX_VALUE : least + random.nextInt(-1, KEYS);
            int[] expected = entries.stream()
                    .filter(e -> e.key() >= least && e.key() <= most)
                    .mapToInt(KeyPostings.Entry::row)
                    .distinct()
                    .sorted()
                    .toArray();
            assertThat(rows(postings, least, most)).as("%d to %d", least, most).isEqualTo(expected);
        }
    }

    private static int[] rows(KeyPostings postings, long least, long most) {
        int from = postings.from(least);
        int to = Math.max(from, postings.to(most));
        int[] copied = new int[to - from];
        postings.copyRows(from, to, copied, 0);
        long[] bits = new long[END >>> 6];
        postings.addRows(from, to, bits);
        int[] set = BitSet.valueOf(bits).stream().toArray();
        assertThat(Arrays.stream(copied).distinct().sorted().toArray()).isEqualTo(set);
        return set;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 2",
        "0, 700, 2",
        "63, 2100, 2",
        "65530, 2500, 2",
        "70000, 9000, 2",
        "131072, 3000, 2",
        "70001, 9000, 1"
    })
    void shouldGiveTheRowsOfARangeAsALookAtEveryEntryDoes(int firstRow, int rows, int mostKeys) {
        Random random = new Random(rows);
        List<KeyPostings.Entry> entries = entries(random, firstRow, rows, mostKeys);
        List<KeyPostings.Entry> more = entries(random, firstRow + rows, rows / 2, mostKeys);
        KeyPostings first = KeyPostings.of(new ArrayList<>(entries), false);
        check(first, entries, random);
        KeyPostings both = (KeyPostings) first.merge(KeyPostings.of(new ArrayList<>(more), false));
        entries.addAll(more);
        check(both, entries, random);
    }

    @ParameterizedTest
    @CsvSource({"0, 900, 2", "70000, 9000, 2", "70000, 9000, 1"})
    void shouldLoseDroppedRowsAndNoOthers(int firstRow, int rows, int mostKeys) {
        Random random = new Random(rows);
        List<KeyPostings.Entry> entries = entries(random, firstRow, rows, mostKeys);
        long[] dropped = new long[(firstRow + rows + 63) >>> 6];
        IntStream.range(0, firstRow + rows)
                .filter(row -> random.nextInt(3) == 0)
                .forEach(row -> dropped[row >>> 6] |= 1L << row);
        OrdinalMap map = new OrdinalMap(dropped, firstRow + rows);
        KeyPostings moved =
                (KeyPostings) KeyPostings.of(new ArrayList<>(entries), false).moved(map);
        List<KeyPostings.Entry> expected = entries.stream()
                .filter(e -> map.newOrdinal(e.row()) != OrdinalMap.DROPPED)
                .map(e -> new KeyPostings.Entry(e.key(), 0, map.newOrdinal(e.row())))
                .toList();
        check(moved, expected, random);
    }
}
