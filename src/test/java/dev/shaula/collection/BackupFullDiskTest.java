package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On a real file system of 320 MB, which takes the right to mount one; skipped without it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BackupFullDiskTest {
    @TempDir
    Path directory;

    private Path disk;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(directory.resolve("disk"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", disk.toString());
        assumeTrue(mounted, "cannot mount a file system here");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            // Lazily: rows stay mapped until the collector has found them unreachable.
            assertThat(run("umount", "--lazy", disk.toString())).isTrue();
        }
    }

    @Test
    void shouldRefuseLeaveNothingAndSucceedOnceThereIsRoom() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(disk)) {
            VectorCollection things =
                    node.create(new CollectionConfig("things", 1_536, Metric.COSINE, 1, 16, 100, true));
            get(things.upsert(new RandomVectors(1_536, 1).points("a", 500), Ack.INDEXED));
            Backups backups = node.collections().backups();
            get(backups.create(new Backups.Request(null, "before")));
            Path ballast = disk.resolve("ballast");
            fill(ballast);

            List<Path> folders = children(disk.resolve("collections"));
            assertFull(backups.restore(new Backups.Restoration("before", null, "copy")));
            assertThat(node.collections().find("copy")).isEmpty();
            assertThat(children(disk.resolve("collections"))).isEqualTo(folders);
            assertFull(backups.create(new Backups.Request(null, "during")));
            assertThat(children(disk.resolve("backups"))).containsExactly(disk.resolve("backups/before"));
            Backups.Info failed = get(backups.list()).get(1);
            assertThat(failed.name()).isEqualTo("during");
            assertThat(failed.status()).isEqualTo(Backups.Status.FAILED);

            Files.delete(ballast);
            get(backups.restore(new Backups.Restoration("before", null, "copy")));
            assertThat(node.collections().require("copy").info().vectorCount()).isEqualTo(500);
        }
    }

    private static void assertFull(Uni<?> call) {
        assertThatThrownBy(() -> get(call))
                .isInstanceOfSatisfying(
                        VectorDbException.class,
                        e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.STORAGE_FULL));
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }

    private static void fill(Path ballast) throws IOException {
        byte[] page = new byte[4 << 10];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(page);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
}
