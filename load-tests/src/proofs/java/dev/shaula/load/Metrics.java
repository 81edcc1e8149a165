package dev.shaula.load;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the server says of itself, by series: the name, with its labels in braces. */
record Metrics(Map<String, Double> series) {

    /** Reads the text form of Prometheus. */
    static Metrics parse(String text) {
        return new Metrics(text.lines()
                .filter(line -> !line.startsWith("#") && !line.isBlank())
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.lastIndexOf(' ')),
                        line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)),
                        (a, b) -> b)));
    }

    /** Sum of the series of this name whose labels contain {@code label}. @throws IllegalStateException if there is none */
    long sum(String name, String label) {
        double sum = 0;
        boolean found = false;
        for (Map.Entry<String, Double> entry : series.entrySet()) {
            String key = entry.getKey();
            if (key.equals(name) || (key.startsWith(name + "{") && key.contains(label))) {
                sum += entry.getValue();
                found = true;
            }
        }
        if (!found) {
            throw new IllegalStateException("metrics: expected " + name + ", found none");
        }
        return (long) sum;
    }

    long value(String name) {
        return sum(name, "");
    }

    /** The 99th percentile of a histogram in seconds, of what came after {@code before}; in ms, 0 if nothing did. */
    double p99Millis(String name, Metrics before) {
        TreeMap<Double, Double> steps = new TreeMap<>();
        series.forEach((key, value) -> {
            if (key.startsWith(name + "{")) {
                String end = key.replaceFirst(".*le=\"([^\"]*)\".*", "$1");
                double seconds = end.equals("+Inf") ? Double.MAX_VALUE : Double.parseDouble(end);
                steps.merge(seconds, value - before.series.getOrDefault(key, 0.0), Double::sum);
            }
        });
        double all = steps.isEmpty() ? 0 : steps.lastEntry().getValue();
        return all == 0
                ? 0
                : steps.entrySet().stream()
                                .filter(step -> step.getValue() >= 0.99 * all)
                                .findFirst()
                                .orElseThrow()
                                .getKey()
                        * 1_000;
    }

    long heapUsed() {
        return sum("jvm_memory_used_bytes", "area=\"heap\"");
    }
}
