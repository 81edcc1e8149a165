package dev.shaula.load;

import java.util.Map;
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

    long heapUsed() {
        return sum("jvm_memory_used_bytes", "area=\"heap\"");
    }
}
