package dev.shaula.api.wire;

import java.util.Arrays;
import java.util.Base64;

/**
 * Writes compact JSON into one growing array. Commas are seen to here: a value needs one unless it is the first of its
 * list or follows its name. Whoever writes closes what was opened. Not thread-safe.
 */
public final class JsonWriter {
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private byte[] bytes;
    private int size;

    /** @param capacity a guess of the final length in bytes */
    public JsonWriter(int capacity) {
        bytes = new byte[Math.max(capacity, 16)];
    }

    /** What was written so far. */
    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    public JsonWriter openObject() {
        comma();
        return put('{');
    }

    public JsonWriter closeObject() {
        return put('}');
    }

    public JsonWriter openArray() {
        comma();
        return put('[');
    }

    public JsonWriter closeArray() {
        return put(']');
    }

    /** The name of the value that follows. */
    public JsonWriter name(String name) {
        return value(name).put(':');
    }

    public JsonWriter field(String name, String value) {
        return name(name).value(value);
    }

    public JsonWriter field(String name, long value) {
        return name(name).value(value);
    }

    public JsonWriter field(String name, boolean value) {
        return name(name).value(value);
    }

    public JsonWriter value(long value) {
        comma();
        return ascii(Long.toString(value));
    }

    public JsonWriter value(boolean value) {
        comma();
        return ascii(value ? "true" : "false");
    }

    /** The shortest digits that give the same float back. JSON has no infinity and no NaN: the largest float and 0
     * stand for them. */
    public JsonWriter value(float value) {
        comma();
        float finite = Float.isNaN(value) ? 0 : Math.clamp(value, -Float.MAX_VALUE, Float.MAX_VALUE);
        return ascii(Float.toString(finite));
    }

    /** A finite number; whole numbers that a double holds exactly are written without a fraction. */
    public JsonWriter value(double value) {
        if (value == Math.rint(value) && Math.abs(value) <= 1L << 53) {
            return value((long) value);
        }
        comma();
        return ascii(Double.toString(value));
    }

    public JsonWriter value(String text) {
        comma();
        room(text.length() + 2);
        put('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
                put(c);
            } else {
                i += escaped(text, i);
            }
        }
        return put('"');
    }

    public JsonWriter value(float[] vector) {
        openArray();
        room(12 * vector.length);
        for (float element : vector) {
            value(element);
        }
        return closeArray();
    }

    /** A vector in a form other than none. */
    public JsonWriter value(float[] vector, VectorForm form) {
        return form == VectorForm.BASE64 ? base64(vector) : value(vector);
    }

    private JsonWriter base64(float[] vector) {
        comma();
        byte[] text = Base64.getEncoder().encode(Floats.pack(vector).array());
        room(text.length + 2);
        put('"');
        System.arraycopy(text, 0, bytes, size, text.length);
        size += text.length;
        return put('"');
    }

    /** A value that is JSON already. */
    public JsonWriter raw(byte[] json) {
        comma();
        room(json.length);
        System.arraycopy(json, 0, bytes, size, json.length);
        size += json.length;
        return this;
    }

    /** Ends a line of a stream of documents. */
    public JsonWriter newLine() {
        return put('\n');
    }

    /** Writes what is not plain ASCII; returns the chars used beyond the first. */
    private int escaped(String text, int i) {
        char c = text.charAt(i);
        if (c < 0x80) {
            escape(c);
        } else if (c < 0x800) {
            put(0xc0 | (c >> 6)).tail(c);
        } else if (!Character.isSurrogate(c)) {
            put(0xe0 | (c >> 12)).tail(c >> 6).tail(c);
        } else {
            return pair(text, i);
        }
        return 0;
    }

    private int pair(String text, int i) {
        int point = text.codePointAt(i);
        if (point < 0x10000) {
            unicode(point); // half a pair: only an escape can carry it
            return 0;
        }
        put(0xf0 | (point >> 18)).tail(point >> 12).tail(point >> 6).tail(point);
        return 1;
    }

    /** A continuation byte of UTF-8 with the low six bits. */
    private JsonWriter tail(int bits) {
        return put(0x80 | (bits & 0x3f));
    }

    private void escape(char c) {
        switch (c) {
            case '"', '\\' -> put('\\').put(c);
            case '\n' -> put('\\').put('n');
            case '\r' -> put('\\').put('r');
            case '\t' -> put('\\').put('t');
            default -> unicode(c);
        }
    }

    private void unicode(int c) {
        put('\\').put('u').put(HEX[(c >> 12) & 15]).put(HEX[(c >> 8) & 15]);
        put(HEX[(c >> 4) & 15]).put(HEX[c & 15]);
    }

    private void comma() {
        if (size > 0) {
            byte last = bytes[size - 1];
            if (last != '{' && last != '[' && last != ':' && last != '\n') {
                put(',');
            }
        }
    }

    private JsonWriter ascii(String text) {
        room(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[size++] = (byte) text.charAt(i);
        }
        return this;
    }

    private JsonWriter put(int b) {
        room(1);
        bytes[size++] = (byte) b;
        return this;
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), bytes.length + (bytes.length >> 1)));
        }
    }
}
