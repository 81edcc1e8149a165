package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.VectorDbException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fast way through a list of numbers gives the floats, and the refusals, of the slow one. */
class NumberListTest {
    private static final int NUMBERS = 200_000;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void shouldReadTheFloatThatTheJdkReads() {
        DecimalFloat decimal = new DecimalFloat();
        for (int i = 0; i < NUMBERS; i++) {
            String text = number(i % 6);
            byte[] bytes = (text + ",").getBytes(StandardCharsets.US_ASCII);
            assertThat(decimal.read(bytes, 0, bytes.length))
                    .as("seed %d: %s", seed, text)
                    .isEqualTo(text.length());
            assertThat(Float.floatToRawIntBits(decimal.value()))
                    .as("seed %d: %s", seed, text)
                    .isEqualTo(Float.floatToRawIntBits(Float.parseFloat(text)));
        }
    }

    private String number(int kind) {
        float f = (float) random.nextGaussian();
        return switch (kind) {
            case 0 -> Float.toString(f);
            case 1 -> Double.toString(f);
            case 2 -> Double.toString(random.nextGaussian());
            case 3 -> Float.toString(Float.intBitsToFloat(random.nextInt() & 0x7F7F_FFFF));
            case 4 -> nearMidpoint(f);
            default -> random.nextLong() + "e" + (random.nextInt(70) - 50);
        };
    }

    /** Where rounding twice goes wrong: half way between two floats, or a hair beside it. */
    private String nearMidpoint(float f) {
        BigDecimal middle =
                new BigDecimal(f).add(new BigDecimal(Math.nextUp(f))).divide(BigDecimal.valueOf(2));
        BigDecimal hair = middle.ulp().multiply(BigDecimal.valueOf(random.nextInt(3) - 1));
        return middle.add(hair).round(new MathContext(9 + random.nextInt(30))).toString();
    }

    @Test
    void shouldReadTheSameListFromAnyPieces() {
        String text = "{\"vector\":[ 1,-0.25 ,\n 3e-2,\t12345678.5,0 ] ,\"top_k\":3}";
        for (int longest = 1; longest < text.length(); longest++) {
            assertThat(read(text, longest).search().vector())
                    .as("pieces of %d", longest)
                    .containsExactly(1f, -0.25f, 3e-2f, 12345678f, 0f);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[1,2,null] | vector[2]: expected a finite number, got null",
                "[1,\"2\"] | vector[1]: expected a finite number, got \"2\"",
                "[1,[2]] | vector[1]: expected a finite number, got a list",
                "[1,1e39] | vector[1]: expected a finite number, got 1e39",
                "[1,2,] | Unexpected character (']'",
                "[1,,2] | vector: broken JSON at line 1, column",
                "[,1] | vector: broken JSON at line 1, column",
                "[1 2] | vector[1]: broken JSON at line 1, column",
                "[01] | vector: broken JSON at line 1, column",
                "[1.] | vector: broken JSON at line 1, column",
                "[-] | vector: broken JSON at line 1, column",
                "[1,2 | broken JSON at line 1, column",
                "[1,NaN] | broken JSON at line 1, column 1",
            })
    void shouldRefuseWhatIsNoListOfNumbersAsTheParserDoes(String list, String expected) {
        String text = "{\"vector\":" + list;
        for (int longest = 1; longest <= text.length(); longest++) {
            int pieces = longest;
            assertThatThrownBy(() -> read(text, pieces))
                    .as("pieces of %d", longest)
                    .isInstanceOf(VectorDbException.class)
                    .hasMessageContaining(expected.replaceFirst("^vector: |^vector\\[1]: (?=broken)", ""));
        }
    }

    @Test
    void shouldReadAVectorFromBase64AndRefuseWhatIsNone() {
        float[] vector = {1.5f, -2, Float.MIN_VALUE};
        ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        String text = Base64.getEncoder().encodeToString(bytes.array());
        assertThat(read("{\"vector\":\"" + text + "\"}", 5).search().vector()).containsExactly(vector);

        assertThatThrownBy(() -> read("{\"vector\":\"AAAA\"}", 99))
                .hasMessage("vector: expected 4 bytes for each element, got 3 bytes");
        assertThatThrownBy(() -> read("{\"vector\":\"a b\"}", 99))
                .hasMessageStartingWith("vector: expected a list of numbers, or base64");
        assertThatThrownBy(() -> read("{\"vector\":\"AADAfw==\"}", 99))
                .hasMessage("vector: expected finite numbers, got NaN at position 0");
    }

    private static QueryRequest read(String text, int longest) {
        QueryDocument document = new QueryDocument(QueryDefaults.NONE);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < bytes.length; at += longest) {
            byte[] piece = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + longest));
            document.feed(piece, 0, piece.length);
            Arrays.fill(piece, (byte) '?');
        }
        return document.finish();
    }
}
