package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomFilters;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.IndexFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Indexes that went to disk and back answer as those that did not, and damaged ones do not come back. */
@NullMarked
class IndexFileTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    private final RandomFilters filters = new RandomFilters(20_274);
    private final Random random = new Random(20_275);

    private List<Metadata> rows(int n) {
        return IntStream.range(0, n).mapToObj(i -> filters.row()).toList();
    }

    private Map<Integer, Metadata> changes(int n, int rows) {
        Map<Integer, Metadata> changes = new HashMap<>();
        for (int i = 0; i < n; i++) {
            changes.put(random.nextInt(rows), filters.row());
        }
        return changes;
    }

    private IndexFile file(int rows) {
        return new IndexFile(directory, 7, 2, rows);
    }

    private Optional<MetadataIndex> read(int rows) {
        return file(rows).read(in -> MetadataIndex.readFrom(in, rows));
    }

    private MetadataIndex writtenAndRead(MetadataIndex index) throws IOException {
        file(index.rows()).write(index::writeTo);
        return read(index.rows()).orElseThrow();
    }

    private void assertSame(MetadataIndex read, MetadataIndex written) {
        assertThat(read.status()).isEqualTo(written.status());
        for (int i = 0; i < 60; i++) {
            Filter filter = filters.filter(2);
            assertThat(read.select(filter)).as("%s", filter).isEqualTo(written.select(filter));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 13, 207, 3_000})
    void shouldAnswerAndGrowAsWhatWasWritten(int size) throws IOException {
        MetadataIndex written = MetadataIndex.unbuilt(RandomFilters.INDEXES, 0).append(rows(size));
        MetadataIndex read = writtenAndRead(written);
        assertSame(read, written);
        List<Metadata> more = rows(100);
        Map<Integer, Metadata> changes = changes(40, size + 100);
        written = written.append(more).update(changes);
        read = read.append(more).update(changes);
        assertSame(read, written);
        read = writtenAndRead(read);
        assertSame(read, written);
        Map<Integer, Metadata> others = changes(40, size + 100);
        assertSame(read.update(others), written.update(others));
    }

    @Test
    void shouldKeepOnlyIndexesThatCoverAllRows() throws IOException {
        FieldIndex late = RandomFilters.INDEXES.getLast();
        List<FieldIndex> first = RandomFilters.INDEXES.subList(0, 3);
        MetadataIndex written = MetadataIndex.unbuilt(first, 0).append(rows(50)).with(late);
        MetadataIndex read = writtenAndRead(written);
        assertThat(read.indexes()).isEqualTo(first);
        MetadataIndex changed = MetadataIndex.unbuilt(first, 0)
                .append(rows(50))
                .update(changes(10, 50))
                .with(late);
        assertThat(writtenAndRead(changed).indexes()).isEqualTo(first);
        assertThat(MetadataIndex.unbuilt(first, 50).isWorthWriting()).isFalse();
        assertThat(changed.isWorthWriting()).isTrue();
        assertThat(read.with(late).status().stream().map(IndexStatus::ready)).containsExactly(true, true, true, false);
    }

    @Test
    void shouldNotComeBackWithAByteChangedOrCutOff() throws IOException {
        MetadataIndex index =
                MetadataIndex.unbuilt(RandomFilters.INDEXES, 0).append(rows(20)).update(changes(5, 20));
        file(20).write(index::writeTo);
        Path path = file(20).path();
        byte[] sound = Files.readAllBytes(path);
        for (int at = 0; at < sound.length; at += at < 40 ? 1 : 1 + random.nextInt(40)) {
            byte[] damaged = sound.clone();
            damaged[at] = (byte) (damaged[at] + 1 + random.nextInt(255));
            Files.write(path, damaged);
            assertThat(read(20)).as("byte %d", at).isEmpty();
        }
        for (int length = 0; length < sound.length; length += 1 + random.nextInt(100)) {
            Files.write(path, Arrays.copyOf(sound, length));
            assertThat(read(20)).as("length %d", length).isEmpty();
        }
        Files.write(path, sound);
        assertThat(read(20)).isPresent();
    }

    @Test
    void shouldNotComeBackForAnotherState() throws IOException {
        MetadataIndex index = MetadataIndex.unbuilt(RandomFilters.INDEXES, 0).append(rows(20));
        file(20).write(index::writeTo);
        assertThat(read(21)).isEmpty();
        assertThat(new IndexFile(directory, 7, 3, 20).read(in -> MetadataIndex.readFrom(in, 20)))
                .isEmpty();
        Files.move(file(20).path(), directory.resolve("indexes-8"));
        assertThat(new IndexFile(directory, 8, 2, 20).read(in -> MetadataIndex.readFrom(in, 20)))
                .isEmpty();
        assertThat(read(20)).as("no file").isEmpty();
    }
}
