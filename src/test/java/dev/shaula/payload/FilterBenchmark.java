package dev.shaula.payload;

import dev.shaula.model.Filter;
import dev.shaula.model.Filter.And;
import dev.shaula.model.Filter.Compare;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.Metadata;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;

/** Nanoseconds a row for metadata of about 100 bytes; a program, not a test. */
final class FilterBenchmark {
    /** Time on the processor, so that a busy machine does not count. */
    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private FilterBenchmark() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
        List<Metadata> rows = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            rows.add(Metadata.ofJson(
                    "{\"category\":\"c%d\",\"year\":%d,\"tags\":[\"a\",\"b%d\"],\"price\":%d.5,\"title\":\"The title of row %d, longish\"}"
                            .formatted(i % 50, 1990 + i % 40, i % 7, i, i)));
        }
        Filter one = new Compare("metadata.category", Op.EQ, new Value.Text("c7"));
        Filter three = new And(List.of(
                one,
                new Compare("year", Op.GTE, new Value.Num(2_000)),
                new Compare("tags", Op.EQ, new Value.Text("a"))));
        System.out.println("bytes " + rows.getFirst().json().length);
        for (int round = 0; round < 5; round++) {
            System.out.printf("one condition %.0f ns, three %.0f ns%n", nanos(one, rows), nanos(three, rows));
        }
    }

    private static double nanos(Filter filter, List<Metadata> rows) {
        FilterEvaluator evaluator = FilterEvaluator.compile(filter);
        int accepted = 0;
        long start = CPU.getCurrentThreadCpuTime();
        int rounds = 100;
        for (int round = 0; round < rounds; round++) {
            for (Metadata row : rows) {
                accepted += evaluator.test(row) ? 1 : 0;
            }
        }
        long elapsed = CPU.getCurrentThreadCpuTime() - start;
        if (accepted == 0) {
            throw new IllegalStateException("accepted nothing");
        }
        return (double) elapsed / rounds / rows.size();
    }
}
