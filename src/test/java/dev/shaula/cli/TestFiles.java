package dev.shaula.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Writes the files that tests read. */
final class TestFiles {
    private TestFiles() {}

    static float[][] randomVectors(Random random, int rows, int dimensions) {
        float[][] vectors = new float[rows][dimensions];
        for (float[] v : vectors) {
            for (int i = 0; i < dimensions; i++) {
                v[i] = (float) random.nextGaussian();
            }
        }
        return vectors;
    }

    /** Whole numbers 0 to 255, as a bvecs file can hold them. */
    static float[][] randomBytes(Random random, int rows, int dimensions) {
        float[][] vectors = new float[rows][dimensions];
        for (float[] v : vectors) {
            for (int i = 0; i < dimensions; i++) {
                v[i] = random.nextInt(256);
            }
        }
        return vectors;
    }

    static byte[] fvecs(float[][] vectors) {
        return vecs(vectors, 4, (b, x) -> b.putFloat(x));
    }

    static byte[] bvecs(float[][] vectors) {
        return vecs(vectors, 1, (b, x) -> b.put((byte) (int) x));
    }

    static byte[] ivecs(int[][] rows) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int[] row : rows) {
            ByteBuffer b = ByteBuffer.allocate(4 + 4 * row.length).order(ByteOrder.LITTLE_ENDIAN);
            b.putInt(row.length);
            for (int x : row) {
                b.putInt(x);
            }
            out.writeBytes(b.array());
        }
        return out.toByteArray();
    }

    private interface Put {
        void put(ByteBuffer b, float x);
    }

    private static byte[] vecs(float[][] vectors, int bytesPerComponent, Put put) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (float[] v : vectors) {
            ByteBuffer b = ByteBuffer.allocate(4 + bytesPerComponent * v.length).order(ByteOrder.LITTLE_ENDIAN);
            b.putInt(v.length);
            for (float x : v) {
                put.put(b, x);
            }
            out.writeBytes(b.array());
        }
        return out.toByteArray();
    }

    static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream zip = new GZIPOutputStream(out)) {
            zip.write(content);
        }
        return out.toByteArray();
    }

    static Path write(Path directory, String name, byte[] content) throws IOException {
        return Files.write(directory.resolve(name), content);
    }
}
