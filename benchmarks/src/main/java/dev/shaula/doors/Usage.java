package dev.shaula.doors;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.EnumMap;
import java.util.Map;

/**
 * Processor time between two moments, in nanoseconds.
 *
 * @param server by what its threads did
 * @param client this process
 * @param others everything else on the machine
 */
record Usage(Map<ThreadClock.Work, Long> server, long client, long others) {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** What has been used up to now. */
    static Usage now(long pid) throws IOException {
        Map<ThreadClock.Work, Long> server = ThreadClock.read(pid);
        long client = SYSTEM.getProcessCpuTime();
        return new Usage(server, client, ThreadClock.machineBusyNs() - client - sum(server));
    }

    Usage since(Usage start) {
        Map<ThreadClock.Work, Long> used = new EnumMap<>(ThreadClock.Work.class);
        server.forEach((work, ns) -> used.put(work, ns - start.server.getOrDefault(work, 0L)));
        return new Usage(used, client - start.client, others - start.others);
    }

    long serverNs() {
        return sum(server);
    }

    long of(ThreadClock.Work work) {
        return server.getOrDefault(work, 0L);
    }

    private static long sum(Map<ThreadClock.Work, Long> times) {
        return times.values().stream().mapToLong(Long::longValue).sum();
    }
}
