package dev.shaula.doors;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Processor time of the threads of a process by what they do, from {@code /proc}, in nanoseconds. Linux only. */
final class ThreadClock {
    /** What a thread does, told by its name as Linux cuts it. */
    enum Work {
        DOOR("vert.x-eventloo", "executor-thread", "vertx-blocked"),
        SEARCH("shaula-search"),
        WRITE("shaula-shard", "shaula-link", "rocksdb"),
        COLLECTOR("G1 ", "GC Thread", "VM Thread", "VM Periodic"),
        COMPILER("C1 Comp", "C2 Comp"),
        OTHER("");

        private final String[] names;

        Work(String... names) {
            this.names = names;
        }

        static Work of(String thread) {
            for (Work work : values()) {
                for (String name : work.names) {
                    if (thread.startsWith(name)) {
                        return work;
                    }
                }
            }
            return OTHER;
        }
    }

    private ThreadClock() {}

    /** What the threads that live now have used since they began. */
    static Map<Work, Long> read(long pid) throws IOException {
        Map<Work, Long> sums = new TreeMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path task : tasks) {
                try {
                    String time = Files.readString(task.resolve("schedstat"));
                    Work work = Work.of(Files.readString(task.resolve("comm")));
                    sums.merge(work, Long.parseLong(time.substring(0, time.indexOf(' '))), Long::sum);
                } catch (NoSuchFileException e) {
                    // the thread has ended
                }
            }
        }
        return sums;
    }

    /** Time that all processors of the machine were not idle. */
    static long machineBusyNs() throws IOException {
        String[] fields = Files.readString(Path.of("/proc/stat"))
                .lines()
                .findFirst()
                .orElseThrow()
                .split("\\s+");
        long ticks = 0;
        for (int i = 1; i <= 7; i++) {
            ticks += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
        }
        return ticks * 10_000_000;
    }
}
