package dev.shaula.sidebyside;

import java.util.Comparator;
import java.util.List;

/**
 * One sweep over ef: recall against queries a second.
 *
 * @param points by ascending recall
 */
record Curve(List<Point> points) {
    record Point(double recall, double qps) {}

    /**
     * Queries a second at a recall.
     *
     * @param atLeast true if even the point of the lowest recall lies above: the library may be faster than this
     */
    record Rate(double qps, boolean atLeast) {
        static final Rate NEVER = new Rate(Double.NaN, false);

        boolean reached() {
            return !Double.isNaN(qps);
        }
    }

    Curve {
        points = points.stream()
                .sorted(Comparator.comparingDouble(Point::recall)
                        .thenComparing(Comparator.comparingDouble(Point::qps).reversed()))
                .toList();
    }

    /**
     * Between the two points around the recall, linear in recall and in the logarithm of the rate; a faster point of
     * higher recall counts for every recall below it.
     */
    Rate at(double recall) {
        if (points.isEmpty() || points.getLast().recall < recall) {
            return Rate.NEVER;
        }
        int above = 0;
        while (points.get(above).recall < recall) {
            above++;
        }
        double best = points.subList(above, points.size()).stream()
                .mapToDouble(Point::qps)
                .max()
                .orElseThrow();
        if (above == 0) {
            return new Rate(best, points.getFirst().recall > recall);
        }
        return new Rate(Math.max(best, between(points.get(above - 1), points.get(above), recall)), false);
    }

    private static double between(Point low, Point high, double recall) {
        double share = (recall - low.recall) / (high.recall - low.recall);
        return Math.exp((1 - share) * Math.log(low.qps) + share * Math.log(high.qps));
    }
}
