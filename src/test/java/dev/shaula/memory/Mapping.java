package dev.shaula.memory;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What Linux says of the mapping that holds an address of this process.
 *
 * @param file its path, empty for anonymous memory
 * @param residentBytes of the whole mapping, of which the segment may be a part
 */
public record Mapping(String file, long residentBytes) {

    /** Skips the test on a system that does not say. */
    public static Mapping of(MemorySegment segment) throws IOException {
        Path smaps = Path.of("/proc/self/smaps");
        assumeTrue(Files.exists(smaps), "only Linux says what is resident, and only there memory is moved to files");
        String file = null;
        for (String line : Files.readAllLines(smaps)) {
            String[] words = line.trim().split("\\s+", 6);
            if (words[0].matches("[0-9a-f]+-[0-9a-f]+")) {
                file = holds(words[0], segment.address()) ? (words.length < 6 ? "" : words[5]) : null;
            } else if (file != null && words[0].equals("Rss:")) {
                return new Mapping(file, 1_024 * Long.parseLong(words[1]));
            }
        }
        throw new AssertionError("no mapping holds " + segment);
    }

    private static boolean holds(String range, long address) {
        int dash = range.indexOf('-');
        return Long.compareUnsigned(Long.parseUnsignedLong(range.substring(0, dash), 16), address) <= 0
                && Long.compareUnsigned(address, Long.parseUnsignedLong(range.substring(dash + 1), 16)) < 0;
    }
}
