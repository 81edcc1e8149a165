package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class IdTableTest {

    private static byte[] bytes(String id) {
        return id.getBytes(StandardCharsets.UTF_8);
    }

    /** Few different ids, so that most additions are updates. */
    @Property(tries = 300)
    void shouldAnswerLikeAListSearchedFromItsEnd(
            @ForAll @Size(max = 300) List<@IntRange(max = 40) Integer> ids, @ForAll @IntRange(max = 300) int limit) {
        IdTable table = new IdTable();
        List<String> model = new ArrayList<>();
        for (int id : ids) {
            assertThat(table.add(bytes("id-" + id))).isEqualTo(model.size());
            model.add("id-" + id);
        }
        assertThat(table.rows()).isEqualTo(model.size());
        int known = Math.min(limit, model.size());
        for (int id = 0; id <= 41; id++) {
            assertThat(table.find(bytes("id-" + id), known))
                    .isEqualTo(model.subList(0, known).lastIndexOf("id-" + id));
        }
        for (int row = 0; row < model.size(); row++) {
            assertThat(table.id(row)).isEqualTo(model.get(row));
        }
    }

    /** Past several doublings of the slots, pages of rows and blocks of ids, with ids of awkward lengths. */
    @Test
    void shouldAnswerLikeAMapWhileItGrows() {
        long seed = ThreadLocalRandom.current().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int[] lengths = {1, 13, 207, 255, 256, 702, 1_024};
        IdTable table = new IdTable();
        Map<String, Integer> model = new HashMap<>();
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            String id = random.nextInt(3) == 0 && i > 0
                    ? rows.get(random.nextInt(i))
                    : i + "x".repeat(lengths[i % lengths.length]).substring(Math.min(4, lengths[i % 7] - 1));
            rows.add(id);
            model.put(id, table.add(bytes(id)));
        }
        model.forEach(
                (id, ordinal) -> assertThat(table.find(bytes(id), rows.size())).isEqualTo(ordinal));
        assertThat(table.find(bytes("none of them"), rows.size())).isEqualTo(-1);
        for (int i = 0; i < rows.size(); i += 17) {
            assertThat(table.id(i)).isEqualTo(rows.get(i));
        }
    }

    @Test
    void shouldFindEveryAgeOfAnIdThatIsUpdatedAgainAndAgain() {
        IdTable table = new IdTable();
        for (int i = 0; i < 100_000; i++) {
            table.add(bytes("same"));
        }
        for (int limit = 1; limit <= 100_000; limit += 9_999) {
            assertThat(table.find(bytes("same"), limit)).isEqualTo(limit - 1);
        }
        assertThat(table.find(bytes("same"), 0)).isEqualTo(-1);
    }

    /** Readers know a number of rows that was published after them, and look up while the writer grows every array. */
    @Test
    void shouldAnswerReadersOfOldSnapshotsWhileItIsWritten() throws Exception {
        int ids = 3_000;
        int rows = 400_000;
        for (int round = 0; round < 3; round++) {
            IdTable table = new IdTable();
            AtomicInteger published = new AtomicInteger();
            var failures = new ConcurrentLinkedQueue<Throwable>();
            List<Thread> readers = new ArrayList<>();
            for (int r = 0; r < 2; r++) {
                int first = r;
                readers.add(Thread.ofPlatform().start(() -> {
                    try {
                        read(table, published, ids, rows, first);
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            for (int row = 0; row < rows; row++) {
                table.add(bytes(Integer.toString(row % ids)));
                if (row % 64 == 63 || row == rows - 1) {
                    published.set(row + 1);
                }
            }
            for (Thread reader : readers) {
                reader.join();
            }
            assertThat(failures).isEmpty();
        }
    }

    private static void read(IdTable table, AtomicInteger published, int ids, int rows, int first) {
        int id = first;
        int limit;
        do {
            limit = published.get();
            id = (id + 7) % ids;
            // The newest row below the limit whose number leaves this remainder.
            int expected = limit <= id ? -1 : id + (limit - 1 - id) / ids * ids;
            int found = table.find(bytes(Integer.toString(id)), limit);
            if (found != expected) {
                throw new AssertionError("id " + id + " below " + limit + ": " + found + ", not " + expected);
            }
            if (found >= 0 && !table.id(found).equals(Integer.toString(id))) {
                throw new AssertionError("row " + found + " is " + table.id(found) + ", not " + id);
            }
        } while (limit < rows);
    }
}
