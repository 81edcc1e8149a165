package dev.shaula.sidebyside;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A peer as the script found it: one line of four fields, parted by tabs.
 *
 * @param name in tables
 * @param index name of its saved index; peers that differ only in how they run share one
 * @param description version and settings
 * @param command what starts it, parted by spaces; or {@code absent:} and why it is not there
 */
record PeerSpec(String name, String index, String description, String command) {
    private static final String ABSENT = "absent:";

    static List<PeerSpec> readAll(Path file) throws IOException {
        List<PeerSpec> peers = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            String[] fields = line.split("\t");
            if (fields.length != 4) {
                throw new IOException(file + ": expected four fields, got \"" + line + "\"");
            }
            peers.add(new PeerSpec(fields[0], fields[1], fields[2], fields[3]));
        }
        return peers;
    }

    boolean absent() {
        return command.startsWith(ABSENT);
    }

    /** Why it is absent. */
    String reason() {
        return command.substring(ABSENT.length()).trim();
    }
}
