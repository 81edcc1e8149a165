package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
    @Test
    void shouldWriteTextThatAParserReadsBack() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            random.ints(20, 0, 0x11000).filter(c -> c < 0xd800 || c > 0xdfff).forEach(text::appendCodePoint);
            text.appendCodePoint(0x1F980).append("\"\\\n\r\t\u0000/");
            byte[] json = new JsonWriter(1)
                    .openArray()
                    .value(text.toString())
                    .closeArray()
                    .toBytes();

            assertThat(new JsonArray(new String(json, StandardCharsets.UTF_8)).getString(0))
                    .isEqualTo(text.toString());
        }
    }

    @Test
    void shouldWriteFloatsThatReadBackBitForBit() {
        Random random = new Random(8);
        for (int round = 0; round < 20_000; round++) {
            float value = Float.intBitsToFloat(random.nextInt());
            byte[] json =
                    new JsonWriter(1).openArray().value(value).closeArray().toBytes();
            String text = new String(json, 1, json.length - 2, StandardCharsets.US_ASCII);

            if (Float.isFinite(value)) {
                assertThat(Float.parseFloat(text)).isEqualTo(value);
            } else {
                assertThat(text).as("never NaN or Infinity").matches("-?[0-9.]+(E[0-9]+)?");
            }
        }
    }

    @Test
    void shouldPutCommasBetweenValuesOnly() {
        JsonWriter out = new JsonWriter(1).openObject().field("a", 1).field("b", true);
        out.name("c").value(new float[] {1, 2}).name("d").openArray().closeArray();
        out.name("e").openObject().closeObject().name("f").raw(new byte[] {'{', '}'});

        assertThat(new String(out.field("g", ":[").closeObject().toBytes(), StandardCharsets.UTF_8))
                .isEqualTo("{\"a\":1,\"b\":true,\"c\":[1.0,2.0],\"d\":[],\"e\":{},\"f\":{},\"g\":\":[\"}");
    }
}
