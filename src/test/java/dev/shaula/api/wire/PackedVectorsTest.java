package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.VectorDbException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackedVectorsTest {
    private static final long SEED = 7;

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 13, 207})
    void shouldReadTheSameWhereverTheBodyIsCut(int dimensions) {
        Random random = new Random(SEED);
        float[] numbers = new float[5 * dimensions];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        byte[] body = packed(numbers);
        for (int round = 0; round < 200; round++) {
            PackedVectors document = new PackedVectors(dimensions, 5);
            byte[] moved = new byte[body.length + 3];
            System.arraycopy(body, 0, moved, 3, body.length);
            for (int at = 3; at < moved.length; ) {
                int next = Math.min(moved.length, at + 1 + random.nextInt(6 * dimensions));
                document.feed(moved, at, next);
                at = next;
            }
            List<float[]> vectors = document.finish();
            assertThat(vectors).as("seed %d, round %d", SEED, round).hasSize(5);
            for (int i = 0; i < numbers.length; i++) {
                assertThat(vectors.get(i / dimensions)[i % dimensions]).isEqualTo(numbers[i]);
            }
        }
    }

    @Test
    void shouldNameWhatWasExpectedOfABodyThatIsNoVector() {
        refuses("body: expected 8 bytes, 2 little-endian float32, got 0", 2, 1);
        refuses("body: expected 8 bytes, 2 little-endian float32, got 4", 2, 1, 1f);
        refuses("body: expected a multiple of 8 bytes, 2 little-endian float32 a vector, got 12", 2, 9, 1f, 2f, 3f);
        refuses("body: expected at most 1 x 2 little-endian float32, 8 bytes, got more", 2, 1, 1f, 2f, 3f);
        refuses("body: expected finite numbers, got NaN at position 1 of vector 1", 2, 9, 1f, 2f, 3f, Float.NaN);
        refuses("body: expected finite numbers, got -Infinity", 2, 1, Float.NEGATIVE_INFINITY, 2f);
    }

    private static void refuses(String text, int dimensions, int most, float... numbers) {
        byte[] body = packed(numbers);
        PackedVectors document = new PackedVectors(dimensions, most);
        assertThatThrownBy(() -> {
                    document.feed(body, 0, body.length);
                    document.finish();
                })
                .isInstanceOf(VectorDbException.class)
                .hasMessageContaining(text);
    }

    private static byte[] packed(float... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : numbers) {
            bytes.putFloat(number);
        }
        return bytes.array();
    }
}
