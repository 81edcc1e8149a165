package dev.shaula.cli;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Asks a list of queries over a number of connections and compares the answers with the truth. */
final class Evaluation {
    private final URI base;
    private final Duration patience;
    private final List<byte[]> requests;
    private final List<int[]> truth;
    private final int k;
    private final String idPrefix;

    /**
     * @param requests bodies of query requests
     * @param truth for each request the row numbers of its neighbours, nearest first, at least {@code k}
     */
    Evaluation(URI base, Duration patience, List<byte[]> requests, List<int[]> truth, int k, String idPrefix) {
        this.base = base;
        this.patience = patience;
        this.requests = requests;
        this.truth = truth;
        this.k = k;
        this.idPrefix = idPrefix;
    }

    /**
     * What one pass over all queries showed.
     *
     * @param sortedNs latencies, ascending
     */
    record Result(double recall, double lowestRecall, long[] sortedNs, double seconds) {
        /** The latency that {@code percent} of the queries did not exceed (nearest rank), in milliseconds. */
        double latencyMs(double percent) {
            int rank = (int) Math.ceil(percent / 100 * sortedNs.length);
            return sortedNs[Math.max(1, rank) - 1] / 1e6;
        }

        double queriesPerSecond() {
            return sortedNs.length / seconds;
        }
    }

    /**
     * One pass.
     *
     * @throws CliException if a query fails
     */
    Result run(int concurrency) throws InterruptedException {
        long[] latencies = new long[requests.size()];
        double[] recalls = new double[requests.size()];
        AtomicInteger next = new AtomicInteger();
        long start = System.nanoTime();
        try (ExecutorService workers = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("shaula-eval-", 0).factory())) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < concurrency; i++) {
                running.add(workers.submit(() -> ask(next, latencies, recalls)));
            }
            for (Future<?> worker : running) {
                await(worker, next);
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Arrays.sort(latencies);
        return new Result(
                Arrays.stream(recalls).average().orElse(0),
                Arrays.stream(recalls).min().orElse(0),
                latencies,
                seconds);
    }

    private void await(Future<?> worker, AtomicInteger next) throws InterruptedException {
        try {
            worker.get();
        } catch (ExecutionException e) {
            next.set(requests.size()); // the others stop after their query
            if (e.getCause() instanceof CliException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private void ask(AtomicInteger next, long[] latencies, double[] recalls) {
        try (ServiceClient client = new ServiceClient(base, patience)) {
            for (int i = next.getAndIncrement(); i < latencies.length; i = next.getAndIncrement()) {
                long start = System.nanoTime();
                HttpConnection.Answer answer = client.exchange("POST", "/vectors/query", requests.get(i));
                latencies[i] = System.nanoTime() - start;
                recalls[i] = recall(i, answer);
            }
        }
    }

    private double recall(int query, HttpConnection.Answer answer) {
        Map<String, @Nullable Object> body;
        try {
            body = Json.object(answer.body());
        } catch (IOException e) {
            throw new CliException("query " + query + ": the answer is not a JSON object", e);
        }
        if (answer.status() >= 400) {
            throw new CliException("query " + query + ": " + ServiceClient.errorOf(answer.status(), body));
        }
        Set<String> expected = new HashSet<>();
        int[] neighbours = truth.get(query);
        for (int i = 0; i < k; i++) {
            expected.add(idPrefix + neighbours[i]);
        }
        return (double) hits(body.get("results"), expected) / k;
    }

    private static int hits(@Nullable Object results, Set<String> expected) {
        int hits = 0;
        if (results instanceof List<?> list) {
            for (Object result : list) {
                // A removed id cannot count twice.
                hits += result instanceof Map<?, ?> r && expected.remove(String.valueOf(r.get("id"))) ? 1 : 0;
            }
        }
        return hits;
    }
}
