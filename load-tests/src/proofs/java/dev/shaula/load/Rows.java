package dev.shaula.load;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * Vectors that are made from their number, so that millions can be checked later and none be kept: {@code W · z} with a
 * little noise, {@code z} of 32 dimensions around one of 64 centres, as embeddings lie near a surface of few dimensions.
 * Row {@code i} has the id {@code i} and the metadata {@code {"n":i}}. Thread-safe.
 */
final class Rows {
    private static final int LATENT = 32;
    private static final int CENTRES = 64;
    private static final double NOISE = 0.05;

    private final int dimensions;
    private final long seed;
    private final double[][] centres;
    private final double[][] weights;

    Rows(int dimensions, long seed) {
        this.dimensions = dimensions;
        this.seed = seed;
        Random random = new Random(seed);
        centres = gaussian(CENTRES, random);
        weights = gaussian(dimensions, random);
    }

    int dimensions() {
        return dimensions;
    }

    float[] vector(long row) {
        // Consecutive seeds of Random give similar first numbers; the odd constant spreads them.
        Random random = new Random(seed + 1 + row * 0x9E3779B97F4A7C15L);
        double[] z = centres[random.nextInt(CENTRES)].clone();
        for (int l = 0; l < LATENT; l++) {
            z[l] = 0.8 * z[l] + 0.6 * random.nextGaussian();
        }
        float[] vector = new float[dimensions];
        for (int d = 0; d < dimensions; d++) {
            double sum = NOISE * random.nextGaussian();
            for (int l = 0; l < LATENT; l++) {
                sum += weights[d][l] * z[l];
            }
            vector[d] = (float) sum;
        }
        return vector;
    }

    /** The rows {@code from} (inclusive) to {@code to} (exclusive), one JSON object a line. */
    byte[] ndjson(long from, long to) {
        StringBuilder lines = new StringBuilder();
        for (long row = from; row < to; row++) {
            lines.append("{\"id\":\"").append(row).append("\",\"vector\":");
            append(lines, vector(row));
            lines.append(",\"metadata\":{\"n\":").append(row).append("}}\n");
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** A search for the neighbours of a row. */
    String query(String collection, long row, int k, boolean exact) {
        StringBuilder body = new StringBuilder("{\"collection\":\"")
                .append(collection)
                .append("\",\"top_k\":")
                .append(k)
                .append(",\"use_ann\":")
                .append(!exact)
                .append(",\"vector\":");
        append(body, vector(row));
        return body.append('}').toString();
    }

    private static void append(StringBuilder json, float[] vector) {
        json.append('[');
        for (int i = 0; i < vector.length; i++) {
            json.append(i == 0 ? "" : ",").append(vector[i]);
        }
        json.append(']');
    }

    private static double[][] gaussian(int n, Random random) {
        double[][] rows = new double[n][LATENT];
        for (double[] row : rows) {
            for (int l = 0; l < LATENT; l++) {
                row[l] = random.nextGaussian() / Math.sqrt(LATENT);
            }
        }
        return rows;
    }
}
