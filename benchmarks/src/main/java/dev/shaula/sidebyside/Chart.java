package dev.shaula.sidebyside;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/**
 * Curves as an SVG that a browser and a Markdown page show alike: recall from left to right, queries a second upwards on
 * a logarithmic scale, one line a peer, Shaula's thick. Recall is drawn as {@code -log10(1 - recall)}, so that 0.9, 0.99
 * and 0.999 are equally far apart.
 *
 * @param curves points by ascending ef
 */
record Chart(String title, SortedMap<String, List<Curve.Point>> curves) {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 440;
    private static final int LEFT = 70;
    private static final int TOP = 40;
    private static final int RIGHT = WIDTH - 170;
    private static final int BOTTOM = HEIGHT - 50;
    private static final double[] RECALLS = {0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999};
    /** A recall of 1 has no place on the scale. */
    private static final double HIGHEST = 0.9995;
    /** Told apart by people who do not see red and green as different (Okabe and Ito), and by their dashes. */
    private static final List<String> COLOURS =
            List.of("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#882255", "#44aa99");

    private static final List<String> DASHES = List.of("", "6 3", "2 3");

    String svg() {
        StringBuilder out = new StringBuilder();
        out.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">\n",
                WIDTH, HEIGHT));
        out.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        text(out, LEFT, 22, "start", title);
        grid(out);
        int i = 0;
        for (Map.Entry<String, List<Curve.Point>> curve : curves.entrySet()) {
            line(out, curve.getKey(), curve.getValue(), i++);
        }
        return out.append("</svg>\n").toString();
    }

    private void grid(StringBuilder out) {
        for (double recall : RECALLS) {
            if (place(recall) >= lowest() && place(recall) <= highest()) {
                rule(out, x(recall), TOP, x(recall), BOTTOM);
                text(out, x(recall), BOTTOM + 18, "middle", format("%s", recall));
            }
        }
        for (double decade = 10; decade <= 1e7; decade *= 10) {
            for (double step : new double[] {1, 2, 5}) {
                double qps = decade * step;
                if (qps >= slowest() && qps <= fastest()) {
                    rule(out, LEFT, y(qps), RIGHT, y(qps));
                    text(out, LEFT - 6, y(qps) + 4, "end", format("%,.0f", qps));
                }
            }
        }
        text(out, (LEFT + RIGHT) / 2.0, HEIGHT - 12, "middle", "recall");
        text(out, 8, TOP - 10, "start", "queries/s");
    }

    private void line(StringBuilder out, String peer, List<Curve.Point> points, int number) {
        String colour = COLOURS.get(number % COLOURS.size());
        String dash = DASHES.get(number / COLOURS.size() % DASHES.size());
        double width = Report.isOurs(peer) ? 3.5 : 1.5;
        out.append(format(
                "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-dasharray=\"%s\" points=\"",
                colour, width, dash));
        points.forEach(p -> out.append(format("%.1f,%.1f ", x(p.recall()), y(p.qps()))));
        out.append("\"/>\n");
        points.forEach(p -> out.append(format(
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n",
                x(p.recall()), y(p.qps()), width, colour)));
        double at = TOP + 18.0 * number;
        out.append(format(
                "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\""
                        + " stroke-dasharray=\"%s\"/>\n",
                RIGHT + 12, at, RIGHT + 36, at, colour, width, dash));
        text(out, RIGHT + 42, at + 4, "start", peer);
    }

    private static void rule(StringBuilder out, double x1, double y1, double x2, double y2) {
        out.append(format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", x1, y1, x2, y2));
    }

    private static void text(StringBuilder out, double x, double y, String anchor, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
        out.append(format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, escaped));
    }

    private double x(double recall) {
        return LEFT + (RIGHT - LEFT) * (place(recall) - lowest()) / (highest() - lowest());
    }

    private double y(double qps) {
        return BOTTOM - (BOTTOM - TOP) * Math.log(qps / slowest()) / Math.log(fastest() / slowest());
    }

    private static double place(double recall) {
        return -Math.log10(1 - Math.min(recall, HIGHEST));
    }

    private double lowest() {
        return all().mapToDouble(p -> place(p.recall())).min().orElse(0) - 0.05;
    }

    private double highest() {
        return all().mapToDouble(p -> place(p.recall())).max().orElse(1) + 0.05;
    }

    private double slowest() {
        return all().mapToDouble(Curve.Point::qps).min().orElse(10) / 1.15;
    }

    private double fastest() {
        return all().mapToDouble(Curve.Point::qps).max().orElse(100) * 1.15;
    }

    private java.util.stream.Stream<Curve.Point> all() {
        return curves.values().stream().flatMap(List::stream);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
