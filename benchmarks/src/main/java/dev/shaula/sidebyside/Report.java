package dev.shaula.sidebyside;

import dev.shaula.sidebyside.Results.Build;
import dev.shaula.sidebyside.Results.Search;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Markdown tables of {@link Results}: medians over the repetitions, and how many times as fast Shaula's fastest line is.
 *
 * @param rate of a point: by the clock, or by processor time where other programs were running
 */
record Report(Results results, ToDoubleFunction<Search> rate) {
    static final ToDoubleFunction<Search> BY_CLOCK = Search::qps;
    static final ToDoubleFunction<Search> BY_CPU = s -> 1e6 / s.cpuMicros();

    private static final String OURS = "shaula";

    /** A column: queries a second at this recall@k. */
    record Target(int k, double recall) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "recall@%d %.2f", k, recall);
        }
    }

    static final List<Target> TARGETS = List.of(new Target(10, 0.95), new Target(10, 0.99), new Target(100, 0.98));

    String markdown() {
        StringBuilder out = new StringBuilder();
        for (String set : distinct(Search::set)) {
            out.append("### ").append(set).append("\n\n");
            for (int threads :
                    new TreeSet<>(searches(set).stream().map(Search::threads).toList())) {
                searchTable(out, set, threads);
            }
        }
        scaling(out);
        builds(out);
        memory(out);
        allocations(out);
        failures(out);
        return out.toString();
    }

    private void searchTable(StringBuilder out, String set, int threads) {
        out.append(threads == 1 ? "One thread" : threads + " threads").append(", queries a second at the recall");
        out.append(rate == BY_CPU ? ", by processor time" : "").append(" (how many times as fast Shaula is):\n\n");
        List<Target> targets = targets(set);
        out.append("| peer |");
        targets.forEach(t -> out.append(' ').append(t).append(" |"));
        out.append("\n| --- |").append(" --- |".repeat(targets.size())).append('\n');
        for (String peer : peers(set)) {
            out.append("| ").append(peer).append(" |");
            for (Target target : targets) {
                Curve.Rate ours = bestOfOurs(set, threads, target);
                out.append(' ')
                        .append(cell(median(peer, set, threads, target), ours, peer))
                        .append(" |");
            }
            out.append('\n');
        }
        out.append('\n');
    }

    private static String cell(Curve.Rate rate, Curve.Rate ours, String peer) {
        if (!rate.reached()) {
            return "never";
        }
        String text = (rate.atLeast() ? "≥ " : "") + grouped(rate.qps());
        return isOurs(peer) || !ours.reached() ? text : text + format(" (%.2f)", ours.qps() / rate.qps());
    }

    /** The fastest of Shaula's lines: the engine with one setting or another. */
    private Curve.Rate bestOfOurs(String set, int threads, Target target) {
        Curve.Rate best = Curve.Rate.NEVER;
        for (String peer : peers(set)) {
            Curve.Rate rate = isOurs(peer) ? median(peer, set, threads, target) : Curve.Rate.NEVER;
            if (rate.reached() && (!best.reached() || rate.qps() > best.qps())) {
                best = rate;
            }
        }
        return best;
    }

    /** The median over the repetitions; a repetition that did not reach the recall makes it one that never did. */
    Curve.Rate median(String peer, String set, int threads, Target target) {
        Map<Integer, List<Curve.Point>> byRepetition = new TreeMap<>();
        for (Search s : searches(set)) {
            if (s.peer().equals(peer) && s.threads() == threads && s.k() == target.k) {
                byRepetition
                        .computeIfAbsent(s.repetition(), r -> new ArrayList<>())
                        .add(new Curve.Point(s.recall(), rate.applyAsDouble(s)));
            }
        }
        List<Curve.Rate> rates = byRepetition.values().stream()
                .map(points -> new Curve(points).at(target.recall))
                .toList();
        if (rates.isEmpty() || rates.stream().anyMatch(r -> !r.reached())) {
            return Curve.Rate.NEVER;
        }
        return new Curve.Rate(
                median(rates.stream().mapToDouble(Curve.Rate::qps).toArray()),
                rates.stream().anyMatch(Curve.Rate::atLeast));
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private void scaling(StringBuilder out) {
        List<Integer> threads = List.copyOf(
                new TreeSet<>(results.searches().stream().map(Search::threads).toList()));
        if (threads.size() < 2) {
            return;
        }
        int most = threads.getLast();
        int fewest = threads.getFirst();
        Target target = TARGETS.get(1);
        out.append(format("### %d threads against %d, at %s\n\n| peer |", most, fewest, target));
        List<String> sets = distinct(Search::set);
        sets.forEach(set -> out.append(' ').append(set).append(" |"));
        out.append("\n| --- |").append(" --- |".repeat(sets.size())).append('\n');
        for (String peer : distinct(Search::peer)) {
            out.append("| ").append(peer).append(" |");
            for (String set : sets) {
                Curve.Rate one = median(peer, set, fewest, target);
                Curve.Rate more = median(peer, set, most, target);
                out.append(one.reached() && more.reached() ? format(" %.2f |", more.qps() / one.qps()) : " – |");
            }
            out.append('\n');
        }
        out.append('\n');
    }

    private void builds(StringBuilder out) {
        if (results.builds().isEmpty()) {
            return;
        }
        out.append("### Builds\n\nRows a second (how many times as fast Shaula is); * built by an earlier run.\n\n");
        out.append("| set, threads | peer | rows/s | rows per processor second |\n| --- | --- | --- | --- |\n");
        for (Build b : results.builds()) {
            double ours = results.builds().stream()
                    .filter(o -> isOurs(o.peer()) && o.set().equals(b.set()) && o.threads() == b.threads())
                    .mapToDouble(Build::rate)
                    .max()
                    .orElse(Double.NaN);
            String ratio = isOurs(b.peer()) || Double.isNaN(ours) ? "" : format(" (%.2f)", ours / b.rate());
            out.append(format(
                    "| %s, %d | %s | %s%s%s | %s |\n",
                    b.set(),
                    b.threads(),
                    b.peer(),
                    grouped(b.rate()),
                    b.origin().equals("fresh") ? "" : " *",
                    ratio,
                    grouped(b.rows() / b.cpuSeconds())));
        }
        out.append('\n');
    }

    private void memory(StringBuilder out) {
        if (results.memory().isEmpty()) {
            return;
        }
        Set<String> parts = new TreeSet<>(
                results.memory().stream().map(Results.Memory::part).toList());
        out.append("### Memory, MB\n\n"
                + "Parts of the index as the library counts them; `rss` is the whole process.\n\n"
                + "| set | peer |");
        parts.forEach(part -> out.append(' ').append(part).append(" |"));
        out.append("\n| --- | --- |").append(" --- |".repeat(parts.size())).append('\n');
        Map<String, Map<String, Long>> rows = new TreeMap<>();
        results.memory()
                .forEach(m -> rows.computeIfAbsent(m.set() + " | " + m.peer(), r -> new TreeMap<>())
                        .put(m.part(), m.bytes()));
        rows.forEach((row, bytes) -> {
            out.append("| ").append(row).append(" |");
            for (String part : parts) {
                out.append(bytes.containsKey(part) ? format(" %.0f |", bytes.get(part) / 1e6) : " |");
            }
            out.append('\n');
        });
        out.append('\n');
    }

    private void allocations(StringBuilder out) {
        if (results.allocations().isEmpty()) {
            return;
        }
        out.append("### Bytes allocated by one search, k = 10\n\n");
        out.append("The same at every ef: nothing in the search loop. Java peers only.\n\n"
                + "| set | peer | ef: bytes |\n"
                + "| --- | --- | --- |\n");
        results.allocations().stream()
                .collect(Collectors.groupingBy(
                        a -> a.set() + " | " + a.peer(),
                        TreeMap::new,
                        Collectors.mapping(a -> a.ef() + ": " + grouped(a.bytes()), Collectors.joining(", "))))
                .forEach((row, bytes) ->
                        out.append("| ").append(row).append(" | ").append(bytes).append(" |\n"));
        out.append('\n');
    }

    private void failures(StringBuilder out) {
        for (Results.Failure f : results.failures()) {
            out.append("- **")
                    .append(f.peer())
                    .append("** is missing (")
                    .append(f.set())
                    .append("): ");
            out.append(f.reason()).append('\n');
        }
    }

    private List<Target> targets(String set) {
        Set<Integer> ks = searches(set).stream().map(Search::k).collect(Collectors.toSet());
        return TARGETS.stream().filter(t -> ks.contains(t.k)).toList();
    }

    List<Search> searches(String set) {
        return results.searches().stream().filter(s -> s.set().equals(set)).toList();
    }

    private List<String> peers(String set) {
        // In the order of their names, ours first: repetitions come in another order each.
        return searches(set).stream()
                .map(Search::peer)
                .distinct()
                .sorted((a, b) -> isOurs(a) == isOurs(b) ? a.compareTo(b) : isOurs(a) ? -1 : 1)
                .toList();
    }

    private List<String> distinct(java.util.function.Function<Search, String> of) {
        return List.copyOf(
                new LinkedHashSet<>(results.searches().stream().map(of).toList()));
    }

    static boolean isOurs(String peer) {
        return peer.startsWith(OURS);
    }

    private static String grouped(double value) {
        return format("%,.0f", value);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
