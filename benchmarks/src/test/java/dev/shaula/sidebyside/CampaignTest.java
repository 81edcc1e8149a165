package dev.shaula.sidebyside;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixtures.Closeness;
import dev.shaula.fixtures.ExactNeighbours;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole run with real processes, of a library that looks at every row. */
@Timeout(120)
class CampaignTest {
    private static final String SET = "embed-8-300";

    @TempDir
    Path work;

    @Test
    void shouldMeasureWhatIsThereAndNameWhatIsNot() throws IOException {
        Path out = run(
                peer("exact", "0"), peer("broken", "1"), new PeerSpec("gone", "gone", "-", "absent: never installed"));

        Results results = Results.read(out);
        assertThat(results.searches()).isNotEmpty().allSatisfy(s -> {
            assertThat(s.peer()).isEqualTo("exact");
            assertThat(s.recall()).isEqualTo(1);
            assertThat(s.qps()).isPositive();
            assertThat(s.cpuMicros()).isPositive();
        });
        assertThat(results.searches()).extracting(Results.Search::threads).contains(1, 2);
        assertThat(results.builds()).extracting(Results.Build::threads).containsExactly(1, 2);
        assertThat(results.allocations()).hasSize(3);
        assertThat(results.failures())
                .extracting(Results.Failure::peer, Results.Failure::set)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("gone", "all"),
                        org.assertj.core.groups.Tuple.tuple("broken", SET));
    }

    @Test
    void shouldNotBuildAgainWhatAnEarlierRunSaved() throws IOException {
        run(peer("exact", "0"));
        Results second = Results.read(run(peer("exact", "0")));

        assertThat(second.builds())
                .isNotEmpty()
                .allSatisfy(b -> assertThat(b.origin()).isEqualTo("saved"));
        assertThat(second.searches()).isNotEmpty();
    }

    private Path run(PeerSpec... peers) throws IOException {
        Path out = Files.createTempDirectory(work, "out");
        Options options = new Options(
                out,
                work,
                work,
                out,
                List.of(SET),
                List.of(1, 2),
                List.of(1, 2),
                List.of(10),
                1,
                1,
                1,
                16,
                200,
                "missing");
        new Campaign(options, List.of(peers)).run();
        return out;
    }

    private static PeerSpec peer(String name, String broken) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new PeerSpec(
                name,
                name,
                "looks at every row",
                java + "  --enable-native-access=ALL-UNNAMED -cp " + System.getProperty("java.class.path") + " "
                        + ExactPeer.class.getName() + " --broken " + broken);
    }

    /** The peer's process. */
    static final class ExactPeer implements Peer {
        private final boolean broken;
        private float[][] rows = {};

        private ExactPeer(Map<String, String> setup) {
            this.broken = setup.get("broken").equals("1");
        }

        public static void main(String[] args) {
            PeerServer.serve(args, ExactPeer::new);
        }

        @Override
        public void build(MatrixFile base, int threads) {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            rows = new float[base.rows()][];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = base.floats(i);
            }
        }

        @Override
        public void save(Path path) throws IOException {
            MatrixFile.write(
                    path,
                    rows.length,
                    rows[0].length,
                    (i, out) -> out.asFloatBuffer().put(rows[i]));
        }

        @Override
        public boolean open(Path path) throws IOException {
            if (Files.exists(path)) {
                build(MatrixFile.open(path), 1);
            }
            return rows.length > 0;
        }

        @Override
        public Searcher searcher() {
            return (query, k, ef, out) -> {
                int[] nearest = ExactNeighbours.of(rows, new float[][] {query}, k, Closeness.COSINE)[0];
                System.arraycopy(nearest, 0, out, 0, nearest.length);
                return nearest.length;
            };
        }

        @Override
        public Map<String, Long> memory() {
            return Map.of("vectors", 32L * rows.length);
        }
    }
}
