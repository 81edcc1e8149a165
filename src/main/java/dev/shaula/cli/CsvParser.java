package dev.shaula.cli;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records of comma-separated values as RFC 4180 describes them: fields may stand in double quotes, then a doubled quote
 * is one, and commas and line breaks are text. UTF-8, with or without a byte order mark; anything else is an error.
 */
final class CsvParser implements Closeable {
    /** Longest record, in characters, and most fields; both well above any vector of the largest dimension. */
    static final int MAX_RECORD_CHARS = 1 << 24;

    static final int MAX_FIELDS = 1 << 17;

    private static final char BYTE_ORDER_MARK = '\ufeff';

    private final Reader in;
    private final StringBuilder field = new StringBuilder();
    private long line = 1;
    private long recordLine;
    private int recordChars;
    private int peeked;

    CsvParser(InputStream in) throws IOException {
        // A decoder, unlike a charset, reports malformed bytes instead of replacing them.
        this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), 1 << 16);
        this.peeked = this.in.read();
        if (peeked == BYTE_ORDER_MARK) {
            peeked = this.in.read();
        }
    }

    /**
     * The fields of the next record that is not an empty line; null at the end.
     *
     * @throws BadRowException if a quote is left open or stands in a wrong place, or the record is too large
     */
    @Nullable
    List<String> next() throws IOException {
        while (peeked == '\n' || peeked == '\r') {
            take();
        }
        recordLine = line;
        recordChars = 0;
        if (peeked < 0) {
            return null;
        }
        List<String> fields = new ArrayList<>();
        do {
            if (fields.size() == MAX_FIELDS) {
                throw bad("more than " + MAX_FIELDS + " fields");
            }
            fields.add(readField());
        } while (endsWithComma());
        return fields;
    }

    private String readField() throws IOException {
        field.setLength(0);
        if (peeked == '"') {
            readQuoted();
        } else {
            while (peeked >= 0 && peeked != ',' && peeked != '\n' && peeked != '\r') {
                if (peeked == '"') {
                    throw bad("a quote within an unquoted field; expected the whole field in quotes");
                }
                field.append((char) take());
            }
        }
        return field.toString();
    }

    private void readQuoted() throws IOException {
        take();
        while (true) {
            if (peeked < 0) {
                throw bad("a quoted field is not closed");
            }
            char c = (char) take();
            if (c == '"' && peeked != '"') {
                return;
            }
            if (c == '"') {
                take();
            }
            field.append(c);
        }
    }

    private boolean endsWithComma() throws IOException {
        int c = peeked;
        if (c != ',' && c != '\r' && c != '\n' && c >= 0) {
            throw bad("\"" + (char) c + "\" after a closing quote, expected a comma or the end of the line");
        }
        if (c >= 0) {
            take();
        }
        return c == ',';
    }

    private int take() throws IOException {
        int c = peeked;
        if (c == '\n') {
            line++;
        }
        if (++recordChars > MAX_RECORD_CHARS) {
            throw bad("longer than " + MAX_RECORD_CHARS + " characters");
        }
        peeked = in.read();
        return c;
    }

    private BadRowException bad(String what) {
        return new BadRowException("line " + recordLine + ": " + what);
    }

    /** The line that the record of {@link #next} begins on, from 1. */
    long line() {
        return recordLine;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
