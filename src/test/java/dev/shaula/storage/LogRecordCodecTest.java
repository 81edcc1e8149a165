package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Expiry;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.storage.LogRecordCodec.Decoded;
import dev.shaula.storage.LogRecordCodec.MalformedRecordException;
import dev.shaula.storage.Write.Delete;
import dev.shaula.storage.Write.Update;
import dev.shaula.storage.Write.Upsert;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class LogRecordCodecTest {

    @Property(tries = 500)
    void shouldReadBackWhatWasWritten(@ForAll("records") LogRecord record) throws Exception {
        Decoded decoded = LogRecordCodec.decode(LogRecordCodec.encode(record, record.sequence() - 1));
        assertThat(decoded.previous()).isEqualTo(record.sequence() - 1);
        assertThat(decoded.record().sequence()).isEqualTo(record.sequence());
        assertThat(decoded.record().writes()).hasSameSizeAs(record.writes());
        for (int i = 0; i < record.writes().size(); i++) {
            assertSame(decoded.record().writes().get(i), record.writes().get(i));
        }
    }

    private static void assertSame(Write found, Write expected) {
        if (expected instanceof Upsert upsert) {
            Upsert read = (Upsert) found;
            assertThat(read.ordinal()).isEqualTo(upsert.ordinal());
            assertThat(read.replaces()).isEqualTo(upsert.replaces());
            assertThat(read.point().id()).isEqualTo(upsert.point().id());
            assertThat(read.expiresAtMs()).isEqualTo(upsert.expiresAtMs());
            assertThat(read.point().metadata()).isEqualTo(upsert.point().metadata());
            assertThat(bits(read.point().vector()))
                    .isEqualTo(bits(upsert.point().vector()));
        } else {
            assertThat(found).isEqualTo(expected);
        }
    }

    /** A NaN with a payload and a negative zero must come back as they are. */
    private static int[] bits(float[] vector) {
        int[] bits = new int[vector.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(vector[i]);
        }
        return bits;
    }

    @Property(tries = 500)
    void shouldNoticeEveryChangedByte(
            @ForAll("records") LogRecord record, @ForAll @IntRange(min = 1, max = 255) int flip, @ForAll int where) {
        byte[] bytes = LogRecordCodec.encode(record, -1);
        bytes[Math.floorMod(where, bytes.length)] ^= (byte) flip;
        assertThatThrownBy(() -> LogRecordCodec.decode(bytes)).isInstanceOf(MalformedRecordException.class);
    }

    @Property(tries = 200)
    void shouldNoticeEveryCut(@ForAll("records") LogRecord record, @ForAll int where) {
        byte[] bytes = LogRecordCodec.encode(record, -1);
        byte[] cut = Arrays.copyOf(bytes, Math.floorMod(where, bytes.length));
        assertThatThrownBy(() -> LogRecordCodec.decode(cut)).isInstanceOf(MalformedRecordException.class);
    }

    /** A length is not believed because a checksum is right: four bytes of 0xff or so, anywhere, under a fresh checksum. */
    @Property(tries = 2_000)
    void shouldNeverAllocateMoreThanTheInputUnderARightChecksum(
            @ForAll("records") LogRecord record, @ForAll int where, @ForAll int garbage) {
        byte[] bytes = LogRecordCodec.encode(record, -1);
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int at = 8 + Math.floorMod(where, bytes.length - 8 - 3);
        view.putInt(at, garbage);
        repairChecksum(bytes);
        long before = allocated();
        try {
            Decoded decoded = LogRecordCodec.decode(bytes);
            assertThat(LogRecordCodec.encode(decoded.record(), decoded.previous()))
                    .isEqualTo(bytes);
        } catch (MalformedRecordException e) {
            assertThat(e.getMessage()).startsWith("log record, byte ");
        }
        assertThat(allocated() - before).isLessThan(100_000 + 40L * bytes.length);
    }

    private static void repairChecksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, LogRecordCodec.CRC_OFFSET);
        int rest = LogRecordCodec.CRC_OFFSET + 4;
        crc.update(bytes, rest, bytes.length - rest);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(LogRecordCodec.CRC_OFFSET, (int) crc.getValue());
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    @Example
    void shouldRefuseAnIdThatIsTooLong() {
        LogRecord record = new LogRecord(0, List.of(new Delete(0, "x".repeat(Limits.MAX_ID_BYTES + 1))));
        assertThatThrownBy(() -> LogRecordCodec.encode(record, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("id");
    }

    @Example
    void shouldNameTheVersionItCannotRead() {
        byte[] bytes = LogRecordCodec.encode(new LogRecord(0, List.of(new Delete(0, "x"))), -1);
        bytes[0] = 9;
        assertThatThrownBy(() -> LogRecordCodec.decode(bytes)).hasMessageContaining("version 1 to 2, found 9");
    }

    @Provide
    Arbitrary<LogRecord> records() {
        return Combinators.combine(
                        Arbitraries.longs().greaterOrEqual(0),
                        writes().list().ofMinSize(1).ofMaxSize(6))
                .as(LogRecord::new);
    }

    private static Arbitrary<Write> writes() {
        Arbitrary<Integer> ordinals = Arbitraries.integers().greaterOrEqual(0);
        Arbitrary<String> ids = Arbitraries.strings()
                .withChars('a', 'ä', '€', '\u0000')
                .withChars("0123456789")
                .ofMaxLength(40);
        Arbitrary<Float> floats = Arbitraries.integers().map(Float::intBitsToFloat);
        Arbitrary<float[]> vectors = floats.list().ofMaxSize(33).map(LogRecordCodecTest::array);
        Arbitrary<Metadata> metadata = Arbitraries.of("{}", "{\"a\":1}", "{\"längere\":[1,2,{\"x\":null}]}")
                .map(Metadata::ofJson);
        Arbitrary<Point> points = Combinators.combine(ids, vectors, metadata).as(Point::new);
        Arbitrary<Integer> replaces = Arbitraries.integers().greaterOrEqual(-1);
        Arbitrary<Write> upserts =
                Combinators.combine(ordinals, replaces, points).as(Upsert::new);
        Arbitrary<Write> deletes = Combinators.combine(ordinals, ids).as(Delete::new);
        Arbitrary<Long> moments = Arbitraries.longs().between(0, Expiry.NEVER_MS);
        Arbitrary<Write> expiring = Combinators.combine(ordinals, replaces, points, moments)
                .as((ordinal, replaced, point, moment) ->
                        new Upsert(ordinal, replaced, point.withExpiry(Expiry.at(moment))));
        Arbitrary<Write> updates =
                Combinators.combine(ordinals, ids, metadata, moments).as(Update::new);
        return Arbitraries.oneOf(upserts, expiring, updates, deletes);
    }

    private static float[] array(List<Float> list) {
        float[] array = new float[list.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = list.get(i);
        }
        return array;
    }
}
