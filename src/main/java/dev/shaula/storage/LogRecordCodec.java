package dev.shaula.storage;

import dev.shaula.model.Expiry;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.storage.Write.Delete;
import dev.shaula.storage.Write.Update;
import dev.shaula.storage.Write.Upsert;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The bytes of a log record, little-endian:
 *
 * <pre>
 * header   version u8 = 1, 2 · zero u8 × 3 · crc32c u32 · sequence i64 · previous i64 · count i32   28 bytes
 * upsert   kind u8 = 1 · ordinal i32 · replaces i32 · id · d i32 · float32 × d · n i32 · metadata n bytes
 * delete   kind u8 = 2 · ordinal i32 · id
 * expiring kind u8 = 3 · ordinal i32 · expires i64 · replaces i32 · as an upsert from here
 * update   kind u8 = 4 · ordinal i32 · expires i64 · id · n i32 · metadata n bytes
 * id       n u16 · UTF-8 n bytes
 * </pre>
 *
 * A record that needs no kind above 2 has version 1, which every reader knows.
 *
 * The checksum covers every byte but its own four. {@code previous} is the sequence number of the record before this
 * one, so that a missing record is noticed although sequence numbers may have gaps. No length is believed before it
 * has been compared with what is left, even under a right checksum: nothing larger than the input is ever allocated.
 */
final class LogRecordCodec {
    /** Largest record, in bytes: what one JVM array and one RocksDB value hold without trouble. */
    static final int MAX_BYTES = 1 << 29;

    static final int HEADER_BYTES = 28;
    static final int CRC_OFFSET = 4;

    private static final byte FIRST_VERSION = 1;
    private static final byte VERSION = 2;
    private static final byte UPSERT = 1;
    private static final byte DELETE = 2;
    private static final byte EXPIRING_UPSERT = 3;
    private static final byte UPDATE = 4;
    private static final int MIN_WRITE_BYTES = 1 + 4 + 2;

    /** A decoded record and the sequence number of its predecessor. */
    record Decoded(LogRecord record, long previous) {}

    /** The bytes are not a record; the message says where and why. */
    static final class MalformedRecordException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedRecordException(String message) {
            super(message, null, false, false);
        }
    }

    private LogRecordCodec() {}

    /**
     * The bytes of {@code record}.
     *
     * @throws IllegalArgumentException if an id is longer than {@link Limits#MAX_ID_BYTES} or the whole is larger than
     *     {@link #MAX_BYTES}
     */
    static byte[] encode(LogRecord record, long previous) {
        List<byte[]> ids = new ArrayList<>(record.writes().size());
        long size = HEADER_BYTES;
        for (Write write : record.writes()) {
            byte[] id = idBytes(write);
            ids.add(id);
            size += writeSize(write, id.length);
        }
        if (size > MAX_BYTES) {
            throw new IllegalArgumentException("record: expected at most " + MAX_BYTES + " bytes, got " + size);
        }
        ByteBuffer out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        out.put(versionOf(record)).position(CRC_OFFSET + 4);
        out.putLong(record.sequence()).putLong(previous).putInt(record.writes().size());
        for (int i = 0; i < ids.size(); i++) {
            putWrite(out, record.writes().get(i), ids.get(i));
        }
        out.putInt(CRC_OFFSET, checksum(out.array()));
        return out.array();
    }

    private static byte[] idBytes(Write write) {
        byte[] bytes = write.writtenId().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > Limits.MAX_ID_BYTES) {
            throw new IllegalArgumentException(
                    "id: expected at most " + Limits.MAX_ID_BYTES + " bytes, got " + bytes.length);
        }
        return bytes;
    }

    private static byte versionOf(LogRecord record) {
        boolean old = record.writes().stream().mapToInt(LogRecordCodec::kindOf).allMatch(kind -> kind <= DELETE);
        return old ? FIRST_VERSION : VERSION;
    }

    private static byte kindOf(Write write) {
        return switch (write) {
            case Upsert upsert -> upsert.expiresAtMs() == Expiry.NEVER_MS ? UPSERT : EXPIRING_UPSERT;
            case Update ignored -> UPDATE;
            case Delete ignored -> DELETE;
        };
    }

    private static long writeSize(Write write, int idBytes) {
        long head = 1L + 4 + (kindOf(write) > DELETE ? 8 : 0) + 2 + idBytes;
        return head
                + switch (write) {
                    case Upsert upsert -> {
                        Point point = upsert.point();
                        yield 4
                                + 4
                                + 4L * point.vector().length
                                + 4
                                + point.metadata().json().length;
                    }
                    case Update update -> 4 + update.metadata().json().length;
                    case Delete ignored -> 0;
                };
    }

    private static void putWrite(ByteBuffer out, Write write, byte[] id) {
        byte kind = kindOf(write);
        out.put(kind);
        switch (write) {
            case Upsert upsert -> {
                out.putInt(upsert.ordinal());
                if (kind == EXPIRING_UPSERT) {
                    out.putLong(upsert.expiresAtMs());
                }
                out.putInt(upsert.replaces());
                putId(out, id);
                float[] vector = upsert.point().vector();
                out.putInt(vector.length).asFloatBuffer().put(vector);
                out.position(out.position() + Float.BYTES * vector.length);
                putMetadata(out, upsert.point().metadata());
            }
            case Update update -> {
                out.putInt(update.ordinal()).putLong(update.expiresAtMs());
                putId(out, id);
                putMetadata(out, update.metadata());
            }
            case Delete delete -> putId(out.putInt(delete.ordinal()), id);
        }
    }

    private static void putId(ByteBuffer out, byte[] id) {
        out.putShort((short) id.length).put(id);
    }

    private static void putMetadata(ByteBuffer out, Metadata metadata) {
        out.putInt(metadata.json().length).put(metadata.json());
    }

    /** The record in {@code bytes}. @throws MalformedRecordException if it is anything else than a whole record */
    static Decoded decode(byte[] bytes) throws MalformedRecordException {
        if (bytes.length < HEADER_BYTES) {
            throw malformed(bytes.length, "expected a header of " + HEADER_BYTES + " bytes");
        }
        if (bytes[0] < FIRST_VERSION || bytes[0] > VERSION) {
            throw malformed(0, "expected format version " + FIRST_VERSION + " to " + VERSION + ", found " + bytes[0]);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int expected = in.getInt(CRC_OFFSET);
        int found = checksum(bytes);
        if (expected != found) {
            throw malformed(CRC_OFFSET, "expected checksum %08x, found %08x".formatted(expected, found));
        }
        in.position(CRC_OFFSET + 4);
        long sequence = in.getLong();
        long previous = in.getLong();
        int count = in.getInt();
        if (sequence < 0 || previous < ShardLog.BEFORE_FIRST || previous >= sequence) {
            throw malformed(8, "expected ascending sequence numbers, found " + previous + " before " + sequence);
        }
        List<Write> writes = writes(in, count, bytes[0] == FIRST_VERSION ? DELETE : UPDATE);
        LogRecord record = new LogRecord(sequence, writes);
        if (versionOf(record) != bytes[0]) {
            throw malformed(0, "expected format version " + versionOf(record) + ", found " + bytes[0]);
        }
        return new Decoded(record, previous);
    }

    private static List<Write> writes(ByteBuffer in, int count, byte lastKind) throws MalformedRecordException {
        if (count < 1 || count > in.remaining() / MIN_WRITE_BYTES) {
            throw malformed(in.position() - 4, "impossible count of writes " + count);
        }
        List<Write> writes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            writes.add(write(in, lastKind));
        }
        if (in.hasRemaining()) {
            throw malformed(in.position(), in.remaining() + " bytes too many");
        }
        return writes;
    }

    private static Write write(ByteBuffer in, byte lastKind) throws MalformedRecordException {
        byte kind = require(in, 1).get();
        if (kind < UPSERT || kind > lastKind) {
            throw malformed(in.position() - 1, "expected a write of kind 1 to " + lastKind + ", found " + kind);
        }
        int ordinal = require(in, 4).getInt();
        if (ordinal < 0) {
            throw malformed(in.position() - 4, "expected an ordinal of 0 or more, found " + ordinal);
        }
        return switch (kind) {
            case UPSERT -> upsert(in, ordinal, Expiry.NEVER);
            case EXPIRING_UPSERT -> upsert(in, ordinal, Expiry.at(moment(in, Expiry.NEVER_MS - 1)));
            case UPDATE -> update(in, ordinal);
            default -> new Delete(ordinal, id(in));
        };
    }

    private static long moment(ByteBuffer in, long last) throws MalformedRecordException {
        long moment = require(in, 8).getLong();
        if (moment < 0 || moment > last) {
            throw malformed(in.position() - 8, "expected a moment of 0 to " + last + ", found " + moment);
        }
        return moment;
    }

    private static Update update(ByteBuffer in, int ordinal) throws MalformedRecordException {
        long expiresAtMs = moment(in, Expiry.NEVER_MS);
        String id = id(in);
        return new Update(ordinal, id, metadata(in), expiresAtMs);
    }

    private static Upsert upsert(ByteBuffer in, int ordinal, Expiry expiry) throws MalformedRecordException {
        int replaces = require(in, 4).getInt();
        if (replaces < Write.NONE) {
            throw malformed(in.position() - 4, "expected a replaced ordinal of -1 or more, found " + replaces);
        }
        String id = id(in);
        float[] vector = new float[length(in, Float.BYTES)];
        in.asFloatBuffer().get(vector);
        in.position(in.position() + Float.BYTES * vector.length);
        return new Upsert(ordinal, replaces, new Point(id, vector, metadata(in), expiry, Point.NO_VERSION));
    }

    private static Metadata metadata(ByteBuffer in) throws MalformedRecordException {
        byte[] json = new byte[length(in, 1)];
        in.get(json);
        if (json.length < 2 || json[0] != '{' || json[json.length - 1] != '}') {
            throw malformed(in.position() - json.length, "expected a JSON object");
        }
        return Metadata.ofJson(json);
    }

    private static String id(ByteBuffer in) throws MalformedRecordException {
        int length = Short.toUnsignedInt(require(in, 2).getShort());
        ByteBuffer utf8 = require(in, length).slice(in.position(), length);
        in.position(in.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException e) {
            throw malformed(in.position() - length, "id is not UTF-8");
        }
    }

    /** Reads a count of items of {@code itemBytes} each, all of which must still be there. */
    private static int length(ByteBuffer in, int itemBytes) throws MalformedRecordException {
        int length = require(in, 4).getInt();
        if (length < 0 || length > in.remaining() / itemBytes) {
            throw malformed(in.position() - 4, "length " + length + " is more than what is left");
        }
        return length;
    }

    private static ByteBuffer require(ByteBuffer in, int bytes) throws MalformedRecordException {
        if (in.remaining() < bytes) {
            throw malformed(in.position(), "expected " + bytes + " more bytes, found " + in.remaining());
        }
        return in;
    }

    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, CRC_OFFSET);
        crc.update(bytes, CRC_OFFSET + 4, bytes.length - CRC_OFFSET - 4);
        return (int) crc.getValue();
    }

    private static MalformedRecordException malformed(int offset, String what) {
        return new MalformedRecordException("log record, byte " + offset + ": " + what);
    }
}
