package dev.shaula.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeMemoryTest {
    private static final Duration COLLECTED_WITHIN = Duration.ofSeconds(30);

    @ParameterizedTest
    @CsvSource({"1, false", "13, false", "4095, false", "4194304, false", "4194304, true", "5000001, true", "100, true"
    })
    void shouldGiveZeroedAlignedMemoryOfTheSizeAsked(long bytes, boolean hugePages) {
        for (int i = 0; i < 3; i++) {
            MemorySegment block = NativeMemory.allocate(bytes, hugePages);
            assertThat(block.byteSize()).isEqualTo(bytes);
            assertThat(block.address() % NativeMemory.ALIGNMENT).isZero();
            assertThat(block.mismatch(MemorySegment.ofArray(new byte[(int) bytes])))
                    .isEqualTo(-1);
            // Dirt for the next round, should it get the same place.
            block.fill((byte) 0xa5);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveMemoryBackOnceNothingRefersToIt(boolean hugePages) throws InterruptedException {
        long bytes = 3L << 20;
        int blocks = 20;
        List<MemorySegment> held = new ArrayList<>();
        // What other tests of this JVM left is freed at any time, so only lower bounds are safe while we hold blocks.
        for (int i = 0; i < blocks; i++) {
            held.add(NativeMemory.allocate(bytes, hugePages));
        }
        long withBlocks = NativeMemory.allocatedBytes();
        assertThat(withBlocks).isGreaterThanOrEqualTo(blocks * bytes);
        MemorySegment kept = held.getFirst();
        kept.set(ValueLayout.JAVA_LONG, 8, 42);
        held.clear();
        awaitAllocatedAtMost(withBlocks - (blocks - 1) * bytes);
        assertThat(kept.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(42);
    }

    @Test
    void shouldKeepABlockWhileOnlyASliceOfItIsHeld() throws InterruptedException {
        MemorySegment slice = NativeMemory.allocate(3L << 20, true).asSlice(1L << 20, 8);
        slice.set(ValueLayout.JAVA_LONG, 0, 42);
        awaitCollection();
        assertThat(slice.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 64, 4096, 5000})
    void shouldMapAFileFromAnyOffset(long offset, @TempDir Path directory) throws IOException {
        byte[] content = new byte[10_000];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (i * 31);
        }
        Path file = Files.write(directory.resolve("f"), content);
        MemorySegment mapped = NativeMemory.map(file, offset, content.length - offset);
        assertThat(mapped.byteSize()).isEqualTo(content.length - offset);
        assertThat(mapped.mismatch(MemorySegment.ofArray(content).asSlice(offset)))
                .isEqualTo(-1);
        assertThat(mapped.isReadOnly()).isTrue();
    }

    @Test
    void shouldKeepAMappingWhileItsSegmentIsHeld(@TempDir Path directory) throws IOException, InterruptedException {
        Path file = Files.write(directory.resolve("f"), new byte[] {1, 2, 3, 4});
        MemorySegment mapped = NativeMemory.map(file, 0, 4);
        // Had a collection unmapped the file, this read would end the JVM.
        awaitCollection();
        assertThat(mapped.get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) 4);
    }

    @Test
    void shouldMakeOneKindOfSegmentOnly(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("f"), new byte[100]);
        assertThat(List.of(
                        NativeMemory.allocate(100, false),
                        NativeMemory.allocate(3L << 20, true),
                        NativeMemory.allocate(100, false).asSlice(10, 10),
                        NativeMemory.map(file, 0, 100),
                        NativeMemory.map(file, 10, 50)))
                .extracting(Object::getClass)
                .containsOnly(NativeMemory.allocate(1, false).getClass());
    }

    @Test
    void shouldRefuseAFileThatIsTooShortNamingBothLengths(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("short"), new byte[100]);
        assertThatThrownBy(() -> NativeMemory.map(file, 64, 37))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("short")
                .hasMessageContaining("101")
                .hasMessageContaining("100");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveDiscardedMemoryBackAtOnceAndStayReadable(boolean hugePages) throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux"));
        long bytes = 256L << 20;
        MemorySegment block = NativeMemory.allocate(bytes, hugePages);
        block.fill((byte) 1);
        long allocated = NativeMemory.allocatedBytes();
        long resident = residentBytes();
        NativeMemory.discard(block);
        // Other tests of this JVM may free memory meanwhile, but not take so much.
        assertThat(NativeMemory.allocatedBytes()).isLessThanOrEqualTo(allocated - bytes);
        assertThat(residentBytes()).isLessThan(resident - bytes * 3 / 4);
        assertThat(block.get(ValueLayout.JAVA_LONG, bytes - 8)).isZero();
        long after = NativeMemory.allocatedBytes();
        NativeMemory.discard(block);
        assertThat(NativeMemory.allocatedBytes()).isLessThanOrEqualTo(after);
    }

    @Test
    void shouldStayReadableWhenAMappingIsDiscarded(@TempDir Path directory) throws IOException {
        byte[] content = new byte[1 << 20];
        Arrays.fill(content, (byte) 7);
        Path file = Files.write(directory.resolve("f"), content);
        MemorySegment mapped = NativeMemory.map(file, 100, content.length - 100);
        MemorySegment other = NativeMemory.map(file, 0, content.length);
        NativeMemory.discard(mapped);
        assertThat(mapped.get(ValueLayout.JAVA_BYTE, 500_000)).isIn((byte) 0, (byte) 7);
        assertThat(other.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({"4194304, false", "6356992, true", "8388608, true"})
    void shouldReadTheSameFromAFileThatTookTheMemorysPlace(int bytes, boolean hugePages, @TempDir Path directory)
            throws IOException {
        byte[] content = content(bytes);
        Path file = Files.write(directory.resolve("f"), content);
        MemorySegment before = NativeMemory.allocate(bytes, hugePages);
        MemorySegment block = NativeMemory.allocate(bytes, hugePages);
        MemorySegment after = NativeMemory.allocate(bytes, hugePages);
        for (MemorySegment each : List.of(before, block, after)) {
            each.copyFrom(MemorySegment.ofArray(content));
        }
        assertThat(Mapping.of(block).file()).isEmpty();
        long allocated = NativeMemory.allocatedBytes();
        NativeMemory.moveToFile(block, file, 0);
        assertThat(NativeMemory.allocatedBytes()).isLessThanOrEqualTo(allocated - bytes);
        assertThat(Mapping.of(block).file()).endsWith("/f");
        assertThat(Mapping.of(block).residentBytes()).isZero();
        Files.delete(file);
        before.fill((byte) 1);
        after.fill((byte) 2);
        assertThat(block.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
        assertThat(Mapping.of(block).residentBytes()).isPositive();
        NativeMemory.moveToFile(block, file, 0); // the second time there is nothing to do, not even a file to open
    }

    @Test
    void shouldTakeReleasedPagesOfFilesOutOfTheProcessAndReadThemAgain(@TempDir Path directory) throws IOException {
        byte[] content = content(3 << 20);
        Path file = Files.write(directory.resolve("f"), content);
        MemorySegment moved = NativeMemory.allocate(content.length, true);
        moved.copyFrom(MemorySegment.ofArray(content));
        NativeMemory.moveToFile(moved, file, 0);
        for (MemorySegment block : List.of(
                moved, NativeMemory.map(file, 0, content.length), NativeMemory.map(file, 100, content.length - 100))) {
            MemorySegment expected = MemorySegment.ofArray(content).asSlice(content.length - block.byteSize());
            for (int turn = 0; turn < 2; turn++) {
                assertThat(block.mismatch(expected)).isEqualTo(-1);
                assertThat(Mapping.of(block).residentBytes()).isPositive();
                NativeMemory.release(block);
                assertThat(Mapping.of(block).residentBytes()).isZero();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"100, false", "3145728, false", "3145728, true"})
    void shouldKeepWhatIsInMemoryOnlyWhenItIsReleased(int bytes, boolean hugePages) {
        byte[] content = content(bytes);
        MemorySegment block = NativeMemory.allocate(bytes, hugePages);
        block.copyFrom(MemorySegment.ofArray(content));
        NativeMemory.release(block);
        assertThat(block.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
    }

    @Test
    void shouldKeepABlockInMemoryThatAFileCannotReplace(@TempDir Path directory) throws IOException {
        byte[] content = content(3 << 20);
        Path tooShort = Files.write(directory.resolve("f"), Arrays.copyOf(content, content.length - 1));
        MemorySegment block = NativeMemory.allocate(content.length, true);
        block.copyFrom(MemorySegment.ofArray(content));
        assumeTrue(Mapping.of(block).file().isEmpty());
        assertThatThrownBy(() -> NativeMemory.moveToFile(block, tooShort, 0)).isInstanceOf(IOException.class);
        assertThat(block.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
        MemorySegment noWholePages = NativeMemory.allocate(content.length - 5, true);
        noWholePages.copyFrom(MemorySegment.ofArray(content).asSlice(0, content.length - 5));
        NativeMemory.moveToFile(noWholePages, tooShort, 0);
        assertThat(Mapping.of(noWholePages).file()).isEmpty();
        NativeMemory.release(noWholePages);
        assertThat(noWholePages.mismatch(MemorySegment.ofArray(content))).isEqualTo(content.length - 5);
    }

    @Test
    void shouldLeaveTheFileAloneWhenABlockThatMovedThereIsDiscarded(@TempDir Path directory) throws IOException {
        byte[] content = content(3 << 20);
        Path file = Files.write(directory.resolve("f"), content);
        MemorySegment block = NativeMemory.allocate(content.length, true);
        block.copyFrom(MemorySegment.ofArray(content));
        NativeMemory.moveToFile(block, file, 0);
        NativeMemory.discard(block);
        NativeMemory.release(block);
        NativeMemory.discard(block);
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
        assertThat(block.get(ValueLayout.JAVA_BYTE, 500_000)).isIn((byte) 0, content[500_000]);
    }

    /** Readers must find one or the other, never a hole: a hole would end the JVM. */
    @Test
    void shouldNeverShowReadersAnythingElseWhileBlocksMoveAndAreReleased(@TempDir Path directory) throws Exception {
        byte[] content = content(1 << 20);
        Path file = Files.write(directory.resolve("f"), content);
        List<MemorySegment> blocks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            blocks.add(NativeMemory.allocate(content.length, false).copyFrom(MemorySegment.ofArray(content)));
        }
        AtomicBoolean moved = new AtomicBoolean();
        try (ExecutorService reader = Executors.newSingleThreadExecutor()) {
            Future<Integer> wrong = reader.submit(() -> {
                boolean last;
                int differences = 0;
                do {
                    last = moved.get();
                    for (MemorySegment block : blocks) {
                        for (int at = 0; at < content.length; at += 4_096) {
                            differences += block.get(ValueLayout.JAVA_BYTE, at) == content[at] ? 0 : 1;
                        }
                    }
                } while (!last);
                return differences;
            });
            for (MemorySegment block : blocks) {
                NativeMemory.moveToFile(block, file, 0);
                NativeMemory.release(block);
            }
            moved.set(true);
            assertThat(wrong.get()).isZero();
        }
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return content;
    }

    private static long residentBytes() throws IOException {
        String statm = Files.readString(Path.of("/proc/self/statm"));
        return 4_096 * Long.parseLong(statm.split(" ", -1)[1]);
    }

    /** Returns when a block that was dropped here has been freed, and whatever was unreachable with it. */
    private static void awaitCollection() throws InterruptedException {
        assertThat(NativeMemory.allocate(1L << 20, false).byteSize()).isPositive();
        awaitAllocatedAtMost(NativeMemory.allocatedBytes() - (1L << 20));
    }

    /**
     * Asks for collections until the count is down. Memory is freed by reachability alone, so there is nothing to join:
     * {@code System.gc} makes a block unreachable for its cleaner, which then runs on a thread of its own, and a block
     * whose owner is a segment takes a second collection.
     */
    private static void awaitAllocatedAtMost(long bytes) throws InterruptedException {
        long deadline = System.nanoTime() + COLLECTED_WITHIN.toNanos();
        while (NativeMemory.allocatedBytes() > bytes) {
            assertThat(System.nanoTime())
                    .as("allocated %d, expected at most %d", NativeMemory.allocatedBytes(), bytes)
                    .isLessThan(deadline);
            System.gc();
            Thread.sleep(5);
        }
    }
}
