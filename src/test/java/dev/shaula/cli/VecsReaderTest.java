package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VecsReaderTest {
    private static final long SEED = 20260101;

    @ParameterizedTest
    @CsvSource({"1,1", "2,13", "3,207", "5,702", "1,65535", "70,64"})
    void shouldReadBackEveryRowOfAnFvecsFile(int rows, int dimensions) throws IOException {
        float[][] vectors = TestFiles.randomVectors(new Random(SEED), rows, dimensions);
        assertThat(readAll(TestFiles.fvecs(vectors), FileFormat.FVECS)).isDeepEqualTo(vectors);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,13", "3,207", "5,702"})
    void shouldReadBytesAsUnsignedNumbers(int rows, int dimensions) throws IOException {
        float[][] vectors = TestFiles.randomBytes(new Random(SEED), rows, dimensions);
        assertThat(readAll(TestFiles.bvecs(vectors), FileFormat.BVECS)).isDeepEqualTo(vectors);
    }

    @Test
    void shouldReadNeighboursOfAnIvecsFile() throws IOException {
        int[][] rows = {{3, 0, 70_000}, {Integer.MAX_VALUE, 1, 2}};
        try (VecsReader reader = reader(TestFiles.ivecs(rows), FileFormat.IVECS)) {
            assertThat(reader.next()).isTrue();
            assertThat(reader.integers()).containsExactly(rows[0]);
            assertThat(reader.next()).isTrue();
            assertThat(reader.integers()).containsExactly(rows[1]);
            assertThat(reader.next()).isFalse();
            assertThat(reader.row()).isEqualTo(2);
        }
    }

    @Test
    void shouldFindNoRowInAnEmptyFile() throws IOException {
        assertThat(readAll(new byte[0], FileFormat.FVECS)).isEmpty();
    }

    @Test
    void shouldNameTheRowWhereverTheFileIsCut() throws IOException {
        byte[] whole = TestFiles.bvecs(TestFiles.randomBytes(new Random(SEED), 4, 7));
        int rowBytes = 11;
        for (int cut = 0; cut < whole.length; cut++) {
            byte[] part = Arrays.copyOf(whole, cut);
            if (cut % rowBytes == 0) {
                assertThat(readAll(part, FileFormat.BVECS)).hasDimensions(cut / rowBytes, cut == 0 ? 0 : 7);
            } else {
                assertThatThrownBy(() -> readAll(part, FileFormat.BVECS))
                        .isInstanceOf(BadRowException.class)
                        .hasMessageStartingWith("row " + cut / rowBytes + ": truncated");
            }
        }
    }

    @Test
    void shouldNameTheRowWhereverAGzippedFileIsCut(@TempDir Path directory) throws IOException {
        byte[] whole = TestFiles.gzip(TestFiles.fvecs(TestFiles.randomVectors(new Random(SEED), 20, 5)));
        for (int cut = 10; cut < whole.length; cut++) {
            SourceFile file = SourceFile.of(TestFiles.write(directory, "cut.fvecs.gz", Arrays.copyOf(whole, cut)));
            assertThatThrownBy(() -> {
                        try (VecsReader reader = new VecsReader(file.open(), FileFormat.FVECS)) {
                            rows(reader);
                        }
                    })
                    .as("cut at %d of %d", cut, whole.length)
                    .isInstanceOf(BadRowException.class)
                    .hasMessageMatching("row [0-9]+: .*");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 65_536, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void shouldRefuseADimensionOutOfRangeBeforeMakingRoomForIt(int dimension) {
        byte[] file = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(dimension)
                .array();
        assertThatThrownBy(() -> readAll(file, FileFormat.FVECS))
                .isInstanceOf(BadRowException.class)
                .hasMessageContaining("row 0: dimension " + dimension + ", expected 1 to 65535");
    }

    @Test
    void shouldRefuseARowOfAnotherDimension() {
        byte[] file = TestFiles.fvecs(new float[][] {{1, 2}, {3, 4}, {5, 6, 7}});
        assertThatThrownBy(() -> readAll(file, FileFormat.FVECS))
                .isInstanceOf(BadRowException.class)
                .hasMessage("row 2: dimension 3, expected 2 as in the rows before");
    }

    @Test
    void shouldUnzipByContentNotByName(@TempDir Path directory) throws IOException {
        float[][] vectors = TestFiles.randomVectors(new Random(SEED), 3, 4);
        for (byte[] content : List.of(TestFiles.fvecs(vectors), TestFiles.gzip(TestFiles.fvecs(vectors)))) {
            SourceFile file = SourceFile.of(TestFiles.write(directory, "odd-name", content));
            try (SourceFile.Content open = file.open();
                    VecsReader reader = new VecsReader(open, FileFormat.FVECS)) {
                assertThat(rows(reader)).isDeepEqualTo(vectors);
                assertThat(open.bytesRead()).isEqualTo(content.length);
            }
        }
    }

    private static float[][] readAll(byte[] file, FileFormat format) throws IOException {
        try (VecsReader reader = reader(file, format)) {
            return rows(reader);
        }
    }

    private static float[][] rows(VecsReader reader) throws IOException {
        List<float[]> rows = new ArrayList<>();
        while (reader.next()) {
            rows.add(reader.vector());
        }
        return rows.toArray(float[][]::new);
    }

    private static VecsReader reader(byte[] file, FileFormat format) {
        return new VecsReader(new ByteArrayInputStream(file), format);
    }
}
