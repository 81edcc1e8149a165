package dev.shaula.api.wire;

import java.util.Arrays;

/**
 * The inside of a JSON list as long as it holds nothing but numbers, read straight from the bytes: a general parser
 * spends several times as long on each number. What it does not understand it leaves to that parser, which has not seen
 * the list yet: so every error is the parser's own. Can stop after any byte.
 */
final class NumberList {
    /** Longest number that is put together from pieces; a longer one is refused by the parser. */
    private static final int MAX_NUMBER = 1_000;

    /** What comes next. */
    private enum Place {
        FIRST,
        NEXT,
        AFTER_NUMBER
    }

    private final Sink sink;
    private final DecimalFloat decimal = new DecimalFloat();
    private Place place = Place.FIRST;
    /** A number whose end has not come yet. */
    private byte[] piece = new byte[32];

    private int pieceBytes;
    private boolean open;
    private byte[] unread = {};
    private int newlines;
    private int column;

    /** Where the numbers go. */
    interface Sink {
        /** Takes one number; false if there is no room for it, or it is none that a vector can have. */
        boolean add(float number);
    }

    NumberList(Sink sink) {
        this.sink = sink;
    }

    /** Begins behind an opening bracket. */
    void begin() {
        place = Place.FIRST;
        pieceBytes = 0;
        open = true;
        unread = new byte[0];
        newlines = 0;
        column = 0;
    }

    /** Whether the numbers go on. If not, the parser is to read {@link #unread}, then what was not scanned. */
    boolean isOpen() {
        return open;
    }

    /** What the parser must see before the bytes that follow, for what was scanned to be as it was. */
    byte[] unread() {
        return unread;
    }

    /** Line ends among what was scanned. */
    int newlines() {
        return newlines;
    }

    /** Bytes scanned since the last of them. */
    int column() {
        return column;
    }

    /** Nothing follows: what was begun goes to the parser. */
    void end() {
        open = false;
        unread = Arrays.copyOf(piece, pieceBytes);
        column -= pieceBytes;
    }

    /** Reads from {@code [start, end)}; returns where it stopped. */
    int scan(byte[] text, int start, int end) {
        int at = start;
        while (at < end && open) {
            int c = text[at];
            if (pieceBytes > 0) {
                at = goOn(text, at, end);
            } else if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
                newLine(c);
                at++;
            } else if (place == Place.AFTER_NUMBER) {
                at = separator(c, at);
            } else if (c == '-' || (c >= '0' && c <= '9')) {
                at = number(text, at, end);
            } else {
                // The end of an empty list, what no list of numbers holds, or an end that the parser must see after a
                // comma.
                leave(c == ']' && place == Place.NEXT ? new byte[] {'0', ','} : new byte[0]);
            }
        }
        return at;
    }

    private void newLine(int c) {
        column++;
        if (c == '\n') {
            newlines++;
            column = 0;
        }
    }

    private int separator(int c, int at) {
        if (c == ',') {
            place = Place.NEXT;
            column++;
            return at + 1;
        }
        // Two values without a comma are as wrong to the parser after any number as after ours.
        leave(c == ']' ? new byte[0] : new byte[] {'0', ' '});
        return at;
    }

    private void leave(byte[] before) {
        open = false;
        unread = before;
        column -= before.length;
    }

    private int number(byte[] text, int at, int end) {
        int stop = decimal.read(text, at, end);
        if (stop == end) {
            keep(text, at, end);
        } else if (stop < 0 || !sink.add(decimal.value())) {
            leave(new byte[0]);
            return at;
        } else {
            column += stop - at;
            place = Place.AFTER_NUMBER;
        }
        return stop;
    }

    /** Keeps the first bytes of a number, and room for one more. */
    private void keep(byte[] text, int from, int to) {
        int n = to - from;
        if (pieceBytes + n >= piece.length) {
            piece = Arrays.copyOf(piece, 2 * (pieceBytes + n));
        }
        System.arraycopy(text, from, piece, pieceBytes, n);
        pieceBytes += n;
        column += n;
    }

    /** Adds the rest of a number whose first bytes came before. */
    private int goOn(byte[] text, int start, int end) {
        int at = start;
        while (at < end && isPart(text[at])) {
            at++;
        }
        keep(text, start, at);
        if (pieceBytes > MAX_NUMBER) {
            end();
        } else if (at < end) {
            piece[pieceBytes] = ',';
            if (decimal.read(piece, 0, pieceBytes + 1) == pieceBytes && sink.add(decimal.value())) {
                pieceBytes = 0;
                place = Place.AFTER_NUMBER;
            } else {
                end();
            }
        }
        return at;
    }

    private static boolean isPart(int c) {
        return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
    }
}
