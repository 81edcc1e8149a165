package dev.shaula.sidebyside;

import dev.shaula.sidebyside.Results.Search;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The driver that {@code side-by-side.sh} starts: {@code measure} with {@link Options}, or {@code report DIRECTORY clock}
 * ({@code cpu}) for the tables and curves of an earlier run.
 */
public final class SideBySide {
    private SideBySide() {}

    public static void main(String[] args) {
        try {
            if (args.length == 3 && args[0].equals("report")) {
                report(Path.of(args[1]), args[2].equals("cpu"));
            } else if (args.length > 0 && args[0].equals("measure")) {
                List<String> rest = List.of(args).subList(1, args.length);
                Options options = Options.parse(rest.toArray(String[]::new));
                new Campaign(options, PeerSpec.readAll(options.peersFile())).run();
            } else {
                throw new IllegalArgumentException("expected measure or report, got " + List.of(args));
            }
        } catch (IOException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }

    /** Writes {@code report.md} and a curve a set and k beside the tables they are made from. */
    private static void report(Path directory, boolean byCpu) throws IOException {
        Report report = new Report(Results.read(directory), byCpu ? Report.BY_CPU : Report.BY_CLOCK);
        Path facts = directory.resolve("machine.md");
        StringBuilder text = new StringBuilder();
        if (Files.exists(facts)) {
            text.append(Files.readString(facts)).append('\n');
        }
        text.append(report.markdown());
        List<Search> all = report.results().searches();
        for (String set : new TreeSet<>(all.stream().map(Search::set).toList())) {
            for (int k : new TreeSet<>(all.stream().map(Search::k).toList())) {
                String name = set + "-k" + k + ".svg";
                Files.writeString(directory.resolve(name), chart(report, set, k).svg());
                text.append("\n![")
                        .append(set)
                        .append(", recall@")
                        .append(k)
                        .append("](")
                        .append(name)
                        .append(")\n");
            }
        }
        Files.writeString(directory.resolve("report.md"), text);
        System.out.print(text);
    }

    /** One thread; each point the median over the repetitions at one ef. */
    private static Chart chart(Report report, String set, int k) {
        SortedMap<String, SortedMap<Integer, List<Search>>> byPeer = new TreeMap<>();
        for (Search s : report.searches(set)) {
            if (s.k() == k && s.threads() == 1) {
                byPeer.computeIfAbsent(s.peer(), p -> new TreeMap<>())
                        .computeIfAbsent(s.ef(), e -> new ArrayList<>())
                        .add(s);
            }
        }
        SortedMap<String, List<Curve.Point>> curves = new TreeMap<>();
        byPeer.forEach((peer, byEf) -> curves.put(
                peer,
                byEf.values().stream()
                        .map(points -> new Curve.Point(
                                points.getFirst().recall(),
                                Report.median(points.stream()
                                        .mapToDouble(report.rate())
                                        .toArray())))
                        .toList()));
        return new Chart(set + ", recall@" + k + ", one thread", curves);
    }
}
