package dev.shaula.sidebyside;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.sidebyside.Curve.Point;
import dev.shaula.sidebyside.Results.Search;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private static final Report.Target TARGET = new Report.Target(10, 0.95);

    @Test
    void shouldDivideTheMediansOfTheRepetitions(@TempDir Path directory) throws IOException {
        for (int repetition = 1; repetition <= 3; repetition++) {
            add(directory, "shaula", repetition, 0.95, repetition == 1 ? 100 : 6_000);
            add(directory, "peer", repetition, 0.95, repetition == 3 ? 9_000 : 2_000);
        }

        Report report = new Report(Results.read(directory), Report.BY_CLOCK);

        assertThat(report.median("shaula", "set", 1, TARGET).qps()).isEqualTo(6_000);
        assertThat(report.markdown()).contains("| shaula | 6,000 |", "| peer | 2,000 (3.00) |");
    }

    @Test
    void shouldCompareProcessorTimesIfAsked(@TempDir Path directory) throws IOException {
        add(directory, "shaula", 1, 0.95, 10);

        assertThat(new Report(Results.read(directory), Report.BY_CPU).markdown())
                .contains("| shaula | 10,000 |");
    }

    @Test
    void shouldSayNeverOfAPeerThatMissedTheRecallInOneRepetition(@TempDir Path directory) throws IOException {
        add(directory, "peer", 1, 0.96, 1_000);
        add(directory, "peer", 2, 0.94, 1_000);

        assertThat(new Report(Results.read(directory), Report.BY_CLOCK).markdown())
                .contains("| peer | never |");
    }

    @Test
    void shouldNameWhatIsAbsentAndWhy(@TempDir Path directory) throws IOException {
        Results.add(directory, new Results.Failure("faiss", "all", "not\tinstalled"));

        assertThat(new Report(Results.read(directory), Report.BY_CLOCK).markdown())
                .contains("**faiss** is missing (all): not installed");
    }

    @Test
    void shouldDrawWellFormedCurvesEvenOfOnePointWithRecallOne() throws Exception {
        TreeMap<String, List<Point>> curves = new TreeMap<>();
        curves.put("shaula", List.of(new Point(1.0, 5_000)));
        curves.put("a & b <c>", List.of(new Point(0.9, 7_000), new Point(0.99, 3_000)));

        String svg = new Chart("set, recall@10", curves).svg();

        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        assertThat(svg).contains("a &amp; b &lt;c>").doesNotContain("NaN", "Infinity");
    }

    private static void add(Path directory, String peer, int repetition, double recall, double qps) throws IOException {
        Results.add(directory, new Search(peer, "set", 1, 10, 20, repetition, recall, qps, 100));
    }
}
