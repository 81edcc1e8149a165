package dev.shaula.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.memory.Mapping;
import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class RowFileTest {
    private static final int DIMENSIONS = 1_536;
    /** Rows of 1,536 floats in a chunk. */
    private static final int CHUNK = 1_024;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(value = Quantization.class, names = "NONE", mode = Mode.EXCLUDE)
    void shouldHoldRowsInTheFileAloneOnceTheyFillChunksOfIt(Quantization quantization) throws IOException {
        CodedRows rows = new CodedRows(Metric.COSINE, DIMENSIONS, quantization);
        RowFile file = new RowFile(directory.resolve("rows"));
        append(rows, 2 * CHUNK + 452);
        CodedRows.View before = rows.view();
        checkpoint(rows, file);
        assertThat(isInFile(before, 0)).isTrue();
        assertThat(isInFile(before, 2 * CHUNK - 1)).isTrue();
        assertThat(isInFile(before, 2 * CHUNK)).isFalse(); // rows are still added to this chunk
        append(rows, CHUNK);
        checkpoint(rows, file);
        assertThat(isInFile(before, 2 * CHUNK)).isTrue();
        assertThat(isInFile(rows.view(), 3 * CHUNK)).isFalse();
        rows.view().releaseFloats();
        shouldHoldWhatWasAppended(before);
        shouldHoldWhatWasAppended(rows.view());
    }

    @Test
    void shouldLeaveRowsInMemoryThatSearchesWalkOn() throws IOException {
        CodedRows rows = new CodedRows(Metric.COSINE, DIMENSIONS, Quantization.NONE);
        append(rows, 2 * CHUNK);
        checkpoint(rows, new RowFile(directory.resolve("rows")));
        assertThat(isInFile(rows.view(), 0)).isFalse();
        rows.view().releaseFloats();
        shouldHoldWhatWasAppended(rows.view());
    }

    @Test
    void shouldLeaveRowsInMemoryThatFillNoWholePages() throws IOException {
        // 16 rows of 262,208 bytes to a chunk, which ends amid a page.
        CodedRows rows = new CodedRows(Metric.DOT, 65_535, Quantization.INT8);
        append(rows, 17);
        checkpoint(rows, new RowFile(directory.resolve("rows")));
        assertThat(isInFile(rows.view(), 0)).isFalse();
        rows.view().releaseFloats();
        shouldHoldWhatWasAppended(rows.view());
    }

    private static void checkpoint(CodedRows rows, RowFile file) throws IOException {
        file.write(rows.view().floats(), new Nowhere());
        file.replaceMemoryOf(rows.view());
    }

    private static void append(CodedRows rows, int count) {
        for (int i = 0; i < count; i++) {
            rows.append(row(rows.count(), rows.view().floats().dimensions()));
        }
    }

    private static float[] row(int ordinal, int dimensions) {
        Random random = new Random(ordinal);
        float[] row = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            row[i] = random.nextFloat() - 0.5f;
        }
        return row;
    }

    private static void shouldHoldWhatWasAppended(CodedRows.View view) {
        for (int ordinal = 0; ordinal < view.count(); ordinal += 11) {
            assertThat(view.floats().row(ordinal))
                    .containsExactly(row(ordinal, view.floats().dimensions()));
        }
    }

    private static boolean isInFile(CodedRows.View view, int ordinal) throws IOException {
        return Mapping.of(view.floats().chunk(ordinal)).file().endsWith("/rows");
    }

    /** Where the checksums go, which nobody reads here. */
    private static final class Nowhere implements LittleEndianOutput {
        @Override
        public void writeInt(int value) {}

        @Override
        public void writeLong(long value) {}

        @Override
        public void writeInts(int[] values, int from, int n) {}

        @Override
        public void writeBytes(byte[] bytes, int from, int n) {}
    }
}
