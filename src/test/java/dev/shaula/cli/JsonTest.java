package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void shouldWriteFloatsThatReadBackAsTheSameBits() {
        long seed = 4711;
        Random random = new Random(seed);
        float[] special = {
            0f,
            -0f,
            1f,
            -1f,
            255f,
            16_777_216f,
            16_777_218f,
            2.1474836e9f,
            -2.1474836e9f,
            0.1f,
            Float.MIN_VALUE,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.MIN_NORMAL,
            1e-7f,
            123456.7f
        };
        for (int i = 0; i < 1_000_000; i++) {
            float f = i < special.length ? special[i] : Float.intBitsToFloat(random.nextInt());
            if (Float.isFinite(f)) {
                StringBuilder text = new StringBuilder();
                Json.append(text, f);
                assertSameBits(f, text.toString(), seed);
            }
        }
    }

    private static void assertSameBits(float f, String text, long seed) {
        if (Float.floatToRawIntBits(Float.parseFloat(text)) != Float.floatToRawIntBits(f)
                || !text.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?(E-?[0-9]+)?")) {
            throw new AssertionError("seed " + seed + ": " + f + " was written as " + text);
        }
    }

    @Test
    void shouldWriteWholeNumbersShort() {
        assertThat(Json.write(new float[] {0f, 255f, -3f, -0f, 0.5f})).isEqualTo("[0,255,-3,-0.0,0.5]");
    }

    @Test
    void shouldReadWhatItWrites() throws IOException {
        String json = "{\"a\":[1,2.5,null,true,\"\\u00e4\\n\"],\"b\":{},\"c\":-12345678901234567890}";
        assertThat(Json.write(Json.value(json))).isEqualTo(json.replace("\\u00e4", "ä"));
    }

    @Test
    void shouldRefuseWhatIsNotOneValue() {
        for (String bad : new String[] {"", "{", "[1,]", "1 2", "{\"a\":1,\"a\":2}", "NaN"}) {
            assertThatThrownBy(() -> Json.value(bad)).as(bad).isInstanceOf(IOException.class);
        }
    }
}
