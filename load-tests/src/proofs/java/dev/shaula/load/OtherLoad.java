package dev.shaula.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The cores that the rest of the machine used while something was measured, from the clocks of Linux. Times of a phase in
 * which others used more than a small part of a core say more of the scheduler than of the server. For one thread.
 */
final class OtherLoad {
    private static final Path MACHINE = Path.of("/proc/stat");
    private static final double TICKS_PER_SECOND = 100;

    private final long[] ours;
    private final long startNs = System.nanoTime();
    private final long startTicks;

    private OtherLoad(long... ours) throws IOException {
        this.ours = ours;
        startTicks = othersTicks();
    }

    /** Begins to count everything but this process and {@code server}. */
    static OtherLoad beside(OwnServer server) throws IOException {
        return new OtherLoad(ProcessHandle.current().pid(), server.pid());
    }

    /** Mean number of cores since the beginning; NaN where there is no such clock. */
    double cores() throws IOException {
        double seconds = (System.nanoTime() - startNs) / 1e9;
        return Files.exists(MACHINE) ? (othersTicks() - startTicks) / TICKS_PER_SECOND / seconds : Double.NaN;
    }

    private long othersTicks() throws IOException {
        if (!Files.exists(MACHINE)) {
            return 0;
        }
        // cpu user nice system idle iowait irq softirq steal: what is stolen from a virtual machine is used by others.
        String[] machine = Files.readAllLines(MACHINE).getFirst().split(" +");
        long busy = 0;
        for (int i = 1; i <= 8; i++) {
            busy += i == 4 || i == 5 ? 0 : Long.parseLong(machine[i]);
        }
        for (long pid : ours) {
            busy -= ticks(pid);
        }
        return busy;
    }

    private static long ticks(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        // After the name, which may hold anything but ends with the last parenthesis: state is field 3, utime 14.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }
}
