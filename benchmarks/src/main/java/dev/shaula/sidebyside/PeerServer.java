package dev.shaula.sidebyside;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The Java half of a peer process: reads commands from standard input and answers each with one line on standard output,
 * {@code ok} with {@code name=value} pairs, {@code unsupported} or {@code error} with a message. {@code
 * src/peers/native/peer.hpp} is its twin for native libraries.
 *
 * <pre>
 * build THREADS             seconds, cpu, rows
 * save
 * open                      opened=0|1
 * memory                    bytes by part
 * search K EF THREADS MS    recall, queries, seconds, cpu
 * allocation K EF           bytes that one search allocates
 * quit
 * </pre>
 */
public final class PeerServer {
    private static final int ALLOCATION_SEARCHES = 4_000;

    /** Makes the library from the command line's {@code --name value} pairs. */
    @FunctionalInterface
    public interface Factory {
        Peer make(Map<String, String> setup) throws Exception;
    }

    private record Passes(long queries, double seconds, double cpu) {}

    private final Peer peer;
    private final Map<String, String> setup;
    private final PrintStream answers;
    private final float[][] queries;
    private final int[][] truth;
    private final List<Peer.Searcher> searchers = new ArrayList<>();

    private PeerServer(Peer peer, Map<String, String> setup, PrintStream answers) throws IOException {
        this.peer = peer;
        this.setup = setup;
        this.answers = answers;
        MatrixFile queryRows = MatrixFile.open(Path.of(required(setup, "queries")));
        MatrixFile truthRows = MatrixFile.open(Path.of(required(setup, "truth")));
        this.queries = new float[queryRows.rows()][];
        this.truth = new int[queryRows.rows()][];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = queryRows.floats(i);
            truth[i] = truthRows.ints(i);
        }
    }

    /** The main method of every Java peer. Libraries that write to standard output find standard error there. */
    public static void serve(String[] args, Factory factory) {
        PrintStream answers = System.out;
        System.setOut(System.err);
        try {
            Map<String, String> setup = new HashMap<>();
            for (int i = 0; i + 1 < args.length; i += 2) {
                setup.put(args[i].substring(2), args[i + 1]);
            }
            PeerServer server = new PeerServer(factory.make(setup), setup, answers);
            answers.println("ready");
            server.run();
        } catch (Exception e) {
            e.printStackTrace();
            answers.println("error " + e);
        }
        answers.flush();
        // Libraries may have left threads that are not daemons.
        System.exit(0);
    }

    /** A value of the command line. @throws IllegalArgumentException if it is missing */
    public static String required(Map<String, String> setup, String name) {
        String value = setup.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + ": missing");
        }
        return value;
    }

    private void run() throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            String answer;
            try {
                answer = answer(line.split(" "));
            } catch (Exception e) {
                e.printStackTrace();
                answer = "error " + e;
            }
            answers.println(answer);
            answers.flush();
        }
    }

    private String answer(String[] words) throws Exception {
        return switch (words[0]) {
            case "build" -> build(Integer.parseInt(words[1]));
            case "save" -> {
                peer.save(index());
                yield "ok";
            }
            case "open" -> {
                searchers.clear();
                yield "ok opened=" + (peer.open(index()) ? 1 : 0);
            }
            case "memory" -> {
                StringBuilder parts = new StringBuilder("ok");
                peer.memory()
                        .forEach((part, bytes) ->
                                parts.append(' ').append(part).append('=').append(bytes));
                yield parts.toString();
            }
            case "search" -> search(number(words, 1), number(words, 2), number(words, 3), number(words, 4));
            case "allocation" -> "ok bytes=" + allocation(number(words, 1), number(words, 2));
            default -> "unsupported";
        };
    }

    private static int number(String[] words, int i) {
        return Integer.parseInt(words[i]);
    }

    private Path index() {
        return Path.of(required(setup, "index"));
    }

    private String build(int threads) throws Exception {
        searchers.clear();
        MatrixFile base = MatrixFile.open(Path.of(required(setup, "base")));
        double cpu = ProcessClock.cpuSeconds();
        long start = System.nanoTime();
        peer.build(base, threads);
        return format(
                "ok seconds=%.6f cpu=%.6f rows=%d",
                (System.nanoTime() - start) * 1e-9, ProcessClock.cpuSeconds() - cpu, base.rows());
    }

    private String search(int k, int ef, int threads, int millis) throws Exception {
        makeSearchers(threads);
        double recall = recall(k, ef);
        Passes passes = threads == 1 ? timed(0, 1, k, ef, millis) : timed(threads, k, ef, millis);
        return format(
                "ok recall=%.6f queries=%d seconds=%.6f cpu=%.6f", recall, passes.queries, passes.seconds, passes.cpu);
    }

    private void makeSearchers(int threads) throws Exception {
        while (searchers.size() < threads) {
            searchers.add(peer.searcher());
        }
    }

    /** One pass over all queries, which also warms. */
    private double recall(int k, int ef) throws Exception {
        int[] found = new int[k];
        long hits = 0;
        for (int q = 0; q < queries.length; q++) {
            int n = searchers.get(0).search(queries[q], k, ef, found);
            Set<Integer> nearest = new HashSet<>();
            for (int i = 0; i < k; i++) {
                nearest.add(truth[q][i]);
            }
            for (int i = 0; i < n; i++) {
                // Removed, so that a row that came back twice counts once.
                hits += nearest.remove(found[i]) ? 1 : 0;
            }
        }
        return (double) hits / ((double) queries.length * k);
    }

    private Passes timed(int threads, int k, int ef, int millis) throws Exception {
        double cpu = ProcessClock.cpuSeconds();
        long queriesDone = 0;
        double seconds = 0;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Passes>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                running.add(pool.submit(() -> timed(thread, threads, k, ef, millis)));
            }
            for (Future<Passes> one : running) {
                queriesDone += one.get().queries;
                seconds = Math.max(seconds, one.get().seconds);
            }
        }
        return new Passes(queriesDone, seconds, ProcessClock.cpuSeconds() - cpu);
    }

    /** One thread's share: it starts at another query than the others, and ends with a query, not with a pass. */
    private Passes timed(int thread, int threads, int k, int ef, int millis) throws Exception {
        Peer.Searcher searcher = searchers.get(thread);
        int[] found = new int[k];
        double cpu = ProcessClock.cpuSeconds();
        long start = System.nanoTime();
        long limit = millis * 1_000_000L;
        long done = 0;
        long elapsed;
        int q = (int) ((long) queries.length * thread / threads);
        do {
            searcher.search(queries[q], k, ef, found);
            q = q + 1 == queries.length ? 0 : q + 1;
            done++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < limit || done < queries.length);
        return new Passes(done, elapsed * 1e-9, ProcessClock.cpuSeconds() - cpu);
    }

    /** Bytes that the searching thread allocates for one search, after warming, on average. */
    private long allocation(int k, int ef) throws Exception {
        makeSearchers(1);
        timed(0, 1, k, ef, 1_000);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Peer.Searcher searcher = searchers.get(0);
        int[] found = new int[k];
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ALLOCATION_SEARCHES; i++) {
            searcher.search(queries[i % queries.length], k, ef, found);
        }
        return (threads.getCurrentThreadAllocatedBytes() - before) / ALLOCATION_SEARCHES;
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
